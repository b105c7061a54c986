"""The one table of steps: from where, to where, who may, what it asks for. What is not here cannot happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.choices import IntroductionState as State
from alliance.errors import DomainError
from alliance.selectors import viewer_of
from matching.models import Introduction

LAB, SUPPLIER, LAB_BUREAU, SUPPLIER_BUREAU = "lab", "supplier", "lab_bureau", "supplier_bureau"
FIRMS = (LAB, SUPPLIER)
BUREAUS = (LAB_BUREAU, SUPPLIER_BUREAU)
ALL = (*BUREAUS, *FIRMS)
LONGEST = timedelta(days=730)
RUNNING = tuple(state for state in State if state not in (State.DELIVERED, State.DECLINED))


@dataclass(frozen=True)
class Move:
    """A step. `by`: the parties that may do it, in the order in which a person who is several of them acts.

    `then`: the party whose turn comes next unless somebody else is named; `days`: until when, by default.
    """

    name: str
    words: str | Promise
    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...]
    then: str = ""
    days: int = 14
    asks_reason: bool = False
    asks_delivery: bool = False


MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        Move("accept", _("Accept"), (State.PROPOSED,), State.ACCEPTED, FIRMS, LAB_BUREAU, 7),
        Move(
            "agree",
            _("Confidentiality is agreed"),
            (State.ACCEPTED,),
            State.CONFIDENTIAL,
            (*BUREAUS, LAB),
            LAB,
        ),
        Move("talk", _("Talks have begun"), (State.CONFIDENTIAL,), State.TALKS, ALL, SUPPLIER),
        Move("sample", _("A sample is being made"), (State.TALKS,), State.SAMPLE, ALL, SUPPLIER, 30),
        Move("sign", _("The contract is signed"), (State.SAMPLE,), State.SIGNED, ALL, SUPPLIER, 60),
        Move(
            "deliver",
            _("It is delivered"),
            (State.SIGNED,),
            State.DELIVERED,
            (*BUREAUS, LAB),
            asks_delivery=True,
        ),
        Move("plan", _("Change who is next and by when"), RUNNING, "", ALL),
        Move("decline", _("Decline"), RUNNING, State.DECLINED, (*FIRMS, *BUREAUS), asks_reason=True),
        Move("withdraw", _("Take the proposal back"), (State.PROPOSED,), State.DECLINED, BUREAUS),
        Move("reopen", _("Open again"), (State.DECLINED,), State.PROPOSED, BUREAUS, SUPPLIER, 7, True),
    )
}


def check_due(day: date | None) -> None:
    """DomainError for a next date that has passed, or lies years ahead."""
    today = timezone.localdate()
    if day is not None and not today <= day <= today + LONGEST:
        raise DomainError(gettext("The next date lies between today and two years ahead."), field="due_on")


def parties_of(introduction: Introduction, user: Any) -> set[str]:
    """Which of the four parties a person speaks for: editors for a firm, officials for a bureau."""
    viewer = viewer_of(user)
    mine = {LAB: viewer.editing, SUPPLIER: viewer.editing, LAB_BUREAU: viewer.bureaus}
    mine[SUPPLIER_BUREAU] = viewer.bureaus
    return {party for party, keys in mine.items() if getattr(introduction, f"{party}_id") in keys}


def party_of(introduction: Introduction, user: Any, move: Move) -> str:
    """The party as which this person does this step now; "" if it may not."""
    if introduction.state not in move.sources:
        return ""
    for party in move.by:
        if party in parties_of(introduction, user) and _still_open(introduction, party, move):
            return party
    return ""


def _still_open(introduction: Introduction, party: str, move: Move) -> bool:
    """A firm accepts once; a proposal that somebody has answered is declined, not taken back."""
    if move.name == "accept":
        return getattr(introduction, f"{party}_accepted_at") is None
    if move.name == "withdraw":
        return introduction.lab_accepted_at is None and introduction.supplier_accepted_at is None
    return True


def legal_moves(introduction: Introduction, user: Any) -> list[Move]:
    """What this person can do with it now."""
    return [move for move in MOVES.values() if party_of(introduction, user, move)]
