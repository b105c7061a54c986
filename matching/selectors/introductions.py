"""Introductions as a viewer may know them: the supplier its own only, and never a score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, DateField, Prefetch, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.choices import IntroductionState as State
from alliance.models import Disclosure, Organisation, OrganisationContact, Viewing
from alliance.models.base import GuardedQuerySet
from alliance.selectors import viewer_of
from companies.selectors import component_book
from matching.models import (
    Introduction,
    IntroductionBasis,
    IntroductionStep,
    Milestone,
    NearMiss,
    Project,
)
from matching.models.introductions import RUNNING
from matching.selectors.demands import demand_heads, heading, is_fictitious, lab_name
from matching.selectors.rules import rule_name

TRACK: list[State] = [state for state in State if state != State.DECLINED]


#: Ended ones have no date: they stand after all others.
NEVER = Value(date(9999, 12, 31), DateField())


def introduction_list(user: Any) -> GuardedQuerySet:
    """What each row leads to is read in queries of its own: one that joins all of it takes the database fifty
    milliseconds to plan."""
    rows = Introduction.objects.visible_to(user).annotate(due_key=Coalesce("due_on", NEVER))
    bureaus = Organisation.objects.select_related("city")
    return rows.select_related("line__component_type", "supplier__city", "project").prefetch_related(
        "capability__facility__city",
        "site__city",
        Prefetch("lab_bureau", bureaus),
        Prefetch("supplier_bureau", bureaus),
        "turn",
    )


def introduction_detail(user: Any) -> GuardedQuerySet:
    steps = IntroductionStep.objects.visible_to(user).select_related("by", "by_organisation", "turn")
    return introduction_list(user).prefetch_related(
        Prefetch("steps", steps.order_by("id"), to_attr="done"),
        Prefetch("basis", IntroductionBasis.objects.visible_to(user), to_attr="basis_told"),
    )


def attach_introduction_parts(user: Any, rows: Sequence[Any]) -> None:
    """What a list says of each row: the demand as the viewer may name it, whose turn, how late, how far."""
    demands = {d.pk: d for d in demand_heads(user).filter(pk__in={row.demand_id for row in rows})}
    viewer = viewer_of(user)
    mine, today = viewer.firms | viewer.bureaus, timezone.localdate()
    for row in rows:
        demand = demands.get(row.demand_id)
        row.asked = demand
        row.heading = heading(demand) if demand else ""
        row.lab_told = lab_name(demand) if demand else ""
        row.fictitious = bool(demand and is_fictitious(demand)) or row.supplier.fictitious
        row.part = row.line.component_type if row.line else row.site
        row.offer = row.capability or row.site
        row.turn_told = turn_words(row)
        row.my_turn = row.turn_id in mine
        row.late_days = max(0, (today - row.due_on).days) if row.due_on else 0
        row.left_days = (row.due_on - today).days if row.due_on else None
        row.place = TRACK.index(State(row.state)) if row.state != State.DECLINED else -1


def turn_words(row: Any) -> str:
    """Whose turn it is; the lab only by what the viewer may call it."""
    if row.turn is None:
        return ""
    return str(row.lab_told if row.turn_id == row.lab_id else row.turn)


def counts_by_state(rows: Any) -> dict[str, int]:
    return dict(rows.order_by().values_list("state").annotate(n=Count("pk")))


def open_introductions_of(
    user: Any, pairs: Iterable[tuple[int | None, int | None]]
) -> dict[tuple[int, int], Any]:
    """(line, capability) → its newest introduction, for marks beside matches; one query."""
    keys = [(line, capability) for line, capability in pairs if line and capability]
    rows = Introduction.objects.visible_to(user).filter(
        line__in={line for line, _c in keys}, capability__in={c for _l, c in keys}
    )
    return {(row.line_id, row.capability_id): row for row in rows.order_by("id")}


def introductions_waiting(user: Any) -> GuardedQuerySet:
    """Running introductions in which it is the turn of one of the viewer's organisations, or any that is overdue."""
    viewer = viewer_of(user)
    mine = Q(turn__in=viewer.firms | viewer.bureaus)
    return introduction_list(user).filter(RUNNING & (mine | Q(due_on__lt=timezone.localdate())))


