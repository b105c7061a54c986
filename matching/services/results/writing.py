"""What the kernel found, as rows of a run: database ids for positions, column by column."""

import json
from datetime import date
from typing import Any

import numpy as np

from matching.encoding import Identities
from matching.kernel import NO_DATE, Code, Kind, Problem, Results, code_name
from matching.kernel.results import CRITICAL, STAGES
from matching.services.results.copying import (
    Array,
    Column,
    copy_columns,
    listed,
    listed_texts,
    texts,
)
from matching.services.results.known import Known
from matching.services.results.plans import Plans

LINE_COUNTS = ("feasible", "near", "candidates", "firms", "near_firms")


def write_results(
    run_id: int | Array, problem: Problem, identities: Identities, results: Results
) -> dict[str, int]:
    """Write the rows of some demands of a run, in the caller's transaction; returns how many of each kind.

    run_id: of one run, or for every demand of the problem the key of its own.
    """
    run_of = np.full(len(identities.demands), run_id) if isinstance(run_id, int) else run_id
    writer = _Writer(run_of, problem, identities, results)
    return {
        "demands": writer.demands(),
        "lines": writer.lines(),
        "matches": writer.matches(),
        "near_misses": writer.near_misses(),
        "relaxations": writer.relaxations(),
        "sites": writer.sites(),
        "pipelines": writer.pipelines(),
    }


def rows_by_demand(problem: Problem, results: Results) -> dict[str, Array]:
    """What ``write_results`` counts, for each demand of the problem."""
    of_line, relaxed = problem.lines.demand, results.relaxations
    demands = {
        "demands": results.demand_totals.demand,
        "lines": of_line[results.line_totals.line],
        "matches": of_line[results.matches.line],
        "near_misses": of_line[results.near_misses.line],
        "relaxations": of_line[relaxed.line[relaxed.capabilities > 0]],
        "sites": results.sites.demand,
        "pipelines": results.pipelines.demand,
    }
    many = len(problem.demands.lab)
    return {name: np.bincount(of, minlength=many) for name, of in demands.items()}


def _ends(of: Array) -> tuple[Array, Array]:
    """Rows come one line (or demand) after the other, best first: which they are, and where those of each end."""
    begins = np.flatnonzero(np.diff(of, prepend=-1))
    return of[begins], np.append(begins, len(of))


