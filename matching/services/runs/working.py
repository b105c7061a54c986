"""What a worker does: claim, compute from the frozen input, write under the fence, until nothing is left."""

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence

from django.db import transaction

from matching.encoding import Identities
from matching.kernel import Problem
from matching.kernel.solve import Solver
from matching.models import RunChunk
from matching.services.results import write_results
from matching.services.runs.claims import (
    Claim,
    LostFenceError,
    claim_chunk,
    claim_small,
    give_back,
    mark_done,
    note_progress,
    without_waiting,
)
from matching.services.runs.collecting import without_collecting
from matching.services.runs.ending import finish_run
from matching.services.runs.freezing import freeze, load
from matching.services.runs.heartbeats import beat
from matching.services.runs.nudging import nudge_workers
from matching.services.runs.queueing import begin_again
from matching.services.runs.small import SMALL, match_small
from matching.services.runs.supplying import SupplyGoneError

logger = logging.getLogger(__name__)
# A task that has claimed chunks for this long hands over to a new one: it ends well before its time limit.
TURN_SECONDS = 30.0


class _Loaded:
    """The input of the run this process works on; one at a time, because it is large."""

    def __init__(self) -> None:
        self.run_id = 0
        self.solver: Solver | None = None
        self.problem: Problem | None = None
        self.identities: Identities | None = None

    def of(self, run_id: int) -> tuple[Problem, Identities, Solver]:
        if self.run_id != run_id or not (self.problem and self.identities and self.solver):
            self.forget()
            problem, identities, shared = load(run_id)
            self.problem, self.identities = problem, identities
            self.solver = Solver(problem, shared=shared)
            self.run_id = run_id
        return self.problem, self.identities, self.solver

    def forget(self) -> None:
        self.run_id, self.problem, self.identities, self.solver = 0, None, None, None


_loaded = _Loaded()


def work_on_run(run_id: int, *, turn: float = TURN_SECONDS, each: Callable[[], None] | None = None) -> int:
    """Work on chunks of the run until none is free or the turn is over; returns how many were done."""
    until = time.monotonic() + turn
    done = 0
    beat("worker", f"{socket.gethostname()}:{os.getpid()}")
    try:
        while time.monotonic() < until:
            claim = claim_chunk(run_id)
            if claim is None:
                finish_run(run_id)
                return done
            done += work_on_chunk(claim)
            if each:
                each()
    finally:
        _loaded.forget()
    nudge_workers(run_id)
    return done


def work_on_small_runs(run_ids: Sequence[int]) -> int:
    """Do those of these runs together that nobody has begun and that cover few demands; returns how many were done.

    At most one run of each alliance. After an error each is left to whoever takes it alone.
    """
    beat("worker", f"{socket.gethostname()}:{os.getpid()}")
    claims = claim_small(run_ids, SMALL)
    if not claims:
        return 0
    try:
        match_small(claims)
    except Exception as error:
        if not isinstance(error, LostFenceError):
            logger.exception("runs %s failed together", [claim.run_id for claim in claims])
        for claim in claims:
            give_back(claim, "" if isinstance(error, LostFenceError) else f"{type(error).__name__}: {error}")
            nudge_workers(claim.run_id)
        return 0
    return len(claims)


def work_on_chunk(claim: Claim) -> bool:
    """True when the chunk's rows are written. An error gives the chunk back, with its reason on the row."""
    try:
        if claim.number:
            with without_collecting():
                compute(claim)
        elif match_small([claim]):
            return True
        else:
            with without_collecting():
                freeze(claim)
    except LostFenceError:
        logger.info(
            "run %s, chunk %s: somebody else has it, or the run has ended", claim.run_id, claim.number
        )
        return False
    except SupplyGoneError as error:
        logger.warning("run %s: %s", claim.run_id, error)
        if not begin_again(claim.run_id, str(error)):
            give_back(claim, str(error))
        return False
    except Exception as error:
        logger.exception("run %s, chunk %s failed", claim.run_id, claim.number)
        give_back(claim, f"{type(error).__name__}: {error}")
        return False
    note_progress(claim.run_id)
    return True


def compute(claim: Claim) -> None:
    """A pure function of the frozen input; nothing is written unless the claim still holds."""
    problem, identities, solver = _loaded.of(claim.run_id)
    results = solver.solve(claim.demands)
    with transaction.atomic():
        without_waiting()
        mark_done(claim)
        counts = write_results(claim.run_id, problem, identities, results)
        RunChunk.objects.filter(pk=claim.chunk_id).update(counts=counts)
