"""Doing a step: exactly one of several people who press the button wins, and the others are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import IntroductionState as State
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from matching.models import Introduction, IntroductionStep
from matching.services.introductions.delivering import count_delivery, due_date
from matching.services.introductions.disclosing import PARTS, disclose, hold_firms
from matching.services.introductions.moves import ALL, FIRMS, MOVES, Move, check_due, party_of


@dataclass(frozen=True)
class Step:
    """What a person says with a step. `turn`: one of the four parties, the table's default where empty."""

    note: str = ""
    reason: str = ""
    turn: str = ""
    due_on: date | None = None
    delivered_on: date | None = None


def take_step(
    introduction: Introduction, name: str, *, user: Any, version: int | None = None, step: Step | None = None
) -> Introduction:
    """Do the step `name`. ConflictError if it is not legal in the present state or somebody was faster."""
    said = step or Step()
    move = MOVES.get(name)
    if move is None:
        raise DomainError(_("There is no step named %(name)s.") % {"name": name[:40]}, field="move")
    with transaction.atomic():
        hold_firms([introduction.lab_id, introduction.supplier_id])
        row = _locked(introduction, user)
        if version is not None and row.version != version:
            raise ConflictError(_overtaken(row))
        party = _allowed(row, move, user)
        values = _values(row, move, party, said)
        _update(row, move, values)
        fresh = Introduction.objects.select_related(*PARTS).get(pk=row.pk)
        _note_step(fresh, move, party, user, said)
        disclose(fresh)
        if fresh.state == State.DELIVERED:
            count_delivery(fresh, on_time=bool(fresh.on_time))
        record("moved", "introduction", str(row.public_id), before=_told(row), after=_told(fresh))
    return fresh


def _locked(introduction: Introduction, user: Any) -> Introduction:
    visible = Introduction.objects.visible_to(user).filter(pk=introduction.pk)
    if not visible.exists():
        raise NotFoundError(_("There is no such introduction."))
    rows = Introduction.objects.select_for_update(no_key=True, of=("self",)).select_related(*PARTS)
    return rows.get(pk=introduction.pk)


def _allowed(row: Introduction, move: Move, user: Any) -> str:
    if row.state not in move.sources:
        raise ConflictError(_overtaken(row))
    party = party_of(row, user, move)
    if not party:
        if not Introduction.objects.editable_by(user).filter(pk=row.pk).exists():
            raise ForbiddenError(_("You do not work on this introduction."))
        raise ConflictError(_("This step is not yours to do, or it is done already."))
    return party


def _overtaken(row: Introduction) -> str:
    last = row.steps.select_related("by").last()
    who = str(last.by) if last else ""
    return _("%(who)s has brought this introduction to “%(state)s” meanwhile.") % {
        "who": who,
        "state": row.get_state_display(),
    }


def _values(row: Introduction, move: Move, party: str, said: Step) -> dict[str, Any]:
    """The new values of the row's columns."""
    if move.asks_reason and not said.reason.strip():
        raise DomainError(_("Say why: the other side reads it."), field="reason")
    state = move.target or row.state
    values: dict[str, Any] = {}
    if move.name == "accept":
        values[f"{party}_accepted_at"] = Now()
        other = FIRMS[1 - FIRMS.index(party)]
        if getattr(row, f"{other}_accepted_at") is None:
            return values | {"state": State.PROPOSED} | _next(row, move, said, other)
    elif move.name in ("decline", "withdraw"):
        reason = said.reason.strip() or _("The bureau took the proposal back.")
        values |= {"declined_by": getattr(row, f"{party}_id"), "declined_reason": reason[:1000]}
        # A proposal that was only taken back does not stand in the way of the next one.
        values |= {"capability_version": 0, "demand_version": 0} if move.name == "withdraw" else {}
    elif move.name == "reopen":
        values |= {"lab_accepted_at": None, "supplier_accepted_at": None}
        values |= {"declined_by": None, "declined_reason": ""}
    elif move.asks_delivery:
        values |= _delivery(row, said)
    if state in (State.DELIVERED, State.DECLINED):
        return values | {"state": state, "turn": None, "due_on": None}
    return values | {"state": state} | _next(row, move, said, move.then)


def _delivery(row: Introduction, said: Step) -> dict[str, Any]:
    day = said.delivered_on
    if day is None:
        raise DomainError(_("Say on which day it was delivered."), field="delivered_on")
    if day > timezone.localdate() or day < timezone.localdate(row.created_at):
        raise DomainError(_("The day of delivery lies between the proposal and today."), field="delivered_on")
    return {"delivered_on": day, "on_time": day <= due_date(row)}


def _next(row: Introduction, move: Move, said: Step, default: str) -> dict[str, Any]:
    """Whose turn it is, and until when."""
    party = said.turn or default
    today = timezone.localdate()
    if not party:
        turn, due = row.turn_id, said.due_on or row.due_on
    elif party not in ALL:
        raise DomainError(_("Choose one of the two firms or their bureaus."), field="turn")
    else:
        turn, due = getattr(row, f"{party}_id"), said.due_on or today + timedelta(days=move.days)
    check_due(said.due_on)
    return {"turn": turn, "due_on": due}


def _update(row: Introduction, move: Move, values: dict[str, Any]) -> None:
    found = Introduction.objects.filter(pk=row.pk, version=row.version, state__in=move.sources)
    if not found.update(**values, version=F("version") + 1, updated_at=Now()):
        raise ConflictError(_overtaken(row))


def _note_step(row: Introduction, move: Move, party: str, user: Any, said: Step) -> None:
    text = "\n".join(filter(None, [said.reason.strip(), said.note.strip()]))
    IntroductionStep.objects.create(
        introduction=row,
        move=move.name,
        state=row.state,
        by=user,
        by_organisation_id=getattr(row, f"{party}_id"),
        turn_id=row.turn_id,
        due_on=row.due_on,
        note=text[:4000],
    )


def _told(row: Introduction) -> dict[str, Any]:
    """What the history and notices say of a state."""
    return {
        "state": row.state,
        "turn": row.turn_id and str(row.turn.public_id) if row.turn else None,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "lab_accepted": row.lab_accepted_at is not None,
        "supplier_accepted": row.supplier_accepted_at is not None,
        "version": row.version,
    }
