"""A site that is worth more to a demand which does not name it: can it come among what is kept of that demand?

Ten pipelines and twenty sites are kept. What the site reaches at most is told from the stored results: its own score,
and for each line the best of those kept, or, where twenty are, nobody better than the twentieth in the very city of the
site. A demand is left alone where even that is less than the last that is kept. Where other things change as well,
those changes are followed by themselves (docs/decisions/0020-bounds-from-results.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import connection

from matching.encoding import surroundings as around
from matching.encoding.columns import Array, columns, positions, unique
from matching.encoding.vocabulary import SpecColumns, entry
from matching.kernel import Requirements, Role
from matching.kernel.codes import KEEP_MATCHES, KEEP_PIPELINES, KEEP_SITES
from matching.kernel.geo import proximity
from matching.kernel.measure import SpecIndex, clamp, fit, wants_of
from matching.kernel.shared import trust_of
from matching.services.changes.rules import SOFT, read_requirements

if TYPE_CHECKING:
    from matching.services.changes.places import State

TEAM, SITE, NEAR = 0.60, 0.25, 0.075  # of a pipeline's score (docs/matching.md, section 6)
MARGIN = 1e-6  # more than rounding can move a score
# Results that keep as many as there is room for; whoever is feasible is named by others.
BARS = f"""
    FROM matching_currentresult c JOIN matching_demand d ON d.id = c.demand_id
    JOIN matching_demandsites s ON s.demand_id = c.demand_id AND s.run_id = c.run_id
    JOIN matching_pipeline p ON p.demand_id = c.demand_id AND p.run_id = c.run_id AND p.rank = {KEEP_PIPELINES}
    WHERE c.demand_id = ANY(%s) AND cardinality(s.sites) = {KEEP_SITES}
    ORDER BY c.demand_id
"""
BAR = {
    "demand": ("c.demand_id", "int8"),
    "lab": ("d.lab_city_id", "int8"),
    "site": (f"s.scores[{KEEP_SITES}][1]", "float8"),
    "plan": ("p.score", "float8"),
    "lines": ("cardinality(p.member_scores)", "int8"),
}
BEST = """
    SELECT c.demand_id, sum(m.scores[1][1]), count(*)
    FROM matching_currentresult c
    JOIN matching_linematches m ON m.demand_id = c.demand_id AND m.run_id = c.run_id
    WHERE c.demand_id = ANY(%s) GROUP BY c.demand_id
"""
KEPT = """
    FROM matching_currentresult c
    JOIN matching_linematches m ON m.demand_id = c.demand_id AND m.run_id = c.run_id
    CROSS JOIN unnest(m.capabilities) WITH ORDINALITY AS kept(capability, rank)
    JOIN companies_capability o ON o.id = kept.capability JOIN companies_facility f ON f.id = o.facility_id
    WHERE c.demand_id = ANY(%s)
