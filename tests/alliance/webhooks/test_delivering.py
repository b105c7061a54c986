"""What is sent, how often, in which order, and when a webhook is given up."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Change, Mail, Organisation, User, Webhook, WebhookAttempt, WebhookMessage
from alliance.services import webhooks
from alliance.services.webhooks import delivering, sending
from alliance.services.webhooks.collecting import put
from alliance.services.webhooks.signing import signed_headers
from tests.alliance.webhooks.conftest import Receiver, reply
from tests.cast import World

pytestmark = pytest.mark.django_db


def message(hook: Webhook, number: int, subject: str = "introduction 1") -> WebhookMessage:
    return put(
        hook,
        "introduction.state_changed",
        source=f"change:{number}",
        subject=subject,
        data={"number": number},
    )


def now_due() -> None:
    """Later: whatever rested or waited is due."""
    past = timezone.now() - timedelta(seconds=1)
    WebhookMessage.objects.filter(state="waiting").update(next_at=past)
    Webhook.objects.exclude(rest_until=None).update(rest_until=past)


def numbers(receiver: Receiver) -> list[int]:
    return [json.loads(body)["data"]["number"] for _path, _headers, body in receiver.kept]


def test_a_message_arrives_signed_once(hook: Webhook, receiver: Receiver) -> None:
    row = message(hook, 1)
    assert message(hook, 1) == row, "the same source is told once"
    assert webhooks.deliver_waiting() == 1
    assert webhooks.deliver_waiting() == 0
    [(path, headers, body)] = receiver.kept
    assert path == "/hook?a=1"
    told = Verifier(hook.secret).verify(body, headers)
    assert told["type"] == "introduction.state_changed"
    assert told["data"] == {"number": 1}
    assert headers["webhook-id"] == str(row.public_id)
    row.refresh_from_db()
    assert row.state == "delivered"
    attempt = WebhookAttempt.objects.get()
    assert (attempt.status, attempt.body, attempt.ok) == (204, body.decode(), True)


def test_both_secrets_sign_while_they_overlap(hook: Webhook, receiver: Receiver, world: World) -> None:
    new = webhooks.rotate_secret(hook, user=world.people["lab_owner"])
    message(hook, 1)
    webhooks.deliver_waiting()
    _path, headers, body = receiver.kept[0]
    for secret in (hook.secret, new):
        Verifier(secret).verify(body, headers)
    Webhook.objects.update(old_secret_until=timezone.now() - timedelta(seconds=1))
    message(hook, 2)
    webhooks.deliver_waiting()
    _path, headers, body = receiver.kept[1]
    Verifier(new).verify(body, headers)
    with pytest.raises(Exception, match="No matching signature"):
        Verifier(hook.secret).verify(body, headers)


def test_who_rotates_twice_in_a_day_breaks_no_receiver(
    hook: Webhook, receiver: Receiver, world: World
) -> None:
    """An answer was lost and the step done again: what the receiver holds is the secret before the last."""
    first, owner = hook.secret, world.people["lab_owner"]
    with time_machine.travel("2027-01-10T08:00:00Z", tick=False):
        second = webhooks.rotate_secret(hook, user=owner)
    with time_machine.travel("2027-01-10T20:00:00Z", tick=False):
        third = webhooks.rotate_secret(hook, user=owner)
    for at, good, bad in (
        ("2027-01-11T07:59:59Z", (first, second, third), ()),
        ("2027-01-11T08:00:00Z", (second, third), (first,)),
        ("2027-01-11T19:59:59Z", (second, third), (first,)),
        ("2027-01-11T20:00:00Z", (third,), (first, second)),
    ):
        with time_machine.travel(at, tick=False):
            row = put(hook, "match.found", source=at, subject=at, data={})
            body = json.dumps(row.payload)
            headers = signed_headers(WebhookMessage.objects.get(pk=row.pk), body, timezone.now())
            for secret in good:
                Verifier(secret).verify(body, headers)
            for secret in bad:
                with pytest.raises(WebhookVerificationError):
                    Verifier(secret).verify(body, headers)
    for _time in range(12):
        webhooks.rotate_secret(hook, user=owner)
    headers = signed_headers(WebhookMessage.objects.get(pk=row.pk), "{}", timezone.now())
    assert len(headers["webhook-signature"].split()) == 10


def test_one_subject_keeps_its_order_and_does_not_hold_up_another(hook: Webhook, receiver: Receiver) -> None:
    refused = {1}

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        reply(handler, 500 if json.loads(body)["data"]["number"] in refused else 204)

    receiver.answer = answer
    message(hook, 1, "a")
    message(hook, 2, "a")
    message(hook, 3, "b")
    assert webhooks.deliver_waiting() == 1
    assert numbers(receiver) == [1, 3]
    refused.clear()
    now_due()
    assert webhooks.deliver_waiting() == 2
    assert numbers(receiver) == [1, 3, 1, 2]


def test_a_silent_receiver_is_knocked_at_once_and_later_gets_everything(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.answer = lambda handler, body: reply(handler, 503)
    for number in range(5):
        message(hook, number, f"subject {number}")
    assert webhooks.deliver_waiting() == 0
    assert len(receiver.kept) == 1, "one message knocks, not all"
    hook.refresh_from_db()
    assert hook.rest_until is not None
    assert hook.rest_until > timezone.now()
    now_due()
    webhooks.deliver_waiting()
    assert len(receiver.kept) == 2
    receiver.answer = lambda handler, body: reply(handler, 200, "thanks")
    now_due()
    assert webhooks.deliver_waiting() == 5
    assert set(numbers(receiver)) == set(range(5))
    hook.refresh_from_db()
    assert (hook.failing_since, hook.failures, hook.rest_until) == (None, 0, None)


@pytest.mark.parametrize("form", ["{seconds}", "{at:%a, %d %b %Y %H:%M:%S GMT}"])
def test_retry_after_is_respected(hook: Webhook, receiver: Receiver, form: str) -> None:
    said = form.format(seconds=7200, at=timezone.now() + timedelta(hours=2))
    receiver.answer = lambda handler, body: reply(handler, 429, Retry_After=said)
    message(hook, 1)
    webhooks.deliver_waiting()
    hook.refresh_from_db()
    assert hook.rest_until is not None
    assert timedelta(minutes=100) < hook.rest_until - timezone.now() <= timedelta(hours=2)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(hook: Webhook, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda handler, body: reply(handler, status, Location=receiver.url)
    message(hook, 1)
    assert webhooks.deliver_waiting() == 0
    assert len(receiver.kept) == 1


def test_an_endless_answer_is_cut(hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then: no single read ever times out."""

    def drip(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _byte in range(200):
            try:
                handler.wfile.write(b"x")
                time.sleep(0.05)
            except OSError:
                return

    receiver.answer = drip
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 1.5)  # on a busy machine a handshake takes a while
    message(hook, 1)
    begun = time.monotonic()
    assert webhooks.deliver_waiting() == 0
    assert time.monotonic() - begun < 6
    assert WebhookAttempt.objects.get().status is None


