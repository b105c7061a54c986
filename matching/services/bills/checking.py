"""Every problem of a bill of materials by row, column, value and reason; and what saving it would do."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from companies.models import ComponentType
from companies.selectors import component_book
from companies.services.inputs import Checked, parameter_of, read_date, read_text
from companies.services.sheets.checking import cell_text, type_names
from companies.services.sheets.columns import SPEC, plain, unit_in
from companies.specs import Parameter
from matching.models import BillSheet, DemandLine
from matching.services.bills.asking import CellError, read_cell
from matching.services.bills.columns import BASICS
from matching.services.bills.states import BLANK, PRICES, State, line_states
from matching.services.demands.inputs import LineInput
from matching.services.demands.lines import ReadLine, read_line

SIMPLE = ("quantity", "monthly_rate", *PRICES)


@dataclass
class Row:
    """A row of the sheet as it would be saved; `same`: the demand has exactly this line already."""

    place: str
    number: int
    cells: dict[str, Any]
    existing: State | None = None
    given: LineInput | None = None
    read: ReadLine | None = None
    same: bool = False
    wrong: bool = False


@dataclass
class Report:
    rows: list[Row] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    others: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """new, changed, same, errors, and lines of the demand that the sheet does not name."""
        good = [row for row in self.rows if not row.wrong]
        new = sum(row.existing is None for row in good)
        same = sum(row.same for row in good)
        found = {"new": new, "same": same, "changed": len(good) - new - same}
        return found | {"errors": len(self.problems), "rows": len(self.rows), "others": self.others}


class BillChecker:
    """Reads the rows of one upload; the tree and the demand's own lines are asked for once."""

    def __init__(self, sheet: BillSheet) -> None:
        self.sheet, self.demand = sheet, sheet.demand
        self.book = component_book()
        self.types = {row.code: row for row in ComponentType.objects.all()}
        self.names = type_names(self.types.values())
        self.columns = {int(n): name for n, name in sheet.mapping.items() if name}
        self.units = {n: unit_in(sheet.header[n]) for n in self.columns if n < len(sheet.header)}
        self.own = {state["external_id"]: state for state in line_states(self.demand)}
        self.taken = self._taken()
        self._parameters: dict[str, dict[str, Parameter]] = {}

    def _taken(self) -> set[str]:
        """Ids that lines of the lab's other demands have: an id is once in a lab."""
        column = next((n for n, name in self.columns.items() if name == "external_id"), None)
        if column is None:
            return set()
        told = {cell_text(cells[column]) for _p, _n, cells in self.sheet.rows if column < len(cells)}
        told |= {text.strip() for text in self.sheet.edits.values()}
        rows = DemandLine.objects.filter(owner_id=self.demand.owner_id, external_id__in=told)
        return set(rows.exclude(demand=self.demand).values_list("external_id", flat=True))

    def run(self) -> Report:
        report, seen = Report(), dict[str, int]()
        for place, number, cells in self.sheet.rows:
            row = Row(place, number, dict(self._told(place, number, cells)))
            self._look(row, report, seen)
            report.rows.append(row)
        report.others = len(set(self.own) - set(seen))
        return report

    def _told(self, place: str, number: int, cells: list[Any]) -> Iterator[tuple[str, Any]]:
        for column, name in self.columns.items():
            edited = self.sheet.edits.get(f"{place}!{number}:{column}")
            yield name, edited if edited is not None else cells[column] if column < len(cells) else None

    def _look(self, row: Row, report: Report, seen: dict[str, int]) -> None:
        found = Checked()
        name = read_text(found, "external_id", cell_text(row.cells.get("external_id")), 120)
        if name in seen:
            found.bad("external_id", _("Row %(row)d has the same id.") % {"row": seen[name]})
        elif name in self.taken:
            found.bad("external_id", _("A line of another demand of yours has this id."))
        if name:
            seen.setdefault(name, row.number)
        row.existing = self.own.get(name)
        better = self._read(row, found, name)
        row.wrong = bool(found.errors)
        for field_name, words in found.errors.items():
            report.problems.append(
                self._problem(row, field_name, " ".join(words), better.get(field_name, ""))
            )

    def _read(self, row: Row, found: Checked, name: str) -> dict[str, str]:
        """Fills `given` and `read`; what the sheet has no column for stays as it is. Field -> suggestion."""
        state = row.existing or BLANK
        type_ = self._type(row, found)
        if type_ is None:
            return {}
        day = read_date(found, "need_by", cell_text(row.cells["need_by"])) if "need_by" in row.cells else None
        if day is not None and not 2000 <= day.year <= 2100:
            found.bad("need_by", _("The year is between 2000 and 2100."))
        asked, better = self._asked(row, found, type_, state)
        row.given = LineInput(
            component_type=type_,
            need_by=day if "need_by" in row.cells else _day(state["need_by"]),
            certificates=self._list(row, "certificates", state, ";；、,，\n"),
            open_points=self._list(row, "open_points", state, "|｜\n"),
            requirements=asked,
            external_id=name,
            **{field: _amount(row, field, state) for field in SIMPLE},
        )
        row.read, errors = read_line(row.given, self.parameters(type_))
        for field_name, words in errors.found.items():
            for each in words:
                found.bad(field_name.replace("requirements.", SPEC), each)
        row.same = row.existing is not None and not found.errors and _equal(row, row.existing)
        return better

    def parameters(self, type_: ComponentType) -> dict[str, Parameter]:
        if type_.code not in self._parameters:
            rows = self.book.of(type_.pk)
            self._parameters[type_.code] = {key: parameter_of(row.key) for key, row in rows.items()}
        return self._parameters[type_.code]

    def _type(self, row: Row, found: Checked) -> ComponentType | None:
        text = cell_text(row.cells.get("component_type"))
        if not text and row.existing is not None:
            text = row.existing["component_type"]
        if not text:
            found.bad("component_type", _("Say which part this is."))
            return None
        code = text.rsplit("(", 1)[-1].rstrip(")") if text.endswith(")") else text
        type_ = self.types.get(code) or self.types.get(self.names.get(plain(text), ""))
        if type_ is None:
            found.bad("component_type", _("There is no component type “%(code)s”.") % {"code": text[:60]})
        return type_

    def _asked(
        self, row: Row, found: Checked, type_: ComponentType, state: State
    ) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Requirements of the columns that the sheet has, the others as they are; field -> suggestion."""
        parameters, rows = self.parameters(type_), self.book.of(type_.pk)
        told = {name.removeprefix(SPEC) for name in row.cells if name.startswith(SPEC)}
        kept = [
            item for item in state["requirements"] if item["key"] not in told and item["key"] in parameters
        ]
        asked, better = list(kept), dict[str, str]()
        for column, name in self.columns.items():
            key, cell = name.removeprefix(SPEC), row.cells.get(name)
            if not name.startswith(SPEC) or cell is None or cell_text(cell) == "":
                continue
            if key not in parameters:
                found.bad(name, _("%(type)s has no such parameter.") % {"type": type_})
                continue
            stored = rows[key].key
            zh = dict(zip(stored.choices_zh, stored.choices, strict=False))
            way = str((rows[key].attributes or {}).get("better", ""))
            try:
                asked += read_cell(parameters[key], cell, unit=self.units.get(column, ""), zh=zh, better=way)
            except CellError as error:
                found.bad(name, error.words)
                better[name] = error.better
        return asked, better

    def _list(self, row: Row, name: str, state: State, marks: str) -> list[str]:
        if name not in row.cells:
            return list(state[name])
        text = cell_text(row.cells[name])
        for mark in marks:
            text = text.replace(mark, "\n")
        return [part.strip() for part in text.split("\n") if part.strip()]

    def _problem(self, row: Row, name: str, words: str, better: str) -> dict[str, Any]:
        column = next((n for n, mapped in self.columns.items() if mapped == name), None)
        value = row.cells.get(name)
        return {
            "sheet": row.place,
            "row": row.number,
            "column": column,
            "heading": self.sheet.header[column] if column is not None else str(BASICS.get(name, (name,))[0]),
            "field": name,
            "value": "" if value is None else str(value)[:200],
            "reason": words,
            "suggestion": (better or self._suggestion(name, value))[:200],
        }

    def _suggestion(self, name: str, value: Any) -> str:
        """What was probably meant: the nearest type or choice, an id that is free."""
        text = cell_text(value)
        if not text:
            return ""
        if name == "external_id":
            return f"{text[:110]}-2"
        if name == "component_type":
            near = difflib.get_close_matches(plain(text), self.names, 1, 0.5)
            type_ = self.types.get(self.names.get(near[0], "")) if near else None
            return f"{type_} ({type_.code})" if type_ else ""
        key = self.book.key(name.removeprefix(SPEC)) if name.startswith(SPEC) else None
        if key is not None and key.kind == "choice":
            return next(iter(difflib.get_close_matches(text, [*key.choices, *key.choices_zh], 1, 0.4)), "")
        return ""


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _amount(row: Row, name: str, state: State) -> Any:
    return row.cells[name] if name in row.cells else state.get(name)


def _equal(row: Row, state: State) -> bool:
    """Whether the line is what is stored already; requirements are compared without their order between keys."""
    given, read = row.given, row.read
    assert given is not None and read is not None  # noqa: S101, PT018 - a row is compared after it was read
    return (
        given.component_type.code == state["component_type"]
        and given.need_by == _day(state["need_by"])
        and all(read.values[name] == state[name] for name in read.values)
        and all(read.prices[name] == state[name] for name in read.prices)
        and list(dict.fromkeys(given.certificates)) == state["certificates"]
        and given.open_points == state["open_points"]
        and sorted(read.asked, key=_key) == sorted(state["requirements"], key=_key)
    )


def _key(item: Any) -> str:
    return str(item["key"])
