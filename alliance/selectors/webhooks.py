"""Webhooks of an organisation and what became of their messages."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from alliance.choices import DeliveryState
from alliance.models import Organisation, Webhook, WebhookMessage
from alliance.models.base import GuardedQuerySet
from alliance.selectors.rights import viewer_of


def keeps_webhooks(user: Any, organisation: Organisation) -> bool:
    viewer = viewer_of(user)
    return organisation.pk in viewer.editing | viewer.bureaus


def webhook_list(user: Any) -> GuardedQuerySet:
    """With how many messages wait and how many were given up."""
    rows: GuardedQuerySet = Webhook.objects.visible_to(user).select_related("organisation", "made_by")
    return rows.annotate(
        waiting=Count("messages", filter=Q(messages__state=DeliveryState.WAITING)),
        failed=Count("messages", filter=Q(messages__state=DeliveryState.FAILED)),
    ).order_by("name", "id")


def message_list(user: Any) -> GuardedQuerySet:
    """Newest first, each with its attempts."""
    rows: GuardedQuerySet = WebhookMessage.objects.visible_to(user).select_related("webhook")
    return rows.prefetch_related("tries").order_by("-id")


def webhook_body(row: Webhook) -> dict[str, Any]:
    """What would write it as it is, read from the database now."""
    now = Webhook.objects.get(pk=row.pk)
    return {name: getattr(now, name) for name in ("name", "url", "events", "enabled")}
