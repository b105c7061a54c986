"""A run of few demands is done by the worker that claims it, at once: what a change touched, or one demand.

Nothing is frozen for others to read. Rows, pointers and the end of the run are one transaction: readers see all of
it or none, and a worker that dies leaves a claim that another takes over, as with every chunk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction

from alliance.choices import RunState
from matching.encoding import Frozen, encode
from matching.encoding.columns import Array
from matching.kernel import Results
from matching.kernel.compiled import is_ready
from matching.kernel.joining import joined_results
from matching.kernel.solve import Solver
from matching.models import MatchRun
from matching.services.results import rows_by_demand, write_results
from matching.services.runs.claims import Claim, LostFenceError, begin_runs, mark_all_done
from matching.services.runs.ending import end_small
from matching.services.runs.freezing import short_version
from matching.services.runs.supplying import one_snapshot

# More demands than this are frozen and cut, so that several workers share them.
SMALL = 128
READ_EACH_TIME = ("demand", "alliance", "membership", "weights")


@dataclass(frozen=True)
class _Part:
    """Demands of one table with what solves them: several runs over what is kept, or one read for itself."""

    frozen: Frozen
    run_of: Array  # for each demand of the table
    solvers: list[tuple[Solver, Array | None]]  # with the demands that each is asked for; None: all

    def solved(self) -> Results:
        return joined_results([solver.solve(positions) for solver, positions in self.solvers])


def match_small(claims: Sequence[Claim]) -> bool:
    """Do runs of few demands from beginning to end, of an alliance one at most; False when it is not such a run.

    LostFenceError as everywhere; of several all are given up when one is lost.
    """
    claims = begin_runs(claims)
    if not claims:
        raise LostFenceError
    with one_snapshot():
        found = MatchRun.objects.select_related("alliance").in_bulk([claim.run_id for claim in claims])
        runs = [found[claim.run_id] for claim in claims]
        if not all(0 < len(run.chosen) <= SMALL for run in runs):
            return False
        for run in runs:
            run.as_of = run.alliance.as_of or run.as_of  # it may have moved while the run waited
        parts = _read(runs)
    solved = [(part, part.solved()) for part in parts]
    counts = _counts(runs, solved)
    with transaction.atomic():
        # The runs before their chunks, as everywhere: two steps never wait for each other.
        held = MatchRun.objects.select_for_update(no_key=True).filter(pk__in=found, state=RunState.RUNNING)
        if len(held.order_by("pk")) != len(runs):
            raise LostFenceError
        mark_all_done(claims, [run.demands_total for run in runs], [counts[run.pk] for run in runs])
        for part, results in solved:
            write_results(part.run_of, part.frozen.problem, part.frozen.identities, results)
        end_small(runs)
    return True


def _counts(runs: Sequence[MatchRun], solved: Sequence[tuple[_Part, Results]]) -> dict[int, dict[str, int]]:
    """Rows of each run; the runs are told theirs."""
    counts: dict[int, dict[str, int]] = {run.pk: {} for run in runs}
    versions: dict[int, str] = {}
    for part, results in solved:
        by_demand = rows_by_demand(part.frozen.problem, results)
        for run in np.unique(part.run_of).tolist():
            own = part.run_of == run
            counts[run] = {name: int(many[own].sum()) for name, many in by_demand.items()}
            versions[run] = short_version(part.frozen)
    for run in runs:
        run.demands_total = counts[run.pk].get("demands", 0)
        run.counts = {name: many for name, many in counts[run.pk].items() if many}
        run.version = versions.get(run.pk, "")
    return counts


def outside() -> set[str]:
    """Kinds of changes on which nothing depends that a worker keeps between runs."""
    from matching.services.changes.affected import IRRELEVANT  # it queues runs: a circle otherwise

    return {*IRRELEVANT, *READ_EACH_TIME}


def _read(runs: Sequence[MatchRun]) -> list[_Part]:
    """The runs' demands, and what solves them: over what this process keeps, else read from the database."""
    if is_ready():
        from matching.encoding.kept import Wanted, over_kept  # loads the compiled loops

        kept = over_kept([Wanted(run.alliance_id, run.as_of, run.chosen) for run in runs], outside())
        if kept:
            run_of = np.zeros(len(kept.frozen.identities.demands), np.int64)
            for run, part in zip(runs, kept.parts, strict=True):
                run_of[part.positions] = run.pk
            solvers: list[tuple[Solver, Array | None]] = [
                (Solver(part.problem, made=part.solver), part.positions)
                for part in kept.parts
                if len(part.positions)
            ]
            return [_Part(kept.frozen, run_of, solvers)]
    parts = []
    for run in runs:
        frozen = encode(run.alliance_id, run.as_of, run.chosen)
        if frozen:
            run_of = np.full(len(frozen.identities.demands), run.pk)
            parts.append(_Part(frozen, run_of, [(Solver(frozen.problem), None)]))
    return parts
