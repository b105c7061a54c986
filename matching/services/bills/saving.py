"""Confirming a checked bill of materials, and taking it back within a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import Detail, record, record_details
from alliance.choices import ImportState
from alliance.errors import ConflictError
from matching.models import BillSheet, Demand, DemandLine
from matching.services.bills.checking import BillChecker, Report
from matching.services.bills.states import line_states, restore
from matching.services.bills.uploading import bill_of, check
from matching.services.demands.lines import write_line
from matching.services.demands.told import each_line
from matching.services.demands.writing import locked, step

UNDO = timedelta(hours=24)


class _StaleError(Exception):
    """The demand is not what the sheet was compared with."""


def confirm(sheet: BillSheet, *, user: Any, version: int, replace: bool = False) -> dict[str, int]:
    """Save all of it or nothing, once. `replace`: lines that the sheet does not name go.

    ConflictError when somebody changed the demand since the check: the sheet is compared again first.
    """
    sheet = bill_of(user, sheet.public_id)
    try:
        with transaction.atomic():
            return _save(sheet, version, replace)
    except _StaleError:
        with transaction.atomic():
            check(sheet)
        raise ConflictError(
            _(
                "Somebody has changed this demand meanwhile: the sheet was compared again. Look at it once more."
            )
        ) from None


def _save(sheet: BillSheet, version: int, replace: bool) -> dict[str, int]:
    owner = locked(sheet.demand, None)
    rows = BillSheet.objects.filter(pk=sheet.pk, version=version, state=ImportState.CHECKED)
    if not rows.update(state=ImportState.SAVED, saved_at=Now(), version=F("version") + 1):
        raise ConflictError(_("This sheet is being worked on, or somebody else has changed it."))
    if owner.version != sheet.checked_version:
        raise _StaleError
    report = BillChecker(sheet).run()
    if report.problems:
        raise ConflictError(_("Mend the errors first: nothing is saved while there are any."))
    before = line_states(owner)
    removed = _drop_others(owner, report) if replace else 0
    counts = report.counts | {"removed": removed}
    _write(owner, report)
    after = line_states(owner)
    BillSheet.objects.filter(pk=sheet.pk).update(before=before, after=after, counts=counts)
    if counts["new"] or counts["changed"] or removed:
        step(owner)
        told = {name: counts[name] for name in ("new", "changed", "removed")}
        record("changed", "demand", str(owner.public_id), after={"sheet": sheet.file_name, **told})
        _tell_lines("imported", owner, before, after)
    record("imported", "sheet", str(sheet.public_id), after=counts | {"sha256": sheet.sha256})
    return counts


def _tell_lines(verb: str, owner: Demand, before: list[Any], after: list[Any]) -> None:
    """The history of each line that a sheet touched."""
    key = str(owner.public_id)
    record_details(verb, "demand line", [Detail(key, was, now) for was, now in each_line(before, after)])


def _write(owner: Demand, report: Report) -> None:
    lines = {line.external_id: line for line in DemandLine.objects.filter(demand=owner)}
    for row in report.rows:
        if not row.same and row.given is not None and row.read is not None:
            write_line(owner, row.given, row.read, lines.get(row.given.external_id))


def _drop_others(owner: Demand, report: Report) -> int:
    """What the sheet does not name; a line that firms were introduced for stops all of it."""
    named = [row.given.external_id for row in report.rows if row.given is not None]
    others = DemandLine.objects.filter(demand=owner).exclude(external_id__in=named)
    number = others.count()
    try:
        with transaction.atomic():
            others.delete()
    except ProtectedError as error:
        raise ConflictError(
            _(
                "Firms have been introduced for a line that is not in the sheet: it stays. Keep the other lines."
            )
        ) from error
    return number


def undo(sheet: BillSheet, *, user: Any) -> int:
    """The lines as they were before; refused once somebody has changed a line since. How many there are then."""
    sheet = bill_of(user, sheet.public_id)
    with transaction.atomic():
        owner = locked(sheet.demand, None)
        rows = BillSheet.objects.filter(
            pk=sheet.pk, state=ImportState.SAVED, saved_at__gt=timezone.now() - UNDO
        )
        if not rows.update(state=ImportState.UNDONE, version=F("version") + 1):
            raise ConflictError(_("Only a sheet saved within the last 24 hours can be taken back, and once."))
        if line_states(owner) != sheet.after:
            raise ConflictError(
                _("The lines have been changed since: this sheet cannot be taken back any more.")
            )
        if owner.published and not sheet.before:
            raise ConflictError(_("A published demand keeps at least one line: withdraw it first."))
        try:
            with transaction.atomic():
                restore(owner, sheet.before)
        except ProtectedError as error:
            raise ConflictError(_("Firms have been introduced for this line: it stays.")) from error
        step(owner)
        record("changed", "demand", str(owner.public_id), after={"sheet taken back": sheet.file_name})
        _tell_lines("undone", owner, sheet.after, sheet.before)
        record("undone", "sheet", str(sheet.public_id), after={"lines": len(sheet.before)})
    return len(sheet.before)
