"""Making, changing and trying the webhooks of an organisation."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import DeliveryState
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Organisation, Webhook, WebhookMessage
from alliance.services.webhooks.addresses import clean_url
from alliance.services.webhooks.collecting import EVENTS, put, wake_senders
from alliance.services.webhooks.signing import new_secret, promised
from alliance.viewer import viewer_of

MOST = 20
OVERLAP = timedelta(hours=24)
#: so that the header of signatures stays one that every receiver reads
MOST_OLD = 8
TEST = "webhook.test"


def create_webhook(
    organisation: Organisation, *, user: Any, name: str, url: str, events: list[str], enabled: bool = True
) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is shown once."""
    _must_keep(organisation, user)
    values: dict[str, Any] = {
        "name": _clean_name(name),
        "url": clean_url(url),
        "events": _clean_events(events),
        "enabled": enabled,
    }
    secret = new_secret()
    with transaction.atomic():
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        if Webhook.objects.filter(organisation=organisation).count() >= MOST:
            raise DomainError(_("%(most)d webhooks at most: delete one first.") % {"most": MOST})
        hook = Webhook.objects.create(organisation=organisation, made_by=user, secret=secret, **values)
        record("created", "webhook", str(hook.public_id), after=values)
    return hook, secret


def change_webhook(hook: Webhook, *, user: Any, version: int | None = None, **values: Any) -> Webhook:
    """Change name, address, events, or switch it on or off; `version` is the one that the person has seen."""
    checked = {name: _CHECKS[name](value) for name, value in values.items()}
    with transaction.atomic():
        row = _locked(hook, user, version)
        before = {name: getattr(row, name) for name in checked}
        if before == checked:
            return row
        again = {"disabled_reason": "", "failing_since": None, "failures": 0, "rest_until": None}
        fresh = again if checked.get("enabled") or "url" in checked else {}
        Webhook.objects.filter(pk=row.pk).update(
            **checked, **fresh, version=F("version") + 1, updated_at=timezone.now()
        )
        record("changed", "webhook", str(row.public_id), before=before, after=checked)
    wake_senders()
    return Webhook.objects.get(pk=row.pk)


def rotate_secret(hook: Webhook, *, user: Any) -> str:
    """A new secret, shown once; for a day requests carry the signatures of both, and of those replaced that day."""
    secret, now = new_secret(), timezone.now()
    with transaction.atomic():
        row = _locked(hook, user)
        Webhook.objects.filter(pk=row.pk).update(
            secret=secret,
            old_secret=row.secret,
            old_secret_until=now + OVERLAP,
            earlier_secrets=promised(row, now)[:MOST_OLD],
            version=F("version") + 1,
            updated_at=now,
        )
        record("rotated", "webhook", str(row.public_id))
    return secret


def delete_webhook(hook: Webhook, *, user: Any, version: int | None = None) -> None:
    """With its log; nothing is sent any more. `version` is the one that the person has seen."""
    with transaction.atomic():
        row = _locked(hook, user, version)
        record("deleted", "webhook", str(row.public_id), before={"name": row.name, "url": row.url})
        row.delete()


def send_test(hook: Webhook, *, user: Any) -> WebhookMessage:
    """A message that says only that it is a test; it goes the way of all others."""
    with transaction.atomic():
        row = _locked(hook, user)
        if not row.enabled:
            raise ConflictError(_("The webhook is switched off."))
        message = put(row, TEST, source=f"test:{uuid4()}", subject="test", data={})
        record("tested", "webhook", str(row.public_id))
    wake_senders()
    return message


def send_again(message: WebhookMessage, *, user: Any) -> WebhookMessage:
    """Deliver a message once more, whatever became of it. The receiver knows it by the same id."""
    with transaction.atomic():
        row = WebhookMessage.objects.editable_by(user).filter(pk=message.pk).select_related("webhook").first()
        if row is None:
            raise NotFoundError(_("There is no such message."))
        again = WebhookMessage.objects.filter(pk=row.pk)
        again.update(
            state=DeliveryState.WAITING, next_at=timezone.now(), ended_at=None, created_at=timezone.now()
        )
        record("sent again", "webhook", str(row.webhook.public_id), after={"message": str(row.public_id)})
    wake_senders()
    return again.get()


def _locked(hook: Webhook, user: Any, version: int | None = None) -> Webhook:
    rows = Webhook.objects.editable_by(user).filter(pk=hook.pk)
    row = Webhook.objects.select_for_update(no_key=True).filter(pk__in=rows.values("pk")).first()
    if row is None:
        raise NotFoundError(_("There is no such webhook."))
    if version is not None and row.version != version:
        raise ConflictError(_("Somebody has changed this webhook meanwhile."))
    return row


def _must_keep(organisation: Organisation, user: Any) -> None:
    viewer = viewer_of(user)
    if organisation.pk not in viewer.editing | viewer.bureaus:
        raise ForbiddenError(_("Editors of a firm and officials of a bureau keep its webhooks."))


def _clean_name(name: str) -> str:
    name = " ".join(str(name).split())
    if not name or len(name) > 100:
        raise DomainError(_("A name of 1 to 100 characters."), field="name")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise DomainError(_("The name contains control characters."), field="name")
    return name


def _clean_events(events: list[str]) -> list[str]:
    if not events or any(event not in EVENTS for event in events):
        raise DomainError(_("Choose from: %(events)s.") % {"events": ", ".join(EVENTS)}, field="events")
    return [event for event in EVENTS if event in events]


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": _clean_name,
    "url": clean_url,
    "events": _clean_events,
    "enabled": bool,
}
