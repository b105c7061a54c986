"""§5 for many demands: loops over the sites of the scenario asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from matching.kernel.codes import KEEP_SITES, Op, Role
from matching.kernel.compiled.bits import COMPILE, INLINE, OWNING, exact_round9, njit
from matching.kernel.compiled.judge import BETWEEN, COVERS, GE, LE, ONE_OF
from matching.kernel.compiled.lines import grown
from matching.kernel.compiled.score import clamp
from matching.kernel.prepare import Prepared
from matching.kernel.problem import Problem
from matching.kernel.results import DemandTotals, SiteMatches
from matching.kernel.tables import AnyArray, Bools, Floats, Ints, Masks, Table

KEEP = KEEP_SITES
assert min(Op.IS, Op.ONE_OF) > COVERS  # noqa: S101 -- both look at masks


class SiteTable(NamedTuple):
    """All sites. item[start[u]:start[u + 1]]: the active ones of scenario u or below it, ascending; own_start,
    own_item: of these the alliance's, for demands that do not ask everywhere.

    lo, hi, mask: [keys, S], see ``Column``; places: float64[keys]. role, member: of each city.
    """

    start: Ints
    item: Ints
    own_start: Ints
    own_item: Ints
    city: Ints
    fleet: Floats
    trust: Floats
    window_start: Ints
    opens: Ints
    closes: Ints
    lo: Floats
    hi: Floats
    mask: Masks
    places: Floats
    role: Floats


class Needs(NamedTuple):
    """Site needs of the demands, as the Problem holds them."""

    scenario: Ints
    open_scope: Bools
    start: Ints
    need_by: Ints
    fleet: Floats
    trial_days: Ints
    want_start: Ints
    key: Ints
    op: AnyArray
    a: Floats
    b: Floats
    want_mask: Masks
    hard: Bools
    weight: Floats
    tolerance: Floats


class FoundSites(NamedTuple):
    """For B demands the best 20 of their feasible sites (``kept``), and all: site[start[i]:start[i + 1]]."""

    kept: Ints
    best: Ints
    score: Floats
    terms: Floats
    opens: Ints
    closes: Ints
    start: AnyArray
    site: Ints
    site_score: Floats


def needs_of(problem: Problem) -> Needs:
    demands, wants = problem.demands, problem.demands.site_requirements
    return Needs(
        demands.scenario, demands.open_scope, demands.start, demands.need_by, demands.fleet, demands.trial_days,
        wants.start, wants.key, wants.op, wants.a, wants.b, wants.mask, wants.hard, wants.weight, wants.tolerance,
    )  # fmt: skip


def site_table(prepared: Prepared) -> SiteTable:
    """The same for all Problems over one supply, but for members and roles."""
    loops, places = prepared.shared.loops, prepared.problem.places
    if "sites" not in loops:
        loops["sites"] = _site_table(prepared)
    table: SiteTable = loops["sites"]
    role = ((places.roles & np.uint8(Role.SITES)) != 0).astype(np.float64)
    if prepared.problem.demands.open_scope.all():
        return table._replace(role=role)  # nobody asks for the alliance's alone
    own = places.member[table.city[table.item]]
    start = np.concatenate(([0], np.cumsum(own)))[table.start].astype(np.int32)
    return table._replace(role=role, own_start=start, own_item=table.item[own])


def _site_table(prepared: Prepared) -> SiteTable:
    sites = prepared.problem.sites
    below = [
        np.flatnonzero(row[sites.scenario] & sites.active).astype(np.int32) for row in prepared.scenario_below
    ]
    columns = prepared.site_params
    shape = (len(columns), len(sites.city))

    def stacked(name: str, kind: Any) -> AnyArray:
        return np.array([getattr(column, name) for column in columns], kind).reshape(shape)

    return SiteTable(
        start=np.concatenate(([0], np.cumsum([len(own) for own in below]))).astype(np.int32),
        item=np.concatenate([*below, np.zeros(0, np.int32)]), own_start=np.zeros(0, np.int32),
        own_item=np.zeros(0, np.int32), city=sites.city, fleet=sites.fleet_capacity,
        trust=prepared.trust[sites.organisation], window_start=sites.windows.start, opens=sites.windows.opens,
        closes=sites.windows.closes, lo=stacked("lo", np.float64), hi=stacked("hi", np.float64),
        mask=stacked("mask", np.uint64), places=np.array([column.places for column in columns], np.float64),
        role=np.zeros(0),
    )  # fmt: skip


def solve_sites(table: SiteTable, needs: Needs, demands: Ints, weights: Floats, as_of: int) -> FoundSites:
    count, whole = len(demands), np.int32
    found = FoundSites(
        kept=np.zeros(count, whole), best=np.zeros((count, KEEP), whole), score=np.zeros((count, KEEP)),
        terms=np.zeros((count, KEEP, 5)), opens=np.zeros((count, KEEP), whole), closes=np.zeros((count, KEEP), whole),
        start=np.zeros(count + 1, np.int64), site=np.zeros(0, whole), site_score=np.zeros(0),
    )  # fmt: skip
    site, score = _solve(table, needs, demands, weights, as_of, found)
    return found._replace(site=site, site_score=score)


def tables_of(found: FoundSites, demands: Ints) -> dict[str, Table]:
    """As the tables of ``Results``."""
    make: Any = SiteMatches
    totals: Any = DemandTotals
    which, rank = np.nonzero(np.arange(KEEP) < found.kept[:, None])
    return {
        "demand_totals": totals(demands, np.diff(found.start)),
        "sites": make(
            demands[which], rank + 1, found.best[which, rank], found.score[which, rank], found.terms[which, rank],
            found.opens[which, rank], found.closes[which, rank],
        ),
    }  # fmt: skip


@njit(**INLINE)
def _missing(table: Any, needs: Any, want: int, site: int) -> float:
    """What is missing, above 0 where the requirement of §2 does not hold; infinite where nothing is stated."""
    key, op = needs.key[want], needs.op[want]
    if op > COVERS:
        offered, asked = table.mask[key, site], needs.want_mask[want]
        holds = (offered & asked) != 0 if op == ONE_OF else offered == asked
        return 0.0 if holds else np.inf
    low, high = table.lo[key, site], table.hi[key, site]
    if low != low:
        return np.inf
    a, b = needs.a[want], needs.b[want]
    if op == GE:
        return a - high
    if op == LE:
        return low - a
    if op == BETWEEN:
        return max(low - b, a - high)
    return max(low - a, b - high)


@njit(**INLINE)
def _shortfall(table: Any, needs: Any, want: int, missing: float) -> float:
    """§2's relative shortfall of what is missing."""
    op = needs.op[want]
    if missing == np.inf:
        return 1.0
    scale = abs(needs.a[want])
    if op != GE and op != LE:
        scale = max(scale, abs(needs.b[want]))
    places = table.places[needs.key[want]]
    if places == places:
        scale = places
    return 1.0 if scale == 0 else missing / scale


