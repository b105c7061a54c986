"""§6 for chunks of demands: the same rows as ``kernel.pipelines``, by compiled loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.kernel.codes import KEEP_PIPELINES
from matching.kernel.compiled.bits import COMPILE, OWNING, exact_round9, njit
from matching.kernel.compiled.groups import bounds, choose_group, groups, put_together
from matching.kernel.compiled.lines import grown_rows
from matching.kernel.compiled.marked import Marked, by_slot, count_marked
from matching.kernel.compiled.plans import Feasible, Rows, Scratch, World, tables_of
from matching.kernel.compiled.sites import FoundSites
from matching.kernel.compiled.teams import (
    Conditions,
    conditions_of,
    keep_site,
    plan,
    plans,
    rule_out,
)
from matching.kernel.prepare import Prepared
from matching.kernel.shared import Shared
from matching.kernel.tables import Floats, Ints, Table

TOP = KEEP_PIPELINES
FIRST_STEP = 0.02  # how far below the highest bound sites are put in order first


def near_of(shared: Shared) -> Floats:
    """Proximity by site's city, the same for all Problems that share it."""
    if "near" not in shared.loops:
        # Of its own also where one city makes it contiguous already.
        shared.loops["near"] = shared.prox.T.copy(order="C")
    near: Floats = shared.loops["near"]
    return near


class CompiledPipelines:
    """What the pipelines of all chunks share."""

    def __init__(self, prepared: Prepared) -> None:
        problem, demands, offers = prepared.problem, prepared.problem.demands, prepared.problem.capabilities
        self._prepared, self._as_of = prepared, problem.as_of
        self._by_slot: dict[int, Conditions] = {}
        self.conditions: Conditions = conditions_of(prepared)
        self._conditions_of_a_set = int(np.max(np.diff(self.conditions.start), initial=0))
        sites = problem.sites
        self._world = World(
            line_start=prepared.line_start.astype(np.int32), quantity=problem.lines.quantity,
            scenario=demands.scenario, lab=demands.lab, deployment=demands.deployment, iterations=demands.iterations,
            trial_days=demands.trial_days, start=demands.start, need_by=demands.need_by, city=offers.city,
            prototype_days=offers.prototype_days, volume_days=offers.volume_days, free=offers.free,
            site_city=sites.city, site_set=prepared.condition_set, window_start=sites.windows.start,
            opens=sites.windows.opens, closes=sites.windows.closes, travel=problem.places.travel, prox=prepared.prox,
            prox_to=near_of(prepared.shared),
        )  # fmt: skip

    def solve(
        self, demands: Ints, feasible: Feasible, sites: FoundSites, marked: list[Marked]
    ) -> dict[str, Table]:
        """The tables of §6.

        feasible: of all lines of ``demands``, in their order; marked: all of those lines that have bits by slot.
        """
        world = self._world
        lines = world.line_start[demands + 1] - world.line_start[demands]
        first = np.concatenate(([0], np.cumsum(lines))).astype(np.int64)
        room = TOP * int(first[-1])
        out = plans(TOP * len(demands))
        rows = Rows(np.zeros((room, 3), np.int32), np.zeros(room), np.zeros((room, 4), np.int32))
        scratch = self._scratch(int(lines.max(initial=0)), sites)
        counts = np.zeros(3, np.int64)
        by = _solve(
            world,
            self.conditions,
            demands,
            first,
            feasible,
            sites,
            self._as_of,
            scratch,
            out,
            rows,
            counts,
        )
        by = self._count_later(marked, rows.out[: counts[2]], world.site_set, out.site, by)
        return tables_of(out, rows, by, counts)

    def _count_later(self, marked: list[Marked], out: Ints, site_set: Ints, site: Ints, by: Ints) -> Ints:
        """Whom conditions rule out among those that have bits by slot."""
        if not marked:
            return by
        for block in marked:
            if block.number not in self._by_slot:
                self._by_slot[block.number] = by_slot(
                    self._prepared, self.conditions, block.laid, block.number
                )
        conditions = [self._by_slot[block.number] for block in marked]
        sets = site_set[np.maximum(site, 0)] if len(site_set) else np.zeros(len(site), np.int32)
        return count_marked(marked, conditions, out, sets, by, self._conditions_of_a_set)

    def _scratch(self, lines: int, sites: FoundSites) -> Scratch:
        world, whole = self._world, np.int32
        most, cities = int(np.max(np.diff(sites.start), initial=0)), len(world.prox)
        pairs = cities * max(1, len(self.conditions.start) - 1)
        groups = max(1, min(most, pairs))  # one for demands without a site
        return Scratch(
            stamp=np.full(pairs, -1, whole), number=np.zeros(pairs, whole), city=np.zeros(groups, whole),
            set=np.zeros(groups, whole), sums=np.zeros((groups, 3)), group_of=np.zeros(most, whole),
            chosen=np.zeros(groups, np.bool_),
            capability=np.zeros((lines, groups), whole), score=np.zeros((lines, groups)),
            best=np.zeros(TOP, whole), total=np.zeros(TOP), cities=np.zeros(lines, whole),
            city_start=np.zeros((lines, cities + 2), whole), city_of=np.zeros((lines, cities), whole),
            top=np.zeros((lines, cities)), dense=np.zeros((lines, cities)),
            reach_of=np.full(cities, -1, whole), reach=np.zeros(cities),
            caps=np.zeros(lines, whole), days=np.zeros(lines),
            sets=np.zeros(TOP, whole), usable=np.zeros((lines, TOP), whole),
            counts=np.zeros((lines, TOP, self._conditions_of_a_set), np.int64),
        )  # fmt: skip


