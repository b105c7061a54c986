"""A table of a workbook as people fill it in: headings, drop-downs, rows."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from openpyxl.styles.alignment import Alignment
from openpyxl.styles.fills import PatternFill
from openpyxl.styles.fonts import Font
from openpyxl.utils.cell import get_column_letter
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from alliance.http import cell

HEAD = PatternFill("solid", fgColor="DCE9F7")
#: (field, heading, the tree's row of a parameter or None)
Columns = list[tuple[str, str, Any]]


def listed_names(book: Workbook, names: Sequence[str]) -> str:
    """What a drop-down offers, on a hidden sheet; its formula, "" where there is nothing to offer."""
    lists = book.create_sheet("lists")
    lists.sheet_state = "hidden"
    for number, name in enumerate(names, start=1):
        lists.cell(number, 1, cell(name))
    return f"=lists!$A$1:$A${len(names)}" if names else ""


def fill_table(
    page: Any, columns: Columns, rows: Iterable[Iterable[Any]], *, offered: dict[str, str], last: int
) -> None:
    """`offered`: field → formula of its drop-down; `last`: the row down to which drop-downs reach."""
    for place, (field, head, parameter) in enumerate(columns, start=1):
        top = page.cell(1, place, head)
        top.font, top.fill = Font(bold=True), HEAD
        top.alignment = Alignment(wrap_text=True, vertical="top")
        letter = get_column_letter(place)
        page.column_dimensions[letter].width = max(12, min(28, len(head) * 0.9))
        if formula := offered.get(field) or _offered_by(parameter):
            _drop_down(page, f"{letter}2:{letter}{last}", formula)
    for row in rows:
        page.append([cell(value) if isinstance(value, str) else value for value in row])


def _offered_by(parameter: Any) -> str:
    """Yes or no, and a choice's words where a formula can hold them."""
    kind = parameter.key.kind if parameter is not None else ""
    if kind == "bool":
        return f'"{_("yes")},{_("no")}"'
    words = ",".join(parameter.key.choices) if kind == "choice" else ""
    return f'"{words}"' if words and len(words) < 250 and '"' not in words else ""


def _drop_down(page: Any, cells: str, formula: str) -> None:
    """Offers and refuses nothing: what is wrong is told with its reason after the upload."""
    rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=False)
    page.add_data_validation(rule)
    rule.add(cells)


def book_bytes(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
