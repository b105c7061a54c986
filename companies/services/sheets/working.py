"""The long work on a sheet, checking, saving and taking back: claimed in the database, so that a killed worker loses
nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from alliance.changes import acting_for, record
from alliance.choices import ImportState
from alliance.errors import ConflictError
from alliance.models import Change, Organisation, User
from companies.models import SheetImport
from companies.models.imports import MOST_ATTEMPTS
from companies.services.sheets.checking import SheetChecker, counts_of
from companies.services.sheets.comparing import compare
from companies.services.sheets.progress import AT_ONCE, Progress
from companies.services.sheets.storing import store
from companies.services.sheets.undoing import put_back

LEASE = timedelta(minutes=2)
#: After a step that went wrong.
PAUSE = timedelta(seconds=10)
FRESH = {"done": 0, "attempts": 0, "lease_until": None}
WORKING = (ImportState.CHECKING, ImportState.SAVING, ImportState.UNDOING)


def begin_check(sheet: SheetImport) -> None:
    _begin(sheet, ImportState.CHECKING)


def begin_saving(sheet: SheetImport) -> None:
    _begin(sheet, ImportState.SAVING)


def begin_undoing(sheet: SheetImport) -> None:
    _begin(sheet, ImportState.UNDOING)


def _begin(sheet: SheetImport, state: str) -> None:
    with transaction.atomic():
        rows = SheetImport.objects.filter(pk=sheet.pk, version=sheet.version)
        if not rows.update(state=state, language=get_language() or "", **FRESH, version=F("version") + 1):
            raise ConflictError(_("This sheet is being worked on, or somebody else has changed it."))
        record("began", "sheet", str(sheet.public_id), after={"state": state})
        if sheet.row_count > AT_ONCE:
            transaction.on_commit(lambda: _nudge(sheet.pk), robust=True)
    if sheet.row_count <= AT_ONCE:
        work_on_sheet(sheet.pk)
    sheet.refresh_from_db()


def _nudge(pk: int) -> None:
    from alliance.celery import nudge

    nudge("companies.work_on_sheet", pk)


def work_on_sheet(pk: int) -> bool:
    """Do the step that waits, unless somebody holds it; False when there was none.

    A step that went wrong is tried again soon, five times in all; then the sheet has failed, visibly: or it is still
    saved, where taking it back went wrong.
    """
    waiting = SheetImport.objects.filter(pk=pk, state__in=WORKING)
    free = waiting.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
    claim = {"lease_until": timezone.now() + LEASE, "attempts": F("attempts") + 1}
    if not free.update(version=F("version") + 1, **claim):
        return False
    sheet = SheetImport.objects.select_related("organisation", "person").get(pk=pk)
    with acting_for(_who_began(sheet)), override(sheet.language or settings.LANGUAGE_CODE):
        if sheet.attempts > MOST_ATTEMPTS:
            _give_up(sheet)
            return True
        try:
            allowed = sheet.state == ImportState.CHECKING or _may_still_write(sheet)
            (STEPS[ImportState(sheet.state)] if allowed else _stop)(sheet)
        except LeaseLostError:
            raise
        except Exception:
            mine = SheetImport.objects.filter(pk=pk, version=sheet.version, state__in=WORKING)
            mine.update(lease_until=timezone.now() + PAUSE)
            raise
    return True


def _who_began(sheet: SheetImport) -> int | None:
    """Another editor of the firm may have begun this step than the one who sent the file."""
    began = Change.objects.filter(kind="sheet", object_id=str(sheet.public_id), verb="began").order_by("-id")
    return began.values_list("actor_id", flat=True).first() or sheet.person_id


def _give_up(sheet: SheetImport) -> None:
    still = ImportState.SAVED if sheet.state == ImportState.UNDOING else ImportState.FAILED
    with transaction.atomic():
        _finish(sheet, still)
        record("failed", "sheet", str(sheet.public_id), after={"attempts": sheet.attempts - 1})


def _check(sheet: SheetImport) -> None:
    with Progress(sheet, LEASE) as tell:
        report = SheetChecker(sheet).run(sheet.cells.rows, tell)
        same, changed = compare(report.lines)
    values = {"problems": report.problems, "counts": counts_of(report, len(same), len(changed))}
    with transaction.atomic():
        _finish(sheet, ImportState.CHECKED, **values, done=len(report.lines))
        record("checked", "sheet", str(sheet.public_id), after=values["counts"])  # type: ignore[arg-type]
        if sheet.save_when_clean and not report.problems:
            sheet.refresh_from_db()
            begin_saving(sheet)


def _save(sheet: SheetImport) -> None:
    """All or nothing, in one transaction. What changed since the check is checked again and stops the saving.

    Where another sheet of the firm has made some of the rows at this very moment, they are there by now: once more.
    """
    for last in (False, False, True):
        try:
            return _save_once(sheet)
        except IntegrityError:
            if last:
                raise
    return None


def _may_still_write(sheet: SheetImport) -> bool:
    """What was confirmed is done, also when its token was revoked or its person has left since: it was the firm's word.

    Not for who was suspended: a firm or a person that may not even read writes nothing by what was begun before.
    """
    firm = Organisation.objects.filter(pk=sheet.organisation_id, suspended=False)
    return firm.exists() and User.objects.filter(pk=_who_began(sheet) or 0, is_active=True).exists()


def _stop(sheet: SheetImport) -> None:
    """Nothing of the step is done: what was not saved is cancelled, what was to be taken back stays."""
    with transaction.atomic():
        _finish(sheet, ImportState.SAVED if sheet.state == ImportState.UNDOING else ImportState.CANCELLED)
        record("cancelled", "sheet", str(sheet.public_id))


def _save_once(sheet: SheetImport) -> None:
    half = sheet.row_count // 2
    with Progress(sheet, LEASE) as tell:
        report = SheetChecker(sheet).run(sheet.cells.rows, lambda done: tell(done // 2))
        if report.problems:
            counts = counts_of(report, 0, 0)
            with transaction.atomic():
                _finish(sheet, ImportState.CHECKED, problems=report.problems, counts=counts)
                record("checked", "sheet", str(sheet.public_id), after=counts)
            return
        with transaction.atomic():
            counts = store(sheet, report, lambda part: tell(half + int(part * (sheet.row_count - half))))
            _finish(sheet, ImportState.SAVED, counts=counts, saved_at=Now(), done=len(report.lines))
            record("imported", "sheet", str(sheet.public_id), after=counts | {"sha256": sheet.sha256})


def _undo(sheet: SheetImport) -> None:
    with Progress(sheet, LEASE) as tell, transaction.atomic():
        counts = put_back(sheet, lambda part: tell(int(part * sheet.row_count)))
        _finish(sheet, ImportState.UNDONE, counts=sheet.counts | counts, done=sheet.row_count)
        record("undone", "sheet", str(sheet.public_id), after=counts)


STEPS = {ImportState.CHECKING: _check, ImportState.SAVING: _save, ImportState.UNDOING: _undo}


def _finish(sheet: SheetImport, state: str, **values: Any) -> None:
    """Only who still holds the sheet ends its step: a stalled worker that wakes up writes nothing."""
    rows = SheetImport.objects.filter(pk=sheet.pk, version=sheet.version, state__in=WORKING)
    if not rows.update(state=state, lease_until=None, version=F("version") + 1, **values):
        raise LeaseLostError(f"sheet {sheet.pk} is somebody else's by now")


class LeaseLostError(RuntimeError):
    """Somebody else works on the sheet; what this worker did is rolled back."""


def sweep_sheets() -> None:
    """Nudge what waits and nobody holds: a lost message costs only time."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    for pk in SheetImport.objects.filter(free, state__in=WORKING).values_list("pk", flat=True)[:20]:
        _nudge(pk)
