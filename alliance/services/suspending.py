"""The bureau of its city shuts a firm out, and lets it in again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import MemberRole, OrganisationKind
from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.models import Membership, Organisation, Suspension
from alliance.services.mail import post

#: What else happens when a firm is shut out, and let in again; apps above this one add theirs, and each is called in
#: the transaction. Leaving: (organisation) → what it did, as JSON. Returning: (organisation, what was done).
LEAVING: dict[str, Callable[[Organisation], Any]] = {}
RETURNING: dict[str, Callable[[Organisation, Any], None]] = {}


def _in_care(organisation: Organisation, user: Any) -> None:
    rows = Organisation.objects.cared_by(user).filter(pk=organisation.pk, kind=OrganisationKind.FIRM)
    if not rows.exists():
        raise NotFoundError(_("There is no such firm."))


def _because(reason: str) -> str:
    words = " ".join(reason.split())[:1000]
    if not words:
        raise DomainError(_("Say why: the people of the firm read it."), field="reason")
    return words


def suspend_firm(organisation: Organisation, *, user: Any, reason: str) -> Suspension:
    """Its rows leave the matching, its demands the market, its people see only why. Introductions under way stay.

    ConflictError when somebody was first.
    """
    _in_care(organisation, user)
    reason = _because(reason)
    with transaction.atomic():
        _switch(organisation, "suspended", suspended=True, reason=reason)
        done = {name: leave(organisation) for name, leave in LEAVING.items()}
        row = Suspension.objects.create(organisation=organisation, reason=reason, by=user, done=done)
        words = _("%(bureau)s has suspended %(firm)s: %(reason)s\n\nAsk the bureau what has to be mended.")
        _tell_owners(organisation, _("%(firm)s is suspended"), words, user, reason)
    return row


def lift_suspension(organisation: Organisation, *, user: Any, reason: str) -> None:
    """Everything is as it was before; also where an import suspended it and nobody wrote why."""
    _in_care(organisation, user)
    reason = _because(reason)
    with transaction.atomic():
        _switch(organisation, "suspension lifted", suspended=False, reason=reason)
        running = Suspension.objects.filter(organisation=organisation, lifted_at=None)
        for row in running:
            for name, come_back in RETURNING.items():
                come_back(organisation, row.done.get(name))
        running.update(lifted_by=user, lifted_at=Now(), lifted_because=reason)
        words = _("%(bureau)s has lifted the suspension of %(firm)s: %(reason)s")
        _tell_owners(organisation, _("%(firm)s is not suspended any more"), words, user, reason)


def _switch(organisation: Organisation, verb: str, *, suspended: bool, reason: str) -> None:
    rows = Organisation.objects.filter(pk=organisation.pk, suspended=not suspended)
    if not rows.update(suspended=suspended, version=F("version") + 1, updated_at=Now()):
        words = _("It is suspended already.") if suspended else _("It is not suspended.")
        raise ConflictError(words)
    before, after = {"suspended": not suspended}, {"suspended": suspended, "reason": reason}
    record(verb, "organisation", str(organisation.public_id), before=before, after=after)


def _tell_owners(organisation: Organisation, subject: str, words: str, user: Any, reason: str) -> None:
    """By mail: who is shut out reads nothing in here."""
    bureau = Organisation.objects.filter(cares_for__city=organisation.city_id, memberships__user=user).first()
    told = {"firm": organisation, "bureau": bureau or user, "reason": reason}
    owners = Membership.objects.filter(organisation=organisation, role=MemberRole.OWNER, user__is_active=True)
    for email in owners.exclude(user__email="").values_list("user__email", flat=True):
        post(email, subject % told, words % told)
