"""Reading the feed of changes, and queueing the runs that they call for."""

import time
from collections import defaultdict
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Count, Q

from alliance.choices import RunState
from alliance.models import Alliance, Change, ConsumerPosition
from matching.models import Demand, MatchRun
from matching.services.changes.affected import Affected, affected_by
from matching.services.changes.former import forget_followed
from matching.services.runs.ending import drop_pointers
from matching.services.runs.queueing import CHANGE, create_run, create_small_runs, has_matching
from matching.services.runs.working import work_on_run, work_on_small_runs

CONSUMER = "matcher"
BATCH = 2000
# When more than this part of an alliance's demands is touched, all of it is matched: one run with many workers.
MOST_PART = 0.5
PART = 30  # demands that one worker takes at a time, at least: reading what they need costs as much as matching them
MOST_PARTS = 4  # of all alliances: a fifth would wait for one of the usual four workers
FEW = 128  # but so many never make it a run of the whole alliance
MOST_APART = 8 * FEW  # demands of an alliance: more are frozen once, and cut into chunks for all workers
# The feed stops at the oldest running transaction: a slower one's rows are read later, never skipped.
READ = """
    SELECT id, transaction, kind, object_id, verb, before, after FROM alliance_change
    WHERE (transaction, id) > (%s, %s) AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY transaction, id LIMIT %s
"""

# Changes that nobody has followed yet; whether one of them is in the part of the feed that can be read.
WAITING = """
    SELECT bool_or(transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
    FROM alliance_change
    WHERE (transaction, id) > (SELECT transaction, change FROM alliance_consumerposition WHERE name = %s)
      AND transaction IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint
      AND kind <> ALL(%s)
"""
OWN = ["run"]  # kinds of changes that following makes itself
PAUSE = 0.01
TURN = 20.0  # seconds of matching after which a follower leaves the rest to others


def follow_changes(
    *, patience: float = 0.0, queued: list[list[int]] | None = None, until_queued: bool = False
) -> int:
    """Read what is new in the feed and queue runs for it; returns the number of changes read.

    Runs and position are one transaction: a crash repeats it, and runs that already wait absorb others. Who finds
    another reading goes: the other looks again when it has let go. `patience`: seconds to wait for changes that an
    older transaction holds back. `queued` takes the keys of the runs, those in one list
    that one worker does together; `until_queued`: no further, once there are some.
    """
    total, until = 0, time.monotonic() + patience
    while not (until_queued and queued and not _is_waiting(OWN)):
        read = _follow_batch(queued)
        if read is None:
            return total
        total += read
        if not read:
            if _is_waiting() is None or time.monotonic() >= until:
                return total
            time.sleep(PAUSE)
    return total


def follow_and_match(*, patience: float = 0.0) -> int:
    """Follow, and do at once what was queued, as far as nobody else has begun it; returns the changes read.

    Then look again: for what was changed meanwhile, and what others left because this one was reading. Runs of a whole
    alliance are left to the messages that they have sent: this task ends long before its time limit.
    """
    total, until = 0, time.monotonic() + TURN
    while True:
        queued: list[list[int]] = []
        total += follow_changes(patience=patience, queued=queued, until_queued=True)
        if not queued:
            return total
        for group in queued:
            if time.monotonic() < until:
                _match(group)


def _match(group: list[int]) -> None:
    """Of these runs those that nobody has begun and that cover few demands."""
    if len(group) > 1:
        work_on_small_runs(group)
        return
    small = MatchRun.objects.filter(pk__in=group, state=RunState.QUEUED).exclude(demand=None, demands=[])
    if small.exists():
        work_on_run(group[0])