def overdue_between(user: Any, bureaus: Iterable[int], on: date) -> GuardedQuerySet:
    """Running introductions past their date whose bureaus are among these."""
    keys = set(bureaus)
    late = RUNNING & Q(due_on__lt=on, lab_bureau__in=keys, supplier_bureau__in=keys)
    return introduction_list(user).filter(late).order_by("due_on", "id")


@dataclass(frozen=True)
class Opened:
    """What an organisation of the introduction sees now."""

    organisation: Any
    stage: int


def opened_to(introduction: Any) -> list[Opened]:
    """How much each of the two firms sees; for whoever sees the introduction itself."""
    rows = Disclosure.objects.filter(
        kind="introduction",
        object_id=introduction.public_id,
        organisation__in=[introduction.lab_id, introduction.supplier_id],
    )
    return [Opened(row.organisation_id, row.stage) for row in rows]


def contacts_of(user: Any, introduction: Any) -> list[Any]:
    """How to reach the two firms, where the viewer may know it."""
    keys = [introduction.lab_id, introduction.supplier_id]
    return list(
        OrganisationContact.objects.visible_to(user)
        .filter(organisation__in=keys)
        .select_related("organisation")
    )


SEEN = {
    "contact of the lab": _("contact of the lab"),
    "contact of the supplier": _("contact of the supplier"),
}


def viewings_of(user: Any, introduction: Any) -> list[Any]:
    """Who has looked at one's own secrets: a firm reads who saw its own, an official of the two bureaus all."""
    viewer = viewer_of(user)
    rows = Viewing.objects.filter(kind="introduction", object_id=introduction.public_id)
    if not viewer.bureaus & {introduction.lab_bureau_id, introduction.supplier_bureau_id}:
        rows = rows.filter(what__in=_own_words(introduction, viewer.firms))
    found = list(rows.select_related("person", "organisation").order_by("-at")[:50])
    for row in found:
        row.words = SEEN.get(row.what, row.what)  # type: ignore[attr-defined]
    return found


def _own_words(introduction: Any, firms: frozenset[int]) -> list[str]:
    sides = (("lab", introduction.lab_id), ("supplier", introduction.supplier_id))
    return [f"contact of the {side}" for side, key in sides if key in firms]


# --- projects -------------------------------------------------------------------------------------------
def project_list(user: Any) -> GuardedQuerySet:
    return Project.objects.visible_to(user).select_related("demand", "site__city")


def project_detail(user: Any) -> GuardedQuerySet:
    milestones = Milestone.objects.visible_to(user).order_by("id")
    return project_list(user).prefetch_related(
        Prefetch("milestones", milestones, to_attr="passed"),
        Prefetch("introductions", introduction_list(user).order_by("id"), to_attr="team"),
    )


def slowest(team: Iterable[Any]) -> State | None:
    """The state that the whole project has reached: the least of those still running."""
    running = [State(row.state) for row in team if row.state != State.DECLINED]
    return min(running, key=TRACK.index) if running else None


def miss_of(user: Any, line: Any, capability: Any) -> str:
    """The one requirement that a near miss does not meet, in words; "" where the pair is none."""
    rows = NearMiss.objects.visible_to(user).current()
    row = rows.filter(demand_id=line.demand_id, line_id=line.pk, capability_id=capability.pk).first()
    return rule_name(row.code, component_book(), line.component_type_id) if row else ""


def pair_of(user: Any, line_id: UUID, capability_id: UUID) -> Any:
    """The newest introduction of a pair, or None."""
    rows = introduction_list(user).filter(line__public_id=line_id, capability__public_id=capability_id)
    return rows.order_by("-id").first()
