"""How time and memory grow with demands, capabilities and sites, each apart: 1, 4 and 16 times as many."""

import math
import time
from pathlib import Path
from typing import NamedTuple

from matching.kernel.compiled.example import one_type
from matching.kernel.solve import Solver

BASE = {"demands": 1_000, "capabilities": 5_000, "sites": 200}
TIMES = (1, 4, 16)
CHUNK = 64  # demands at a time, as in a run
WIDTH = 40
QUADRATIC = 1.5  # from this power on growth is called that


class Point(NamedTuple):
    """With ``times`` as many; seconds of processor time, MB at most above what was there before."""

    axis: str
    times: int
    many: int
    seconds: float
    memory: float


def measure_growth(base: dict[str, int] | None = None) -> list[Point]:
    """Everything solved (lines, near misses, sites, pipelines), in chunks; one line for each demand."""
    base = base or BASE
    _point(base, "demands", 1)  # loads what is loaded once
    return [_point(base, axis, times) for axis in base for times in TIMES]


def _point(base: dict[str, int], axis: str, times: int) -> Point:
    sizes = base | {axis: times * base[axis]}
    problem = one_type(capabilities=sizes["capabilities"], lines=sizes["demands"], sites=sizes["sites"])
    before = _memory("VmRSS:")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the highest memory so far
    began = time.thread_time()
    solver = Solver(problem, compiled=True)
    for first in range(0, sizes["demands"], CHUNK):
        solver.solve(slice(first, first + CHUNK))
    seconds = time.thread_time() - began
    return Point(axis, times, sizes[axis], seconds, max(0.0, _memory("VmHWM:") - before))


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def power(points: list[Point], axis: str) -> float:
    """Seconds grow like the count to this power, from 4 to 16 times: 1 is in proportion, 2 quadratic."""
    four, sixteen = (next(p.seconds for p in points if (p.axis, p.times) == (axis, n)) for n in (4, 16))
    return math.log(sixteen / four) / math.log(4)


def report_growth(points: list[Point]) -> str:
    """A table with bars as long as the time."""
    longest = max(point.seconds for point in points)
    rows = [f"{'growth':<14}{'':>4}{'':>9}{'seconds':>10}{'MB':>8}  time"]
    for point in points:
        bar = "#" * max(1, round(WIDTH * point.seconds / longest))
        rows.append(
            f"{point.axis:<14}{point.times:>3}×{point.many:>9,}{point.seconds:>10.2f}{point.memory:>8,.0f}  {bar}"
        )
        if point.times == TIMES[-1]:
            found = power(points, point.axis)
            word = "MORE THAN IN PROPORTION" if found >= QUADRATIC else "not quadratic"
            rows.append(f"{'':<14}time grows like the count to the power {found:.2f}: {word}")
    return "\n".join(rows)
