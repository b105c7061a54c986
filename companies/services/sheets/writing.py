"""Sheets going out: templates with drop-downs, the firm's own table, and an upload with its problems as comments."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from openpyxl.comments.comments import Comment
from openpyxl.styles.fills import PatternFill
from openpyxl.workbook.workbook import Workbook

from alliance.http import cell, shown_text
from companies.models import Capability, ComponentType, Facility, SheetImport
from companies.selectors.parameters import component_book
from companies.services.sheets.columns import BASICS
from companies.services.sheets.tables import Columns, book_bytes, fill_table, listed_names

HARD = PatternFill("solid", fgColor="F8D7DA")
KEYS = (
    *("external_id", "component_type", "title", "facility", "capacity_per_month", "committed_per_month"),
    *("min_order_quantity", "prototype_lead_days", "volume_lead_days", "unit_price", "certificates"),
    *("available_from", "valid_until"),
)
LAST = 5000


def heading(key: str, words: str, unit: str = "") -> str:
    return f"{words} ({unit}) [{key}]" if unit not in ("", "1") else f"{words} [{key}]"


def _columns(type_: ComponentType, book: Any) -> list[tuple[str, str, Any]]:
    """(key, heading, parameter or None) of a type's table."""
    basics = [(key, heading(key, str(BASICS[key][0])), None) for key in KEYS]
    rows = book.of(type_.pk)
    return basics + [
        (
            key,
            heading(key, " ".join(dict.fromkeys(filter(None, (row.name_zh, row.name_en)))), row.key.unit),
            row,
        )
        for key, row in rows.items()
    ]


def template_sheet(types: Iterable[ComponentType], facilities: Iterable[Facility], form: str) -> bytes:
    """An empty table for these types: a sheet each, with what may stand in it."""
    book, plants = component_book(), [plant.name for plant in facilities]
    tables = [(type_, _columns(type_, book), [_example(type_, _columns(type_, book))]) for type_ in types]
    if form == "csv":
        return csv_bytes([[head for _k, head, _p in columns] for _t, columns, _r in tables[:1]])
    return _workbook(tables, plants)


def _example(type_: ComponentType, columns: list[tuple[str, str, Any]]) -> list[Any]:
    """What typical products offer: a line that begins with # is not read."""
    told: dict[str, Any] = {
        "external_id": _("# example, not read"),
        "component_type": type_.code,
        "title": str(type_),
        "capacity_per_month": 500,
        "min_order_quantity": 10,
        "prototype_lead_days": 20,
        "volume_lead_days": 45,
        "certificates": "ISO9001@2028-12-31",
        "valid_until": "2028-12-31",
    }
    for key, _head, parameter in columns:
        if parameter is None:
            continue
        facts = parameter.attributes or {}
        if parameter.key.kind == "choice":
            told[key] = next(iter(parameter.key.choices), "")
        elif parameter.key.kind == "bool":
            told[key] = _("yes")
        else:
            told[key] = facts.get("typical_min")
    return [told.get(key) for key, _head, _parameter in columns]


def _workbook(tables: list[tuple[Any, Columns, list[list[Any]]]], plants: list[str]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    offered = {"facility": listed_names(book, plants)}
    for type_, columns, rows in tables:
        sheet = book.create_sheet(f"{type_.code}"[:31])
        fill_table(sheet, columns, rows, offered=offered, last=LAST)
        sheet.freeze_panes = "B2"
    return book_bytes(book)


def csv_bytes(rows: Iterable[list[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return ("\ufeff" + out.getvalue()).encode()


def capabilities_sheet(rows: Iterable[Capability], form: str) -> bytes:
    """The firm's own table: imported again as it is, it changes nothing. A sheet for each type; CSV in one."""
    book = component_book()
    by_type: dict[int, list[Any]] = {}
    types: dict[int, ComponentType] = {}
    for row in rows:
        by_type.setdefault(row.component_type_id, []).append(row)
        types[row.component_type_id] = row.component_type
    tables = []
    for pk, type_ in types.items():
        columns = _columns(type_, book)
        tables.append(
            (type_, columns, [[_value(row, key, p) for key, _h, p in columns] for row in by_type[pk]])
        )
    if form == "csv":
        return csv_bytes(_one_table(tables))
    return _workbook(tables or [(t, _columns(t, book), []) for t in ComponentType.objects.all()[:1]], [])


def _one_table(tables: list[Any]) -> Iterable[list[Any]]:
    heads: dict[str, str] = {}
    for _type, columns, _rows in tables:
        heads |= {key: head for key, head, _parameter in columns}
    yield list(heads.values())
    for _type, columns, rows in tables:
        for row in rows:
            told = dict(zip((key for key, _h, _p in columns), row, strict=True))
            yield [told.get(key) for key in heads]


def _value(row: Any, key: str, parameter: Any) -> Any:
    if parameter is not None:
        value = row.specs.get(key)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, list):
            return "; ".join(value) if parameter.key.kind == "choice" else f"{value[0]}~{value[1]}"
        return value
    if key == "component_type":
        return row.component_type.code
    if key == "facility":
        return row.facility.external_id
    if key == "certificates":
        return "; ".join(
            f"{held.code}@{held.expires_on.isoformat()}" if held.expires_on else held.code
            for held in row.certificates.all()
        )
    if key in ("capacity_per_month", "committed_per_month", "unit_price"):
        return getattr(row.terms, key)
    if key in ("prototype_lead_days", "volume_lead_days", "capacity_per_month") and key in row.missing:
        return None
    value = getattr(row, key)
    return value.isoformat() if hasattr(value, "isoformat") else value


def commented_sheet(sheet: SheetImport) -> bytes:
    """The upload as it came, bad cells red with the reason as a comment."""
    return with_comments(sheet, sheet.cells.rows)


def with_comments(sheet: Any, rows: Iterable[Any]) -> bytes:
    """`sheet` has header, edits and problems; `rows` are [sheet's name, row number, cells]."""
    book = Workbook()
    page = book.active
    page.append([cell(head) for head in sheet.header])
    place = {}
    for number, (name, row, cells) in enumerate(rows, start=2):
        place[name, row] = number
        for column, value in enumerate(cells):
            edited = sheet.edits.get(f"{name}!{row}:{column}")
            told = edited if edited is not None else value
            page.cell(number, column + 1, cell(told) if isinstance(told, str) else told)
    for problem in sheet.problems:
        at = place.get((problem["sheet"], problem["row"]))
        if at is None:
            continue
        target = page.cell(at, (problem["column"] or 0) + 1)
        target.fill, target.comment = HARD, Comment(shown_text(problem["reason"]), "alliance")
    page.freeze_panes = "A2"
    return book_bytes(book)
