"""A sheet comes in: read, its columns guessed, kept apart. Nothing of it counts yet."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import ImportState
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Organisation
from companies.models import ColumnMemory, ComponentType, SheetImport, SheetRows
from companies.services.capabilities import may_write_for
from companies.services.sheets.columns import fields_for, guess, is_known
from companies.services.sheets.steps import (
    change_open,
    chosen_columns,
    first_values,
    looked_at,
    remember_columns,
    replacements,
    some_known,
)
from companies.services.sheets.working import begin_check

OPEN = (ImportState.MAPPING, ImportState.CHECKED, ImportState.FAILED)
#: saved already, so there is nothing to cancel
ENDED = (ImportState.SAVED, ImportState.UNDOING, ImportState.UNDONE, ImportState.CANCELLED)


def upload(
    organisation: Organisation,
    blob: bytes,
    *,
    user: Any,
    file_name: str,
    component_type: str = "",
    save: bool = False,
) -> SheetImport:
    """Read the file and guess its columns; what was mapped last time is not asked again.

    `save`: once nothing is wrong, it is saved without asking.
    """
    may_write_for(organisation, user)
    if component_type and not ComponentType.objects.filter(code=component_type).exists():
        raise DomainError(_("Choose what is made."), field="component_type")
    header, rows = looked_at(blob, is_known)
    types = ComponentType.objects.all()
    memory = dict(ColumnMemory.objects.filter(organisation=organisation).values_list("heading", "field"))
    mapping, remembered = guess(header, _types(component_type) or types, memory)
    some_known(mapping, [target.words for target in fields_for(())[:6]])
    with transaction.atomic():
        sheet = SheetImport.objects.create(
            organisation=organisation,
            person=user,
            component_type=component_type,
            mapping=mapping,
            remembered=remembered,
            save_when_clean=save,
            **first_values(blob, file_name, header, rows),
        )
        SheetRows.objects.create(sheet=sheet, rows=rows)
        after = {"file": file_name[:200], "rows": len(rows), "sha256": sheet.sha256}
        record("uploaded", "sheet", str(sheet.public_id), after=after)
    if remembered:
        begin_check(sheet)
    return sheet


def _types(code: str) -> list[ComponentType]:
    return list(ComponentType.objects.filter(code=code)) if code else []


def sheet_of(user: Any, public_id: Any) -> SheetImport:
    """An import that this person may work on."""
    row = SheetImport.objects.editable_by(user).filter(public_id=public_id).first()
    if row is None and SheetImport.objects.visible_to(user).filter(public_id=public_id).exists():
        raise ForbiddenError(_("You may not change this firm's rows."))
    if row is None:
        raise NotFoundError(_("There is no such upload."))
    return row


def upload_from_program(
    organisation: Organisation,
    blob: bytes,
    columns: dict[str, str],
    *,
    user: Any,
    file_name: str,
    component_type: str = "",
    save: bool = False,
) -> SheetImport:
    """The same, and checked at once where every column is known: by its heading, or by `columns` (heading → field,
    "" for none)."""
    with transaction.atomic():
        sheet = upload(
            organisation, blob, user=user, file_name=file_name, component_type=component_type, save=save
        )
        chosen = _chosen(sheet, columns)
        if columns:
            choose_columns(sheet, chosen, user=user)
        elif sheet.state == ImportState.MAPPING and all(chosen.values()):
            begin_check(sheet)
    sheet.refresh_from_db()
    return sheet


def _chosen(sheet: SheetImport, columns: dict[str, str]) -> dict[str, str]:
    unknown = [heading for heading in columns if heading not in sheet.header]
    if unknown:
        words = _("The sheet has no column “%(heading)s”.") % {"heading": unknown[0][:80]}
        raise DomainError(words, field="columns")
    named = enumerate(sheet.header)
    return {str(n): columns.get(heading, sheet.mapping.get(str(n), "")) for n, heading in named}


def map_headings(sheet: SheetImport, columns: dict[str, str], *, user: Any, version: int) -> None:
    """Which column is which field, by its heading; the others stay as they are."""
    choose_columns(sheet, _chosen(sheet, columns), user=user, version=version)


def cancel(sheet: SheetImport, *, user: Any, version: int) -> None:
    """End it unsaved. A worker that is at it finds its claim gone and writes nothing."""
    sheet = sheet_of(user, sheet.public_id)
    with transaction.atomic():
        rows = SheetImport.objects.filter(pk=sheet.pk, version=version).exclude(state__in=ENDED)
        if not rows.update(state=ImportState.CANCELLED, lease_until=None, version=F("version") + 1):
            raise ConflictError(_("This sheet has ended, or somebody else has changed it."))
        record("cancelled", "sheet", str(sheet.public_id))


def choose_columns(
    sheet: SheetImport, mapping: dict[str, str], *, user: Any, version: int | None = None
) -> None:
    """Which column is which field; remembered for the next sheet."""
    sheet = sheet_of(user, sheet.public_id)
    if version is not None and sheet.version != version:
        raise ConflictError(_("This sheet is being worked on, or somebody else has changed it."))
    known = {target.name for target in fields_for(ComponentType.objects.all())}
    chosen = chosen_columns(sheet.header, mapping, known)
    with transaction.atomic():
        change_open(sheet, OPEN, mapping=chosen, edits={})
        remember_columns(ColumnMemory, sheet.organisation_id, sheet.header, chosen)
        record("mapped", "sheet", str(sheet.public_id))
    begin_check(sheet)


def mend(sheet: SheetImport, edits: dict[str, str], *, user: Any, everywhere: bool = False) -> None:
    """Replace cells ("sheet!row:column" -> text) and check again; `everywhere`: also where the same value stands."""
    sheet = sheet_of(user, sheet.public_id)
    told = {place: text[:4000] for place, text in edits.items() if ":" in place}
    if everywhere:
        told |= _alike(sheet, told)
    with transaction.atomic():
        change_open(sheet, OPEN, edits=sheet.edits | told)
        record("mended", "sheet", str(sheet.public_id), after={"cells": len(told)})
    begin_check(sheet)


def _alike(sheet: SheetImport, told: dict[str, str]) -> dict[str, str]:
    """The same wrong value in the same column gets the same replacement."""
    fixes, found = replacements(sheet, told)
    if sheet.counts.get("errors", 0) > len(sheet.problems):
        # More is wrong than was kept: the others are looked for among all cells.
        for place, number, cells in sheet.cells.rows:
            for column in {column for column, _value in fixes if column < len(cells)}:
                at = f"{place}!{number}:{column}"
                value = sheet.edits.get(at, cells[column])
                text = fixes.get((column, "" if value is None else str(value)[:200]))
                if text is not None:
                    found[at] = text
    return found
