"""When the steps of a change begin and end: functions wrapped in clocks, in workers of `bench_latency --trace` only.

A worker imports this module (`celery worker -I`); where `BENCH_TRACE` names a folder each of its processes writes its
steps there. The clock is the machine's monotonic one, the same for all processes.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = "BENCH_TRACE"
LONG = 0.001  # seconds; a pause of the garbage collector below is not told
SHORT = 0.0003  # a step below is counted, but stands in no timeline


class Step(NamedTuple):
    name: str
    began: float
    ended: float
    processor: float  # seconds of the process's processor
    process: int


def read_steps(folder: Path) -> list[Step]:
    """All that were written so far, in the order of their beginning."""
    found = [
        Step(*json.loads(line))
        for path in folder.glob("*.jsonl")
        for line in path.read_text().splitlines()
        if line.endswith("]")
    ]
    return sorted(found, key=lambda step: step.began)


def timeline(steps: list[Step], began: float, ended: float) -> str:
    """What happened in this time, milliseconds after its beginning."""
    own = [step for step in steps if step.ended >= began and step.began <= ended]
    own = [step for step in own if step.ended - step.began > SHORT]
    numbers = {process: number for number, process in enumerate(dict.fromkeys(step.process for step in own))}
    return "\n".join(
        f"    {1000 * (step.began - began):>8.1f} {1000 * (step.ended - began):>8.1f} "
        f"{1000 * (step.ended - step.began):>7.1f} ms, processor {1000 * step.processor:>6.1f}  "
        f"process {numbers[step.process]}  {step.name}"
        for step in own
    )


def spent(steps: list[Step], spans: list[tuple[float, float]]) -> str:
    """For each kind of step, over several changes: how long all of them took together, and when the last was over."""
    columns = f"{'times':>6}{'p50':>8}{'p95':>8}  ms in all{'processor p50':>15}{'p95':>8}{'over at p50':>14}{'p95':>8}"
    told = [f"    {'step':<30}{columns}"]
    for name in dict.fromkeys(step.name for step in steps):
        sums: list[float] = []
        worked: list[float] = []
        ends: list[float] = []
        count = 0
        for began, ended in spans:
            own = [s for s in steps if s.name == name and s.began >= began - 0.0005 and s.began <= ended]
            if own:
                sums.append(1000 * sum(s.ended - s.began for s in own))
                worked.append(1000 * sum(s.processor for s in own))
                ends.append(1000 * (max(s.ended for s in own) - began))
                count += len(own)
        if sums:
            numbers = [_part(values, part) for values in (sums, worked, ends) for part in (0.5, 0.95)]
            told.append(
                f"    {name:<30}{count / len(spans):>6.1f}{numbers[0]:>8.1f}{numbers[1]:>8.1f}"
                f"{numbers[2]:>26.1f}{numbers[3]:>8.1f}{numbers[4]:>14.1f}{numbers[5]:>8.1f}"
            )
    return "\n".join(told)


def _part(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


class _Tracer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: Any = None
        self._of = 0
        self._collecting = 0.0, 0.0

    def write(self, name: str, began: float, worked: float) -> None:
        if self._of != os.getpid():  # a process that was forked has a file of its own
            self._of = os.getpid()
            self._file = (self.folder / f"{self._of}.jsonl").open("a", buffering=1)
        step = [name, began, time.perf_counter(), time.process_time() - worked, self._of]
        self._file.write(json.dumps(step) + "\n")

    def wrap(self, where: Any, attribute: str, name: str) -> None:
        work: Callable[..., Any] = getattr(where, attribute)

        def run(*args: Any, **named: Any) -> Any:
            began = time.perf_counter(), time.process_time()
            try:
                return work(*args, **named)
            finally:
                self.write(name, *began)

        setattr(where, attribute, run)

    def collected(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._collecting = time.perf_counter(), time.process_time()
        elif time.perf_counter() - self._collecting[0] > LONG:
            self.write(f"garbage {info['generation']}", *self._collecting)


def trace_this_process(folder: Path) -> None:
    """Wrap the steps from a message to moved pointers."""
    from django.db.backends.postgresql.base import DatabaseWrapper

    from matching import tasks
    from matching.encoding.kept import demands as kept
    from matching.encoding.kept.world import World
    from matching.encoding.snapshot import keeping
    from matching.kernel.compiled.stocks import Stock
    from matching.services.changes import affected, following
    from matching.services.runs import small, working

    tracer = _Tracer(folder)
    places: list[tuple[Any, str, str]] = [
        (tasks, "follow_and_match", "task: follow and match"),
        (tasks, "follow_news", "task: news"),
        (tasks, "work_on_run", "task: work on run"),
        (following, "_is_waiting", "anything waiting?"),
        (following, "_follow_batch", "read the feed, queue"),
        (following, "affected_by", "- whom it touches"),
        (affected, "demands_of_capabilities", "-- of capabilities"),
        (affected, "demands_of_sites", "-- of sites"),
        (following, "_queue", "- queue runs"),
        (following, "forget_followed", "- forget former rows"),
        (following, "work_on_run", "run, by who followed"),
        (following, "work_on_small_runs", "runs, by who followed"),
        (following, "create_small_runs", "-- queue small ones"),
        (working, "claim_small", "- claim some"),
        (working, "beat", "- heartbeat"),
        (working, "claim_chunk", "- claim"),
        (working, "match_small", "- small run"),
        (small, "begin_runs", "-- begin"),
        (small, "_read", "-- read"),
        (kept, "world_of", "--- what is kept, looked over"),
        (keeping, "_bring_up_to_date", "--- offers up to date"),
        (World, "_read_sites", "--- sites"),
        (World, "_read_stock", "--- stock made"),
        (Stock, "laid", "--- block of a stock"),
        (Stock, "failing", "--- conditions of a stock"),
        (kept, "stocked_solver", "--- solver"),
        (small._Part, "solved", "-- solve"),
        (small, "write_results", "-- write"),
        (small, "end_small", "-- pointers, end"),
        (working, "note_progress", "- progress"),
        (working, "finish_run", "- finish"),
        (DatabaseWrapper, "commit", "commit"),
    ]  # fmt: skip
    for where, attribute, name in places:
        tracer.wrap(where, attribute, name)
    gc.callbacks.append(tracer.collected)


if os.environ.get(FOLDER):
    trace_this_process(Path(os.environ[FOLDER]))
