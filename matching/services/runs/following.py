"""Waiting for a run while helping with it: works with no worker up, and shares the work where there are some."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from matching.models import MatchRun
from matching.services.runs.claims import fail_exhausted
from matching.services.runs.ending import finish_run
from matching.services.runs.working import work_on_run

PAUSE = 0.2
SHORT_TURN = 0.5  # between two signs of progress


@dataclass(frozen=True)
class Progress:
    """What a progress bar shows. `total` is 0 until the input is frozen."""

    state: str
    done: int
    total: int


def follow_run(run: MatchRun) -> Iterator[Progress]:
    """Work on the run until it has ended; `run` is up to date at each step."""
    while True:
        run.refresh_from_db()
        yield Progress(run.state, run.demands_done, run.demands_total)
        if run.ended:
            return
        if not work_on_run(run.pk, turn=SHORT_TURN) and not _settle(run.pk):
            time.sleep(PAUSE)


def _settle(run_id: int) -> bool:
    """What the reconciler would do for this run."""
    fail_exhausted(run_id)
    return finish_run(run_id)
