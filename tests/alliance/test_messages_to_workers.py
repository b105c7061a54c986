"""One message for a transaction, over a connection that is kept; a savepoint taken back takes no message with it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection, transaction

from alliance import celery
from alliance.changes import nudge_consumers, record

pytestmark = pytest.mark.django_db


def messages(callbacks: list) -> int:
    return callbacks.count(nudge_consumers)


def test_a_transaction_sends_one_message(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        for number in range(3):
            record("tested", "person", str(number))
    assert messages(callbacks) == 1


def test_a_savepoint_taken_back_takes_no_message_with_it(django_capture_on_commit_callbacks):
    class TakenBackError(Exception):
        pass

    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        try:
            with transaction.atomic():
                record("tested", "person", "gone")
                raise TakenBackError
        except TakenBackError:
            pass
        record("tested", "person", "there")
    assert messages(callbacks) == 1


def test_a_message_inside_a_savepoint_serves_what_comes_in_it(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        record("tested", "person", "outside")
        with transaction.atomic():
            record("tested", "person", "inside")
    assert messages(callbacks) == 1


def test_the_connection_is_kept_until_it_fails(monkeypatch):
    opened = []
    real = celery.app.connection_for_write
    monkeypatch.setattr(celery._Publisher, "muted_until", 0.0)
    monkeypatch.setattr(celery._Publisher, "free", [])
    monkeypatch.setattr(celery.app, "connection_for_write", lambda **more: opened.append(1) or real(**more))
    assert celery.nudge(
        "matching.nothing_listens_to_this"
    )  # the first also opens what Celery keeps for itself
    before = len(opened)
    assert all(celery.nudge("matching.nothing_listens_to_this") for _ in range(3))
    assert len(opened) == before
    celery._Publisher.free[0].release()  # as when the broker was started again meanwhile
    assert celery.nudge("matching.nothing_listens_to_this")
    monkeypatch.setattr(celery.app, "send_task", lambda *_a, **_b: 1 / 0)
    assert not celery.nudge("matching.nothing_listens_to_this")
    assert celery._Publisher.free == []


def test_a_worker_keeps_its_connection_to_the_database_unless_the_server_has_closed_it():
    with ThreadPoolExecutor(1) as other:  # a thread has a connection of its own, in no transaction
        first, kept, after = other.submit(backends_around_tasks).result()
    assert kept == [first] * 3
    assert after != first


def backends_around_tasks() -> tuple[int, list[int], int]:
    """Which process of the server answers: at first, in each of three tasks, and once that process has ended."""
    worker = DjangoWorkerFixup(celery.app)
    try:
        first, kept = backend(), []
        for _ in range(3):
            worker.close_database()  # before a task, and after it
            celery.look_at_connections()
            kept.append(backend())
            worker.close_database()
        with closing(connection.copy()) as killer, killer.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        celery.look_at_connections()
        return first, kept, backend()
    finally:
        connection.close()


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]