@njit(**COMPILE)
def _meets(table: Any, needs: Any, demand: int, site: int) -> bool:
    """Fleet and the hard requirements."""
    if table.fleet[site] < needs.fleet[demand]:
        return False
    for want in range(needs.want_start[demand], needs.want_start[demand + 1]):
        if needs.hard[want] and _missing(table, needs, want, site) > 0:
            return False
    return True


@njit(**COMPILE)
def _fit(table: Any, needs: Any, demand: int, site: int) -> float:
    total, weights = 0.0, 0.0
    for want in range(needs.want_start[demand], needs.want_start[demand + 1]):
        if not needs.hard[want]:
            missing = _missing(table, needs, want, site)
            degree = 1.0
            if missing > 0:
                degree = max(0.0, 1.0 - _shortfall(table, needs, want, missing) / needs.tolerance[want])
            total += needs.weight[want] * degree
            weights += needs.weight[want]
    return total / weights if weights > 0 else 1.0


@njit(**COMPILE)
def _window(table: Any, needs: Any, demand: int, site: int, first: int) -> int:
    """The fitting window that starts first, -1 without one."""
    for i in range(table.window_start[site], table.window_start[site + 1]):
        inside = min(table.closes[i], needs.need_by[demand]) - max(table.opens[i], first) + 1
        if inside >= needs.trial_days[demand]:
            return i
    return -1