@njit(**COMPILE)
def _add(
    demand: int,
    rank: int,
    site: int,
    value: float,
    group: int,
    as_of: int,
    world: Any,
    scratch: Any,
    out: Any,
    rows: Any,
    counts: Any,
) -> None:
    """One pipeline: its members are those of ``group`` in the scratch."""
    row, first = counts[0], world.line_start[demand]
    lines = world.line_start[demand + 1] - first
    counts[0] += 1
    out.demand[row], out.rank[row], out.site[row], out.score[row] = demand, rank, site, value
    complete = True
    for i in range(lines):
        capability = scratch.capability[i, group]
        scratch.caps[i] = capability
        if capability < 0:
            complete = False
            continue
        at = counts[1]
        rows.team[at, 0], rows.team[at, 1], rows.team[at, 2] = row, first + i, capability
        rows.score[at] = scratch.score[i, group]
        counts[1] += 1
    out.complete[row] = complete
    if not complete:
        return
    goal, opens, closes = world.deployment[demand], world.opens[:0], world.closes[:0]
    if site >= 0:
        if goal < 0:
            goal = world.site_city[site]
        opens = world.opens[world.window_start[site] : world.window_start[site + 1]]
        closes = world.closes[world.window_start[site] : world.window_start[site + 1]]
    figures = world.iterations[demand], world.trial_days[demand], world.start[demand], as_of
    plan(
        row, scratch.caps[:lines], first, figures, world.need_by[demand], world.lab[demand], goal, world, opens, closes,
        site >= 0, scratch.days, out,
    )  # fmt: skip


@njit(**COMPILE)
def _add_out(row: int, line: int, feasible: int, usable: int, rows: Any, counts: Any) -> None:
    at = counts[2]
    rows.out[at, 0], rows.out[at, 1], rows.out[at, 2], rows.out[at, 3] = row, line, feasible, usable
    counts[2] += 1


@njit(**COMPILE)
def _without_site(
    demand: int,
    at: int,
    feasible: Any,
    as_of: int,
    world: Any,
    scratch: Any,
    out: Any,
    rows: Any,
    counts: Any,
) -> None:
    """The best of each line: the first of the highest score. P is the mean."""
    first = world.line_start[demand]
    lines = world.line_start[demand + 1] - first
    total = 0.0
    for i in range(lines):
        best, value = -1, 0.0
        for k in range(feasible.start[at + i], feasible.start[at + i + 1]):
            if best < 0 or feasible.score[k] > value:
                best, value = feasible.capability[k], feasible.score[k]
        scratch.capability[i, 0], scratch.score[i, 0] = best, value
        total += value
    row = counts[0]
    _add(demand, 1, -1, exact_round9(total / lines), 0, as_of, world, scratch, out, rows, counts)
    for i in range(lines):
        many = feasible.start[at + i + 1] - feasible.start[at + i]
        _add_out(row, first + i, many, many, rows, counts)


@njit(**COMPILE)
def _count_out(kept: int, lines: int, at: int, feasible: Any, conditions: Any, scratch: Any) -> None:
    """For each of the best sites and each line how many fit, and how many fail which condition."""
    for rank in range(kept):
        scratch.sets[rank] = scratch.set[scratch.group_of[scratch.best[rank]]]
    for i in range(lines):
        if feasible.marked[at + i]:  # counted later
            scratch.usable[i][:] = -1
            scratch.counts[i][:] = 0
        else:
            own = feasible.capability[feasible.start[at + i] : feasible.start[at + i + 1]]
            rule_out(own, scratch.sets, kept, conditions, scratch.usable[i], scratch.counts[i])


