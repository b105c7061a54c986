"""Where workers' time goes: functions of a run are wrapped in clocks, in the worker processes of the benchmark only."""

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

FOLDER = "BENCH_STAGES"  # a worker writes its clocks there when it ends
Clocks = dict[str, list[float]]  # stage → seconds by the clock, seconds of the process's processor

STAGES = ("start", "freeze", "load", "lines", "sites", "pipelines", "write", "commit, pointers, claims")


class Stages:
    """Time is counted for the innermost stage that is running."""

    def __init__(self) -> None:
        self.spent: Clocks = defaultdict(lambda: [0.0, 0.0])
        self._running = ["commit, pointers, claims"]
        self.spent["start"][1] = time.process_time()
        self._since = time.perf_counter(), time.process_time()

    def _switch(self) -> None:
        now = time.perf_counter(), time.process_time()
        for at in (0, 1):
            self.spent[self._running[-1]][at] += now[at] - self._since[at]
        self._since = now

    def clocked(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            self._switch()
            self._running.append(stage)
            try:
                return work(*args, **named)
            finally:
                self._switch()
                self._running.pop()

        return run

    def close(self, folder: Path) -> None:
        self._switch()
        (folder / f"{os.getpid()}.json").write_text(json.dumps(self.spent))


def note_start(folder: Path) -> None:
    """What loading took a process that only makes others."""
    (folder / f"{os.getpid()}.json").write_text(json.dumps({"start": [0.0, time.process_time()]}))


def clock_this_process() -> Stages:
    """Wrap what a worker does in this process."""
    from matching.kernel.compiled import pipelines, solver
    from matching.kernel.compiled.tables import CompiledLines
    from matching.services.runs import working

    stages = Stages()
    places: list[tuple[Any, str, str]] = [
        (working, "freeze", "freeze"),
        (working, "load", "load"),
        (working, "Solver", "load"),
        (working, "write_results", "write"),
        (CompiledLines, "solve", "lines"),
        (solver, "solve_sites", "sites"),
        (pipelines.CompiledPipelines, "solve", "pipelines"),
    ]
    for where, name, stage in places:
        setattr(where, name, stages.clocked(stage, getattr(where, name)))
    return stages


def told(folder: Path) -> str:
    """A line for each stage: seconds of all workers' processors, and by their clocks."""
    total: Clocks = defaultdict(lambda: [0.0, 0.0])
    for path in folder.glob("*.json"):
        for stage, seconds in json.loads(path.read_text()).items():
            total[stage] = [total[stage][at] + seconds[at] for at in (0, 1)]
    return "\n".join(
        f"    {stage:<40}{total[stage][1]:>9.1f} s of processors, {total[stage][0]:>8.1f} s by the workers' clocks"
        for stage in STAGES
    )


def postgres_processor() -> float | None:
    """Seconds that all processes of the database server have worked so far; None where it is on another machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    try:
        if not Path(f"/proc/{backend}/comm").read_text().startswith("postgres"):
            return None
        server = _stat(backend)[1]
        total = sum(_stat(server)[11:15])  # its own and those of its children that have ended
        for path in Path("/proc").glob("[0-9]*"):
            total += _worked_for(int(path.name), server)
    except OSError:
        return None
    return total / os.sysconf("SC_CLK_TCK")


def _worked_for(pid: int, server: int) -> int:
    try:
        stat = _stat(pid)
    except OSError:
        return 0  # it has just ended
    return sum(stat[11:13]) if stat[1] == server else 0


def _stat(pid: int) -> list[int]:
    """Numbers behind the name: 1 is the parent, 11 to 14 user and system ticks, its own and its children's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [0, *(int(field) for field in fields[1:])]