@njit(**COMPILE)
def _keep(i: int, site: int, window: int, value: float, terms: Any, table: Any, found: Any) -> None:
    """Insert into the best 20; sites come by id, so an equal one goes behind."""
    kept = found.kept[i]
    if kept == KEEP and value <= found.score[i, KEEP - 1]:
        return
    at = min(kept, KEEP - 1)
    while at > 0 and found.score[i, at - 1] < value:
        found.best[i, at], found.score[i, at] = found.best[i, at - 1], found.score[i, at - 1]
        found.opens[i, at], found.closes[i, at] = found.opens[i, at - 1], found.closes[i, at - 1]
        for term in range(5):
            found.terms[i, at, term] = found.terms[i, at - 1, term]
        at -= 1
    found.best[i, at], found.score[i, at] = site, value
    found.opens[i, at], found.closes[i, at] = table.opens[window], table.closes[window]
    for term in range(5):
        found.terms[i, at, term] = terms[term]
    found.kept[i] = min(kept + 1, KEEP)


@njit(**COMPILE)
def _of_demand(
    table: Any,
    needs: Any,
    demand: int,
    weights: Any,
    as_of: int,
    i: int,
    terms: Any,
    found: Any,
    some: Any,
    some_score: Any,
) -> int:
    """All feasible sites of a demand into ``some``; returns how many."""
    scenario = needs.scenario[demand]
    if scenario < 0:
        return 0
    first = max(needs.start[demand], as_of)
    days = float(max(1, needs.need_by[demand] - first))
    count = 0
    start, item = table.own_start, table.own_item
    if needs.open_scope[demand]:
        start, item = table.start, table.item
    for k in range(start[scenario], start[scenario + 1]):
        site = item[k]
        if not _meets(table, needs, demand, site):
            continue
        window = _window(table, needs, demand, site, first)
        if window < 0:
            continue
        terms[0] = _fit(table, needs, demand, site)
        terms[1] = clamp(1 - (max(table.opens[window], first) - first) / days)
        terms[2] = clamp(table.fleet[site] / (2 * needs.fleet[demand]))
        terms[3] = table.role[table.city[site]]
        terms[4] = table.trust[site]
        total, weight = 0.0, 0.0
        for term in range(5):
            total += weights[term] * terms[term]
            weight += weights[term]
        value = exact_round9(total / weight)
        some[count], some_score[count] = site, value
        count += 1
        _keep(i, site, window, value, terms, table, found)
    return count


@njit(**OWNING)
def _solve(table: Any, needs: Any, demands: Any, weights: Any, as_of: int, found: Any) -> tuple[Any, Any]:
    size = len(table.city)
    some, some_score = np.empty(size, np.int32), np.empty(size)
    everything, every_score, terms = np.empty(1024, np.int32), np.empty(1024), np.empty(5)
    filled = 0
    for i in range(len(demands)):
        count = _of_demand(table, needs, demands[i], weights, as_of, i, terms, found, some, some_score)
        everything, every_score = grown(everything, filled + count), grown(every_score, filled + count)
        for k in range(count):
            everything[filled + k], every_score[filled + k] = some[k], some_score[k]
        filled += count
        found.start[i + 1] = filled
    return everything[:filled], every_score[:filled]
