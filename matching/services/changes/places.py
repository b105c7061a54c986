"""Sites and roads that changed, held against the site needs that they concern.

A site is in a demand's results only while it is feasible (docs/matching.md, section 5): whoever it is or was feasible
for is matched again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Q

from alliance.models import AllianceReach
from matching.encoding import surroundings as around
from matching.encoding.columns import Array, columns, ordinal
from matching.encoding.vocabulary import SpecColumns, entry
from matching.kernel import Requirements, Specs
from matching.kernel.measure import SpecIndex, holds, wants_of
from matching.models import Demand, SiteRequirement
from matching.services.changes.former import former_rows, variants
from scenarios.models import ScenarioType, Site, SiteWindow

NEEDS = """
    FROM matching_siteneed n JOIN matching_demand d ON d.id = n.demand_id
    JOIN alliance_alliance a ON a.id = d.alliance_id
    WHERE d.published AND a.as_of IS NOT NULL AND n.scenario_type_id = ANY(%(types)s)
      AND (d.scope = 'open' OR d.alliance_id = ANY(%(alliances)s))
    ORDER BY d.id
"""


@dataclass(frozen=True)
class State:
    """A site as it is or was; windows of now and then together, because one that fits is enough."""

    type: int
    city: int
    fleet_capacity: float
    params: dict[str, Any]
    windows: tuple[tuple[int, int], ...]


def demands_of_sites(ids: Collection[int]) -> set[int]:
    """Keys of the published demands for which one of these sites is or was feasible."""
    states = _states(sorted(set(ids)))
    if not states:
        return set()
    parents = dict(ScenarioType.objects.values_list("id", "parent_id"))
    reach: defaultdict[int, set[int]] = defaultdict(set)
    cities = {state.city for state in states}
    for city, alliance in AllianceReach.objects.filter(city__in=cities).values_list("city_id", "alliance_id"):
        reach[city].add(alliance)
    above = {kind: _above(kind, parents) for kind in {state.type for state in states}}
    needs = _needs(sorted(set().union(*above.values())), sorted(set().union(*reach.values())))
    if not len(needs["id"]):
        return set()
    touched = _feasible_somewhere(needs, states, above, reach)
    return {int(key) for key in needs["id"][touched]}


def _above(kind: int, parents: Mapping[int, int | None]) -> set[int]:
    found: set[int] = set()
    node: int | None = kind
    while node is not None and node not in found:
        found.add(node)
        node = parents.get(node)
    return found


def _states(ids: list[int]) -> list[State]:
    """Published states of the sites; a firm that is suspended, before or after, takes nothing away from them."""
    now = {row.pk: _as_json(row) for row in Site.objects.filter(pk__in=ids)}
    then = former_rows("scenarios_site", ids)
    windows: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
    for site, starts, ends in SiteWindow.objects.filter(site__in=ids).values_list(
        "site_id", "starts", "ends"
    ):
        windows[site].add((starts.toordinal(), ends.toordinal()))
    for site, rows in former_rows("scenarios_sitewindow", ids).items():
        windows[site] |= {(_day(row["starts"]), _day(row["ends"])) for row in rows if row is not None}
    return [
        State(
            row["scenario_type_id"],
            row["city_id"],
            row["fleet_capacity"],
            row["params"],
            tuple(sorted(windows[site])),
        )
        for site in ids
        for row in variants(now, then, site)
        if row is not None and row["published"]
    ]


def _as_json(row: Site) -> dict[str, Any]:
    names = ("scenario_type_id", "city_id", "fleet_capacity", "params", "published")
    return {name: getattr(row, name) for name in names}


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def _needs(types: list[int], alliances: list[int]) -> dict[str, Array]:
    return columns(
        {
            "id": ("d.id", "int8"),
            "type": ("n.scenario_type_id", "int8"),
            "alliance": ("d.alliance_id", "int8"),
            "open": ("d.scope = 'open'", "bool"),
            "fleet": ("n.fleet_size", "float8"),
            "trial_days": ("n.trial_days", "int4"),
            "begin": (ordinal("greatest(d.start_date, a.as_of)"), "int4"),
            "need_by": (ordinal("d.need_by"), "int4"),
        },
        NEEDS,
        {"types": types, "alliances": alliances},
    )


def _feasible_somewhere(
    needs: dict[str, Array], states: list[State], above: dict[int, set[int]], reach: dict[int, set[int]]
) -> Array:
    """bool[needs]: every hard rule holds for one of the states."""
    ids = needs["id"].tolist()
    rows = list(
        SiteRequirement.objects.filter(site_need_id__in=ids, hard=True).values_list(
            "site_need_id", "key_id", "op", "value"
        )
    )
    keys = around.scenario_keys(row[1] for row in rows)
    asked: defaultdict[int, list[Any]] = defaultdict(list)
    for need, key, op, value in rows:
        asked[need].append(entry(keys, f"site need of demand {need}", (key, op, value, True, 1.0, 0.2)))
    wants = Requirements.of([asked[need] for need in ids])
    offered = SpecColumns(keys)
    for place, state in enumerate(states):
        offered.add(place, state.params)
    index = SpecIndex.of(_specs(offered), keys.kind, keys.n_choices)
    everything = np.arange(len(states), dtype=np.int32)
    touched = np.zeros(len(ids), bool)
    rough = np.stack(
        [_roughly(needs, state, above[state.type], reach[state.city]) for state in states], axis=1
    )
    for at in np.flatnonzero(rough.any(axis=1)).tolist():
        good = rough[at]
        for want in wants_of(wants, at):
            good = good & holds(want, index.column(want.key, everything))
        touched[at] = good.any()
    return touched


def _specs(offered: SpecColumns) -> Specs:
    return offered.specs()


def _roughly(needs: dict[str, Array], state: State, types: set[int], alliances: set[int]) -> Array:
    """bool[needs]: scenario, reach, fleet and window hold."""
    good: Array = np.isin(needs["type"], list(types)) & (needs["fleet"] <= state.fleet_capacity)
    good &= needs["open"] | np.isin(needs["alliance"], list(alliances))
    fits = np.zeros(len(good), bool)
    for opens, closes in state.windows:
        inside = np.minimum(closes, needs["need_by"]) - np.maximum(opens, needs["begin"]) + 1
        fits |= inside >= needs["trial_days"]
    return good & fits


def demands_of_roads(pairs: Collection[tuple[str, str]]) -> set[int]:
    """Demands of which the lab, the place of deployment or a feasible site lies at an end of these roads."""
    codes = {code for pair in pairs for code in pair}
    ends = Q(lab_city__code__in=codes) | Q(deployment_city__code__in=codes)
    found = set(Demand.objects.filter(ends, published=True).values_list("pk", flat=True))
    sites = Site.objects.filter(city__code__in=codes, published=True)
    return found | demands_of_sites(set(sites.values_list("pk", flat=True)))