@njit(**OWNING)
def _next_sites(bound: Any, above: float, below: float, visit: Any) -> int:
    """Sites whose bound is less than ``above`` and at least ``below``, by falling bound; returns how many."""
    count = 0
    for i in range(len(bound)):
        if below <= bound[i] < above:
            visit[count] = i
            count += 1
    visit[:count] = visit[:count][np.argsort(-bound[visit[:count]])]
    return count


@njit(**OWNING)
def _best_sites(
    demand: int, at: int, begin: int, bound: Any, visit: Any, order: Any, partial: float, lines: int, feasible: Any,
    sites: Any, world: Any, conditions: Any, scratch: Any,
) -> int:  # fmt: skip
    """The best 10 sites (indices, by id): complete teams first, then higher P, then lower id; returns how many.

    They are visited by falling bound; once 10 of the best kind are kept and no bound reaches the last of them, the rest
    are not looked at, and no team is chosen for them.
    """
    kept, best, total, sums = 0, scratch.best, scratch.total, scratch.sums
    above, step, least, looked = np.inf, FIRST_STEP, bound.min(), 0
    below = bound.max()
    while looked < len(bound):
        below = max(least, below - step)
        for place in range(_next_sites(bound, above, below, visit)):
            i = visit[place]
            if (
                kept == TOP
                and sums[scratch.group_of[best[TOP - 1]], 2] <= partial
                and bound[i] < total[TOP - 1]
            ):
                return kept
            group = scratch.group_of[i]
            if not scratch.chosen[group]:
                choose_group(group, at, lines, order, feasible, world, conditions, scratch)
            city = world.site_city[sites.site[begin + i]]
            value = exact_round9(
                0.60 * (sums[group, 0] / lines)
                + 0.25 * sites.site_score[begin + i]
                + 0.15 * (0.5 * world.prox[world.lab[demand], city] + 0.5 * (sums[group, 1] / lines))
            )
            kept = keep_site(i, value, kept, sums, scratch.group_of, best, total)
            looked += 1
        above, step = below, 2 * step
    return kept


@njit(**OWNING)
def _solve(
    world: Any,
    conditions: Any,
    demands: Any,
    first_of: Any,
    feasible: Any,
    sites: Any,
    as_of: int,
    scratch: Any,
    out: Any,
    rows: Any,
    counts: Any,
) -> Any:
    """counts: rows of pipelines, of members and of who is ruled out. Returns (row, line, condition, count) of these."""
    by, many = np.empty((1024, 4), np.int32), 0
    sets = len(conditions.start) - 1
    for d in range(len(demands)):
        demand, at = demands[d], first_of[d]
        first = world.line_start[demand]
        lines = world.line_start[demand + 1] - first
        if world.scenario[demand] < 0:
            _without_site(demand, at, feasible, as_of, world, scratch, out, rows, counts)
            continue
        begin, end = sites.start[d], sites.start[d + 1]
        if begin == end:
            continue
        groups(sites, begin, end, world, sets, d, scratch)
        order = np.empty(feasible.start[at + lines] - feasible.start[at], np.int32)
        partial = put_together(feasible, at, lines, world, order, scratch)
        bound, visit = np.empty(end - begin), np.empty(end - begin, np.int64)
        bounds(sites, begin, world, world.lab[demand], lines, d, scratch, bound)
        kept = _best_sites(
            demand,
            at,
            begin,
            bound,
            visit,
            order,
            partial,
            lines,
            feasible,
            sites,
            world,
            conditions,
            scratch,
        )
        _count_out(kept, lines, at, feasible, conditions, scratch)
        for rank in range(kept):
            row, site = counts[0], sites.site[begin + scratch.best[rank]]
            group = scratch.group_of[scratch.best[rank]]
            _add(demand, rank + 1, site, scratch.total[rank], group, as_of, world, scratch, out, rows, counts)
            number = scratch.set[group]
            for i in range(lines):
                every = feasible.start[at + i + 1] - feasible.start[at + i]
                _add_out(row, first + i, every, scratch.usable[i, rank], rows, counts)
                by = grown_rows(by, many + scratch.counts.shape[2])
                for place in range(conditions.start[number + 1] - conditions.start[number]):
                    if scratch.counts[i, rank, place]:
                        by[many, 0], by[many, 1], by[many, 2] = row, first + i, place
                        by[many, 3] = scratch.counts[i, rank, place]
                        many += 1
    return by[:many]
