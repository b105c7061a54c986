"""Reading the feed of changes for notices and webhooks: what was read and who was told is one transaction."""

from __future__ import annotations

import time

import structlog
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, transaction

from alliance.models import Change, ConsumerPosition
from alliance.services.notices.telling import STARTERS, TELLERS, tell
from alliance.services.webhooks.collecting import ANNOUNCERS

CONSUMER = "notices"
BATCH = 200
# Seconds after which a transaction ends: until then nobody reads the feed beyond it, the matcher neither.
LONGEST = 0.02
logger = structlog.get_logger(__name__)

# The feed stops at the oldest running transaction: a slower one's rows are read later, never skipped.
READ = """
    SELECT id, transaction, actor_id, at, kind, object_id, verb, before, after FROM alliance_change
    WHERE (transaction, id) > (%s, %s) AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY transaction, id LIMIT %s
"""


def follow_news() -> int:
    """Tell people of what is new in the feed; returns the number of changes read.

    A worker that is killed leaves nothing behind: the notices, what was remembered and the position are written
    together. Somebody else who reads at this moment does the work.
    """
    total, more = 0, True
    while more:
        read, more = _follow_batch()
        total += read
    return total


def _follow_batch() -> tuple[int, bool]:
    """How many were told, and whether there may be more."""
    with transaction.atomic():
        position, is_new = _position()
        if position is None:
            return 0, False
        if is_new or _is_from_another_cluster(position):
            return _start(position), False
        changes = list(Change.objects.raw(READ, [position.transaction, position.change, BATCH]))
        told, until = 0, time.monotonic() + LONGEST
        for change in changes:
            _tell(change)
            position.transaction, position.change = change.transaction, change.pk
            told += 1
            if time.monotonic() > until:
                break
        if told:
            position.save()
        return told, told < len(changes) or told == BATCH


def _position() -> tuple[ConsumerPosition | None, bool]:
    """The place read up to, locked; and whether nobody has read before."""
    rows = ConsumerPosition.objects.select_for_update(skip_locked=True).filter(name=CONSUMER)
    found = rows.first()
    if found is not None:
        return found, False
    ConsumerPosition.objects.bulk_create([ConsumerPosition(name=CONSUMER)], ignore_conflicts=True)
    found = rows.first()
    return found, found is not None and (found.transaction, found.change) == (0, 0)


def _is_from_another_cluster(position: ConsumerPosition) -> bool:
    """After a restore from a dump transaction ids begin again; the old position would hide every change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return bool(position.transaction >= cursor.fetchone()[0])


def _start(position: ConsumerPosition) -> int:
    """Nobody is told of what was there before: reading begins now."""
    for start in STARTERS:
        start()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
        position.transaction, position.change = cursor.fetchone()[0], 0
    position.save()
    return 0


def _tell(change: Change) -> None:
    """Organisations' systems first, then people: what people were told of a run counts as known.

    One change that cannot be told must not keep the others waiting; an error of the database does.
    """
    try:
        if announcer := ANNOUNCERS.get(change.kind):
            announcer(change)
        if teller := TELLERS.get(change.kind):
            tell(f"change:{change.pk}", teller(change))
    except (LookupError, ValueError, TypeError, AttributeError, ObjectDoesNotExist, ValidationError):
        logger.exception("a change was not told", change=change.pk, kind=change.kind, verb=change.verb)