"""
MEMBER = {
    "demand": ("c.demand_id", "int8"),
    "line": ("m.line_id", "int8"),
    "rank": ("kept.rank", "int8"),
    "score": ("m.scores[kept.rank][1]", "float8"),
    "city": ("f.city_id", "int8"),
}


def reaching(site: State, needs: Mapping[str, Array]) -> set[int]:
    """Of the demands of these site needs, for all of which the site is feasible and none of which names it, those
    where it may come among what is kept. Ask after ``naming``: results of runs under way are not known."""
    bars = columns(BAR, BARS, [needs["id"].tolist()])
    every = set(needs["id"].tolist())
    if not len(bars["demand"]):
        return every
    at = np.searchsorted(needs["id"], bars["demand"])
    worth = _worth(site, {name: column[at] for name, column in needs.items()})
    rest = SITE * worth + NEAR * _near(site.city, bars["lab"])
    keeps = worth < bars["site"] - MARGIN
    keeps &= _reach_by_score(bars) + rest < bars["plan"] - MARGIN
    doubt = np.flatnonzero((worth < bars["site"] - MARGIN) & ~keeps)
    if len(doubt):
        own = {name: column[doubt] for name, column in bars.items()}
        keeps[doubt] = _reach_by_city(site.city, own) + rest[doubt] < own["plan"] - MARGIN
    return every - set(bars["demand"][keeps].tolist())


def _near(city: int, others: Array) -> Array:
    """float64: how near each of these cities lies to a site in ``city``."""
    cities = unique(others, np.array([city]))
    place = int(np.searchsorted(cities, city))
    near: Array = proximity(around.read_travel(cities)[:, place])[positions(cities, others)]
    return near


def _worth(site: State, needs: Mapping[str, Array]) -> Array:
    """float64: the score of §5 of the site for each demand; at least, where windows have changed as well."""
    days = np.maximum(1, needs["need_by"] - needs["begin"])
    alliances = set(needs["alliance"].tolist())
    members = around.members_of(alliances, np.array([site.city]))
    operator = around.read_organisations(np.array([site.operator]))
    terms = np.stack(
        [
            _fit(site, needs["id"]),
            clamp(1 - _waited(site, needs) / days),
            clamp(site.fleet_capacity / (2 * needs["fleet"])),
            [bool(members[of][1][0] & np.uint8(Role.SITES)) for of in needs["alliance"].tolist()],
            np.full(len(days), trust_of(operator.verified, operator.completed, operator.on_time)[0]),
        ]
    )
    own = around.weights_of(alliances)
    weights = np.stack([own[of].site for of in needs["alliance"].tolist()], axis=1)
    worth: Array = (weights * terms).sum(axis=0) / weights.sum(axis=0)
    return worth


def _waited(site: State, needs: Mapping[str, Array]) -> Array:
    """Days until the first window that fits."""
    first = np.full(len(needs["id"]), np.iinfo(np.int32).max, np.int64)
    for opens, closes in site.windows:
        begins = np.maximum(opens, needs["begin"])
        fits = np.minimum(closes, needs["need_by"]) - begins + 1 >= needs["trial_days"]
        first = np.where(fits, np.minimum(first, begins), first)
    return first - needs["begin"]


def _fit(site: State, demands: Array) -> Array:
    found = read_requirements("matching_siterequirement", "site_need_id", demands.tolist(), SOFT)
    asked: dict[int, list[Any]] = {demand: [] for demand in demands.tolist()}
    keys = around.scenario_keys({row[1] for row in found})
    for need, key, op, value, weight, tolerance in found:
        told = (key, op, value, False, weight, tolerance)
        asked[need].append(entry(keys, f"site need of demand {need}", told))
    wants = Requirements.of(asked.values())
    offered = SpecColumns(keys)
    offered.add(0, site.params)
    index = SpecIndex.of(offered.specs(), keys.kind, keys.n_choices)
    stated = [index.column(key, np.zeros(1, np.int32)) for key in range(len(keys.names))]
    fits = np.empty(len(demands))
    for at in range(len(demands)):
        own = wants_of(wants, at)
        fits[at] = fit(own, [stated[want.key] for want in own], 1)[0]
    return fits


def _reach_by_score(bars: Mapping[str, Array]) -> Array:
    """What a team reaches at most where everybody's best lies in the city of the site."""
    with connection.cursor() as cursor:
        cursor.execute(BEST, [bars["demand"].tolist()])
        best = {demand: TEAM * score + NEAR * lines for demand, score, lines in cursor.fetchall()}
    return np.array([best.get(demand, 0.0) for demand in bars["demand"].tolist()]) / bars["lines"]


def _reach_by_city(city: int, bars: Mapping[str, Array]) -> Array:
    """The same by who is kept where; where twenty are, somebody like the last of them may be anywhere."""
    kept = columns(MEMBER, KEPT, [bars["demand"].tolist()])
    if not len(kept["demand"]):
        return np.zeros(len(bars["demand"]))
    near = np.where(kept["rank"] == KEEP_MATCHES, 1.0, _near(city, kept["city"]))
    value = TEAM * kept["score"] + NEAR * near
    lines, line = np.unique(kept["line"], return_inverse=True)
    best, demand = np.zeros(len(lines)), np.zeros(len(lines), np.int64)
    np.maximum.at(best, line, value)
    demand[line] = kept["demand"]
    sums = np.bincount(np.searchsorted(bars["demand"], demand), best, minlength=len(bars["demand"]))
    reach: Array = sums / bars["lines"]
    return reach


def may_reach(
    sites: Mapping[int, State], needs: Mapping[str, Array], wanted: Mapping[int, Collection[int]]
) -> set[int]:
    """``reaching`` for several sites: of the demands asked about by site those to be matched again."""
    found: set[int] = set()
    for key, demands in wanted.items():
        own = np.isin(needs["id"], list(demands))
        if own.any():
            found |= reaching(sites[key], {name: column[own] for name, column in needs.items()})
    return found
