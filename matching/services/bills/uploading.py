"""A bill of materials comes in: read, its columns guessed, checked, mended. Nothing of it counts yet."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import ImportState
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from companies.models import ComponentType
from companies.services.sheets.reading import read_file
from companies.services.sheets.uploading import joined
from matching.models import BillColumn, BillSheet, Demand
from matching.services.bills.checking import BillChecker
from matching.services.bills.columns import BASICS, fields_for, guess, is_known
from matching.services.demands.lines import MOST_LINES
from matching.services.demands.publishing import may_edit
from matching.services.demands.writing import not_closed

OPEN = (ImportState.MAPPING, ImportState.CHECKED)


def upload(demand: Demand, blob: bytes, *, user: Any, file_name: str) -> BillSheet:
    """Read the file and guess its columns; what was mapped last time is not asked again."""
    may_edit(demand, user)
    not_closed(demand)
    header, rows = joined(read_file(blob, is_known))
    if not rows:
        raise DomainError(_("The sheet has headings but no rows below them."), field="file")
    if len(rows) > MOST_LINES:
        raise DomainError(_("A demand has at most %(count)d lines.") % {"count": MOST_LINES}, field="file")
    memory = dict(BillColumn.objects.filter(organisation=demand.owner_id).values_list("heading", "field"))
    mapping, remembered = guess(header, ComponentType.objects.all(), memory)
    if not any(mapping.values()):
        names = ", ".join(str(words) for words, _others in list(BASICS.values())[:6])
        raise DomainError(
            _("No heading is known. Expected are for example: %(names)s.") % {"names": names}, field="file"
        )
    with transaction.atomic():
        sheet = BillSheet.objects.create(
            demand=demand,
            person=user,
            file_name=file_name[:200],
            sha256=hashlib.sha256(blob).hexdigest(),
            header=header,
            mapping=mapping,
            remembered=remembered,
            row_count=len(rows),
            rows=rows,
        )
        after = {"file": sheet.file_name, "rows": len(rows), "sha256": sheet.sha256}
        record("uploaded", "sheet", str(sheet.public_id), after=after)
        if remembered:
            check(sheet)
    return sheet


def bill_of(user: Any, public_id: Any) -> BillSheet:
    """An upload that this person may work on."""
    rows = BillSheet.objects.filter(public_id=public_id)
    row = rows.editable_by(user).select_related("demand").first()
    if row is None and rows.visible_to(user).exists():
        raise ForbiddenError(_("You may not change this demand."))
    if row is None:
        raise NotFoundError(_("There is no such upload."))
    return row


def choose_columns(sheet: BillSheet, mapping: dict[str, str], *, user: Any) -> None:
    """Which column is which field; remembered for the lab's next sheet."""
    sheet = bill_of(user, sheet.public_id)
    chosen = {str(n): mapping.get(str(n), "") for n in range(len(sheet.header))}
    used = [field for field in chosen.values() if field]
    twice = next((field for field in used if used.count(field) > 1), "")
    if twice:
        raise DomainError(_("Two columns are mapped to the same field: %(field)s.") % {"field": twice})
    if not used:
        raise DomainError(_("Map at least one column."))
    if not set(used) <= {target.name for target in fields_for(ComponentType.objects.all())}:
        raise DomainError(_("There is no such field."))
    with transaction.atomic():
        _change(sheet, mapping=chosen, edits={})
        BillColumn.objects.bulk_create(
            (
                BillColumn(organisation_id=sheet.demand.owner_id, heading=heading, field=chosen[str(n)])
                for n, heading in enumerate(sheet.header)
            ),
            update_conflicts=True,
            unique_fields=["organisation", "heading"],
            update_fields=["field"],
        )
        record("mapped", "sheet", str(sheet.public_id))
        check(sheet)


def mend(sheet: BillSheet, edits: dict[str, str], *, user: Any, everywhere: bool = False) -> None:
    """Replace cells ("sheet!row:column" -> text) and check again; `everywhere`: also where the same value stands."""
    sheet = bill_of(user, sheet.public_id)
    known = {
        f"{place}!{row}:{column}" for place, row, _cells in sheet.rows for column in range(len(sheet.header))
    }
    told = {place: text[:4000] for place, text in edits.items() if place in known}
    if everywhere:
        told |= _alike(sheet, told)
    with transaction.atomic():
        _change(sheet, edits=sheet.edits | told)
        record("mended", "sheet", str(sheet.public_id), after={"cells": len(told)})
        check(sheet)


def _alike(sheet: BillSheet, told: dict[str, str]) -> dict[str, str]:
    """The same wrong value in the same column gets the same replacement."""
    wrong = {f"{p['sheet']}!{p['row']}:{p['column']}": (p["column"], p["value"]) for p in sheet.problems}
    fixes = {wrong[place]: text for place, text in told.items() if place in wrong}
    return {place: fixes[what] for place, what in wrong.items() if what in fixes}


def _change(sheet: BillSheet, **values: Any) -> None:
    rows = BillSheet.objects.filter(pk=sheet.pk, version=sheet.version, state__in=OPEN)
    if not rows.update(version=F("version") + 1, **values):
        raise ConflictError(_("This sheet is being worked on, or somebody else has changed it."))
    sheet.refresh_from_db()


def check(sheet: BillSheet) -> None:
    """Compare with the demand as it is now; in the caller's transaction."""
    report = BillChecker(sheet).run()
    version = Demand.objects.values_list("version", flat=True).get(pk=sheet.demand_id)
    _change(
        sheet,
        state=ImportState.CHECKED,
        problems=report.problems,
        counts=report.counts,
        checked_version=version,
    )
    record("checked", "sheet", str(sheet.public_id), after=report.counts)
