"""A maker answers a demand that its capability fits, or nearly: the bureaus see it and may introduce."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import IntroductionState as State
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from companies.models import Capability
from matching.models import Answer, Demand, DemandLine, Introduction, Match, NearMiss

MOST_NOTE = 500


def answer(line: DemandLine, capability: Capability, *, user: Any, note: str = "") -> Answer:
    """Say that one's firm wants this line; said again it replaces the note."""
    supplier_id = _may_answer(line, capability, user)
    if len(note) > MOST_NOTE:
        raise DomainError(
            _("The text is longer than %(limit)d characters.") % {"limit": MOST_NOTE}, field="note"
        )
    with transaction.atomic():
        told = {"person": user, "note": note.strip(), "withdrawn_at": None}
        row, made = Answer.objects.get_or_create(
            line=line,
            capability=capability,
            defaults=told | {"demand_id": line.demand_id, "supplier_id": supplier_id},
        )
        if not made:
            rows = Answer.objects.filter(pk=row.pk)
            rows.update(**told, version=F("version") + 1, updated_at=Now())
        after = {"demand": str(line.demand.public_id), "note": told["note"]}
        record("answered", "answer", str(row.public_id), after=after)
    row.refresh_from_db()
    return row


def withdraw_answer(line: DemandLine, capability: Capability, *, user: Any) -> None:
    _own(capability, user)
    with transaction.atomic():
        rows = Answer.objects.filter(line=line, capability=capability, withdrawn_at=None)
        row = rows.first()
        if row is None or not rows.update(withdrawn_at=Now(), version=F("version") + 1, updated_at=Now()):
            raise ConflictError(_("There is no answer to take back."))
        record("withdrawn", "answer", str(row.public_id))


def _own(capability: Capability, user: Any) -> None:
    mine = Capability.objects.filter(pk=capability.pk)
    if not mine.visible_to(user).exists():
        raise NotFoundError(_("There is no such capability."))
    if not mine.editable_by(user).exists():
        raise ForbiddenError(_("You may not change this firm's rows."))


def _may_answer(line: DemandLine, capability: Capability, user: Any) -> int:
    """The answering firm's id. Only what the matcher holds to fit, or nearly, on an open demand."""
    _own(capability, user)
    demand = Demand.objects.visible_to(user).filter(pk=line.demand_id, published=True, archived_at=None)
    if not demand.exists():
        raise NotFoundError(_("There is no such demand."))
    pair = {"line_id": line.pk, "capability_id": capability.pk}
    if not any(model.objects.current().filter(**pair).exists() for model in (Match, NearMiss)):
        raise ConflictError(_("This capability does not fit the line any more: look at the newest results."))
    running = Introduction.objects.filter(**pair).exclude(state=State.DECLINED)
    if running.exists():
        raise ConflictError(_("These two have been introduced already."))
    return capability.organisation_id
