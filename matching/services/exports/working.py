"""The worker's side: claimed in the database, written beside, and made known in one step. Messages are hints."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from alliance.changes import acting_for, record
from alliance.choices import Exported, ExportState
from alliance.viewer import Acting
from matching.models import Export, ExportedRows
from matching.selectors.exports import TABLES, Keys, Line, chosen, rights_of
from matching.services.exports.writing import pieces

LEASE = timedelta(minutes=2)
KEPT = timedelta(hours=24)
BATCH = 500
MOST_ROWS = 500_000
ATTEMPTS = 5
FOLDER = "exports"
OPEN = (ExportState.WAITING, ExportState.WORKING)


class LeaseLostError(RuntimeError):
    """Somebody else works on the export, or it was ended."""


class MovedError(RuntimeError):
    """A run has put new results in the place of those that were being written: begin again."""


def nudge_export(pk: int) -> None:
    from alliance.celery import nudge

    nudge("matching.work_on_export", pk)


def work_on_export(pk: int) -> bool:
    """Write the file that waits, unless somebody holds it; False when there was none."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    rows = Export.objects.filter(free, pk=pk, state__in=OPEN, attempts__lt=ATTEMPTS)
    if not rows.update(
        state=ExportState.WORKING,
        attempts=F("attempts") + 1,
        done=0,
        version=F("version") + 1,
        lease_until=timezone.now() + LEASE,
    ):
        return False
    row = Export.objects.select_related("user", "organisation").get(pk=pk)
    with acting_for(row.user_id):
        try:
            _work(row)
        except (LeaseLostError, MovedError):
            Export.objects.filter(pk=pk, version=row.version).update(lease_until=None)
            return False
    return True


def asker(row: Export) -> Any:
    """The person, narrowed as their token was when they asked."""
    user: Any = row.user
    if row.organisation_id is not None:
        user.acting = Acting(row.organisation_id, row.service)
    return user


def _work(row: Export) -> None:
    user = asker(row)
    if rights_of(user) != row.rights:
        _finish(row, state=ExportState.FAILED)
        return
    place = f"{FOLDER}/{uuid.uuid4().hex}"
    try:
        keys: Keys = defaultdict(set)
        size, digest = _written(
            settings.FILES_DIR / place, pieces(row.format, row.resource, _lines(row, user, keys))
        )
        with transaction.atomic():
            told = {"place": place, "size": size, "sha256": digest, "expires_at": timezone.now() + KEPT}
            _finish(row, state=ExportState.DONE, **told)
            ExportedRows.objects.bulk_create(_guards(row, keys))
            after = {"resource": row.resource, "rows": row.done, "sha256": digest}
            record("exported", "export", str(row.public_id), after=after)
    except BaseException:
        remove_file(place)
        raise


def _guards(row: Export, keys: Keys) -> Iterator[ExportedRows]:
    for kind, found in keys.items():
        every = sorted(found)
        for start in range(0, len(every), 10_000):
            yield ExportedRows(export=row, kind=kind, keys=every[start : start + 10_000])


def _lines(row: Export, user: Any, keys: Keys) -> Iterator[Line]:
    """Batch after batch of the rows that there were at the beginning; what has gone since is left out."""
    table = TABLES[Exported(row.resource)]
    found = chosen(row.resource, user, row.filters)
    every = list(found.qs.values_list("pk", flat=True)[: MOST_ROWS + 1]) if found.form.is_valid() else []
    if len(every) > MOST_ROWS:
        every = every[:MOST_ROWS]
    _progress(row, rows=len(every))
    for start in range(0, len(every), BATCH):
        wanted = every[start : start + BATCH]
        by_key = {each.pk: each for each in table.few(user).filter(pk__in=wanted)}
        if len(by_key) < len(wanted) and row.resource == Exported.MATCHES:
            raise MovedError
        yield from table.lines(user, [by_key[key] for key in wanted if key in by_key], keys)
        row.done = start + len(wanted)
        _progress(row, done=row.done)


def _progress(row: Export, **values: int) -> None:
    """Seen by others at once; whoever has lost the claim stops here."""
    held = Export.objects.filter(pk=row.pk, version=row.version)
    if not held.update(lease_until=timezone.now() + LEASE, **values):
        raise LeaseLostError(f"export {row.pk} is somebody else's by now")


def _finish(row: Export, *, state: str, **values: Any) -> None:
    held = Export.objects.filter(pk=row.pk, version=row.version)
    if not held.update(
        state=state, lease_until=None, finished_at=Now(), updated_at=Now(), version=F("version") + 1, **values
    ):
        raise LeaseLostError(f"export {row.pk} is somebody else's by now")


def _written(path: Path, parts: Iterable[bytes]) -> tuple[int, str]:
    """Size and digest of the file, which is on the disk when this returns."""
    digest, size = sha256(), 0
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("xb") as file:
        for part in parts:
            digest.update(part)
            size += file.write(part)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def remove_file(place: str) -> None:
    if place:
        with contextlib.suppress(OSError):
            (settings.FILES_DIR / place).unlink()


# --- sweeping --------------------------------------------------------------------------------------------------
def sweep_exports() -> None:
    """Nudge what waits and nobody holds, end what was tried too often, take away what has expired."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    waiting = Export.objects.filter(free, state__in=OPEN)
    ended = {"finished_at": Now(), "version": F("version") + 1}
    waiting.filter(attempts__gte=ATTEMPTS).update(state=ExportState.FAILED, **ended)
    for pk in waiting.values_list("pk", flat=True)[:20]:
        nudge_export(pk)
    old = Export.objects.filter(state=ExportState.DONE, expires_at__lt=Now())
    for row in old[:20]:
        if Export.objects.filter(pk=row.pk, version=row.version).update(
            state=ExportState.EXPIRED, version=F("version") + 1
        ):
            ExportedRows.objects.filter(export=row).delete()
            remove_file(row.place)
    _sweep_orphans()


def _sweep_orphans() -> None:
    """Files that a killed worker has left: older than any lease, and named by no row."""
    limit = (timezone.now() - 2 * LEASE).timestamp()
    for path in (settings.FILES_DIR / FOLDER).glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                place = f"{FOLDER}/{path.name}"
                if not Export.objects.filter(place=place, state=ExportState.DONE).exists():
                    path.unlink()
