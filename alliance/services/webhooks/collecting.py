"""What becomes a message: an event, for each organisation that asked for it and may see what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from alliance.models import Change, Webhook, WebhookMessage
from alliance.viewer import Viewer, viewer_of_organisation

EVENTS = ("match.found", "match.lost", "introduction.state_changed", "run.finished", "demand.published")


#: kind of change → what it means for webhooks; apps above this one register theirs
ANNOUNCERS: dict[str, Callable[[Change], None]] = {}


def subscribed(event: str) -> Iterator[tuple[Webhook, Viewer]]:
    """Webhooks that are on and want this event, each with the eyes of its organisation."""
    hooks = Webhook.objects.filter(enabled=True, events__contains=[event], organisation__suspended=False)
    eyes: dict[int, Viewer] = {}
    for hook in hooks.order_by("pk"):
        if hook.organisation_id not in eyes:
            eyes[hook.organisation_id] = viewer_of_organisation(hook.organisation_id)
        yield hook, eyes[hook.organisation_id]


def put(hook: Webhook, event: str, *, source: str, subject: str, data: dict[str, Any]) -> WebhookMessage:
    """Write a message into the outbox, in the transaction of what it tells; the same source is told once."""
    message, made = WebhookMessage.objects.get_or_create(
        webhook=hook,
        source=source,
        event=event,
        defaults={"subject": subject, "payload": _payload(event, data)},
    )
    if made:
        transaction.on_commit(wake_senders, robust=True)
    return message


def _payload(event: str, data: dict[str, Any]) -> dict[str, Any]:
    """Thin: ids and addresses; whoever wants more asks the API, and sees there what it may see by then."""
    return {"type": event, "timestamp": timezone.now().isoformat(), "data": data}


def address(resource: str, public_id: object) -> str:
    """Where the API tells more about it."""
    return f"{settings.SITE_URL}/api/v1/{resource}/{public_id}/"


def wake_senders() -> None:
    from alliance.celery import nudge

    nudge("alliance.deliver_webhooks")
