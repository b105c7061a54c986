"""What an alliance's demands name, made into bits from one snapshot; the marks that this snapshot showed go with it."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from matching.models import NamedIds

#: The second half of an advisory lock's key is the alliance.
LOCK = 0x6E616D65
#: An alliance in which something moves all the time is made anew at most one hundredth of the time.
PAUSE = 100
HEAD = 20  # bytes of an array's own before its ids

# Elsewhere than where each statement has a snapshot of its own the next one would read what was before the lock.
TAKE = """
    SELECT pg_try_advisory_xact_lock(%s, %s) AND current_setting('transaction_isolation') = 'read committed'
"""
# One statement, one snapshot: marks, and all that is named. Something of every pointer of a published demand.
READ = """
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           ARRAY(SELECT id FROM matching_namedmark WHERE alliance_id = %(alliance)s)
    UNION ALL
    SELECT d.scope = 'open', r.id IS NOT NULL, array_send(r.capabilities), array_send(r.suppliers), array_send(r.team),
           array_send(r.team_suppliers), array_send(r.sites), NULL
    FROM matching_currentresult c JOIN matching_demand d ON d.id = c.demand_id
    LEFT JOIN matching_demandresult r ON r.demand_id = c.demand_id AND r.run_id = c.run_id
    WHERE d.alliance_id = %(alliance)s AND d.published
"""
KINDS = ("paired", "offered", "suppliers", "suppliers_open", "sites_open")
WRITE = f"""
    INSERT INTO matching_namedids (alliance_id, {", ".join(KINDS)}, whole, built_at, took)
    VALUES (%s, %s, %s, %s, %s, %s, %s, clock_timestamp(), %s)
    ON CONFLICT (alliance_id) DO UPDATE SET {", ".join(f"{k} = excluded.{k}" for k in KINDS)},
        whole = excluded.whole, built_at = excluded.built_at, took = excluded.took
"""  # noqa: S608 (our own names)
# Those that nobody has made yet first.
WAITING = """
    SELECT a.id FROM alliance_alliance a LEFT JOIN matching_namedids b ON b.alliance_id = a.id
    WHERE (b.alliance_id IS NULL OR EXISTS (SELECT FROM matching_namedmark m WHERE m.alliance_id = a.id))
      AND (b.alliance_id IS NULL OR b.built_at + make_interval(secs => b.took / 1000 * %s) < clock_timestamp())
    ORDER BY b.built_at NULLS FIRST, a.id
"""


def name_ids(seconds: float = 1.0, pause: float = PAUSE) -> int:
    """Make the bits of alliances anew in which something has moved, until the time is over; returns of how many.

    What is left, or moves meanwhile, the next round finds. `pause`: how many times as long as it took the bits of an
    alliance are left alone."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [pause])
        waiting = [row[0] for row in cursor.fetchall()]
    until, made = time.monotonic() + seconds, 0
    for alliance in waiting:
        made += name_ids_of(alliance)
        if time.monotonic() > until:
            break
    return made


def name_ids_of(alliance: int) -> bool:
    """Make the bits of one alliance anew; False where somebody else is doing it.

    The lock is held until the commit, and what is read is read after it was taken: bits are never written over by
    those of an earlier snapshot. A mark that this snapshot does not show stays.
    """
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE, [LOCK, alliance % 2**31])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(READ, {"alliance": alliance})
        rows = cursor.fetchall()
        marks = next(row[-1] for row in rows if row[-1] is not None)
        found = [row[:-1] for row in rows if row[-1] is None]
        whole = all(there for _, there, *_ in found)
        bits = _bits(found) if whole else dict.fromkeys(KINDS, b"")
        took = (time.perf_counter() - began) * 1000
        cursor.execute(WRITE, [alliance, *(bits[kind] for kind in KINDS), whole, took])
        cursor.execute("DELETE FROM matching_namedmark WHERE id = ANY(%s)", [marks])
    return True


def _bits(rows: Sequence[tuple[Any, ...]]) -> dict[str, bytes]:
    """By kind (see `NamedIds`)."""
    everywhere = [row for row in rows if row[0]]
    paired, suppliers = _ids(rows, 2), _ids(rows, 3)
    team_suppliers = _ids(everywhere, 5)
    return {
        "paired": _packed(paired),
        "offered": _packed(paired, _ids(everywhere, 4)),
        "suppliers": _packed(suppliers, team_suppliers),
        "suppliers_open": _packed(_ids(everywhere, 3), team_suppliers),
        "sites_open": _packed(_ids(everywhere, 6)),
    }


def _ids(rows: Sequence[tuple[Any, ...]], column: int) -> npt.NDArray[np.int64]:
    """The ids of all arrays of a column, as the database sends arrays of bigint: of each its length and itself."""
    told = b"".join(bytes(row[column])[HEAD:] for row in rows)
    return np.frombuffer(told, [("length", ">i4"), ("id", ">i8")])["id"].astype(np.int64)


def _packed(*ids: npt.NDArray[np.int64]) -> bytes:
    named = np.concatenate(ids)
    bits = np.zeros(int(named.max(initial=-1)) + 1, bool)
    bits[named] = True
    return np.packbits(bits, bitorder="little").tobytes()


def names_are_proved() -> bool:
    """Whether every alliance's bits say what its demands name, for who wants to measure with them."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [0])
        return cursor.fetchone() is None and not NamedIds.objects.filter(whole=False).exists()