def _is_waiting(without: Sequence[str] = ()) -> bool | None:
    """None when there is nothing; False when an older transaction holds back what there is."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [CONSUMER, list(without)])
        found: bool | None = cursor.fetchone()[0]
    return found


def _follow_batch(queued: list[list[int]] | None) -> int | None:
    """One step; None when somebody else takes it at this moment."""
    with transaction.atomic():
        position = _position()
        if position is None:
            return None
        if _is_from_another_cluster(position):
            return _start_again(position, queued)
        changes = list(Change.objects.raw(READ, [position.transaction, position.change, BATCH]))
        if not changes:
            return 0
        runs = _queue(affected_by(changes))
        if queued is not None:
            queued += runs
        position.transaction, position.change = changes[-1].transaction, changes[-1].pk
        position.save()
        forget_followed(position.transaction)
        return len(changes)


def _position() -> ConsumerPosition | None:
    """How far the feed was read, locked; None when somebody else holds it."""
    mine = ConsumerPosition.objects.select_for_update(skip_locked=True).filter(name=CONSUMER)
    position = mine.first()
    if position is None:
        made = ConsumerPosition.objects.bulk_create([ConsumerPosition(name=CONSUMER)], ignore_conflicts=True)
        position = mine.first() if made else None
    return position


def _is_from_another_cluster(position: ConsumerPosition) -> bool:
    """After a restore from a dump transaction ids begin again; the old position would hide every change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return bool(position.transaction >= cursor.fetchone()[0])


def _start_again(position: ConsumerPosition, queued: list[list[int]] | None) -> int:
    """Match everything once, and read on from here."""
    runs = _queue(Affected(everything=True))
    if queued is not None:
        queued += runs
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
        position.transaction, position.change = cursor.fetchone()[0], 0
    position.save()
    forget_followed(position.transaction)
    return 0


def _queue(affected: Affected) -> list[list[int]]:
    """One run for each alliance concerned, of what is touched there; a run that waits already is enough.

    In groups that one worker does together.
    """
    if affected.everything:
        drop_pointers(Q(demand__published=False))
        return [
            [create_run(alliance, cause=CHANGE).pk]
            for alliance in Alliance.objects.order_by("pk")
            if has_matching(alliance)
        ]
    drop_pointers(Q(demand__in=affected.demands))
    demands: defaultdict[int, list[int]] = defaultdict(list)
    published = Demand.objects.filter(pk__in=affected.demands, published=True).order_by("pk")
    for key, alliance_id in published.values_list("pk", "alliance_id"):
        demands[alliance_id].append(key)
    whole = affected.alliances | _mostly(demands)
    most = max(1, MOST_PARTS // max(1, len(demands | dict.fromkeys(whole))))
    few = {
        key: several
        for key, several in demands.items()
        if key not in whole and (len(several) <= PART or most == 1) and len(several) <= FEW
    }
    queued = create_small_runs(few) if few else []
    left = (whole | demands.keys()) - _alliances_of(queued)
    for alliance in Alliance.objects.filter(pk__in=left).order_by("pk"):
        if alliance.pk in demands or has_matching(alliance):
            some = [] if alliance.pk in whole else demands[alliance.pk]
            queued += [[run] for run in _queue_parts(alliance, some, most)]
    return queued


def _alliances_of(groups: list[list[int]]) -> set[int]:
    runs = MatchRun.objects.filter(pk__in=[run for group in groups for run in group])
    return set(runs.values_list("alliance_id", flat=True)) if groups else set()


def _mostly(demands: dict[int, list[int]]) -> set[int]:
    """Alliances of which so much is touched that all of it may as well be matched."""
    many = [key for key, several in demands.items() if len(several) > FEW]
    if not many:
        return set()
    counted = Demand.objects.filter(alliance__in=many, published=True).order_by().values_list("alliance")
    return {key for key, count in counted.annotate(Count("pk")) if len(demands[key]) > MOST_PART * count}


def _queue_parts(alliance: Alliance, demands: list[int], most: int) -> list[int]:
    """In parts that several workers take at once, unless they are behind: then what waits takes it along."""
    waiting = MatchRun.objects.filter(alliance=alliance, state=RunState.QUEUED).exists()
    if waiting or len(demands) <= PART:
        return [_queue_one(alliance, demands).pk]
    parts = _parts(len(demands), most)
    return [
        create_run(alliance, demands=demands[n::parts], apart=n > 0, cause=CHANGE).pk for n in range(parts)
    ]


def _parts(demands: int, most: int) -> int:
    """At most so many, but none too large for one worker: what one alone cannot do is frozen first, which for a few
    demands more than that would read a whole country."""
    if demands > MOST_APART:
        return 1
    return max(min(-(-demands // PART), most), -(-demands // FEW))


def _queue_one(alliance: Alliance, demands: list[int]) -> MatchRun:
    if len(demands) == 1:
        return create_run(alliance, demand=Demand.objects.get(pk=demands[0]), cause=CHANGE)
    return create_run(alliance, demands=demands, cause=CHANGE)
