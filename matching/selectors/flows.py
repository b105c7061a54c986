"""Lines that makers in one city could supply to labs in another, counted in the database: the rows are many."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches
from django.db import connection
from django.db.models import Count, Max
from django.utils import timezone

from alliance.models import Alliance
from alliance.selectors import viewer_of
from matching.models import CurrentResult

#: Firms read no figure about fewer firms than this.
FEWEST = 3

# Current first: results without a pointer do not count. Labs and makers outside the alliance have no home in it.
FLOWS = """
    SELECT lab.listed_id, plant.listed_id, count(DISTINCT m.line_id),
           count(DISTINCT d.owner_id), count(DISTINCT m.supplier_id)
    FROM matching_currentresult r
    JOIN matching_demand d ON d.id = r.demand_id AND d.alliance_id = %(alliance)s AND d.published
                          AND d.need_by >= %(as_of)s
    JOIN matching_match m ON m.demand_id = r.demand_id AND m.run_id = r.run_id
    JOIN companies_capability c ON c.id = m.capability_id
    JOIN companies_facility f ON f.id = c.facility_id
    JOIN alliance_alliancereach lab ON lab.city_id = d.lab_city_id AND lab.alliance_id = d.alliance_id
    JOIN alliance_alliancereach plant ON plant.city_id = f.city_id AND plant.alliance_id = d.alliance_id
    GROUP BY 1, 2
"""


@dataclass(frozen=True)
class CityFlow:
    """From a lab's listed city to a maker's: how many lines, of how many labs, by how many makers."""

    lab: int
    plant: int
    lines: int
    labs: int
    makers: int


def city_flows(user: Any, alliance: Alliance) -> list[CityFlow]:
    """For bureaus every flow; for firms of the alliance only those over at least three firms on either side."""
    viewer = viewer_of(user)
    if alliance.pk not in viewer.alliances:
        return []
    flows = _counted(alliance)
    if alliance.pk in viewer.bureau_alliances:
        return flows
    return [flow for flow in flows if min(flow.labs, flow.makers) >= FEWEST]


def _counted(alliance: Alliance) -> list[CityFlow]:
    values = {"alliance": alliance.pk, "as_of": reference_day(alliance)}
    return [CityFlow(*row) for row in remembered(alliance, FLOWS, values, seconds=300)]


def remembered(
    alliance: Alliance, sql: str, values: dict[str, Any], *, seconds: int = 60
) -> list[tuple[Any, ...]]:
    """Counted once for each state of the results, which changes when a pointer moves or goes; what does not move a
    pointer (a draft, a capacity before its next run) is at most `seconds` old."""
    pointers = CurrentResult.objects.filter(demand__alliance=alliance)
    state = pointers.aggregate(last=Max("moved_at"), count=Count("pk"))
    moved = state["last"].timestamp() if state["last"] else 0
    asked = hashlib.sha256(repr((sql, sorted(values.items()))).encode()).hexdigest()
    key = f"figures:{alliance.pk}:{moved}:{state['count']}:{asked}"
    figures = caches["figures"]
    rows: list[tuple[Any, ...]] | None = figures.get(key)
    if rows is None:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows = cursor.fetchall()
        figures.set(key, rows, seconds)
    return rows


def reference_day(alliance: Alliance) -> Any:
    return alliance.as_of or timezone.localdate()