def test_a_long_answer_is_shortened(hook: Webhook, receiver: Receiver) -> None:
    receiver.answer = lambda handler, body: reply(handler, 200, "x\0" * 1_000_000)
    message(hook, 1)
    assert webhooks.deliver_waiting() == 1
    assert len(WebhookAttempt.objects.get().response) <= 2000


def test_a_strange_certificate_is_refused(hook: Webhook, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_CA_FILE = ""
    message(hook, 1)
    assert webhooks.deliver_waiting() == 0
    assert receiver.kept == []
    assert "certificate" in WebhookAttempt.objects.get().error


def test_gone_switches_off_and_tells_the_owners(hook: Webhook, receiver: Receiver, world: World) -> None:
    User.objects.filter(pk=world.people["lab_owner"].pk).update(email="owner@lab.example.org")
    receiver.answer = lambda handler, body: reply(handler, 410)
    message(hook, 1)
    webhooks.deliver_waiting()
    hook.refresh_from_db()
    assert (hook.enabled, hook.disabled_reason) == (False, "gone")
    assert "ERP" in Mail.objects.latest("pk").subject
    assert Change.objects.filter(kind="webhook", verb="disabled").count() == 1


def test_five_days_of_failure_switch_off(hook: Webhook, receiver: Receiver, world: World) -> None:
    receiver.answer = lambda handler, body: reply(handler, 500)
    message(hook, 1)
    webhooks.deliver_waiting()
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
    now_due()
    webhooks.deliver_waiting()
    hook.refresh_from_db()
    assert (hook.enabled, hook.disabled_reason) == (False, "failing")
    with pytest.raises(ConflictError):
        webhooks.send_test(hook, user=world.people["lab_owner"])
    again = webhooks.change_webhook(hook, user=world.people["lab_owner"], enabled=True)
    assert (again.enabled, again.failing_since, again.disabled_reason) == (True, None, "")


def test_after_three_days_a_message_is_given_up_and_can_be_sent_again(
    hook: Webhook, receiver: Receiver, world: World
) -> None:
    receiver.answer = lambda handler, body: reply(handler, 400)
    row = message(hook, 1)
    WebhookMessage.objects.update(created_at=timezone.now() - timedelta(days=3, minutes=1))
    webhooks.deliver_waiting()
    row.refresh_from_db()
    assert row.state == "failed"
    receiver.answer = lambda handler, body: reply(handler, 204)
    webhooks.send_again(row, user=world.people["lab_owner"])
    assert webhooks.deliver_waiting() == 1
    assert receiver.kept[0][1]["webhook-id"] == receiver.kept[1][1]["webhook-id"]


def test_a_worker_that_lost_its_claim_decides_nothing(hook: Webhook, receiver: Receiver) -> None:
    row = message(hook, 1)
    first = delivering._claim()
    assert first is not None
    assert delivering._claim() is None, "held"
    WebhookMessage.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    second = delivering._claim()
    assert second is not None
    assert delivering._deliver(second) == 1
    receiver.answer = lambda handler, body: reply(handler, 500)
    assert delivering._deliver(first) == 0
    row.refresh_from_db()
    assert row.state == "delivered"


def test_the_log_is_kept_for_a_month(hook: Webhook, receiver: Receiver) -> None:
    message(hook, 1)
    message(hook, 2)
    webhooks.deliver_waiting()
    WebhookMessage.objects.filter(source="change:1").update(ended_at=timezone.now() - timedelta(days=31))
    webhooks.forget_old_messages()
    assert [row.source for row in WebhookMessage.objects.all()] == ["change:2"]


def test_only_editors_and_officials_keep_webhooks(hook: Webhook, world: World, receiver: Receiver) -> None:
    asked = {"name": "x", "url": receiver.url, "events": ["match.found"]}
    for name in ("supplier_owner", "lead_official", "platform_admin"):
        with pytest.raises(ForbiddenError):
            webhooks.create_webhook(world.organisations["lab"], user=world.people[name], **asked)
        for step in (webhooks.rotate_secret, webhooks.delete_webhook, webhooks.send_test):
            with pytest.raises(NotFoundError):
                step(hook, user=world.people[name])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a\u0000b"),
        ("name", "x" * 101),
        ("events", []),
        ("events", ["everything"]),
        ("url", "x"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    hook: Webhook, world: World, receiver: Receiver, field: str, value: Any
) -> None:
    asked = {"name": "x", "url": receiver.url, "events": ["match.found"], field: value}
    with pytest.raises(DomainError) as caught:
        webhooks.create_webhook(world.organisations["lab"], user=world.people["lab_owner"], **asked)
    assert caught.value.field == field
    with pytest.raises(DomainError):
        webhooks.change_webhook(hook, user=world.people["lab_owner"], **{field: value})
    assert Webhook.objects.count() == 1


def test_two_people_change_at_once(hook: Webhook, world: World) -> None:
    webhooks.change_webhook(hook, user=world.people["lab_owner"], version=1, name="first")
    with pytest.raises(ConflictError):
        webhooks.change_webhook(hook, user=world.people["lab_owner"], version=1, name="second")
    assert Webhook.objects.get().name == "first"


def test_a_suspended_organisation_is_told_nothing_until_it_is_back(hook: Webhook, receiver: Receiver) -> None:
    message(hook, 1)
    firm = Organisation.objects.filter(pk=hook.organisation_id)
    firm.update(suspended=True)
    assert webhooks.deliver_waiting() == 0
    assert numbers(receiver) == []
    firm.update(suspended=False)
    assert webhooks.deliver_waiting() == 1
    assert numbers(receiver) == [1]
