"""§6 for chunks of demands: the same rows as ``kernel.pipelines``, by compiled loops."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from matching.kernel.codes import KEEP_PIPELINES
from matching.kernel.compiled.bits import exact_round9
from matching.kernel.compiled.teams import (
    Conditions,
    Plans,
    best_sites,
    choose,
    condition_sets,
    conditions_of,
    plan,
    plans,
    rule_out,
)
from matching.kernel.lines import Feasible
from matching.kernel.prepare import Block, Prepared
from matching.kernel.results import Pipelines, RuledOut, RuledOutBy, Teams
from matching.kernel.sites import FeasibleSites
from matching.kernel.tables import AnyArray, Table

Rows = list[AnyArray]  # int[some rows, 4]


class CompiledPipelines:
    """Collects the pipelines of one chunk of demands. Conditions of a block are worked out once per Problem."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._sets = condition_sets(prepared)
        self._most = int(np.max(np.diff(self._sets.start), initial=0))
        self._to_city = np.ascontiguousarray(prepared.prox.T)
        self._nearest = float(prepared.prox.max()) if prepared.prox.size else 0.0
        self._conditions: dict[int, tuple[Block, Conditions]] = {}
        self.begin(0)

    def begin(self, demands: int) -> None:
        """Forget what was collected; room for the pipelines of so many demands."""
        self._plans: Plans = plans(KEEP_PIPELINES * demands)
        self._count = 0
        self._teams: list[tuple[int, int, int, float]] = []
        self._ruled_out: Rows = []
        self._ruled_out_by: Rows = []

    def solve(self, demand: int, lines: list[int], feasible: list[Feasible], sites: FeasibleSites) -> None:
        """Add the demand's pipelines. feasible: one for each of its lines."""
        if self.prepared.problem.demands.scenario[demand] == -1:
            self._without_site(demand, lines, feasible)
        elif len(sites.site):
            self._with_sites(demand, lines, feasible, sites)

    def _without_site(self, demand: int, lines: list[int], feasible: list[Feasible]) -> None:
        chosen = [int(np.argmax(found.score)) if len(found.at) else -1 for found in feasible]
        total, team = 0.0, []
        for found, index in zip(feasible, chosen, strict=True):
            score = float(found.score[index]) if index >= 0 else 0.0
            team.append((int(found.block.pos[found.at[index]]) if index >= 0 else -1, score))
            total += score
        self._add(demand, 1, -1, exact_round9(total / len(lines)), lines, team)
        count = np.array([len(found.at) for found in feasible])
        self._ruled_out.append(_flat(count.shape, self._count - 1, np.array(lines), count, count))

    def _with_sites(
        self, demand: int, lines: list[int], feasible: list[Feasible], sites: FeasibleSites
    ) -> None:
        """P for every feasible site, from the teams of its group (city and condition set); the best 10."""
        prepared, problem = self.prepared, self.prepared.problem
        many = len(prepared.condition_sets)
        site_city = problem.sites.city[sites.site]
        pairs = site_city.astype(np.int64) * many + prepared.condition_set[sites.site]
        groups, group_of = np.unique(pairs, return_inverse=True)
        group_city, group_set = groups // many, groups % many
        sums = np.zeros((len(groups), 3))
        capability = np.empty((len(lines), len(groups)), np.int32)
        scores = np.empty((len(lines), len(groups)))
        for i, found in enumerate(feasible):
            choose(
                found.at, found.score, np.argsort(-found.score, kind="stable"), found.block.pos, found.block.city,
                self._to_city, self._of(found.block).misfits, group_city, group_set, self._nearest, capability[i],
                scores[i], sums,
            )  # fmt: skip
        best, total = np.empty(KEEP_PIPELINES, np.int64), np.empty(KEEP_PIPELINES)
        from_lab = prepared.prox[problem.demands.lab[demand]][site_city]
        kept = best_sites(sums, group_of.reshape(-1), sites.score, from_lab, len(lines), best, total)
        first = self._count
        for rank in range(kept):
            group = group_of[best[rank]]
            team = list(zip(capability[:, group].tolist(), scores[:, group].tolist(), strict=True))
            self._add(demand, rank + 1, int(sites.site[best[rank]]), float(total[rank]), lines, team)
        self._rule_out(first, lines, feasible, group_set[group_of[best[:kept]]])

    def _of(self, block: Block) -> Conditions:
        if id(block) not in self._conditions:
            self._conditions[id(block)] = block, conditions_of(self.prepared, block, self._sets)
        return self._conditions[id(block)][1]

    def _rule_out(self, first: int, lines: list[int], feasible: list[Feasible], sets: AnyArray) -> None:
        """Rows of pipelines ``first`` and those after it, whose sites have these condition sets."""
        numbers, which = np.unique(sets, return_inverse=True)
        usable = np.zeros((len(lines), len(numbers)), np.int32)
        counts = np.zeros((len(lines), len(numbers), self._most), np.int32)
        for i, found in enumerate(feasible):
            own = self._of(found.block)
            every = self._sets
            rule_out(
                found.at, own.fails, own.row, own.misfits, every.start, every.item, numbers, usable[i], counts[i]
            )  # fmt: skip
        pipelines = np.arange(first, first + len(which))
        total = np.array([len(found.at) for found in feasible])
        shape = (len(which), len(lines))
        self._ruled_out.append(_flat(shape, pipelines[:, None], np.array(lines), total, usable.T[which]))
        failed = counts.transpose(1, 0, 2)[which]
        at, line, place = np.nonzero(failed)
        numbers_of = (pipelines[at], np.array(lines)[line], place, failed[at, line, place])
        self._ruled_out_by.append(_flat(at.shape, *numbers_of))

    def _add(
        self, demand: int, rank: int, site: int, score: float, lines: list[int], team: list[tuple[int, float]]
    ) -> None:
        """One pipeline with its team (capability, score), -1 for a line that has none."""
        problem, row, out = self.prepared.problem, self._count, self._plans
        self._count += 1
        out.demand[row], out.rank[row], out.site[row], out.score[row] = demand, rank, site, score
        self._teams += [
            (row, line, capability, points)
            for line, (capability, points) in zip(lines, team, strict=True)
            if capability >= 0
        ]
        caps = np.array([capability for capability, _ in team], np.int32)
        out.complete[row] = caps.min() >= 0
        if not out.complete[row]:
            return
        demands, offers, windows = problem.demands, problem.capabilities, problem.sites.windows
        goal = int(demands.deployment[demand])
        own = slice(0, 0)
        if site >= 0:
            goal = int(problem.sites.city[site]) if goal < 0 else goal
            own = slice(windows.start[site], windows.start[site + 1])
        figures = (
            demands.iterations[demand],
            demands.trial_days[demand],
            demands.start[demand],
            problem.as_of,
        )
        plan(
            row, caps, np.array(lines), lines[0], figures, demands.need_by[demand], demands.lab[demand], goal,
            offers.prototype_days, offers.volume_days, offers.free, offers.city, problem.lines.quantity,
            problem.places.travel, windows.opens[own], windows.closes[own], site >= 0, np.empty(len(lines)), 0, out,
        )  # fmt: skip

    def tables(self) -> dict[str, Table]:
        """Everything collected since ``begin``."""
        out = Plans(*cast(Any, [column[: self._count] for column in self._plans]))
        make: Any = Pipelines
        pipelines = make(
            out.demand, out.rank, out.site, out.score, out.complete, *out.stages.T, out.critical,
            *out.dates.T, out.base[:, 5], out.base[:, :5],
        )  # fmt: skip
        return {
            "pipelines": pipelines,
            "teams": _table(Teams, np.array(self._teams, np.float64).reshape(-1, 4)),
            "ruled_out": _table(RuledOut, _stacked(self._ruled_out)),
            "ruled_out_by": _table(RuledOutBy, _stacked(self._ruled_out_by)),
        }


def _flat(shape: tuple[int, ...], *columns: Any) -> AnyArray:
    """Four columns, broadcast to a shape, as rows."""
    return np.stack([np.broadcast_to(column, shape).ravel() for column in columns], axis=1)


def _table(cls: type[Table], rows: AnyArray) -> Table:
    whole = [rows[:, i].astype(np.int32) for i in range(3)]
    make: Any = cls
    return cast(Table, make(*whole, rows[:, 3]))


def _stacked(rows: Rows) -> AnyArray:
    return np.concatenate(rows).astype(np.int32) if rows else np.zeros((0, 4), np.int32)
