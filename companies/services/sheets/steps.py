"""What every uploaded sheet goes through, whatever its rows are: the capabilities of a firm, the lines of a demand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from alliance.errors import ConflictError, DomainError
from companies.models import RememberedColumn, UploadedSheet
from companies.services.sheets.lines import Cells
from companies.services.sheets.reading import MOST_ROWS, read_file


def looked_at(blob: bytes, is_known: Callable[[list[str]], bool]) -> tuple[list[str], list[Any]]:
    """Headings and rows of the file; DomainError for one that has no row."""
    header, rows = joined(read_file(blob, is_known))
    if not rows:
        raise DomainError(_("The sheet has headings but no rows below them."), field="file")
    return header, rows


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


def some_known(mapping: dict[str, str], names: Iterable[object]) -> None:
    """DomainError where no heading is one of ours; `names`: what was expected, for example."""
    if not any(mapping.values()):
        expected = ", ".join(str(name) for name in names)
        words = _("No heading is known. Expected are for example: %(names)s.") % {"names": expected}
        raise DomainError(words, field="file")


def first_values(blob: bytes, file_name: str, header: list[str], rows: list[Any]) -> dict[str, Any]:
    """What a new sheet is stored with, whatever its rows are."""
    return {
        "file_name": file_name[:200],
        "sha256": hashlib.sha256(blob).hexdigest(),
        "header": header,
        "row_count": len(rows),
    }


def chosen_columns(header: list[str], mapping: dict[str, str], known: Collection[str]) -> dict[str, str]:
    """Column → field for every column; DomainError for two of one field, for none at all, and for an unknown field."""
    chosen = {str(n): mapping.get(str(n), "") for n in range(len(header))}
    used = [field for field in chosen.values() if field]
    twice = next((field for field in used if used.count(field) > 1), "")
    if twice:
        raise DomainError(_("Two columns are mapped to the same field: %(field)s.") % {"field": twice})
    if not used:
        raise DomainError(_("Map at least one column."))
    if not set(used) <= set(known):
        raise DomainError(_("There is no such field."))
    return chosen


def remember_columns(
    memory: type[RememberedColumn], organisation_id: int, header: list[str], chosen: dict[str, str]
) -> None:
    """For the organisation's next sheet. Part of choosing the columns, which records it."""
    memory._default_manager.bulk_create(
        (
            memory(organisation_id=organisation_id, heading=heading, field=chosen[str(n)])
            for n, heading in enumerate(header)
        ),
        update_conflicts=True,
        unique_fields=["organisation", "heading"],
        update_fields=["field"],
    )


def replacements(
    sheet: UploadedSheet, told: dict[str, str]
) -> tuple[dict[tuple[Any, str], str], dict[str, str]]:
    """Of the cells that were mended: (column, wrong value) → replacement; and where else that stands among what is
    known to be wrong."""
    wrong = {f"{p['sheet']}!{p['row']}:{p['column']}": (p["column"], p["value"]) for p in sheet.problems}
    fixes = {wrong[place]: text for place, text in told.items() if place in wrong}
    return fixes, {place: fixes[what] for place, what in wrong.items() if what in fixes}


def change_open(sheet: UploadedSheet, states: Collection[str], **values: Any) -> None:
    """Exactly one of several who work on a sheet wins; ConflictError for the others. Part of a step that records."""
    rows = type(sheet)._default_manager.filter(pk=sheet.pk, version=sheet.version, state__in=states)
    if not rows.update(version=F("version") + 1, **values):
        raise ConflictError(_("This sheet is being worked on, or somebody else has changed it."))
    sheet.refresh_from_db()
