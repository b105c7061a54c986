"""A receiver that is away for an hour, in processes: receiver, worker and reconciler are real, only the hour is moved.

Every message arrives at least once, in order for each subject, with a signature that the public library verifies.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from standardwebhooks import Webhook as Verifier

from alliance.models import Webhook, WebhookAttempt, WebhookMessage
from alliance.services.webhooks.collecting import put
from tests import factories as make
from tests.alliance.webhooks.conftest import HERE
from tests.matching.runs.test_kills import RECONCILER, WORKER, Workshop, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.xdist_group("committed")]
SUBJECTS, EACH = 3, 5
HOUR = timedelta(hours=1)


class FarReceiver:
    """A process at one address that comes and goes."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}/hook"
        self.file = folder / "received.jsonl"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [str(self.port), str(HERE / "receiver.pem"), str(self.file)]
        self.process = subprocess.Popen([sys.executable, str(HERE / "receiver.py"), *words])

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def received(self) -> list[dict[str, Any]]:
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text().splitlines()]


@pytest.fixture
def far(tmp_path: Path) -> Iterator[FarReceiver]:
    found = FarReceiver(tmp_path)
    yield found
    found.kill()


@pytest.fixture
def workshop(committed_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    monkeypatch.setenv("WEBHOOK_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("WEBHOOK_CA_FILE", str(HERE / "certificate.pem"))
    monkeypatch.setenv("WEBHOOK_LEASE_SECONDS", "3")
    monkeypatch.setenv("WEBHOOK_PAUSES", "0.5,1,3600")
    shop = Workshop(tmp_path)
    yield shop
    shop.close()


def an_hour_passes() -> None:
    """All that the outbox remembers of time was an hour ago."""
    Webhook.objects.update(rest_until=F("rest_until") - HOUR, failing_since=F("failing_since") - HOUR)
    WebhookMessage.objects.update(next_at=F("next_at") - HOUR, created_at=F("created_at") - HOUR)


def waiting() -> int:
    return WebhookMessage.objects.filter(state="waiting").count()


def test_a_receiver_that_is_away_for_an_hour_misses_nothing(workshop: Workshop, far: FarReceiver) -> None:
    firm = make.make_firm(make.make_city("990100", "Leadton", "牵头市"), "Lab")
    secret = "whsec_" + "QUJD" * 10
    hook = Webhook.objects.create(
        organisation=firm, name="ERP", url=far.url, events=["run.finished"], secret=secret
    )
    for number in range(EACH):
        for subject in range(SUBJECTS):
            data = {"s": subject, "n": number}
            put(hook, "run.finished", source=f"{subject}:{number}", subject=f"s{subject}", data=data)
    workshop.start(WORKER)
    workshop.start(RECONCILER)
    wait_for("three knocks", lambda: WebhookAttempt.objects.count() >= 3, workshop)
    hook.refresh_from_db()
    assert hook.failing_since is not None
    assert hook.rest_until is not None, "it is left in peace"
    knocked = WebhookAttempt.objects.count()
    assert knocked <= 6, "one message knocks, not all of them"
    assert waiting() == SUBJECTS * EACH

    far.start()
    an_hour_passes()
    wait_for("the first messages", lambda: len(far.received()) >= 4, workshop)
    far.kill()  # and away again, in the middle of it
    wait_for(
        "another knock",
        lambda: bool(waiting() == 0 or WebhookAttempt.objects.filter(status=None).count() > knocked),
        workshop,
    )
    far.start()
    an_hour_passes()
    wait_for("the end", lambda: waiting() == 0, workshop, 90)

    arrived: dict[int, list[int]] = {}
    for request in far.received():
        body = Verifier(secret).verify(request["body"], request["headers"])
        data = body["data"]
        if data["n"] not in arrived.setdefault(data["s"], []):
            arrived[data["s"]].append(data["n"])
    assert arrived == {subject: list(range(EACH)) for subject in range(SUBJECTS)}
    hook.refresh_from_db()
    assert (hook.enabled, hook.failing_since, hook.rest_until) == (True, None, None)
