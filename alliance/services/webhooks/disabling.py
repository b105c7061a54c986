"""Switching a webhook off that has not worked for long, and telling its organisation."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from alliance.changes import record
from alliance.choices import MemberRole
from alliance.models import Membership, Webhook
from alliance.services.mail import post

KEEPERS = (MemberRole.OWNER, MemberRole.ALLIANCE_ADMIN, MemberRole.OFFICIAL)


def disable_webhook(hook: Webhook, reason: str) -> bool:
    """Once; `reason` is "gone" (the receiver said 410) or "failing" (for days). False when it was off already."""
    switched = Webhook.objects.filter(pk=hook.pk, enabled=True).update(enabled=False, disabled_reason=reason)
    if not switched:
        return False
    record("disabled", "webhook", str(hook.public_id), before={"enabled": True}, after={"reason": reason})
    keepers = Membership.objects.filter(
        organisation=hook.organisation_id, role__in=KEEPERS, user__is_active=True
    )
    for address in set(keepers.exclude(user__email="").values_list("user__email", flat=True)):
        post(address, _in_both(lambda: _subject(hook), " / "), _in_both(lambda: _text(hook, reason), "\n\n"))
    return True


def _in_both(text: Callable[[], str], between: str) -> str:
    """Nobody is here whose language could be asked."""
    told = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            told.append(text())
    return between.join(told)


def _subject(hook: Webhook) -> str:
    return _("The webhook “%(name)s” was switched off") % {"name": hook.name}


def _text(hook: Webhook, reason: str) -> str:
    if reason == "gone":
        why = _("%(url)s answered that it is gone (410).") % {"url": hook.url}
    else:
        why = _("%(url)s has taken no delivery for five days.") % {"url": hook.url}
    return "\n\n".join(
        [why, _("Events are not kept while it is off. Switch it on again when the receiver works.")]
    )
