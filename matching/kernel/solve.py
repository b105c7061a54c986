"""The fast way to the same rows as ``reference``: lines in compiled loops where numba is, all else in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from matching.kernel.compiled import compiled_parts, has_compiled
from matching.kernel.lines import Feasible, solve_line
from matching.kernel.pipelines import solve_pipelines
from matching.kernel.prepare import Prepared
from matching.kernel.problem import Problem
from matching.kernel.results import Results, chosen_demands
from matching.kernel.rows import Rows
from matching.kernel.sites import solve_sites
from matching.kernel.tables import Ints, Table

if TYPE_CHECKING:
    from matching.kernel.compiled.pipelines import CompiledPipelines
    from matching.kernel.compiled.tables import CompiledLines


class Solver:
    """Solves chunks of one Problem's demands; what they share is worked out once and kept (not thread-safe).

    Memory beyond the Problem: about 25 bytes for each candidate and each key its lines ask for.
    """

    def __init__(self, problem: Problem, *, compiled: bool | None = None) -> None:
        """compiled: whether to use the compiled loops; by default where they pay (``has_compiled``)."""
        self.prepared = Prepared(problem)
        self._lines: CompiledLines | None = None
        self._pipelines: CompiledPipelines | None = None
        if has_compiled(problem, compiled):
            self._lines, self._pipelines = compiled_parts(self.prepared)

    def solve(self, demands: slice | Sequence[int] | Ints | None = None) -> Results:
        """Results of §3 to §6 for these demand positions (all by default), in ascending order.

        Every row depends only on the Problem and its demand, so chunks solved apart make up the whole.
        IndexError for a position beyond the demands.
        """
        rows = Rows()
        chosen = chosen_demands(self.prepared.problem, demands)
        tables, feasible = self._solve_lines(chosen)
        if self._pipelines:
            self._pipelines.begin(len(chosen))
        with np.errstate(over="ignore"):  # a shortfall against a tiny number may be infinite
            for demand in chosen.tolist():
                self._solve_demand(demand, rows, feasible)
        return rows.results(tables | (self._pipelines.tables() if self._pipelines else {}))

    def _solve_lines(self, demands: Ints) -> tuple[dict[str, Table], dict[int, Feasible]]:
        """All lines at once by compiled loops; nothing without them."""
        if self._lines is None or not len(demands):
            return {}, {}
        start = self.prepared.line_start
        own = [np.arange(first, last) for first, last in zip(start[demands], start[demands + 1], strict=True)]
        return self._lines.solve(np.concatenate(own).astype(np.int32))

    def _solve_demand(self, demand: int, rows: Rows, found: dict[int, Feasible]) -> None:
        first, last = self.prepared.line_start[demand : demand + 2].tolist()
        lines = list(range(first, last))
        feasible = [found.get(line) or solve_line(self.prepared, line, demand, rows) for line in lines]
        sites = solve_sites(self.prepared, demand, rows)
        if self._pipelines:
            self._pipelines.solve(demand, lines, feasible, sites)
            return
        solve_pipelines(self.prepared, demand, lines, feasible, sites, rows)


def solve(problem: Problem, demands: slice | Sequence[int] | Ints | None = None) -> Results:
    """``Solver(problem).solve(demands)``; keep a Solver to solve several chunks of one Problem."""
    return Solver(problem).solve(demands)
