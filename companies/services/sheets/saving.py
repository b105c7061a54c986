"""Confirming a checked sheet, and taking it back within a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.choices import ImportState
from alliance.errors import ConflictError
from companies.models import SheetImport
from companies.services.sheets.uploading import sheet_of
from companies.services.sheets.working import begin_saving, begin_undoing

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
    """Put back what was before, except rows that somebody has changed since: those are counted as skipped.

    A large sheet goes to a worker: then nothing is counted yet.
    """
    sheet = sheet_of(user, sheet.public_id)
    saved = sheet.state == ImportState.SAVED and sheet.saved_at and sheet.saved_at > timezone.now() - UNDO
    if not saved or (version is not None and sheet.version != version):
        raise ConflictError(_("Only a sheet saved within the last 24 hours can be taken back, and once."))
    begin_undoing(sheet)
    if sheet.state != ImportState.UNDONE:
        return {}
    return {name: sheet.counts[name] for name in ("restored", "removed", "skipped")}
