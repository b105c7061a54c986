"""The snapshot of this process: mapped from the files, brought up to date by what changed, written anew now and then.

A moment is `pg_current_snapshot()`: which transactions could be seen. What has changed since is every change of a
transaction that could not be seen then and can now, however the two overlapped: nothing is missed, nothing is stale.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection

from alliance.models import AllianceReach
from companies.models import Capability
from matching.encoding.columns import Array
from matching.encoding.offers import Reach
from matching.encoding.snapshot import files
from matching.encoding.snapshot.offers import Chosen, Offers, choose
from matching.encoding.snapshot.reading import read_offers

logger = logging.getLogger(__name__)

# Kinds of changes that say which capabilities they are about, by what their id names.
OF_CAPABILITIES = {
    "capability": "public_id__in",
    "facility": "facility__public_id__in",
    "organisation": "organisation__public_id__in",
    "capabilities": "organisation__public_id__in",
}
# Kinds after which any value may mean something else, or any row may be another.
OF_ALL = {"import", "component type", "component key"}
# So many changed rows, or this part of all, are written down for processes to come.
MOST_PATCHED, MOST_PART = 2000, 0.02
MOST_NEWS = 200  # revisions of which it is known what changed

NOW = """
    SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned() IS NOT NULL,
           (SELECT oid FROM pg_database WHERE datname = current_database())::text,
           (SELECT system_identifier FROM pg_control_system())::text
"""
SINCE = """
    SELECT pg_current_snapshot()::text, kind, object_id FROM (SELECT 1) one LEFT JOIN (
        SELECT kind, object_id FROM alliance_change
        WHERE transaction >= %(oldest)s
          AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(moment)s::pg_snapshot)
          AND kind = ANY(%(kinds)s)
        GROUP BY kind, object_id
    ) news ON true
