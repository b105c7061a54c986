"""§3 to §6 for chunks of demands, everything in compiled loops."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from matching.kernel.compiled.pipelines import CompiledPipelines
from matching.kernel.compiled.sites import needs_of, site_table, solve_sites, tables_of
from matching.kernel.compiled.tables import CompiledLines
from matching.kernel.prepare import Prepared
from matching.kernel.results import Results
from matching.kernel.tables import Ints


class CompiledSolver:
    """Solves chunks of one Problem's demands."""

    def __init__(self, prepared: Prepared, lines: CompiledLines | None = None) -> None:
        """lines: where their blocks come from elsewhere."""
        self.prepared = prepared
        self.lines = lines or CompiledLines(prepared)
        self._sites, self._needs = site_table(prepared), needs_of(prepared.problem)
        self._pipelines = CompiledPipelines(prepared)
        self._site_weights = np.array(prepared.site_weights)

    def solve(self, demands: Ints) -> Results:
        """Results for ascending demand positions."""
        tables, feasible, marked = self.lines.solve(self.lines_of(demands))
        as_of = self.prepared.problem.as_of
        found = solve_sites(self._sites, self._needs, demands, self._site_weights, as_of)
        tables |= tables_of(found, demands)
        tables |= self._pipelines.solve(demands, feasible, found, marked)
        return Results(**cast(Any, tables))

    def lines_of(self, demands: Ints) -> Ints:
        """Positions of all lines of these demands, ascending."""
        start = self.prepared.line_start
        own = [np.arange(first, last) for first, last in zip(start[demands], start[demands + 1], strict=True)]
        return np.concatenate([*own, np.zeros(0, np.int64)]).astype(np.int32)
