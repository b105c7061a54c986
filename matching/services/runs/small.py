"""A run of few demands is done by the worker that claims it, at once: what a change touched, or one demand.

Nothing is frozen for others to read. Rows, pointers and the end of the run are one transaction: readers see all of
it or none, and a worker that dies leaves a claim that another takes over, as with every chunk.
"""

from collections import Counter

from django.db import transaction

from alliance.choices import RunState
from matching.encoding import Frozen, encode
from matching.kernel.compiled import is_ready
from matching.kernel.solve import Solver
from matching.models import MatchRun, RunChunk
from matching.services.results import write_results
from matching.services.runs.claims import Claim, LostFenceError, begin_run, mark_done
from matching.services.runs.ending import end_small
from matching.services.runs.freezing import one_snapshot, short_version

# More demands than this are frozen and cut, so that several workers share them.
SMALL = 128
READ_EACH_TIME = ("demand", "alliance", "membership", "weights")


def match_small(claim: Claim) -> bool:
    """Do a run of few demands from beginning to end; False when it is not one. LostFenceError as everywhere."""
    begin_run(claim)
    with one_snapshot():
        run = MatchRun.objects.select_related("alliance").get(pk=claim.run_id)
        if not 0 < len(run.chosen) <= SMALL:
            return False
        run.as_of = run.alliance.as_of or run.as_of  # it may have moved while the run waited
        frozen, solver = _read(run)
    results = solver.solve() if solver else None
    with transaction.atomic():
        # The run before its chunk, as everywhere: two steps never wait for each other.
        if not MatchRun.objects.select_for_update(no_key=True).filter(pk=run.pk, state=RunState.RUNNING):
            raise LostFenceError
        mark_done(claim)
        counts: dict[str, int] = {}
        if frozen and results:
            counts = write_results(run.pk, frozen.problem, frozen.identities, results)
        run.demands_total = len(frozen.problem.demands.lab) if frozen else 0
        run.version = short_version(frozen)
        RunChunk.objects.filter(pk=claim.chunk_id).update(
            demands=list(range(run.demands_total)), counts=counts
        )
        end_small(run, dict(+Counter(counts)))
    return True


def outside() -> set[str]:
    """Kinds of changes on which nothing depends that a worker keeps between runs."""
    from matching.services.changes.affected import IRRELEVANT  # it queues runs: a circle otherwise

    return {*IRRELEVANT, *READ_EACH_TIME}


def _read(run: MatchRun) -> tuple[Frozen | None, Solver | None]:
    """The run's demands, and what solves them: over what this process keeps, else read from the database."""
    if is_ready():
        from matching.encoding.kept import over_kept  # loads the compiled loops

        kept = over_kept(run.alliance_id, run.as_of, run.chosen, outside())
        if kept:
            return kept.frozen, Solver(kept.frozen.problem, made=kept.solver)
    frozen = encode(run.alliance_id, run.as_of, run.chosen)
    return frozen, Solver(frozen.problem) if frozen else None
