"""Worker processes of the benchmark: they claim chunks as any worker does, and tell how much memory they took.

As a worker of the program does, one process loads the compiled loops, says that it is ready and then forks.
"""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import connections

from alliance.choices import RunState
from matching.kernel.compiled import is_ready
from matching.models import MatchRun
from matching.services.benchmark.stages import FOLDER, clock_this_process, note_start
from matching.services.runs import finish_run, work_on_run

OPEN = [RunState.QUEUED, RunState.RUNNING]
READY = "ready"


def work_until_done(number: int = 0, of: int = 1) -> None:
    """Work on whatever is open until nothing is. Each of several begins with runs of its own, then helps the others."""
    if folder := os.environ.get(FOLDER):
        stages = clock_this_process()
        _work(number, of)
        stages.close(Path(folder))
    else:
        _work(number, of)


def _work(number: int, of: int) -> None:
    while runs := list(MatchRun.objects.filter(state__in=OPEN).order_by("pk").values_list("pk", flat=True)):
        runs.sort(key=lambda run: ((run - number) % of, run))
        if not sum(work_on_run(run) for run in runs) and not any(finish_run(run) for run in runs):
            time.sleep(0.05)


def work_together(count: int) -> None:
    """As so many processes, which begin with what this one has loaded, once somebody writes a line to it."""
    if is_ready():
        from matching.kernel.compiled.__main__ import run_every_loop

        run_every_loop()
    connections.close_all()  # they are not for the processes to come
    if folder := os.environ.get(FOLDER):
        note_start(Path(folder))
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()
    if not sys.stdin.readline():
        return  # who started this one has gone
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=work_until_done, args=(number, count)) for number in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed := [worker.exitcode for worker in workers if worker.exitcode]:
        raise RuntimeError(f"workers ended with status {failed}")


class Workers:
    """So many processes, ready as workers that stand by: what starts with `work` is what a run takes.

    clocks: a folder in which they write down what they spent their time on.
    """

    def __init__(self, count: int, clocks: str = "") -> None:
        command = [sys.executable, "manage.py", "bench_matching", "--work", "--workers", str(count)]
        environ = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        environ |= {FOLDER: clocks} if clocks else {}
        pipe = subprocess.PIPE
        self._first = subprocess.Popen(  # noqa: S603 (our own command)
            command, cwd=settings.BASE_DIR, env=environ, stdin=pipe, stdout=pipe, text=True
        )
        told = self._first.stdout.readline() if self._first.stdout else ""
        if told.strip() != READY:
            raise RuntimeError(f"no workers: {told or self._first.wait()}")

    def work(self) -> float:
        """Until nothing is open; returns the highest sum of their memory (and this process's) seen, in MB."""
        if self._first.stdin:
            self._first.stdin.write("work\n")
            self._first.stdin.close()
        highest = 0.0
        while self._first.poll() is None:
            highest = max(highest, sum(map(resident, self._processes())))
            time.sleep(0.1)
        if self._first.returncode:
            raise RuntimeError(f"workers ended with status {self._first.returncode}")
        return highest

    def _processes(self) -> Iterable[int]:
        first = self._first.pid
        try:
            children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        except OSError:
            children = []
        return [os.getpid(), first, *map(int, children)]


def resident(pid: int) -> float:
    """Memory of a process now, in MB, of what it shares its part; 0 once it has gone."""
    try:
        status = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("Pss:")]
    return int(found[0]) / 1024 if found else 0.0
