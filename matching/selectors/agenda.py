"""What belongs on the agenda of some bureaus: open items, overdue steps, uncovered lines, new pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef
from django.utils import timezone

from alliance.choices import AgendaKind, MeetingState
from alliance.models import CityCare
from alliance.selectors import homes_in
from matching.models import (
    ActionItem,
    AgendaItem,
    Demand,
    DemandLine,
    LineResult,
    Meeting,
    MeetingSeat,
    Pipeline,
)
from matching.selectors.introduced import place_introduced, running
from scenarios.models import Site

OF_EACH = 12  # points of one kind: a longer agenda is not read


def agenda_points(user: Any, meeting: Meeting) -> list[AgendaItem]:
    """Points that the meeting does not have yet, unsaved and without position, in the order of an agenda."""
    there = list(meeting.items.all())
    care = cared_by(seat.bureau_id for seat in meeting.seats.all())
    groups = [
        _carried(user, meeting, there),
        _overdue(user, meeting, there),
        _uncovered(user, meeting, care, there),
        _pipelines(user, meeting, care, there),
    ]
    _homes(meeting, [point for group in groups for point in group])
    return [point for group in groups for point in sorted(group, key=lambda point: point.cities)]


def cared_by(bureaus: Any) -> dict[int, int]:
    """City → the bureau at the table that looks after it."""
    rows = CityCare.objects.filter(bureau__in=list(bureaus)).values_list("city_id", "bureau_id")
    return dict(rows)


def open_actions(user: Any, alliance: Any = None) -> Any:
    """What was agreed and is not done, at meetings the viewer's bureau sat at."""
    rows = ActionItem.objects.visible_to(user).filter(done_at=None)
    rows = rows.exclude(meeting__state=MeetingState.CANCELLED)
    if alliance is not None:
        rows = rows.filter(meeting__alliance=alliance)
    return rows.select_related("meeting", "bureau", "person")


def _carried(user: Any, meeting: Meeting, there: Sequence[AgendaItem]) -> list[AgendaItem]:
    """Open items of earlier meetings, if everybody at this table sat at that one too."""
    known = {item.action_id for item in there}
    here = [seat.bureau_id for seat in meeting.seats.all()]
    full = (
        MeetingSeat.objects.filter(bureau__in=here)
        .values("meeting_id")
        .annotate(n=Count("pk"))
        .filter(n=len(here))
        .values("meeting_id")
    )
    rows = open_actions(user, meeting.alliance).filter(meeting__in=full).exclude(meeting=meeting)
    return [
        AgendaItem(meeting=meeting, kind=AgendaKind.CARRIED, action=row, cities=[])
        for row in rows.order_by("due_on", "pk")
        if row.pk not in known
    ]


def _overdue(user: Any, meeting: Meeting, there: Sequence[AgendaItem]) -> list[AgendaItem]:
    """Introductions past their date between two bureaus at this table, the longest overdue first."""
    here = [seat.bureau_id for seat in meeting.seats.all()]
    known = {item.introduction for item in there if item.kind == AgendaKind.OVERDUE}
    rows = running(user, meeting.alliance).filter(
        lab_bureau__in=here, supplier_bureau__in=here, due_on__lt=timezone.localdate()
    )
    rows = rows.exclude(pk__in=known).select_related("lab_bureau", "supplier_bureau")
    return [
        AgendaItem(
            meeting=meeting,
            kind=AgendaKind.OVERDUE,
            introduction=row.pk,
            demand_id=row.demand_id,
            cities=list(dict.fromkeys([row.lab_bureau.city_id, row.supplier_bureau.city_id])),
        )
        for row in rows.order_by("due_on", "pk")[:OF_EACH]
    ]


def _uncovered(
    user: Any, meeting: Meeting, care: dict[int, int], there: Sequence[AgendaItem]
) -> list[AgendaItem]:
    known = {item.line_id for item in there if item.kind == AgendaKind.UNCOVERED}
    demands = _open_demands(user, meeting, care)
    rows = LineResult.objects.visible_to(user).current().filter(demand_id__in=list(demands), feasible=0)
    rows = rows.exclude(line_id__in=known)
    found = list(rows.order_by("-near", "line_id")[:OF_EACH])
    still = set(DemandLine.objects.filter(pk__in=[row.line_id for row in found]).values_list("pk", flat=True))
    return [
        AgendaItem(
            meeting=meeting,
            kind=AgendaKind.UNCOVERED,
            demand_id=row.demand_id,
            line_id=row.line_id,
            cities=[demands[row.demand_id]],
        )
        for row in found
        if row.line_id in still
    ]


def _open_demands(user: Any, meeting: Meeting, care: dict[int, int]) -> dict[int, int]:
    """Open demands of the labs in the care of somebody at the table → the lab's city."""
    as_of = meeting.alliance.as_of or timezone.localdate()
    rows = Demand.objects.visible_to(user).filter(
        alliance=meeting.alliance, published=True, need_by__gte=as_of, lab_city__in=list(care)
    )
    return dict(rows.values_list("pk", "lab_city_id"))


def _homes(meeting: Meeting, points: Sequence[AgendaItem]) -> None:
    """Districts are told by their listed city, and points of one pair of cities stand together."""
    homes = homes_in(meeting.alliance_id, {city for point in points for city in point.cities})
    for point in points:
        point.cities = list(dict.fromkeys(homes[city].pk for city in point.cities if city in homes))


def _pipelines(
    user: Any, meeting: Meeting, care: dict[int, int], there: Sequence[AgendaItem]
) -> list[AgendaItem]:
    """The best complete pipeline of each demand between two bureaus, if no earlier agenda had it."""
    demands = _open_demands(user, meeting, care)
    earlier = AgendaItem.objects.visible_to(user).filter(
        kind=AgendaKind.PIPELINE, demand=OuterRef("demand_id"), site=OuterRef("site_id")
    )
    rows = (
        Pipeline.objects.visible_to(user)
        .current()
        .filter(demand_id__in=list(demands), rank=1, complete=True, site_id__isnull=False)
        .filter(~Exists(earlier), ~place_introduced())
        .order_by("-score", "demand_id")
    )
    known = {(item.demand_id, item.site_id) for item in there if item.kind == AgendaKind.PIPELINE}
    found = [row for row in rows[: OF_EACH * 4] if (row.demand_id, row.site_id) not in known]
    homes = dict(
        Site.objects.visible_to(user).filter(pk__in={r.site_id for r in found}).values_list("pk", "city_id")
    )
    points = []
    for row in found:
        lab, site = demands[row.demand_id], homes.get(row.site_id)
        if site is None or site not in care:
            continue
        cities = [lab] if care[lab] == care[site] else [lab, site]
        points.append(
            AgendaItem(
                meeting=meeting,
                kind=AgendaKind.PIPELINE,
                demand_id=row.demand_id,
                site_id=row.site_id,
                cities=cities,
            )
        )
    return points[:OF_EACH]
