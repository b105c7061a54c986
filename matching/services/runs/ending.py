"""The end of a run: one transaction moves the pointers, sets the state and says so, once."""

import json
from collections import Counter
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from alliance.changes import record_all
from alliance.choices import ChunkState, RunState
from matching.models import CurrentResult, Demand, MatchRun, RunChunk, RunInput

OPEN_RUN = (RunState.QUEUED, RunState.RUNNING)
OPEN_CHUNK = (ChunkState.PENDING, ChunkState.CLAIMED)

# The demand's row is locked: one that is being withdrawn at this moment gets no pointer, or loses it after.
MOVE = """
    INSERT INTO matching_currentresult AS here (demand_id, run_id, as_of, feasible_sites, moved_at)
    SELECT r.demand_id, r.run_id, own.as_of, r.feasible_sites, clock_timestamp()
    FROM unnest(%(runs)s::bigint[], %(as_of)s::date[]) AS own(run, as_of)
    JOIN matching_demandresult r ON r.run_id = own.run JOIN matching_demand d ON d.id = r.demand_id
    WHERE d.published
    ORDER BY r.demand_id FOR SHARE OF d
    ON CONFLICT (demand_id) DO UPDATE
    SET run_id = excluded.run_id, as_of = excluded.as_of, feasible_sites = excluded.feasible_sites,
        moved_at = excluded.moved_at
    WHERE coalesce((SELECT generation FROM matching_matchrun m WHERE m.id = here.run_id), 0)
        < coalesce((SELECT generation FROM matching_matchrun m WHERE m.id = excluded.run_id), 0)
"""
CLOSE = """
    UPDATE matching_matchrun r
    SET state = 'finished', finished_at = statement_timestamp(), counts = own.counts, as_of = own.as_of,
        demands_done = own.demands, demands_total = own.demands, version = own.version
    FROM unnest(%s::bigint[], %s::text[]::jsonb[], %s::date[], %s::int[], %s::text[])
        AS own(run, counts, as_of, demands, version)
    WHERE r.id = own.run
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
        _move_pointers([run])
    run.counts = dict(sum((Counter(chunk.counts) for chunk in done), Counter()))
    run.chunks_done = sum(1 for chunk in done if chunk.number)
    run.demands_done = sum(len(chunk.demands) for chunk in done)
    run.error = "\n".join(sorted({chunk.error for chunk in failed if chunk.error}))
    values = {
        name: getattr(run, name) for name in ("state", "counts", "demands_done", "chunks_done", "error")
    }
    MatchRun.objects.filter(pk=run.pk).update(finished_at=Now(), **values)
    _say([run])
    RunInput.objects.filter(run=run).delete()


def end_small(runs: Sequence[MatchRun]) -> None:
    """The end of runs that one worker did: they are locked, and hold what is to be said of them."""
    for run in runs:
        run.state, run.demands_done = RunState.FINISHED, run.demands_total
    _move_pointers(runs)
    columns = zip(
        *((run.pk, json.dumps(run.counts), run.as_of, run.demands_total, run.version) for run in runs),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, [list(column) for column in columns])
    _say(runs)


def _say(runs: Sequence[MatchRun]) -> None:
    told = [
        (
            str(run.public_id),
            {"state": run.state, "as_of": run.as_of.isoformat(), "demands": run.demands_done, **run.counts},
        )
        for run in runs
    ]
    record_all("finished", "run", told)


def _move_pointers(runs: Sequence[MatchRun]) -> None:
    """Readers see the new rows of all demands at once when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute(MOVE, {"runs": [run.pk for run in runs], "as_of": [run.as_of for run in runs]})
    covered = Q(demand__in=sorted({demand for run in runs for demand in run.chosen}))
    for run in runs:
        if not run.chosen:
            covered |= Q(demand__alliance=run.alliance_id)
    drop_pointers(covered)


def drop_pointers(which: Q) -> int:
    """Demands that are not published, or have no lines, are in no result."""
    # Asked of each: as a list the country's demands would be read for every run.
    matched = Demand.objects.filter(pk=OuterRef("demand_id"), published=True, lines__isnull=False)
    return CurrentResult.objects.filter(which).exclude(Exists(matched)).delete()[0]
