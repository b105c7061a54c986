"""What other weights would change: the stored terms of the kept matches, summed anew. Nothing is matched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alliance.models import Organisation
from companies.models import ComponentType
from matching.models import DemandLine, Match
from matching.selectors.demands import demand_list, heading
from matching.selectors.terms import LINE_TERMS

DEMANDS = 40
SHOWN = 12


@dataclass
class Shift:
    """A line whose first offer would be another one."""

    demand: Any
    line: Any
    before: str
    after: str
    rank_before: int
    score_before: float
    score_after: float


@dataclass
class Shifts:
    """`lines` of the newest demands were looked at; in `changed` of them another offer comes first."""

    demands: int = 0
    lines: int = 0
    changed: int = 0
    examples: list[Shift] = field(default_factory=list)


def weigh(row: Match, weights: Mapping[str, float]) -> float:
    """The score of a match under these weights (docs/matching.md, 4)."""
    whole = sum(weights.values())
    return round(sum(getattr(row, term) * weights[term] for term in LINE_TERMS) / whole, 9)


def shifts(user: Any, alliance: Any, weights: Mapping[str, float]) -> Shifts:
    """Among the kept matches of the newest published demands: who would come first instead."""
    demands = list(demand_list(user).filter(alliance=alliance, published=True).order_by("-id")[:DEMANDS])
    found = Shifts(demands=len(demands))
    if sum(weights.values()) <= 0:
        return found
    kept: dict[int, list[Match]] = defaultdict(list)
    matches = Match.objects.visible_to(user).current().filter(demand_id__in=[row.pk for row in demands])
    for row in matches.order_by("line_id", "rank"):
        kept[row.line_id].append(row)
    moved = []
    for rows in kept.values():
        first = min(rows, key=lambda row: (-weigh(row, weights), row.capability_id))
        if first.capability_id != rows[0].capability_id:
            moved.append((rows[0], first))
    found.lines, found.changed = len(kept), len(moved)
    found.examples = _told(user, demands, moved[:SHOWN], weights)
    return found


def _told(user: Any, demands: list[Any], moved: list[Any], weights: Mapping[str, float]) -> list[Shift]:
    by_key = {demand.pk: demand for demand in demands}
    lines = DemandLine.objects.visible_to(user).in_bulk([old.line_id for old, _new in moved])
    types = ComponentType.objects.visible_to(user).in_bulk(
        {line.component_type_id for line in lines.values()}
    )
    keys = {row.supplier_id for pair in moved for row in pair}
    firms = Organisation.objects.visible_to(user).in_bulk(keys)
    rows = []
    for old, new in moved:
        demand, line = by_key[old.demand_id], lines.get(old.line_id)
        if line is None:
            continue
        demand.heading, line.kind = heading(demand), types.get(line.component_type_id)
        rows.append(
            Shift(
                demand,
                line,
                str(firms.get(old.supplier_id, "—")),
                str(firms.get(new.supplier_id, "—")),
                new.rank,
                weigh(old, weights),
                weigh(new, weights),
            )
        )
    return rows