class _Writer:
    """One table after the other; every row starts with run and demand."""

    def __init__(self, run_of: Array, problem: Problem, identities: Identities, results: Results) -> None:
        self.run_of, self.problem, self.ids, self.results = run_of, problem, identities, results

    # --- columns that tables share ----------------------------------------------------------------
    def _of_demand(self, demand: Array) -> dict[str, Column]:
        return {
            "run_id": Column(self.run_of[demand], "int8"),
            "demand_id": Column(self.ids.demands[demand], "int8"),
        }

    def _of_line(self, line: Array) -> dict[str, Column]:
        own = {"line_id": Column(self.ids.lines[line], "int8")}
        return self._of_demand(self.problem.lines.demand[line]) | own

    def _capabilities(self, capability: Array, ends: Array) -> dict[str, Column]:
        return {
            "capabilities": listed(self.ids.capabilities[capability], ends, "int8"),
            "suppliers": listed(self.ids.suppliers[capability], ends, "int8"),
        }

    def _names(self, codes: Array, keys: Array) -> Array:
        """The name of each row's rule; every rule is named once."""
        rules = codes.astype(np.int64) << 32 | keys.astype(np.int64) + 1
        _, first, which = np.unique(rules, return_index=True, return_inverse=True)
        pairs = zip(codes[first].tolist(), keys[first].tolist(), strict=True)
        return texts([code_name(code, self.ids.keys[key] if key >= 0 else "") for code, key in pairs])[which]

    # --- tables -------------------------------------------------------------------------------------
    def demands(self) -> int:
        found = self.results.demand_totals
        own = {"feasible_sites": Column(found.feasible_sites, "int4")}
        known = Known(self.problem, self.results, self.ids).columns()
        return copy_columns("matching_demandresult", self._of_demand(found.demand) | own | known)

    def lines(self) -> int:
        found = self.results.line_totals
        own = {name: Column(getattr(found, name), "int4") for name in LINE_COUNTS}
        return copy_columns("matching_lineresult", self._of_line(found.line) | own)

    def matches(self) -> int:
        found = self.results.matches
        first, ends = _ends(found.line)
        scores = listed(np.column_stack([found.score, found.terms]), ends, "float8")
        pairs = self._of_line(first) | self._capabilities(found.capability, ends)
        copy_columns("matching_linematches", pairs | {"scores": scores})
        return len(found.line)

    def near_misses(self) -> int:
        """With the relaxations of their lines: a rule keeps somebody out alone where there is a near miss."""
        found = self.results.near_misses
        first, ends = _ends(found.line)
        own = {
            "codes": listed_texts(self._names(found.code, found.key), ends),
            "shortfalls": listed(found.shortfall, ends, "float8"),
        }
        pairs = self._of_line(first) | self._capabilities(found.capability, ends)
        copy_columns("matching_linemisses", pairs | own | self._relaxations(first))
        return len(found.line)

    def sites(self) -> int:
        """Every one has a window that fits."""
        found = self.results.sites
        first, ends = _ends(found.demand)
        own = {
            "sites": listed(self.ids.sites[found.site], ends, "int8"),
            "scores": listed(np.column_stack([found.score, found.terms]), ends, "float8"),
            "window_starts": listed(found.window_start, ends, "date"),
            "window_ends": listed(found.window_end, ends, "date"),
        }
        copy_columns("matching_demandsites", self._of_demand(first) | own)
        return len(found.demand)

    def relaxations(self) -> int:
        """How many of them `near_misses` has written."""
        return int(np.count_nonzero(self.results.relaxations.capabilities > 0))

    def _relaxations(self, lines: Array) -> dict[str, Column]:
        """Of these lines, ascending; no other line has any."""
        found = self.results.relaxations
        kept = np.flatnonzero(found.capabilities > 0)
        ends = np.append(np.searchsorted(found.line[kept], lines), len(kept))
        return {
            "rules": listed_texts(self._names(found.code[kept], found.key[kept]), ends),
            "admitted": listed(found.capabilities[kept], ends, "int4"),
            "admitted_firms": listed(found.firms[kept], ends, "int4"),
            "nearest": self._thresholds(kept, found.nearest, found.nearest_b, ends),
            "farthest": self._thresholds(kept, found.all, found.all_b, ends),
        }

    def _thresholds(self, kept: Array, a: Array, b: Array, ends: Array) -> Column:
        """As JSON, in the parameter's unit: a number, [low, high], a choice's name, a date; empty when none helps."""
        found = self.results.relaxations
        code, key, a, b = found.code[kept], found.key[kept], a[kept], b[kept]
        spec = code == Code.SPEC
        there = ~np.isnan(a)
        ordered = spec & there
        ordered[ordered] = self.problem.component_keys.kind[key[ordered]] == Kind.ORDERED
        dated = (code == Code.TIME) & there
        several = ~np.isnan(b) & there & ~ordered & ~dated
        # Every different one is put into words once: of the same component many lines ask for the same.
        numbers, which = np.unique(a, return_inverse=True)
        told = np.array(list(map(repr, numbers.tolist())), object)[which]
        for at in np.flatnonzero(several).tolist():
            told[at] = f"[{told[at]}, {b[at].item()!r}]"
        for at in np.flatnonzero(ordered).tolist():
            told[at] = json.dumps(self.ids.choices[key[at]][int(a[at])])
        days, which = np.unique(a[dated], return_inverse=True)
        told[dated] = np.array(
            [f'"{date.fromordinal(int(day)).isoformat()}"' for day in days.tolist()], object
        )[which]
        return listed_texts(texts(told.tolist()), ends, ~there)

    def pipelines(self) -> int:
        found = self.results.pipelines
        stages = {
            f"{stage}_days": Column(days, "float8", np.isnan(days))
            for stage in (*STAGES, "total", "baseline", "late")
            for days in [getattr(found, stage)]
        }
        days = {"trial_starts": found.trial_start, "window_starts": found.window_start}
        days |= {"window_ends": found.window_end}
        own = {
            "rank": Column(found.rank, "int2"),
            "site_id": Column(self._site_ids(found.site), "int8", found.site < 0),
            "score": Column(found.score, "float8"),
            "complete": Column(found.complete, "bool"),
        }
        dates = {name: Column(day, "date", day == NO_DATE) for name, day in days.items()}
        lists = Plans(self.results, self.ids).columns()
        return copy_columns(
            "matching_pipeline",
            self._of_demand(found.demand) | own | stages | dates | lists | self._reasons(),
        )

    def _reasons(self) -> dict[str, Column]:
        """Which line decides a stage, and the days of a stage in one city."""
        found = self.results.pipelines
        lines = self.ids.lines[np.maximum(found.critical, 0)] if len(self.ids.lines) else found.critical
        columns = {
            f"{stage}_line": Column(lines[:, i], "int8", found.critical[:, i] < 0)
            for i, stage in enumerate(CRITICAL)
        }
        for i, stage in enumerate(STAGES):
            days = found.baseline_stages[:, i]
            columns[f"{stage}_baseline"] = Column(days, "float8", np.isnan(days))
        return columns

    def _site_ids(self, sites: Array) -> Array:
        if not len(self.ids.sites):
            return np.zeros(len(sites), np.int64)
        known: Any = self.ids.sites[np.maximum(sites, 0)]
        return np.asarray(known)
