"""Messages are hints: publishing never holds a request up, and nothing waits for a result."""

import time

import pytest
from django.conf import settings

from alliance import celery
from alliance.celery import app
from alliance.embedded.processes import free_port


@pytest.fixture
def dead_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.conf, "broker_write_url", f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setattr(celery._Publisher, "muted_until", 0.0)


@pytest.mark.usefixtures("dead_broker")
def test_publishing_to_a_dead_broker_holds_nobody_up() -> None:
    began = time.monotonic()
    assert not celery.nudge("any.task")
    assert time.monotonic() - began < 3
    assert celery._Publisher.muted_until > began


def test_a_hung_task_ends_before_its_lease() -> None:
    assert app.conf.task_time_limit < settings.MATCH_LEASE_SECONDS


def test_lost_messages_are_looked_for_often() -> None:
    options = app.conf.broker_transport_options
    assert options["unacked_restore_interval"] * options["unacked_restore_throttle"] <= 10
