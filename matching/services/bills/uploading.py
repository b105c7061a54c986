"""A bill of materials comes in: read, its columns guessed, checked, mended. Nothing of it counts yet."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import ImportState
from alliance.errors import DomainError, ForbiddenError, NotFoundError
from companies.models import ComponentType
from companies.services.sheets.steps import (
    change_open,
    chosen_columns,
    first_values,
    looked_at,
    remember_columns,
    replacements,
    some_known,
)
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
    header, rows = looked_at(blob, is_known)
    if len(rows) > MOST_LINES:
        raise DomainError(_("A demand has at most %(count)d lines.") % {"count": MOST_LINES}, field="file")
    memory = dict(BillColumn.objects.filter(organisation=demand.owner_id).values_list("heading", "field"))
    mapping, remembered = guess(header, ComponentType.objects.all(), memory)
    some_known(mapping, [words for words, _others in list(BASICS.values())[:6]])
    with transaction.atomic():
        sheet = BillSheet.objects.create(
            demand=demand,
            person=user,
            mapping=mapping,
            remembered=remembered,
            rows=rows,
            **first_values(blob, file_name, header, rows),
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
    known = {target.name for target in fields_for(ComponentType.objects.all())}
    chosen = chosen_columns(sheet.header, mapping, known)
    with transaction.atomic():
        change_open(sheet, OPEN, mapping=chosen, edits={})
        remember_columns(BillColumn, sheet.demand.owner_id, sheet.header, chosen)
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
        told |= replacements(sheet, told)[1]
    with transaction.atomic():
        change_open(sheet, OPEN, edits=sheet.edits | told)
        record("mended", "sheet", str(sheet.public_id), after={"cells": len(told)})
        check(sheet)


def check(sheet: BillSheet) -> None:
    """Compare with the demand as it is now; in the caller's transaction."""
    report = BillChecker(sheet).run()
    version = Demand.objects.values_list("version", flat=True).get(pk=sheet.demand_id)
    change_open(
        sheet,
        OPEN,
        state=ImportState.CHECKED,
        problems=report.problems,
        counts=report.counts,
        checked_version=version,
    )
    record("checked", "sheet", str(sheet.public_id), after=report.counts)
