"""The fast way to the same rows as ``reference``: compiled loops where numba is and they pay, else NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from matching.kernel.compiled import compiled_solver, has_compiled
from matching.kernel.lines import solve_line
from matching.kernel.pipelines import solve_pipelines
from matching.kernel.prepare import Prepared
from matching.kernel.problem import Problem
from matching.kernel.results import Results, chosen_demands
from matching.kernel.rows import Rows
from matching.kernel.shared import Shared
from matching.kernel.sites import solve_sites
from matching.kernel.tables import Ints

if TYPE_CHECKING:
    from matching.kernel.compiled.solver import CompiledSolver


class Solver:
    """Solves chunks of one Problem's demands; what they share is worked out once and kept (not thread-safe).

    Memory beyond the Problem: about 25 bytes for each candidate and each key its lines ask for.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        compiled: bool | None = None,
        shared: Shared | None = None,
        made: CompiledSolver | None = None,
    ) -> None:
        """compiled: whether to use the compiled loops; by default where they pay (``has_compiled``).

        shared: of another Problem over the same supply. made: for this very Problem.
        """
        self.compiled: CompiledSolver | None = made
        if made is not None:
            self.prepared = made.prepared
            return
        self.prepared = Prepared(problem, shared)
        if has_compiled(problem, compiled, common=self.prepared.shared.common):
            self.compiled = compiled_solver(self.prepared)

    def solve(self, demands: slice | Sequence[int] | Ints | None = None) -> Results:
        """Results of §3 to §6 for these demand positions (all by default), in ascending order.

        Every row depends only on the Problem and its demand, so chunks solved apart make up the whole.
        IndexError for a position beyond the demands.
        """
        chosen = chosen_demands(self.prepared.problem, demands)
        if self.compiled:
            return self.compiled.solve(chosen)
        rows = Rows()
        with np.errstate(over="ignore"):  # a shortfall against a tiny number may be infinite
            for demand in chosen.tolist():
                self._solve_demand(demand, rows)
        return rows.results()

    def _solve_demand(self, demand: int, rows: Rows) -> None:
        first, last = self.prepared.line_start[demand : demand + 2].tolist()
        lines = list(range(first, last))
        feasible = [solve_line(self.prepared, line, demand, rows) for line in lines]
        sites = solve_sites(self.prepared, demand, rows)
        solve_pipelines(self.prepared, demand, lines, feasible, sites, rows)


def solve(problem: Problem, demands: slice | Sequence[int] | Ints | None = None) -> Results:
    """``Solver(problem).solve(demands)``; keep a Solver to solve several chunks of one Problem."""
    return Solver(problem).solve(demands)
