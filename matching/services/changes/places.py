"""Sites and roads that changed, held against the site needs that they concern.

A site is in a demand's results only while it is feasible (docs/matching.md, section 5): whoever it is or was feasible
for is matched again. Where only its fleet's size has changed, that is whom it has come to or left, for whom it is worth
more, and of the others whose results name it: worth less, it stays as unnamed as it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Q

from alliance.models import AllianceReach, Change
from matching.encoding import surroundings as around
from matching.encoding.columns import Array, columns, ordinal
from matching.models import Demand
from matching.services.changes.former import former_rows, variants
from matching.services.changes.naming import naming_sites
from matching.services.changes.reaching import may_reach
from matching.services.changes.rules import read_requirements, rules_of
from scenarios.models import ScenarioType, Site, SiteWindow

NEEDS = """
    FROM matching_siteneed n JOIN matching_demand d ON d.id = n.demand_id
    JOIN alliance_alliance a ON a.id = d.alliance_id
    WHERE d.published AND a.as_of IS NOT NULL AND n.scenario_type_id = ANY(%(types)s)
      AND (d.scope = 'open' OR d.alliance_id = ANY(%(alliances)s))
    ORDER BY d.id
"""

#: What a published site's change may say of it, for only its fleet's size to have changed.
FLEET = {"fleet_capacity", "name", "external_id"}


def says_fleet_only(change: Change) -> bool:
    changed = {*(change.before or ()), *(change.after or ())}
    return change.verb == "changed" and bool(changed) and changed <= FLEET


@dataclass(frozen=True)
class State:
    """A published site as it is or was; windows of now and then together, because one that fits is enough."""

    site: int
    type: int
    city: int
    operator: int
    fleet_capacity: float
    params: dict[str, Any]
    windows: tuple[tuple[int, int], ...]


def demands_of_sites(ids: Collection[int], fleet: Collection[int] = ()) -> set[int]:
    """Keys of the published demands for which one of these sites is or was feasible.

    fleet: those of them whose changes speak of the fleet's size only.
    """
    every = _states(sorted(set(ids)))
    states = [state for state in every if state is not None]
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
    rough = np.stack(
        [_roughly(needs, state, above[state.type], reach[state.city]) for state in states], axis=1
    )
    places = {
        site: [at for at, state in enumerate(states) if state.site == site]
        for site in {state.site for state in states}
    }
    # Of one that was not there in some state, what there is says more than its fleet.
    alike = (
        set() if None in every else {site for site in fleet if _alike([states[at] for at in places[site]])}
    )
    fleets = np.array([state.fleet_capacity for state in states])
    asking = np.zeros(len(rough), bool)
    for site, own in places.items():
        asking |= _differs(needs, rough[:, own], fleets[own]) if site in alike else rough[:, own].any(axis=1)
    good = _feasible(needs, states, rough, asking)
    return _concerned(needs, good, states, places, alike)


def _concerned(
    needs: dict[str, Array], good: Array, states: list[State], places: dict[int, list[int]], alike: set[int]
) -> set[int]:
    """Demands. good: bool[needs, states], where a state is feasible; places: the states of each site; alike: the sites
    of which only the fleet's size changed."""
    fleets = np.array([state.fleet_capacity for state in states])
    touched = np.zeros(len(good), bool)
    moved_down: dict[int, set[int]] = {}
    moved_up: dict[int, set[int]] = {}
    newest: dict[int, State] = {}
    for site, own in places.items():
        if site in alike:
            moved, more, less = _shown(needs, good[:, own], fleets[own])
            touched |= moved
            newest[site] = states[own[0]]
            moved_up[site], moved_down[site] = (set(needs["id"][which].tolist()) for which in (more, less))
        else:
            touched |= good[:, own].any(axis=1)
    found = set(needs["id"][touched].tolist())
    # Named ones before the others are held against results: what those say is of no run that is under way.
    found |= naming_sites({site: (moved_up[site] | moved_down[site]) - found for site in newest})
    return found | may_reach(newest, needs, {site: moved_up[site] - found for site in newest})


def _alike(states: list[State]) -> bool:
    """In all but the fleet's size."""
    first = states[0]
    return all(
        (state.type, state.city, state.params) == (first.type, first.city, first.params) for state in states
    )


def _shown(needs: dict[str, Array], good: Array, fleets: Array) -> tuple[Array, Array, Array]:
    """bool[needs] three times: for which it comes or goes, is worth more, is worth less. The first state is now's."""
    worth = _worth(needs, fleets)
    some: Array = np.any(good, axis=1)
    always: Array = np.all(good, axis=1)
    more: Array = np.any(worth[:, :1] > worth, axis=1)
    less: Array = np.any(worth[:, :1] < worth, axis=1)
    return some ^ always, always & more, always & less


def _differs(needs: dict[str, Array], rough: Array, fleets: Array) -> Array:
    """bool[needs]: where a site is feasible for all that its fleet says, and not alike in all its states."""
    worth = _worth(needs, fleets)
    some: Array = np.any(rough, axis=1)
    everywhere: Array = np.all(rough, axis=1)
    unlike: Array = np.any(worth != worth[:, :1], axis=1)
    return some & (~everywhere | unlike)


def _worth(needs: dict[str, Array], fleets: Array) -> Array:
    """[needs, states]: the term of the score that the fleet's size makes."""
    return np.minimum(fleets / (2 * needs["fleet"][:, None]), 1)


def _above(kind: int, parents: Mapping[int, int | None]) -> set[int]:
    found: set[int] = set()
    node: int | None = kind
    while node is not None and node not in found:
        found.add(node)
        node = parents.get(node)
    return found


def _states(ids: list[int]) -> list[State | None]:
    """Published states of the sites, of each that of now first; None where it was not there or not published.

    A firm that is suspended, before or after, takes nothing away from them.
    """
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
            site,
            row["scenario_type_id"],
            row["city_id"],
            row["organisation_id"],
            row["fleet_capacity"],
            row["params"],
            tuple(sorted(windows[site])),
        )
        if row is not None and row["published"]
        else None
        for site in ids
        for row in variants(now, then, site)
    ]


def _as_json(row: Site) -> dict[str, Any]:
    names = ("scenario_type_id", "city_id", "organisation_id", "fleet_capacity", "params", "published")
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


def _feasible(needs: dict[str, Array], states: list[State], rough: Array, asking: Array) -> Array:
    """bool[needs, states]: every hard rule holds; of needs that are not asked about, as far as ``rough`` says it."""
    at = np.flatnonzero(asking)
    ids = needs["id"][at].tolist()
    rows = read_requirements("matching_siterequirement", "site_need_id", ids)
    keys = around.scenario_keys({row[1] for row in rows})
    rules = rules_of(keys, "site need of demand", rows)
    of = np.searchsorted(needs["id"], rules.owner)
    good = rough.copy()
    for place, state in enumerate(states):
        good[of[rules.unmet(keys, state.params)], place] = False
    return good


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
