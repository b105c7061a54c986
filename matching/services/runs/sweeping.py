"""Rows that no pointer leads to any more go in small steps, some time after the last reader may have begun."""

from django.conf import settings
from django.db import connection, transaction

from alliance.choices import RunState
from matching.models import DemandSites, LineMatches, LineMisses, LineResult, Pipeline

STEP = 50  # demands at a time: short transactions
TABLES = [model._meta.db_table for model in (LineResult, LineMatches, LineMisses, DemandSites, Pipeline)]

# The pointer went elsewhere a while ago; or, where it moves all the time, a newer run of the demand ended a while ago.
STALE = """
    SELECT r.id, r.run_id, r.demand_id
    FROM matching_demandresult r
    LEFT JOIN matching_matchrun m ON m.id = r.run_id
    LEFT JOIN matching_currentresult c ON c.demand_id = r.demand_id
    LEFT JOIN (
        SELECT moved.demand_id, max(ended.generation) AS generation
        FROM matching_demandresult moved JOIN matching_matchrun ended ON ended.id = moved.run_id
        WHERE ended.state = ANY(%(moving)s)
          AND ended.finished_at < clock_timestamp() - make_interval(secs => %(grace)s)
        GROUP BY moved.demand_id
    ) newer ON newer.demand_id = r.demand_id
    WHERE (m.id IS NULL OR m.finished_at < clock_timestamp() - make_interval(secs => %(grace)s))
      AND (c.run_id IS NULL
           OR (c.run_id <> r.run_id
               AND (c.moved_at < clock_timestamp() - make_interval(secs => %(grace)s)
                    OR m.generation < newer.generation)))
    LIMIT %(step)s FOR UPDATE OF r SKIP LOCKED
"""
MOVING = [RunState.FINISHED, RunState.PARTIAL]  # how a run ends that moved pointers


# Who may: the owner of the indexes.
PUT_IN_PLACE = """
    SELECT gin_clean_pending_list(oid::regclass) FROM pg_class
    WHERE oid IN (to_regclass('demand_result_firms'), to_regclass('demand_result_sites'))
      AND pg_has_role(relowner, 'USAGE')
"""


def put_in_place() -> int:
    """What runs have laid before the indexes of who is known: every look reads through it until it is put in.

    Returns how many pages there were.
    """
    with connection.cursor() as cursor:
        cursor.execute(PUT_IN_PLACE)
        return sum(row[0] for row in cursor.fetchall())


def sweep(steps: int = 20) -> int:
    """Delete rows of superseded results; returns how many (run, demand) pairs went."""
    gone = 0
    for _ in range(steps):
        found = _sweep_step()
        gone += found
        if found < STEP:
            break
    return gone


def _sweep_step() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STALE, {"grace": settings.RESULT_GRACE_SECONDS, "moving": MOVING, "step": STEP})
        rows = cursor.fetchall()
        if not rows:
            return 0
        ids, runs, demands = (list(column) for column in zip(*rows, strict=True))
        pairs = "(SELECT * FROM unnest(%s::bigint[], %s::bigint[]))"
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE (run_id, demand_id) IN {pairs}", [runs, demands])  # noqa: S608
        cursor.execute("DELETE FROM matching_demandresult WHERE id = ANY(%s)", [ids])
    return len(rows)
