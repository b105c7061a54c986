"""The end of a run: one transaction moves the pointers, sets the state and says so, once."""

from collections import Counter

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from alliance.changes import record
from alliance.choices import ChunkState, RunState
from matching.models import CurrentResult, Demand, MatchRun, RunChunk, RunInput

OPEN_RUN = (RunState.QUEUED, RunState.RUNNING)
OPEN_CHUNK = (ChunkState.PENDING, ChunkState.CLAIMED)

# The demand's row is locked: one that is being withdrawn at this moment gets no pointer, or loses it after.
MOVE = """
    INSERT INTO matching_currentresult AS here (demand_id, run_id, as_of, feasible_sites, moved_at)
    SELECT r.demand_id, r.run_id, %(as_of)s, r.feasible_sites, clock_timestamp()
    FROM matching_demandresult r JOIN matching_demand d ON d.id = r.demand_id
    WHERE r.run_id = %(run)s AND d.published
    ORDER BY r.demand_id FOR SHARE OF d
    ON CONFLICT (demand_id) DO UPDATE
    SET run_id = excluded.run_id, as_of = excluded.as_of, feasible_sites = excluded.feasible_sites,
        moved_at = excluded.moved_at
    WHERE coalesce((SELECT generation FROM matching_matchrun m WHERE m.id = here.run_id), 0) < %(generation)s
"""


def finish_run(run_id: int) -> bool:
    """End the run if every chunk has ended; True for the one caller who did it."""
    open_run = MatchRun.objects.filter(pk=run_id, state__in=OPEN_RUN)
    if not open_run.exclude(chunks__state__in=OPEN_CHUNK).exists():
        return False
    with transaction.atomic():
        mine = MatchRun.objects.select_for_update(skip_locked=True, no_key=True)
        run = mine.filter(pk=run_id, state__in=OPEN_RUN).first()
        if run is None:
            return False
        chunks = list(RunChunk.objects.filter(run=run).order_by("number"))
        if any(chunk.state in OPEN_CHUNK for chunk in chunks):
            return False
        _end(run, chunks)
    return True


def _end(run: MatchRun, chunks: list[RunChunk]) -> None:
    done = [chunk for chunk in chunks if chunk.state == ChunkState.DONE]
    failed = [chunk for chunk in chunks if chunk.state != ChunkState.DONE]
    if not failed:
        run.state = RunState.FINISHED
    else:
        computed = any(chunk.number for chunk in done)
        run.state = RunState.PARTIAL if computed else RunState.FAILED
    if run.state != RunState.FAILED:
        _move_pointers(run)
    run.counts = dict(sum((Counter(chunk.counts) for chunk in done), Counter()))
    run.chunks_done = sum(1 for chunk in done if chunk.number)
    run.demands_done = sum(len(chunk.demands) for chunk in done)
    run.error = "\n".join(sorted({chunk.error for chunk in failed if chunk.error}))
    _close(run, "chunks_done", "error")
    RunInput.objects.filter(run=run).delete()


def end_small(run: MatchRun, counts: dict[str, int]) -> None:
    """The end of a run that one worker did: `run` is locked, and holds what is to be said of it."""
    run.state, run.counts, run.demands_done = RunState.FINISHED, counts, run.demands_total
    _move_pointers(run)
    _close(run, "as_of", "demands_total", "version")


def _close(run: MatchRun, *more: str) -> None:
    values = {name: getattr(run, name) for name in ("state", "counts", "demands_done", *more)}
    MatchRun.objects.filter(pk=run.pk).update(finished_at=Now(), **values)
    record(
        "finished",
        "run",
        str(run.public_id),
        after={"state": run.state, "as_of": run.as_of.isoformat(), "demands": run.demands_done, **run.counts},
    )


def _move_pointers(run: MatchRun) -> None:
    """Readers see the new rows of all demands at once when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute(MOVE, {"run": run.pk, "as_of": run.as_of, "generation": run.generation or 0})
    covered = Q(demand__in=run.chosen) if run.chosen else Q(demand__alliance=run.alliance_id)
    drop_pointers(covered)


def drop_pointers(which: Q) -> int:
    """Demands that are not published, or have no lines, are in no result."""
    # Asked of each: as a list the country's demands would be read for every run.
    matched = Demand.objects.filter(pk=OuterRef("demand_id"), published=True, lines__isnull=False)
    return CurrentResult.objects.filter(which).exclude(Exists(matched)).delete()[0]