"""


@dataclass
class _Kept:
    """`base` is mapped from files; `patch` holds the rows that have changed since, `gone` their ids.

    `touched`: types → the revision in which one of their rows last came, went or changed.
    """

    folder: Path
    moment: str
    base: Offers
    patch: Offers | None = None
    gone: Array = field(default_factory=lambda: np.empty(0, np.int64))
    revision: int = 0
    touched: dict[int, int] = field(default_factory=dict)
    news: list[tuple[int, Array]] = field(default_factory=list)  # the newest revisions, with the ids of each


@dataclass(frozen=True)
class Current:
    """The offers as the running transaction sees them. `moment` names the version.

    `epoch` is one object as long as each change was followed; in it `revision` counts, and `touched` says when rows of
    a type last changed: what was made of a type's rows since then is still true.
    """

    moment: str
    base: Offers
    gone: Array
    patch: Offers | None
    epoch: object = None
    revision: int = 0
    touched: Mapping[int, int] = field(default_factory=dict)
    news: Sequence[tuple[int, Array]] = ()

    def since(self, revision: int) -> Array | None:
        """Ids of what has changed after a revision, ascending; None where that is not known any more."""
        if self.revision - revision > len(self.news):
            return None
        ids = [changed for number, changed in self.news if number > revision]
        return np.unique(np.concatenate([*ids, np.empty(0, np.int64)]))

    def chosen(self, reach: Reach) -> Chosen:
        """What demands can see."""
        allied = AllianceReach.objects.filter(alliance_id=reach.alliance).values_list("city_id", flat=True)
        cities = np.array(list(allied), np.int64)
        return choose(self.base, self.gone, self.patch, reach, cities)

    def of_kinds(self, kinds: list[int], as_of: date, ids: Array | None = None) -> Chosen:
        """All of these very types, in whatever city, that are offered on a day; ids: among these only."""
        everywhere = Reach(0, as_of, [], kinds)
        return choose(self.base, self.gone, self.patch, everywhere, np.empty(0, np.int64), ids)

    def whole(self) -> Offers:
        """All of them as one table, by id."""
        return _merged(self.base, self.gone, self.patch)


_kept: list[_Kept] = []


def forget() -> None:
    """Let go of the files: the next one who asks maps them anew."""
    _kept.clear()


def current() -> Current | None:
    """The offers as this transaction sees them; None where the database itself has to be read.

    That is without a folder for snapshots, and in a transaction that has written: what it wrote may be rolled back.
    """
    if not settings.SNAPSHOT_DIR:
        return None
    with connection.cursor() as cursor:
        cursor.execute(NOW)
        moment, has_written, database, cluster = cursor.fetchone()
    if has_written:
        return None
    folder = Path(settings.SNAPSHOT_DIR) / f"{cluster}-{database}"
    kept = _kept[0] if _kept and _kept[0].folder == folder else _mapped(folder)
    if kept is None or not _bring_up_to_date(kept):
        kept = _read_anew(folder, moment)
    _kept[:] = [kept]
    return Current(
        kept.moment, kept.base, kept.gone, kept.patch, kept, kept.revision, kept.touched, kept.news
    )


def is_there() -> bool:
    """Whether one was written for this database, so that nobody has to read all offers first."""
    if not settings.SNAPSHOT_DIR:
        return False
    with connection.cursor() as cursor:
        cursor.execute(NOW)
        _moment, _has_written, database, cluster = cursor.fetchone()
    return files.load(Path(settings.SNAPSHOT_DIR) / f"{cluster}-{database}") is not None


def _mapped(folder: Path) -> _Kept | None:
    found = files.load(folder)
    return _Kept(folder, found[1], found[0]) if found else None


def _read_anew(folder: Path, moment: str) -> _Kept:
    """All of it from the database, written down for the others; one process of a machine at a time does it."""
    try:
        with files.writing(folder, wait=True):
            other = _mapped(folder)  # somebody may have been faster
            if other is not None and _bring_up_to_date(other):
                return other
            files.save(folder, read_offers(), moment)
            return _mapped(folder) or _Kept(folder, moment, read_offers())
    except OSError as error:
        logger.warning("no snapshot can be kept in %s: %s", folder, error)
        return _Kept(folder, moment, read_offers())


def _bring_up_to_date(kept: _Kept) -> bool:
    """Read what has changed since its moment; False when that is everything, or the moment is of another database."""
    oldest, newest, *_running = kept.moment.split(":")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint >= %s", [int(newest)])
        if not cursor.fetchone()[0]:
            return False  # transaction ids have begun again: a database restored
        kinds = [*OF_CAPABILITIES, *OF_ALL]
        cursor.execute(SINCE, {"oldest": int(oldest), "moment": kept.moment, "kinds": kinds})
        rows = cursor.fetchall()
    changed = _named((kind, name) for _moment, kind, name in rows if kind is not None)
    if changed is None or len(changed) > max(MOST_PATCHED, MOST_PART * len(kept.base)):
        return False
    _patch(kept, changed, rows[0][0])
    return True


def _named(changes: Iterable[tuple[str, str]]) -> Array | None:
    """Keys of the capabilities that changes are about; None when that is all of them, or one is not to be found."""
    names: dict[str, set[UUID]] = {}
    for kind, name in changes:
        if kind in OF_ALL:
            return None
        try:
            names.setdefault(kind, set()).add(UUID(name))
        except ValueError:
            return None
    found: set[int] = set()
    for kind, public in names.items():
        rows = Capability.objects.filter(**{OF_CAPABILITIES[kind]: public})
        keys = set(rows.values_list("pk", flat=True))
        if kind == "capability" and len(keys) != len(public):
            return None  # one is gone, and nobody knows any more which row it was
        found |= keys
    return np.array(sorted(found), np.int64)


def _patch(kept: _Kept, changed: Array, moment: str) -> None:
    """All of it or, when a query fails, nothing."""
    if len(changed):
        codes = kept.patch.codes if kept.patch is not None else kept.base.codes
        fresh = read_offers(changed.tolist(), codes)
        types = [part.types_of(changed) for part in (kept.base, kept.patch, fresh) if part is not None]
        kept.revision += 1
        kept.touched |= dict.fromkeys(np.concatenate(types).tolist(), kept.revision)
        kept.news = [*kept.news[1 - MOST_NEWS :], (kept.revision, changed)]
        kept.patch = fresh if kept.patch is None else Offers.joined([kept.patch.without(changed), fresh])
        kept.gone = np.union1d(kept.gone, changed)
    kept.moment = moment
    if len(kept.gone) > max(MOST_PATCHED, MOST_PART * len(kept.base)):
        _write_down(kept)


def _write_down(kept: _Kept) -> None:
    """The patched rows become part of the files; when another process is at it, this one goes on with its patch."""
    try:
        with files.writing(kept.folder, wait=False) as mine:
            if mine:
                files.save(kept.folder, _merged(kept.base, kept.gone, kept.patch), kept.moment)
                found = files.load(kept.folder)
                if found:
                    kept.base, kept.moment = found
                    kept.patch, kept.gone = None, np.empty(0, np.int64)
    except OSError as error:
        logger.warning("the snapshot cannot be written to %s: %s", kept.folder, error)


def _merged(base: Offers, gone: Array, patch: Offers | None) -> Offers:
    kept = base.without(gone)
    return kept if patch is None else Offers.joined([kept, patch])
