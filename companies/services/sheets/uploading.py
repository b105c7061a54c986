"""A sheet comes in: read, its columns guessed, kept apart. Nothing of it counts yet."""

from __future__ import annotations

import hashlib
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
from companies.services.sheets.lines import Cells
from companies.services.sheets.reading import MOST_ROWS, read_file
from companies.services.sheets.working import begin_check

OPEN = (ImportState.MAPPING, ImportState.CHECKED, ImportState.FAILED)
ENDED = (ImportState.SAVED, ImportState.UNDONE, ImportState.CANCELLED)


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
    header, rows = joined(read_file(blob, is_known))
    if not rows:
        raise DomainError(_("The sheet has headings but no rows below them."), field="file")
    types = ComponentType.objects.all()
    memory = dict(ColumnMemory.objects.filter(organisation=organisation).values_list("heading", "field"))
    mapping, remembered = guess(header, _types(component_type) or types, memory)
    if not any(mapping.values()):
        raise DomainError(
            _("No heading is known. Expected are for example: %(names)s.")
            % {"names": ", ".join(target.words for target in fields_for(())[:6])},
            field="file",
        )
    with transaction.atomic():
        sheet = SheetImport.objects.create(
            organisation=organisation,
            person=user,
            file_name=file_name[:200],
            sha256=hashlib.sha256(blob).hexdigest(),
            component_type=component_type,
            header=header,
            mapping=mapping,
            remembered=remembered,
            save_when_clean=save,
            row_count=len(rows),
        )
        SheetRows.objects.create(sheet=sheet, rows=rows)
        after = {"file": file_name[:200], "rows": len(rows), "sha256": sheet.sha256}
        record("uploaded", "sheet", str(sheet.public_id), after=after)
    if remembered:
        begin_check(sheet)
    return sheet


def _types(code: str) -> list[ComponentType]:
    return list(ComponentType.objects.filter(code=code)) if code else []


def joined(cells: Cells) -> tuple[list[str], list[Any]]:
    """One table of all sheets: the union of their headings, and rows with their sheet's name and number.

    The first row of each sheet that does not begin with "#" is its heading.
    """
    header: list[str] = []
    places: dict[str, list[int]] = {}
    rows: list[Any] = []
    for place, number, values in cells:
        if str(values[0] or "").lstrip().startswith("#"):
            continue
        if place not in places:
            places[place] = [_column(header, str(value or "").strip()) for value in values]
            continue
        row: list[Any] = [None] * len(header)
        for column, value in zip(places[place], values, strict=False):
            if column >= 0:
                row[column] = value.strip() if isinstance(value, str) else value
        if any(value not in (None, "") for value in row):
            rows.append([place, number, row])
    if len(rows) > MOST_ROWS:
        raise DomainError(
            _("The sheet has more than %(limit)d rows. Cut it into several.") % {"limit": MOST_ROWS}
        )
    return header, rows


def _column(header: list[str], heading: str) -> int:
    if not heading:
        return -1
    if heading[:200] not in header:
        header.append(heading[:200])
    return header.index(heading[:200])


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
    chosen = {str(n): mapping.get(str(n), "") for n in range(len(sheet.header))}
    used = [field for field in chosen.values() if field]
    twice = next((field for field in used if used.count(field) > 1), "")
    if twice:
        raise DomainError(_("Two columns are mapped to the same field: %(field)s.") % {"field": twice})
    if not used:
        raise DomainError(_("Map at least one column."))
    known = {target.name for target in fields_for(ComponentType.objects.all())}
    if not set(used) <= known:
        raise DomainError(_("There is no such field."))
    with transaction.atomic():
        _change(sheet, mapping=chosen, edits={})
        ColumnMemory.objects.bulk_create(
            (
                ColumnMemory(organisation=sheet.organisation, heading=heading, field=chosen[str(n)])
                for n, heading in enumerate(sheet.header)
            ),
            update_conflicts=True,
            unique_fields=["organisation", "heading"],
            update_fields=["field"],
        )
        record("mapped", "sheet", str(sheet.public_id))
    begin_check(sheet)


def mend(sheet: SheetImport, edits: dict[str, str], *, user: Any, everywhere: bool = False) -> None:
    """Replace cells ("sheet!row:column" -> text) and check again; `everywhere`: also where the same value stands."""
    sheet = sheet_of(user, sheet.public_id)
    told = {place: text[:4000] for place, text in edits.items() if ":" in place}
    if everywhere:
        told |= _alike(sheet, told)
    with transaction.atomic():
        _change(sheet, edits=sheet.edits | told)
        record("mended", "sheet", str(sheet.public_id), after={"cells": len(told)})
    begin_check(sheet)


def _alike(sheet: SheetImport, told: dict[str, str]) -> dict[str, str]:
    """The same wrong value in the same column gets the same replacement."""
    wrong = {f"{p['sheet']}!{p['row']}:{p['column']}": (p["column"], p["value"]) for p in sheet.problems}
    fixes = {wrong[place]: text for place, text in told.items() if place in wrong}
    found = {place: fixes[what] for place, what in wrong.items() if what in fixes}
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


def _change(sheet: SheetImport, **values: Any) -> None:
    rows = SheetImport.objects.filter(pk=sheet.pk, version=sheet.version, state__in=OPEN)
    if not rows.update(version=F("version") + 1, **values):
        raise ConflictError(_("This sheet is being worked on, or somebody else has changed it."))
    sheet.refresh_from_db()
