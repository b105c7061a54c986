"""Confirming a checked sheet, and taking it back within a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import ImportState
from alliance.errors import ConflictError
from companies.models import Capability, SheetImport
from companies.services.sheets.comparing import stored_states
from companies.services.sheets.storing import BATCH, overwrite, tell_each
from companies.services.sheets.uploading import sheet_of
from companies.services.sheets.working import begin_saving

UNDO = timedelta(hours=24)


def confirm(sheet: SheetImport, *, user: Any, version: int) -> None:
    """Save it; only what was checked without an error, and only once."""
    sheet = sheet_of(user, sheet.public_id)
    if sheet.state != ImportState.CHECKED or sheet.version != version:
        raise ConflictError(_("This sheet is being worked on, or somebody else has changed it."))
    if sheet.counts.get("errors"):
        raise ConflictError(_("Mend the errors first: nothing is saved while there are any."))
    begin_saving(sheet)


def undo(sheet: SheetImport, *, user: Any, version: int | None = None) -> dict[str, int]:
    """Put back what was before, except rows that somebody has changed since: those are counted as skipped."""
    sheet = sheet_of(user, sheet.public_id)
    with transaction.atomic():
        rows = SheetImport.objects.filter(
            pk=sheet.pk, state=ImportState.SAVED, saved_at__gt=timezone.now() - UNDO
        )
        if version is not None:
            rows = rows.filter(version=version)
        if not rows.update(state=ImportState.UNDONE, version=F("version") + 1):
            raise ConflictError(_("Only a sheet saved within the last 24 hours can be taken back, and once."))
        before = sheet.cells.before
        versions = {int(pk): version for pk, version in before["versions"].items()}
        now = dict(Capability.objects.filter(pk__in=versions).values_list("pk", "version"))
        later = {pk for pk, version in versions.items() if now.get(pk) != version}
        back = {int(pk): _dated(old) for pk, old in before["changed"].items() if int(pk) not in later}
        was = stored_states(back)
        overwrite(back)
        made = [pk for pk in before["made"] if pk not in later]
        gone = sum(_remove(made[at : at + BATCH]) for at in range(0, len(made), BATCH))
        counts = {"restored": len(back), "removed": gone, "skipped": len(later)}
        record("undone", "sheet", str(sheet.public_id), after=counts)
        record("imported", "capabilities", str(sheet.organisation.public_id), after=counts)
        told = {pk: ({name: was[pk][name] for name in old}, old) for pk, old in back.items()}
        tell_each("undone", [], told)
    return counts


def _dated(old: dict[str, Any]) -> dict[str, Any]:
    """Dates come back from JSON as text."""
    for name in ("available_from", "valid_until"):
        if old.get(name):
            old[name] = date.fromisoformat(old[name])
    if "certificates" in old:
        old["certificates"] = [
            (code, known, date.fromisoformat(day) if day else None)
            for code, known, day in old["certificates"]
        ]
    return old


def _remove(keys: list[int]) -> int:
    """Rows that nothing refers to go; the others are put into the archive. Many at once: halved until those that
    something refers to stand alone."""
    if not keys:
        return 0
    try:
        with transaction.atomic():
            Capability.objects.filter(pk__in=keys).delete()
    except ProtectedError:
        if len(keys) > 1:
            middle = len(keys) // 2
            return _remove(keys[:middle]) + _remove(keys[middle:])
        Capability.objects.filter(pk__in=keys).update(
            published=False, archived_at=timezone.now(), version=F("version") + 1
        )
    return len(keys)
