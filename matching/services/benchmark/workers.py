"""Worker processes of the benchmark: they claim chunks as any worker does, and tell how much memory they took."""

import os
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

from alliance.choices import RunState
from matching.models import MatchRun
from matching.services.runs import finish_run, work_on_run

OPEN = [RunState.QUEUED, RunState.RUNNING]


def work_until_done() -> None:
    """Work on whatever is open until nothing is."""
    while runs := list(MatchRun.objects.filter(state__in=OPEN).order_by("pk").values_list("pk", flat=True)):
        if not sum(work_on_run(run) for run in runs) and not any(finish_run(run) for run in runs):
            time.sleep(0.05)


def start_workers(count: int) -> list[subprocess.Popen[bytes]]:
    command = [sys.executable, "manage.py", "bench_matching", "--work"]
    environ = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(command, cwd=settings.BASE_DIR, env=environ)  # noqa: S603 (our own command)
        for _ in range(count)
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
    """Memory of a process now, in MB; 0 once it has gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(found[0]) / 1024 if found else 0.0
