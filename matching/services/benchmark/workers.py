"""Worker processes of the benchmark: they claim chunks as any worker does, and tell how much memory they took."""

import os
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

from alliance.choices import RunState
from matching.models import MatchRun
from matching.services.benchmark.stages import FOLDER, clock_this_process
from matching.services.runs import finish_run, work_on_run

OPEN = [RunState.QUEUED, RunState.RUNNING]


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


def start_workers(count: int, clocks: str = "") -> list[subprocess.Popen[bytes]]:
    """clocks: a folder in which they write down what they spent their time on."""
    command = [sys.executable, "manage.py", "bench_matching", "--work", "--of", str(count), "--number"]
    environ = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environ |= {FOLDER: clocks} if clocks else {}
    return [
        subprocess.Popen([*command, str(number)], cwd=settings.BASE_DIR, env=environ)  # noqa: S603 (our own command)
        for number in range(count)
    ]


def wait_for_workers(workers: list[subprocess.Popen[bytes]]) -> float:
    """Until all have ended; returns the highest sum of their memory (and this process's) seen, in MB."""
    highest = 0.0
    while any(worker.poll() is None for worker in workers):
        highest = max(highest, sum(resident(pid) for pid in [os.getpid(), *(w.pid for w in workers)]))
        time.sleep(0.1)
    failed = [worker.returncode for worker in workers if worker.returncode]
    if failed:
        raise RuntimeError(f"workers ended with status {failed}")
    return highest


def resident(pid: int) -> float:
    """Memory of a process now, in MB, of what it shares its part; 0 once it has gone."""
    try:
        status = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("Pss:")]
    return int(found[0]) / 1024 if found else 0.0
