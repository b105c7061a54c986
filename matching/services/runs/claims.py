"""Claims on chunks: a lease by the database's clock and a fence that only ever grows."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Q, Value, When

from alliance.choices import ChunkState, RunState
from matching.models import MatchRun, RunChunk

ATTEMPTS = 5
LONGEST_ERROR = 2000

CLAIM = """
    UPDATE matching_runchunk
    SET state = 'claimed', fence = fence + 1, attempts = attempts + 1,
        leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE id = (
        SELECT id FROM matching_runchunk
        WHERE run_id = %(run)s AND attempts < %(attempts)s
          AND (state = 'pending' OR (state = 'claimed' AND leased_until < clock_timestamp()))
        ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
    RETURNING id, number, fence, demands
"""
BEGIN = """
    UPDATE matching_matchrun
    SET state = 'running', started_at = coalesce(started_at, clock_timestamp()),
        generation = nextval('matching_run_generation')
    WHERE id = %s AND state IN ('queued', 'running')
      AND EXISTS (SELECT FROM matching_runchunk c WHERE c.id = %s AND c.fence = %s AND c.state = 'claimed')
"""
EXHAUSTED = """
    UPDATE matching_runchunk SET state = 'failed', leased_until = NULL,
        error = coalesce(nullif(error, ''), 'No worker finished it in the time of its lease.')
    WHERE state = 'claimed' AND leased_until < clock_timestamp() AND attempts >= %s
      AND (%s::bigint IS NULL OR run_id = %s::bigint)
"""


class LostFenceError(Exception):
    """The chunk belongs to somebody else by now, or its run has ended: drop everything."""


@dataclass(frozen=True)
class Claim:
    run_id: int
    chunk_id: int
    number: int
    fence: int
    demands: list[int]


def without_waiting() -> None:
    """The commit of this transaction does not wait for the disk.

    For what a crash of the database may take: nobody reads a run's rows before its end, whose commit waits for all
    before it. Rows go together with the mark that they are there, and the chunk is done again. A claim that is lost
    is given again under the same fence: both compute the same from the same input, and one of them gets through.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def claim_chunk(run_id: int) -> Claim | None:
    """The first chunk that is free or whose lease ran out; None when there is nothing to do now."""
    with connection.cursor() as cursor:
        lease = settings.MATCH_LEASE_SECONDS
        cursor.execute(CLAIM, {"run": run_id, "lease": lease, "attempts": ATTEMPTS})
        row = cursor.fetchone()
    return Claim(run_id, *row) if row else None


def begin_run(claim: Claim) -> None:
    """Mark the run as running; the generation is drawn before the input's snapshot is taken.

    So of two runs the one with the higher generation has seen at least every change whose follow-up the
    other one absorbed. Who has lost the chunk draws none: another is computing from an older snapshot.
    """
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [claim.run_id, claim.chunk_id, claim.fence])
        if not cursor.rowcount:
            raise LostFenceError


def mark_done(claim: Claim) -> None:
    """First in the transaction that writes the chunk's rows: only the holder of the newest claim gets through.

    From here to the commit nobody else can claim the chunk, and a cancellation waits.
    """
    held = RunChunk.objects.filter(pk=claim.chunk_id, fence=claim.fence, state=ChunkState.CLAIMED)
    if not held.update(state=ChunkState.DONE, leased_until=None, error=""):
        raise LostFenceError


def give_back(claim: Claim, error: str) -> None:
    """After an error: free for another attempt, or failed after the last."""
    held = RunChunk.objects.filter(pk=claim.chunk_id, fence=claim.fence, state=ChunkState.CLAIMED)
    held.update(
        state=Case(
            When(attempts__gte=ATTEMPTS, then=Value(ChunkState.FAILED)), default=Value(ChunkState.PENDING)
        ),
        leased_until=None,
        error=error[:LONGEST_ERROR],
    )


def fail_exhausted(run_id: int | None = None) -> int:
    """Chunks whose last attempt's lease ran out."""
    with connection.cursor() as cursor:
        cursor.execute(EXHAUSTED, [ATTEMPTS, run_id, run_id])
        return int(cursor.rowcount)


def claimable_runs() -> dict[int, int]:
    """Open runs that somebody should work on, with the number of chunks free to claim."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT run_id, count(*) FROM matching_runchunk
            WHERE state IN ('pending', 'claimed') AND attempts < %s
              AND (state = 'pending' OR leased_until < clock_timestamp())
            GROUP BY run_id ORDER BY run_id
            """,
            [ATTEMPTS],
        )
        return dict(cursor.fetchall())


def settled_runs() -> list[int]:
    """Open runs without an open chunk: they only wait for their end."""
    open_chunk = Q(chunks__state__in=[ChunkState.PENDING, ChunkState.CLAIMED])
    runs = MatchRun.objects.filter(state__in=[RunState.QUEUED, RunState.RUNNING]).exclude(
        pk__in=MatchRun.objects.filter(open_chunk).values("pk")
    )
    return list(runs.order_by("pk").values_list("pk", flat=True))


def note_progress(run_id: int) -> None:
    """How far the run is, for people; nothing depends on it."""
    done = RunChunk.objects.filter(run_id=run_id, state=ChunkState.DONE, number__gt=0)
    sizes = list(done.values_list("demands__len", flat=True))
    if not sizes:
        return
    with transaction.atomic():
        without_waiting()
        MatchRun.objects.filter(pk=run_id, state=RunState.RUNNING, chunks_done__lt=len(sizes)).update(
            chunks_done=len(sizes), demands_done=sum(size or 0 for size in sizes)
        )
