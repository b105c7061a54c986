"""One piece of work done in six ways on the same rows: best 20 of 10,000 capabilities for each of many lines."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from django.db import connection

from matching.kernel import Op, Problem, reference
from matching.kernel.compiled.__main__ import compile_all
from matching.kernel.compiled.example import KEYS, one_type
from matching.kernel.lines import solve_line
from matching.kernel.prepare import Prepared
from matching.kernel.rows import Rows
from matching.kernel.solve import Solver
from matching.services.benchmark.measure import Best, differences

# Chance that a capability meets one of the six numbers: about 120, 1,400 and 6,200 feasible of 10,000.
SHAPES = {"few": 0.5, "usual": 0.75, "many": 0.97}
LINES = {"PostgreSQL, JSONB": 50, "PostgreSQL, typed columns": 150, "DuckDB, one statement": 500}
BY_REFERENCE = 3
TURNS = 15  # of a hundredth of a second each


@dataclass(frozen=True)
class Way:
    """lines: how many were solved; per_second: by the clock, of one process; per_cpu: by the processor time that it
    got (0 where another process did the work); differ: lines whose best 20 are not the compiled ones."""

    name: str
    lines: int
    per_second: float
    per_cpu: float
    differ: int


def compare_ways(shape: str = "usual", lines: int = 2_500, *, rivals: bool = True) -> tuple[float, list[Way]]:
    """The mean number of feasible capabilities, and all ways; the reference on a few lines is one of them."""
    problem = one_type(lines=lines, met=SHAPES[shape])
    best, feasible, ways = _compiled(problem)
    ways.append(_plain(problem, lines, best))
    ways.append(_checked("NumPy, everything", min(lines, 400), best, lambda n: _numpy(problem, n)))
    ways.append(_checked("the reference", BY_REFERENCE, best, lambda n: _reference(problem, n)))
    if rivals:
        with connection.cursor() as cursor:
            _fill(cursor, problem)
            for name in ("PostgreSQL, JSONB", "PostgreSQL, typed columns"):
                value = "(o.specs ->> 'k{}')::float8" if "JSONB" in name else "o.k{}"
                ways.append(_checked(name, LINES[name], best, partial(_by_sql, cursor, value)))
        if find_spec("duckdb"):
            name = "DuckDB, one statement"
            ways.append(_checked(name, LINES[name], best, lambda n: _duckdb(problem, n)))
    return feasible, ways


def _checked(name: str, lines: int, best: Best, work: Callable[[int], tuple[float, Best]]) -> Way:
    began = time.process_time()
    seconds, found = work(lines)
    spent = 0.0 if "SQL" in name or "DuckDB" in name else lines / (time.process_time() - began)
    return Way(
        name, lines, lines / seconds, spent, differences(found, {line: best[line] for line in range(lines)})
    )


def _compiled(problem: Problem) -> tuple[Best, float, list[Way]]:
    """Both figures of the compiled kernel, the best of fifteen turns each; laying out is apart, once for all lines."""
    if not compile_all(best_only=True):
        raise RuntimeError("numba is not installed")
    from matching.kernel.compiled.lines import solve_lines
    from matching.kernel.compiled.tables import CompiledLines

    prepared = Prepared(problem)
    lines = CompiledLines(prepared)
    count = len(problem.lines.demand)
    some, weights = np.arange(count, dtype=np.int32), np.array(prepared.line_weights)
    ways, answers, feasible = [], [], 0.0
    for name, near in (
        ("compiled, best 20 only", False),
        ("compiled, with near misses and relaxations", True),
    ):
        laid = lines.block(1, by_score=not near)
        seconds = spent = float("inf")
        for _ in range(TURNS):
            began, began_cpu = time.perf_counter(), time.thread_time()
            found = solve_lines(
                lines.asks,
                laid,
                some,
                np.zeros(count, np.bool_),
                prepared.prox,
                weights,
                problem.as_of,
                near=near,
            )
            seconds = min(seconds, time.perf_counter() - began)
            spent = min(spent, time.thread_time() - began_cpu)
        pos = laid.layout.pos
        answers.append(
            {
                line: [(int(pos[slot]), float(score)) for slot, score in zip(*row, strict=True) if slot >= 0]
                for line, row in enumerate(zip(found.matches, found.scores, strict=True))
            }
        )
        feasible = float(found.totals[:, 0].mean())
        ways.append(Way(name, count, count / seconds, count / spent, differences(answers[0], answers[-1])))
    return answers[0], feasible, ways


def _plain(problem: Problem, lines: int, best: Best) -> Way:
    """Compiling, which it does each time, is apart."""
    from matching.services.benchmark.plain import plain_loop

    seconds, spent, found = plain_loop(problem, lines)
    return Way(
        "compiled, a plain loop over every column",
        lines,
        lines / seconds,
        lines / spent,
        differences(found, best),
    )


def _numpy(problem: Problem, lines: int) -> tuple[float, Best]:
    prepared, rows = Prepared(problem), Rows()
    solve_line(prepared, 0, 0, Rows())
    began = time.perf_counter()
    for line in range(lines):
        solve_line(prepared, line, line, rows)
    return time.perf_counter() - began, _best(rows.results().matches)


def _reference(problem: Problem, lines: int) -> tuple[float, Best]:
    began = time.perf_counter()
    found = reference.solve(problem, range(lines))
    assert Solver(problem, compiled=False).solve(range(lines)).line_totals.equals(found.line_totals)  # noqa: S101
    return time.perf_counter() - began, _best(found.matches)


def _best(matches: Any) -> Best:
    best: Best = {}
    for line, capability, score in zip(matches.line, matches.capability, matches.score, strict=True):
        best.setdefault(int(line), []).append((int(capability), float(score)))
    return best


# --- the same rows in SQL -------------------------------------------------------------------------------------
QUERY = """
SELECT line, id, score FROM (
    SELECT *, row_number() OVER (PARTITION BY line ORDER BY score DESC, id) AS rank FROM (
        SELECT a.line, o.id, round(((
            {w[0]} + {w[1]} * CASE WHEN o.price IS NULL THEN 0.5 ELSE least(1, greatest(0, 2 - o.price / a.target)) END
            + {w[2]} * least(1, greatest(0, 1 - o.days / a.days))
            + {w[3]} * least(1, greatest(0, o.free / (2 * a.rate))) + {w[4]} * p.prox
            + {w[5]} * o.role + {w[6]} * o.trust) / {total}){cast}, 9) AS score
        FROM bench_ask a JOIN bench_offer o ON {conditions}
            AND o.moq <= a.quantity AND o.free >= a.rate AND o.days <= a.days AND o.firm <> a.firm
            AND (o.price IS NULL OR o.price <= a.ceiling)
        JOIN bench_prox p ON p.lab = a.lab AND p.city = o.city
        WHERE a.line < {lines}
    ) scored
) ranked WHERE rank <= 20 ORDER BY line, rank
"""
OFFER = (
    "id",
    "firm",
    "city",
    "moq",
    "free",
    "days",
    "price",
    "role",
    "trust",
    *(f"k{i}" for i in range(KEYS)),
)
ASK = ("line", "firm", "lab", "quantity", "rate", "days", "target", "ceiling")
BOUNDS = tuple(f"{end}{i}" for i in range(KEYS) for end in ("low", "high"))


def _query(lines: int, value: str, cast: str) -> str:
    conditions = " AND ".join(f"{value.format(i)} BETWEEN a.low{i} AND a.high{i}" for i in range(KEYS))
    weights = [30.0, 15.0, 15.0, 10.0, 15.0, 5.0, 10.0]
    return QUERY.format(w=weights, total=sum(weights), conditions=conditions, lines=lines, cast=cast)


def _rows(problem: Problem) -> dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
    """The tables' columns and rows; numbers as Python has them, an unknown price None."""
    prepared, caps, lines = Prepared(problem), problem.capabilities, problem.lines
    block = prepared.block(0, True)
    specs = caps.specs.lo.reshape(-1, KEYS)
    price = [None if p != p else p for p in caps.price.tolist()]
    offers = zip(
        range(len(price)), caps.firm.tolist(), caps.city.tolist(), caps.moq.tolist(), caps.free.tolist(),
        caps.volume_days.tolist(), price, block.role.tolist(), block.trust.tolist(), *specs.T.tolist(), strict=True,
    )  # fmt: skip
    wants = lines.requirements
    at_least = wants.op.reshape(-1, KEYS) == Op.GE
    bound = wants.a.reshape(-1, KEYS)
    low, high = np.where(at_least, bound, -1e9), np.where(at_least, 1e9, bound)
    bounds = np.stack((low, high), axis=2).reshape(len(bound), -1)
    asks = zip(
        range(len(bound)), problem.demands.organisation.tolist(), problem.demands.lab.tolist(),
        lines.quantity.tolist(), lines.rate.tolist(), (lines.need_by - problem.as_of).astype(float).tolist(),
        lines.target.tolist(), lines.ceiling.tolist(), *bounds.T.tolist(), strict=True,
    )  # fmt: skip
    near = [(lab, city, value) for (lab, city), value in np.ndenumerate(prepared.prox)]
    return {
        "bench_offer": (OFFER, list(offers)),
        "bench_ask": (ASK + BOUNDS, list(asks)),
        "bench_prox": (("lab", "city", "prox"), near),
    }


