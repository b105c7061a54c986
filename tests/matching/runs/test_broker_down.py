"""The broker may be away, silent or talk nonsense: nothing waits for it and nothing fails."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from alliance import celery
from matching.models import MatchRun
from matching.services.demands import publish_demand, withdraw_demand
from matching.services.runs import create_run, work_on_run
from tests.cast import World


@pytest.fixture(autouse=True)
def _talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of another test does not silence this one's messages."""
    monkeypatch.setattr(celery._Publisher, "muted_until", 0.0)


@contextlib.contextmanager
def listener(answer: bytes) -> Iterator[str]:
    """A server that accepts and then says `answer`, or nothing at all."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        open_ones: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    open_ones.append(client)
                    if answer:
                        client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for client in open_ones:
            client.close()


@contextlib.contextmanager
def refused() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening
        yield f"redis://127.0.0.1:{taken.getsockname()[1]}/0"


BROKERS: dict[str, Callable[[], contextlib.AbstractContextManager[str]]] = {
    "refuses": refused,
    "is silent": lambda: listener(b""),
    "talks nonsense": lambda: listener(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
}


@pytest.mark.parametrize("state", BROKERS)
def test_publishing_succeeds_quickly(
    world: World, state: str, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    demand, user = world.demands["open"], world.person("lab_owner")
    withdraw_demand(demand, user=user)
    with BROKERS[state]() as address:
        # The write address first: unset it reads as the other one, and would be "restored" to the wrong place.
        monkeypatch.setattr(celery.app.conf, "broker_write_url", address)
        monkeypatch.setattr(celery.app.conf, "broker_url", address)
        began = time.monotonic()
        with django_capture_on_commit_callbacks(execute=True) as callbacks:  # type: ignore[operator]
            publish_demand(demand, user=user)
        first = time.monotonic() - began
        assert callbacks, "it tried to tell the workers"
        assert celery._Publisher.muted_until > time.monotonic(), "and failed"
        assert first < 3
        began = time.monotonic()
        assert celery.nudge("matching.follow_changes") is False
        assert time.monotonic() - began < 0.05, "the next one does not even try"
    demand.refresh_from_db()
    assert demand.published


def test_a_message_reaches_the_broker_when_it_is_there() -> None:
    assert celery.nudge("matching.nothing_listens_to_this") is True


def test_a_run_is_queued_without_a_broker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with refused() as address:
        monkeypatch.setattr(celery.app.conf, "broker_write_url", address)
        run = create_run(world.alliances["north"], cause="change")
        work_on_run(run.pk)
    assert MatchRun.objects.get(pk=run.pk).state == "finished"
