"""Real worker and reconciler processes, killed while messages go out: each arrives, and in order for each subject."""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from alliance.models import Webhook, WebhookMessage
from alliance.services.webhooks.collecting import put
from tests import factories as make
from tests.alliance.webhooks.conftest import HERE, Receiver, reply
from tests.matching.runs.test_kills import RECONCILER, WORKER, Workshop, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.xdist_group("committed")]
SUBJECTS, EACH = 4, 6


def slow(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    time.sleep(0.05)
    reply(handler, 204)


@pytest.fixture
def workshop(committed_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("WEBHOOK_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("WEBHOOK_CA_FILE", str(HERE / "certificate.pem"))
    monkeypatch.setenv("WEBHOOK_LEASE_SECONDS", "3")
    shop = Workshop(tmp_path)
    yield shop
    shop.close()


def test_every_message_arrives_in_order_though_workers_die(workshop: Workshop, receiver: Receiver) -> None:
    firm = make.make_firm(make.make_city("990100", "Leadton", "牵头市"), "Lab")
    hook = Webhook.objects.create(
        organisation=firm,
        name="ERP",
        url=receiver.url,
        events=["run.finished"],
        secret="whsec_" + "QUJD" * 10,
    )
    receiver.answer = slow
    for number in range(EACH):
        for subject in range(SUBJECTS):
            put(
                hook,
                "run.finished",
                source=f"{subject}:{number}",
                subject=f"s{subject}",
                data={"s": subject, "n": number},
            )
    worker = workshop.start(WORKER)
    workshop.start(RECONCILER)
    wait_for("the first messages", lambda: len(receiver.kept) >= 5, workshop)
    for process in list(workshop.running):
        workshop.kill(process)
    assert WebhookMessage.objects.filter(state="waiting").exists(), "the blow fell in the middle"
    workshop.broker.flushdb()
    assert worker.poll() is not None
    workshop.start(RECONCILER)  # without a worker at first: the broker's place stays empty
    wait_for("the end", lambda: not WebhookMessage.objects.filter(state="waiting").exists(), workshop, 120)
    arrived: dict[int, list[int]] = {}
    for _path, _headers, body in receiver.kept:
        data = json.loads(body)["data"]
        if data["n"] not in arrived.setdefault(data["s"], []):
            arrived[data["s"]].append(data["n"])
    assert arrived == {subject: list(range(EACH)) for subject in range(SUBJECTS)}
    assert len(receiver.kept) <= SUBJECTS * EACH + 3, "only what was under way was repeated"
