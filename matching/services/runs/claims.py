"""Claims on chunks: a lease by the database's clock and a fence that only ever grows."""

import json
from collections.abc import Sequence
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
# Chunk 0 of several runs of few demands, for one worker that does them together. As above nobody waits for the disk:
# the beginning of the runs does, before anything is read.
CLAIM_SMALL = """
    UPDATE matching_runchunk
    SET state = 'claimed', fence = fence + 1, attempts = attempts + 1,
        leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE id IN (
        SELECT c.id FROM matching_runchunk c JOIN matching_matchrun r ON r.id = c.run_id
        WHERE c.run_id = ANY(%(runs)s) AND c.number = 0 AND c.state = 'pending' AND c.attempts = 0
          AND r.state = 'queued' AND (r.demand_id IS NOT NULL OR cardinality(r.demands) BETWEEN 1 AND %(most)s)
        ORDER BY c.id FOR UPDATE OF c SKIP LOCKED
    ) AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
    RETURNING run_id, id, number, fence, demands
"""
BEGIN = """
    UPDATE matching_matchrun r
    SET state = 'running', started_at = coalesce(started_at, clock_timestamp()),
        generation = nextval('matching_run_generation')
    FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS held(run, chunk, fence)
    WHERE r.id = held.run AND r.state IN ('queued', 'running')
      AND EXISTS (
        SELECT FROM matching_runchunk c WHERE c.id = held.chunk AND c.fence = held.fence AND c.state = 'claimed'
      )
    RETURNING r.id
"""
DONE = """
    UPDATE matching_runchunk c
    SET state = 'done', leased_until = NULL, error = '', counts = own.counts,
        demands = ARRAY(SELECT generate_series(0, own.demands - 1))
    FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::text[]::jsonb[]) AS own(chunk, fence, demands, counts)
    WHERE c.id = own.chunk AND c.fence = own.fence AND c.state = 'claimed'
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


def claim_small(runs: Sequence[int], most: int) -> list[Claim]:
    """Those of these runs that nobody has begun, of at most so many demands each."""
    lease = settings.MATCH_LEASE_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_SMALL, {"runs": list(runs), "lease": lease, "most": most})
        return sorted((Claim(*row) for row in cursor.fetchall()), key=lambda claim: claim.run_id)


def begin_run(claim: Claim) -> None:
    """``begin_runs`` for one. LostFenceError where it is lost."""
    if not begin_runs([claim]):
        raise LostFenceError


def begin_runs(claims: Sequence[Claim]) -> list[Claim]:
    """Mark the runs as running; the generation is drawn before the input's snapshot is taken. Returns those still held.

    So of two runs the one with the higher generation has seen at least every change whose follow-up the
    other one absorbed. Who has lost the chunk draws none: another is computing from an older snapshot.
    """
    held = [(claim.run_id, claim.chunk_id, claim.fence) for claim in claims]
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [list(column) for column in zip(*held, strict=True)])
        begun = {row[0] for row in cursor.fetchall()}
    return [claim for claim in claims if claim.run_id in begun]


def mark_done(claim: Claim) -> None:
    """First in the transaction that writes the chunk's rows: only the holder of the newest claim gets through.

    From here to the commit nobody else can claim the chunk, and a cancellation waits.
    """
    held = RunChunk.objects.filter(pk=claim.chunk_id, fence=claim.fence, state=ChunkState.CLAIMED)
    if not held.update(state=ChunkState.DONE, leased_until=None, error=""):
        raise LostFenceError


def mark_all_done(claims: Sequence[Claim], demands: Sequence[int], counts: Sequence[dict[str, int]]) -> None:
    """``mark_done`` for several, with how many demands each had and the rows written.

    LostFenceError when one of them is lost.
    """
    chunks, fences = [claim.chunk_id for claim in claims], [claim.fence for claim in claims]
    with connection.cursor() as cursor:
        cursor.execute(DONE, [chunks, fences, list(demands), [json.dumps(each) for each in counts]])
        if cursor.rowcount != len(claims):
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
