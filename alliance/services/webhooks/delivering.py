"""The outbox of webhooks: each message at least once, in order for each subject, until it is three days old.

A message is claimed under a lease and the request is made outside any transaction; what came back counts only for
the attempt that holds the claim. A receiver that does not answer at all rests as a whole, so that one message
knocks and not ten thousand.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from alliance.choices import DeliveryState
from alliance.models import Webhook, WebhookAttempt, WebhookMessage
from alliance.services.webhooks.disabling import disable_webhook
from alliance.services.webhooks.sending import Answer, send
from alliance.services.webhooks.signing import signed_headers

LEASE = timedelta(seconds=settings.WEBHOOK_LEASE_SECONDS)
PAUSES = [timedelta(seconds=seconds) for seconds in settings.WEBHOOK_PAUSES]
LONGEST_REST = timedelta(minutes=30)
GIVE_UP_AFTER = timedelta(days=3)
DISABLE_AFTER = timedelta(days=5)
KEEP = timedelta(days=30)
#: Answers that say "not now" about everything, not "not this".
BUSY = {429, 502, 503, 504}
GONE = 410
logger = structlog.get_logger(__name__)


def deliver_waiting(seconds: float = 60) -> int:
    """Send what is due, beginning nothing after so many seconds; returns how many messages arrived.

    Any number of workers may do this at once.
    """
    arrived, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        message = _claim()
        if message is None:
            break
        try:
            arrived += _deliver(message)
        except (
            Exception
        ):  # its lease ends by itself: the messages of others do not wait for what is wrong with this one
            logger.exception("webhook not tried", message=str(message.public_id))
    return arrived


def forget_old_messages() -> int:
    """The log is kept for a month."""
    old = WebhookMessage.objects.filter(ended_at__lt=timezone.now() - KEEP)
    return old.delete()[0]


def _claim() -> WebhookMessage | None:
    now = timezone.now()
    earlier = WebhookMessage.objects.filter(
        webhook=OuterRef("webhook"),
        subject=OuterRef("subject"),
        state=DeliveryState.WAITING,
        pk__lt=OuterRef("pk"),
    )
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    rested = Q(webhook__rest_until=None) | Q(webhook__rest_until__lt=now)
    due = WebhookMessage.objects.filter(
        free, rested, ~Exists(earlier), state=DeliveryState.WAITING, next_at__lte=now, webhook__enabled=True
    ).filter(webhook__organisation__suspended=False)
    with transaction.atomic():
        locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("webhook")
        message = locked.order_by("next_at", "pk").first()
        if message is None:
            return None
        message.attempts += 1
        message.leased_until = now + LEASE
        message.save(update_fields=["attempts", "leased_until"])
    return message


def _deliver(message: WebhookMessage) -> int:
    body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":"))
    headers = signed_headers(message, body, timezone.now())
    answer = send(message.webhook.url, body.encode(), headers)
    with transaction.atomic():
        WebhookAttempt.objects.create(
            message=message,
            url=message.webhook.url,
            headers=headers,
            body=body,
            status=answer.status,
            response=answer.text,
            error=answer.error,
            milliseconds=answer.milliseconds,
        )
        return _settle(message, answer)


def _settle(message: WebhookMessage, answer: Answer) -> int:
    """What the answer means for the message and its webhook."""
    # Somebody who took the message over after our lease decides about it.
    mine = WebhookMessage.objects.filter(
        pk=message.pk, attempts=message.attempts, state=DeliveryState.WAITING
    )
    now = timezone.now()
    if answer.ok:
        _note_success(message.webhook)
        return mine.update(state=DeliveryState.DELIVERED, ended_at=now, leased_until=None)
    _note_failure(message.webhook, answer, now)
    if message.created_at < now - GIVE_UP_AFTER:
        mine.update(state=DeliveryState.FAILED, ended_at=now, leased_until=None)
    else:
        mine.update(next_at=now + _pause(message, answer, now), leased_until=None)
    logger.info(
        "webhook not delivered", message=str(message.public_id), error=answer.error, status=answer.status
    )
    return 0


def _pause(message: WebhookMessage, answer: Answer, now: datetime) -> timedelta:
    if _silent(answer):
        return timedelta(0)  # the webhook rests, not the message
    return PAUSES[min(message.attempts, len(PAUSES)) - 1]


def _silent(answer: Answer) -> bool:
    return answer.status is None or answer.status in BUSY


def _note_success(hook: Webhook) -> None:
    troubled = Webhook.objects.filter(pk=hook.pk).exclude(failing_since=None)
    troubled.update(failing_since=None, failures=0, rest_until=None)


def _note_failure(hook: Webhook, answer: Answer, now: datetime) -> None:
    row = Webhook.objects.filter(pk=hook.pk)
    row.filter(failing_since=None).update(failing_since=now)
    if answer.status == GONE:
        disable_webhook(hook, "gone")
    elif hook.failing_since is not None and hook.failing_since < now - DISABLE_AFTER:
        disable_webhook(hook, "failing")
    elif _silent(answer):
        rest = max(_asked_for(answer, now), min(PAUSES[min(hook.failures, len(PAUSES) - 1)], LONGEST_REST))
        row.update(failures=F("failures") + 1, rest_until=now + rest)


def _asked_for(answer: Answer, now: datetime) -> timedelta:
    """Retry-After, in seconds or as a date; at most a day."""
    text = answer.retry_after.strip()
    if text.isascii() and text.isdigit():
        asked = timedelta(seconds=int(text[:6]))
    else:
        try:
            asked = parsedate_to_datetime(text).astimezone(UTC) - now
        except (TypeError, ValueError, OverflowError):  # also a date that is none in our own time zone
            return timedelta(0)
    return min(max(asked, timedelta(0)), timedelta(days=1))
