"""Bills of materials going out: a template with drop-downs, a demand's own lines, an upload with its problems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from openpyxl.workbook.workbook import Workbook

from companies.models import ComponentType
from companies.selectors import component_book
from companies.services.sheets.columns import SPEC
from companies.services.sheets.tables import Columns, book_bytes, fill_table, listed_names
from companies.services.sheets.writing import csv_bytes, heading, with_comments
from matching.models import BillSheet, Demand
from matching.services.bills.asking import cell_of
from matching.services.bills.columns import BASICS
from matching.services.bills.states import line_states
from matching.services.demands.lines import MOST_LINES


class _Asked:
    """A stored requirement's plain values with names, as `cell_of` reads them."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.__dict__.update(told)


def _columns(types: Iterable[ComponentType]) -> Columns:
    """The line's own fields, then each parameter of these types once."""
    book = component_book()
    found: Columns = [(name, heading(name, str(words)), None) for name, (words, _o) in BASICS.items()]
    seen: set[str] = set()
    for type_ in types:
        for key, row in book.of(type_.pk).items():
            if key not in seen:
                seen.add(key)
                words = " ".join(dict.fromkeys(filter(None, (row.name_zh, row.name_en))))
                found.append((SPEC + key, heading(key, words, row.key.unit), row))
    return found


def template_sheet(types: list[ComponentType], form: str) -> bytes:
    """An empty table: a row started for each chosen type, its parameters as columns, one example not read."""
    columns = _columns(types)
    rows = [_example(columns, types)]
    started = {"component_type": 0}
    rows += [[_type(type_) if name in started else None for name, _h, _p in columns] for type_ in types]
    if form == "csv":
        return csv_bytes([[head for _n, head, _p in columns], *rows])
    return _workbook(columns, rows)


def _type(type_: ComponentType) -> str:
    return f"{type_} ({type_.code})"


def _example(columns: Columns, types: list[ComponentType]) -> list[Any]:
    """What may stand in each column: a line that begins with # is not read."""
    told: dict[str, Any] = {
        "external_id": _("# example, not read"),
        "component_type": _type(types[0]) if types else "",
        "quantity": 1200,
        "monthly_rate": 100,
        "need_by": "2027-06-30",
        "target_unit_price": 800,
        "ceiling_unit_price": 1000,
        "certificates": "ISO9001; CE",
        "open_points": _("one | another"),
    }
    return [told.get(name) if parameter is None else _typical(parameter) for name, _h, parameter in columns]


def _typical(parameter: Any) -> str:
    facts, kind = parameter.attributes or {}, parameter.key.kind
    if kind == "bool":
        return _("yes")
    if kind == "choice":
        return "; ".join(parameter.key.choices[:2])
    low, high = facts.get("typical_min"), facts.get("typical_max")
    if kind == "range":
        return f"{low:g} ~ {high:g}" if low is not None and high is not None else "-10 ~ 40"
    sign, value = ("≤", high) if facts.get("better") == "lower" else ("≥", low)
    number = f"{sign} {value:g}" if value is not None else f"{sign} 10"
    return _("%(asked)s (soft, weight 3, tolerance 20%%)") % {"asked": number}


def _workbook(columns: Columns, rows: list[list[Any]]) -> bytes:
    book = Workbook()
    page = book.active
    page.title = _("Lines")
    types = [_type(row) for row in ComponentType.objects.order_by("code")]
    offered = {"component_type": listed_names(book, types)}
    fill_table(page, columns, rows, offered=offered, last=MOST_LINES + 10)
    page.freeze_panes = "C2"
    _how(book)
    return book_bytes(book)


def how_to_ask() -> list[tuple[str, str]]:
    """(what one writes, what it means): on the sheet's second page and beside the upload."""
    return [
        (
            "≥ 12",
            _(
                "at least 12, in the unit of the heading; any unit of the same kind may be written: ≥ 1.2 kgf·m"
            ),
        ),
        ("≤ 1 arcmin", _("at most 1 arc minute")),
        ("= 50", _("exactly 50")),
        ("10 ~ 20", _("between 10 and 20; of a range such as a temperature: all of it must be covered")),
        ("IP65; IP67", _("one of these")),
        ("≥ IP65", _("at least IP65, where choices have an order")),
        (_("yes"), _("must be so")),
        (
            _("≥ 12 (soft, weight 3, tolerance 10%)"),
            _("soft: counts towards the score; weight 1 to 5; still counts in part up to 10% below"),
        ),
        (_("≥ 12 | ≥ 18 (soft)"), _("two requirements on the same parameter")),
        ("", _("empty: nothing is asked")),
    ]


def _how(book: Workbook) -> None:
    """The page is a table of its own without rows: an upload skips lines that begin with #."""
    page = book.create_sheet(_("How to write"))
    for words, meaning in how_to_ask():
        page.append([f"# {words}", meaning])
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 40, 90


def lines_sheet(demand: Demand, form: str) -> bytes:
    """The demand's lines: imported again as they are, they change nothing."""
    states = line_states(demand)
    types = {
        row.code: row
        for row in ComponentType.objects.filter(code__in=[state["component_type"] for state in states])
    }
    columns = _columns(dict.fromkeys(types[state["component_type"]] for state in states))
    rows = [[_value(state, name, parameter, types) for name, _h, parameter in columns] for state in states]
    if form == "csv":
        return csv_bytes([[head for _n, head, _p in columns], *rows])
    return _workbook(columns, rows)


def _value(state: dict[str, Any], name: str, parameter: Any, types: dict[str, ComponentType]) -> Any:
    if parameter is not None:
        key = name.removeprefix(SPEC)
        asked = [_Asked(item) for item in state["requirements"] if item["key"] == key]
        return cell_of(asked, parameter.key.kind) or None
    if name == "component_type":
        return _type(types[state[name]])
    if name == "certificates":
        return "; ".join(state[name]) or None
    if name == "open_points":
        return "\n".join(state[name]) or None
    value = state[name]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def commented_sheet(sheet: BillSheet) -> bytes:
    """The upload as it came, bad cells red with the reason as a comment."""
    return with_comments(sheet, sheet.rows)
