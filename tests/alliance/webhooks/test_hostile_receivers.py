"""A receiver that answers to do harm: it costs its own message a try, and nobody else anything."""

from __future__ import annotations

import json
import tracemalloc
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from alliance.models import Webhook, WebhookAttempt, WebhookMessage
from alliance.services import webhooks
from alliance.services.webhooks import delivering, sending
from tests.alliance.webhooks.conftest import Receiver, reply
from tests.alliance.webhooks.test_delivering import message, now_due
from tests.cast import World

pytestmark = pytest.mark.django_db

LATE = "Fri, 31 Dec 9999 23:59:59 -2359"
RAW: dict[str, bytes] = {
    "nothing": b"",
    "no status": b"\0\0\r\n\r\n",
    "a status of zeros": b"HTTP/1.1 \0\0\0 \0\r\n\r\n",
    "a status beyond": b"HTTP/1.1 99999 No\r\n\r\n",
    "a reason of zeros": b"HTTP/1.1 500 \0\0\r\nContent-Length: 0\r\n\r\n",
    "a date that is none": f"HTTP/1.1 503 No\r\nRetry-After: {LATE}\r\nContent-Length: 0\r\n\r\n".encode(),
    "a date before all": b"HTTP/1.1 503 No\r\nRetry-After: Mon, 01 Jan 0001 00:00:00 +2359"
    b"\r\nContent-Length: 0\r\n\r\n",
    "a time without end": b"HTTP/1.1 503 No\r\nRetry-After: "
    + b"9" * 5000
    + b"\r\nContent-Length: 0\r\n\r\n",
    "other digits": "HTTP/1.1 503 No\r\nRetry-After: ²\r\nContent-Length: 0\r\n\r\n".encode("latin-1"),
    "a length below zero": b"HTTP/1.1 500 No\r\nContent-Length: -1\r\n\r\nx",
    "a length beyond": b"HTTP/1.1 500 No\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\nx",
    "a piece that is none": b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a piece below zero": b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n",
    "too many headers": b"HTTP/1.1 500 No\r\n" + b"a: b\r\n" * 200 + b"\r\n",
    "a header too long": b"HTTP/1.1 500 No\r\na: " + b"b" * 70_000 + b"\r\n\r\n",
    "headers that are none": b"HTTP/1.1 500 No\r\n\xff\xfe\xfd\r\n: \0\r\n\r\n",
    "bytes that are no text": b"HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\n\xff\x00\xed\xa0\x80",
}


@pytest.mark.parametrize("name", RAW)
def test_whatever_comes_back_the_try_is_noted_and_the_next_one_has_its_turn(
    hook: Webhook, receiver: Receiver, name: str
) -> None:
    receiver.answer = lambda handler, body: handler.wfile.write(RAW[name])
    row = message(hook, 1)
    assert webhooks.deliver_waiting() == 0
    assert WebhookAttempt.objects.filter(message=row).count() == 1
    row.refresh_from_db()
    assert (row.state, row.leased_until) == ("waiting", None)
    hook.refresh_from_db()
    assert hook.failing_since is not None
    receiver.answer = lambda handler, body: reply(handler, 204)
    now_due()
    assert webhooks.deliver_waiting() == 1


def test_a_piece_without_an_end_is_not_kept(hook: Webhook, receiver: Receiver) -> None:
    """A chunk of −1 bytes is "all there is" to the library that reads it."""
    most = 64_000_000

    def pour(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")
        block = b"x" * 1_000_000
        for _block in range(most // len(block)):
            try:
                handler.wfile.write(block)
            except OSError:
                return

    receiver.answer = pour
    message(hook, 1)
    tracemalloc.start()
    webhooks.deliver_waiting()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < most / 4
    assert len(WebhookAttempt.objects.get().response) <= sending.KEPT_BYTES


def test_what_goes_wrong_with_one_message_holds_up_no_other(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = delivering.signed_headers

    def sign(row: WebhookMessage, *more: Any) -> dict[str, Any]:
        if row.subject == "bad":
            raise RuntimeError("a fault of ours")
        return real(row, *more)

    monkeypatch.setattr(delivering, "signed_headers", sign)
    bad = message(hook, 1, "bad")
    message(hook, 2, "good")
    assert webhooks.deliver_waiting() == 1
    bad.refresh_from_db()
    assert bad.leased_until is not None, "tried again when its lease has ended, not at once"
    monkeypatch.undo()
    WebhookMessage.objects.filter(pk=bad.pk).update(leased_until=timezone.now())
    assert webhooks.deliver_waiting() == 1


def test_an_address_with_other_letters_is_reached(receiver: Receiver, world: World) -> None:
    Webhook.objects.all().delete()
    place = urlsplit(receiver.url).netloc
    hook, secret = webhooks.create_webhook(
        world.organisations["lab"],
        user=world.people["lab_owner"],
        name="ERP",
        url=f"https://{place}/接收/a%20b;c=1?名=值&b=%26",
        events=["introduction.state_changed"],
    )
    message(hook, 1)
    assert webhooks.deliver_waiting() == 1
    [(path, headers, body)] = receiver.kept
    assert path == "/%E6%8E%A5%E6%94%B6/a%20b;c=1?%E5%90%8D=%E5%80%BC&b=%26"
    Verifier(secret).verify(body, headers)
    assert json.loads(body)["data"] == {"number": 1}
