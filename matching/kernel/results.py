# ruff: noqa: RUF009 -- column() and table() are dataclasses.field() with metadata, a new one at each call
"""What a solver returns: tables of positions and numbers, one row per fact.

Rows are sorted by (line | demand, rank); ``pipeline`` columns are row numbers of ``Results.pipelines``.
Every float is rounded to 9 decimals, except terms (their exact values enter the score).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np

from matching.kernel.problem import Problem
from matching.kernel.tables import Bools, Bytes, Floats, Ints, Table, column

STAGES = ("prototype", "wait", "trial", "volume", "delivery")
CRITICAL = ("prototype", "volume", "delivery")


@dataclass(frozen=True, eq=False)
class LineTotals(Table):
    """One row per line solved (§3): feasible capabilities; candidates (type, state, reach, self hold); near misses.

    firms, near_firms: how many different firms are behind the feasible ones and the near misses.
    """

    line: Ints = column(np.int32, "l")
    feasible: Ints = column(np.int32, "l")
    candidates: Ints = column(np.int32, "l")
    near: Ints = column(np.int32, "l")
    firms: Ints = column(np.int32, "l")
    near_firms: Ints = column(np.int32, "l")


@dataclass(frozen=True, eq=False)
class Matches(Table):
    """The best 20 capabilities of each line (§4). terms: in the order of LINE_TERMS, each in [0, 1]."""

    line: Ints = column(np.int32, "m")
    rank: Ints = column(np.int32, "m")
    capability: Ints = column(np.int32, "m")
    score: Floats = column(np.float64, "m")
    terms: Floats = column(np.float64, "m", 7)


@dataclass(frozen=True, eq=False)
class NearMisses(Table):
    """The 5 nearest of each line (§3). code: ``Code``; key: component key of a SPEC code, else -1."""

    line: Ints = column(np.int32, "n")
    rank: Ints = column(np.int32, "n")
    capability: Ints = column(np.int32, "n")
    code: Bytes = column(np.uint8, "n")
    key: Ints = column(np.int32, "n")
    shortfall: Floats = column(np.float64, "n")


@dataclass(frozen=True, eq=False)
class Relaxations(Table):
    """Per line and rule by which somebody fails alone (§3): how many (and of how many `firms`), and the threshold
    that admits them.

    Rows of a line: SPEC codes in the order of its requirements, then CERTIFICATION, MOQ, CAPACITY, TIME, PRICE.
    nearest: the new value of the rule's threshold (v, quantity, rate, need-by ordinal, ceiling; for BETWEEN
    and COVERS a, with b in nearest_b) that admits the nearest; ``all``, ``all_b``: that admits all. NaN where
    no threshold does (choices, bools, certificates, something not stated, free capacity <= 0, …).
    """

    line: Ints = column(np.int32, "r")
    code: Bytes = column(np.uint8, "r")
    key: Ints = column(np.int32, "r")
    capabilities: Ints = column(np.int32, "r")
    nearest: Floats = column(np.float64, "r", missing=True)
    nearest_b: Floats = column(np.float64, "r", missing=True)
    all: Floats = column(np.float64, "r", missing=True)
    all_b: Floats = column(np.float64, "r", missing=True)
    firms: Ints = column(np.int32, "r")


@dataclass(frozen=True, eq=False)
class DemandTotals(Table):
    """One row per demand solved: how many sites are feasible (§5)."""

    demand: Ints = column(np.int32, "d")
    feasible_sites: Ints = column(np.int32, "d")


@dataclass(frozen=True, eq=False)
class SiteMatches(Table):
    """The best 20 sites of each demand (§5). window: the fitting one that starts first, ordinals, inclusive."""

    demand: Ints = column(np.int32, "s")
    rank: Ints = column(np.int32, "s")
    site: Ints = column(np.int32, "s")
    score: Floats = column(np.float64, "s")
    terms: Floats = column(np.float64, "s", 5)
    window_start: Ints = column(np.int32, "s")
    window_end: Ints = column(np.int32, "s")


@dataclass(frozen=True, eq=False)
class Pipelines(Table):
    """The best 10 pipelines of each demand (§6), days as floats, NaN = empty.

    site: -1 without site. critical: line position attaining the maximum of prototype, volume, delivery (-1
    none). trial_start and the window it lies in: ordinals, NO_DATE = none. baseline: the total if every T
    were 30; baseline_stages: its prototype, wait, trial, volume, delivery.
    """

    demand: Ints = column(np.int32, "p")
    rank: Ints = column(np.int32, "p")
    site: Ints = column(np.int32, "p")
    score: Floats = column(np.float64, "p")
    complete: Bools = column(np.bool_, "p")
    prototype: Floats = column(np.float64, "p", missing=True)
    wait: Floats = column(np.float64, "p", missing=True)
    trial: Floats = column(np.float64, "p", missing=True)
    volume: Floats = column(np.float64, "p", missing=True)
    delivery: Floats = column(np.float64, "p", missing=True)
    total: Floats = column(np.float64, "p", missing=True)
    late: Floats = column(np.float64, "p", missing=True)
    critical: Ints = column(np.int32, "p", 3)
    trial_start: Ints = column(np.int32, "p")
    window_start: Ints = column(np.int32, "p")
    window_end: Ints = column(np.int32, "p")
    baseline: Floats = column(np.float64, "p", missing=True)
    baseline_stages: Floats = column(np.float64, "p", 5, missing=True)


@dataclass(frozen=True, eq=False)
class Teams(Table):
    """Members of the pipelines (§6), by line; a line without a usable capability has no row. score: S(l, c)."""

    pipeline: Ints = column(np.int32, "t")
    line: Ints = column(np.int32, "t")
    capability: Ints = column(np.int32, "t")
    score: Floats = column(np.float64, "t")


@dataclass(frozen=True, eq=False)
class RuledOut(Table):
    """Per pipeline and line: feasible capabilities, and those of them that fit the site (§6)."""

    pipeline: Ints = column(np.int32, "o")
    line: Ints = column(np.int32, "o")
    feasible: Ints = column(np.int32, "o")
    usable: Ints = column(np.int32, "o")


@dataclass(frozen=True, eq=False)
class RuledOutBy(Table):
    """Per pipeline, line and part condition (its place in the site's list): how many fail it; counts above 0."""

    pipeline: Ints = column(np.int32, "b")
    line: Ints = column(np.int32, "b")
    condition: Ints = column(np.int32, "b")
    count: Ints = column(np.int32, "b")


@dataclass(frozen=True, eq=False)
class Results(Table):
    """Everything about the demands solved. See each table."""

    line_totals: LineTotals
    matches: Matches
    near_misses: NearMisses
    relaxations: Relaxations
    demand_totals: DemandTotals
    sites: SiteMatches
    pipelines: Pipelines
    teams: Teams
    ruled_out: RuledOut
    ruled_out_by: RuledOutBy


RESULT_TABLES: dict[str, type[Table]] = {
    "line_totals": LineTotals,
    "matches": Matches,
    "near_misses": NearMisses,
    "relaxations": Relaxations,
    "demand_totals": DemandTotals,
    "sites": SiteMatches,
    "pipelines": Pipelines,
    "teams": Teams,
    "ruled_out": RuledOut,
    "ruled_out_by": RuledOutBy,
}


def results_from_rows(rows: Mapping[str, Sequence[Sequence[Any]]]) -> Results:
    """Results from one list of row tuples per table, in column order (the reference solver's way)."""
    built: dict[str, Table] = {}
    for name, cls in RESULT_TABLES.items():
        items = fields(cls)
        columns: list[Any] = list(zip(*rows[name], strict=True)) if rows[name] else [()] * len(items)
        built[name] = cls(
            **{item.name: _stack(values, item) for item, values in zip(items, columns, strict=True)}
        )
    return Results(**cast(Any, built))


def _stack(values: Sequence[Any], item: Any) -> Any:
    shape = item.metadata["shape"]
    array = np.array(values, dtype=item.metadata["dtype"])
    return array.reshape((len(values), *shape[1:]))


def chosen_demands(problem: Problem, demands: slice | Sequence[int] | Ints | None) -> Ints:
    """Positions of the demands to solve, ascending, each once; all of them for None. IndexError beyond the end."""
    everything = np.arange(len(problem.demands.lab), dtype=np.int32)
    if demands is None:
        return everything
    return np.unique(everything[demands if isinstance(demands, slice) else np.asarray(demands, np.int64)])
