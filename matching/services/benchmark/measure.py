"""One measurement: import, match and store with several workers, the kernel alone, and the SQL statement."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from django.db import connection

from alliance.models import Alliance
from companies.models import Capability
from matching.encoding import Frozen, encode
from matching.kernel import LINE_TERMS
from matching.kernel.solve import Solver
from matching.models import Demand, DemandLine, Match, MatchRun
from matching.services.benchmark.sql import BEST_20
from matching.services.benchmark.workers import Workers
from matching.services.bundle import import_region
from matching.services.runs import create_run

T = TypeVar("T")
Best = dict[int, list[tuple[int, float]]]
Say = Callable[[str], None]
SAME_SCORE = 1e-6


@dataclass
class Figures:
    """What was measured; times in seconds, memory in MB."""

    capabilities: int = 0
    demands: int = 0
    lines: int = 0
    matches: int = 0
    import_seconds: float = 0.0
    encode_seconds: float = 0.0
    kernel_seconds: float = 0.0
    run_seconds: float = 0.0
    memory: float = 0.0
    sql_seconds: float = 0.0
    sql_lines: int = 0
    differences: int = 0


def measure(bundle: Path, *, as_of: date, workers: int, sql_lines: int, say: Say) -> Figures:
    """Measure on an empty, migrated database; leaves it filled."""
    figures = Figures()
    say("importing the bundle")
    figures.import_seconds, _ = timed(lambda: import_region(bundle))
    figures.capabilities = Capability.objects.count()
    alliances = list(Alliance.objects.filter(demands__published=True).distinct().order_by("pk"))
    say(f"matching {len(alliances)} alliances with {workers} workers")
    _run(figures, alliances, as_of, workers)
    say("the kernel alone, in one process")
    _kernel(figures, alliances, as_of)
    say("the same work as one SQL statement")
    _sql(figures, alliances, as_of, sql_lines)
    return figures


def timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _run(figures: Figures, alliances: list[Alliance], as_of: date, workers: int) -> None:
    """From queueing the runs to the moved pointers, with workers that stand by."""
    ready = Workers(workers)
    began = time.perf_counter()
    runs = [create_run(alliance, cause="asked", as_of=as_of, pinned=True) for alliance in alliances]
    figures.memory = ready.work()
    figures.run_seconds = time.perf_counter() - began
    states = set(MatchRun.objects.filter(pk__in=[run.pk for run in runs]).values_list("state", flat=True))
    if states != {"finished"}:
        raise RuntimeError(f"runs ended {states}")
    figures.demands = Demand.objects.filter(published=True).count()
    figures.lines = DemandLine.objects.filter(demand__published=True).count()
    figures.matches = Match.objects.current().count()


def _kernel(figures: Figures, alliances: list[Alliance], as_of: date) -> None:
    for alliance in alliances:
        seconds, frozen = timed(partial(encode, alliance.pk, as_of, None))
        figures.encode_seconds += seconds
        if frozen:
            figures.kernel_seconds += timed(partial(_solve, frozen))[0]


def _solve(frozen: Frozen) -> None:
    Solver(frozen.problem).solve(None)


def _sql(figures: Figures, alliances: list[Alliance], as_of: date, sql_lines: int) -> None:
    """On the first demands of each alliance until they have that many lines."""
    for alliance in alliances:
        demands = _first_demands(alliance, sql_lines // len(alliances))
        frozen = encode(alliance.pk, as_of, None)
        if not demands or frozen is None:
            continue
        seconds, found = timed(partial(_best_by_sql, alliance.pk, as_of, demands, frozen))
        figures.sql_seconds += seconds
        figures.sql_lines += DemandLine.objects.filter(demand__in=demands).count()
        figures.differences += differences(found, _best_stored(demands))


def _first_demands(alliance: Alliance, lines: int) -> list[int]:
    chosen: list[int] = []
    rows = DemandLine.objects.filter(demand__alliance=alliance, demand__published=True).order_by("demand_id")
    for demand in rows.values_list("demand_id", flat=True)[:lines]:
        if demand not in chosen[-1:]:
            chosen.append(demand)
    return chosen


def _best_by_sql(alliance: int, as_of: date, demands: list[int], frozen: Frozen) -> Best:
    weights = frozen.problem.weights.line.tolist()
    values = {"alliance": alliance, "as_of": as_of, "demands": demands, "total": sum(weights)}
    with connection.cursor() as cursor:
        cursor.execute(BEST_20, values | dict(zip(LINE_TERMS, weights, strict=True)))
        return _by_line((line, capability, score) for line, _, capability, score in cursor.fetchall())


def _best_stored(demands: list[int]) -> Best:
    rows = Match.objects.current().filter(demand_id__in=demands).order_by("line_id", "rank")
    return _by_line(rows.values_list("line_id", "capability_id", "score"))


def _by_line(rows: Iterable[tuple[int, int, float]]) -> Best:
    best: Best = {}
    for line, capability, score in rows:
        best.setdefault(line, []).append((capability, score))
    return best


def differences(one: Best, other: Best) -> int:
    """Lines on which the two do not agree; scores that differ in the last digit may change places."""
    return sum(not _same(one.get(line, []), other.get(line, [])) for line in one.keys() | other.keys())


def _same(one: list[tuple[int, float]], other: list[tuple[int, float]]) -> bool:
    if len(one) != len(other):
        return False
    close = all(abs(a[1] - b[1]) <= SAME_SCORE for a, b in zip(one, other, strict=True))
    last = one[-1][1] if one else 0.0
    inner = [{c for c, score in side if score > last + SAME_SCORE} for side in (one, other)]
    return close and inner[0] == inner[1]
