"""The rules of docs/matching.md said one by one, in plain Python loops: slow, obvious, the judge of the fast path.

Sections carry the numbers of the document. Nothing here is shared with the fast path except the tables that go
in and come out, so that one mistake cannot hide in both. Floats are Python's, sums run in the order of the
lines, requirements or terms, and ``round`` is Python's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matching.kernel.problem import Problem
from matching.kernel.reference.common import Offer, Requirement, plain
from matching.kernel.reference.lines import Verdict, explain, solve_line
from matching.kernel.reference.pipelines import solve_pipelines, solve_sites
from matching.kernel.results import RESULT_TABLES, Results, chosen_demands, results_from_rows

__all__ = ["Offer", "Requirement", "Verdict", "explain", "solve"]


def solve(problem: Problem, demands: slice | Sequence[int] | None = None) -> Results:
    """All results of the chosen demands (all of them by default); same rows as the fast ``solve``."""
    p = plain(problem)
    rows: dict[str, list[Any]] = {name: [] for name in RESULT_TABLES}
    for demand in chosen_demands(problem, demands).tolist():
        lines = [line for line, owner in enumerate(p.lines.demand) if owner == demand]
        feasible = {line: solve_line(p, line, rows) for line in lines}
        sites = solve_sites(p, demand, rows)
        solve_pipelines(p, demand, feasible, sites, rows)
    return results_from_rows(rows)
