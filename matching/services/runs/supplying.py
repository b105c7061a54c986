"""When runs share what they read: full runs on a large register, over one supply for each state of the database."""

import logging
from datetime import date

from django.conf import settings
from django.db import connection

from matching.encoding import Supply, has_supply, open_supply, write_supply

logger = logging.getLogger(__name__)
LARGE = 20_000  # capabilities; below, an alliance's own are read in a second
# Every write records a change in its own transaction: those that a snapshot sees say what it holds.
STATE = """
    SELECT count(*), coalesce(max(id), 0) FROM alliance_change WHERE kind <> ALL(%s)
"""
_open: list[Supply] = []


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
            write_supply(version, as_of)
    except OSError as error:
        logger.warning("no supply can be kept in %s: %s", settings.SNAPSHOT_DIR, error)
        return None
    return supply(version)


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
