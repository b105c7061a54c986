"""When runs share what they read: full runs on a large register, over one supply for each state of the database."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from alliance.choices import Scope
from alliance.models import Alliance
from matching.encoding import Supply, has_supply, lay_out, open_supply, write_supply
from matching.models import DemandLine
from matching.services.runs.collecting import without_collecting
from matching.services.runs.nudging import nudge_to_lay_out

logger = logging.getLogger(__name__)
LARGE = 20_000  # capabilities; below, an alliance's own are read in a second
# Every write records a change in its own transaction: those that a snapshot sees say what it holds.
STATE = """
    SELECT count(*), coalesce(max(id), 0) FROM alliance_change WHERE kind <> ALL(%s)
"""
_open: list[Supply] = []


@contextmanager
def one_snapshot() -> Iterator[None]:
    """A transaction in which every query sees the same moment (inside another one: that one's rules)."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def supply_of_now(as_of: date) -> Supply | None:
    """The supply as this transaction's snapshot sees it, written now if need be; None where it does not pay, or where
    it cannot be written."""
    if not settings.SNAPSHOT_DIR:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM companies_capability OFFSET %s LIMIT 1", [LARGE])
        if cursor.fetchone() is None:
            return None
    version = _version(as_of)
    try:
        if not has_supply(version):
            with without_collecting():  # which took half as long as all the rest
                is_new = write_supply(version, as_of)
            if is_new:
                nudge_to_lay_out(version)
    except OSError as error:
        logger.warning("no supply can be kept in %s: %s", settings.SNAPSHOT_DIR, error)
        return None
    return supply(version)


def prepare_supply(as_of: date) -> str:
    """Write the supply of a day if need be and lay out what full runs begin with, so that the first takes as long as
    the next; its version, "" where there is none. Several processes share the second part."""
    with one_snapshot():
        found = supply_of_now(as_of)
    if found:
        lay_out_supply(found.version)
    return found.version if found else ""


def prepare_nightly_supply() -> None:
    """Some minutes before the runs of the night, where any are due."""
    today = timezone.localdate()
    if Alliance.objects.filter(as_of__lt=today, as_of_pinned=False).exists():
        prepare_supply(today)


def lay_out_supply(version: str) -> int:
    """Lay out what published lines ask for; how much of it this process did, 0 where the supply is not there."""
    if not has_supply(version):
        return 0
    lines = DemandLine.objects.filter(demand__published=True).order_by()
    kinds = lines.values_list("component_type_id", flat=True).distinct()
    everywhere = kinds.filter(demand__scope=Scope.OPEN)
    return lay_out(supply(version), set(kinds), set(everywhere))


class SupplyGoneError(Exception):
    """The files that a run is computed from are not on this machine (any more)."""


def supply(version: str) -> Supply:
    """Kept open by this process, one at a time. SupplyGoneError when it is not there."""
    if not _open or _open[0].version != version:
        try:
            _open[:] = [open_supply(version)]
        except FileNotFoundError as error:
            raise SupplyGoneError(f"The snapshot {version} is gone: {error}") from error
    return _open[0]


def _version(as_of: date) -> str:
    from matching.services.changes.affected import IRRELEVANT  # it queues runs: a circle otherwise

    outside = [*IRRELEVANT, "demand", "alliance", "membership", "weights"]  # read for each run
    with connection.cursor() as cursor:
        cursor.execute(STATE, [outside])
        count, last = cursor.fetchone()
    return f"{as_of.isoformat()}-{count}-{last}"