def _kind(column: str) -> str:
    return "integer" if column in ("id", "line", "firm", "city", "lab") else "float8"


def _fill(cursor: Any, problem: Problem) -> None:
    """Temporary tables of this connection."""
    for table, (names, rows) in _rows(problem).items():
        columns = ", ".join(f"{name} {_kind(name)}" for name in names)
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(f"CREATE TEMPORARY TABLE {table} ({columns})")
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    pairs = ", ".join(f"'k{i}', k{i}" for i in range(KEYS))
    cursor.execute("ALTER TABLE bench_offer ADD COLUMN specs jsonb")
    cursor.execute(f"UPDATE bench_offer SET specs = jsonb_build_object({pairs})")  # noqa: S608
    cursor.execute("ANALYZE bench_offer")
    cursor.execute("SET max_parallel_workers_per_gather = 0")


def _by_sql(cursor: Any, value: str, lines: int) -> tuple[float, Best]:
    began = time.perf_counter()
    cursor.execute(_query(lines, value, "::numeric"))
    rows = cursor.fetchall()
    return time.perf_counter() - began, _by_line(rows)


def _duckdb(problem: Problem, lines: int) -> tuple[float, Best]:
    duckdb: Any = importlib.import_module("duckdb")
    database = duckdb.connect()
    database.execute("SET threads = 1")
    for table, (names, rows) in _rows(problem).items():
        columns = ", ".join(f"{name} {_kind(name)}" for name in names)
        database.execute(f"CREATE TABLE {table} ({columns})")
        frame = {
            name: np.array(values, float) for name, values in zip(names, zip(*rows, strict=True), strict=True)
        }
        chosen = ", ".join(
            f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END" if name == "price" else name
            for name in names
        )
        database.register("frame", frame)
        database.execute(f"INSERT INTO {table} SELECT {chosen} FROM frame")  # noqa: S608
        database.unregister("frame")
    began = time.perf_counter()
    rows = database.execute(_query(lines, "o.k{}", "")).fetchall()
    return time.perf_counter() - began, _by_line(rows)


def _by_line(rows: list[tuple[int, int, Any]]) -> Best:
    best: Best = {}
    for line, capability, score in rows:
        best.setdefault(line, []).append((capability, float(score)))
    return best
