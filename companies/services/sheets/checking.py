"""Every problem of a sheet by row, column, value and reason; and what saving it would do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from companies.models import Capability, ComponentType, SheetImport
from companies.services.inputs import CapabilityChecker, CapabilityInput, CertificateInput, Checked
from companies.services.sheets.columns import SPEC, plain, unit_in

AMOUNTS = (
    *("capacity_per_month", "committed_per_month", "min_order_quantity", "unit_price"),
    *("prototype_lead_days", "volume_lead_days", "available_from", "valid_until"),
)
#: Problems that are kept to be shown and mended; more are counted.
MOST_PROBLEMS = 5000
YES, NO = {"yes", "true", "1", "是", "有", "√", "y"}, {"no", "false", "0", "否", "无", "×", "n"}


@dataclass
class Line:
    """A row of the sheet as it would be saved."""

    place: str
    number: int
    cells: dict[str, Any]
    checked: Checked | None = None
    existing: int | None = None


@dataclass
class Report:
    lines: list[Line] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    wrong: int = 0


class SheetChecker:
    """Reads the rows of one import; trees, plants and the firm's own capabilities are asked for once."""

    def __init__(self, sheet: SheetImport) -> None:
        self.sheet = sheet
        self.checker = CapabilityChecker(sheet.organisation)
        self.types = type_names(self.checker.types.values())
        self.columns = {int(number): name for number, name in sheet.mapping.items() if name}
        self.units = {n: unit_in(sheet.header[n]) for n in self.columns if n < len(sheet.header)}
        rows = Capability.objects.filter(organisation=sheet.organisation)
        self.own = dict(rows.values_list("external_id", "pk"))
        self.plants = {plain(row.name): row.external_id for row in self.checker.facilities.values()}
        self._suggested: dict[tuple[str, str], str] = {}

    def run(self, rows: list[Any], progress: Callable[[int], None] = lambda done: None) -> Report:
        report = Report()
        seen: dict[str, int] = {}
        for done, (place, number, cells) in enumerate(self._used(rows)):
            line = self._line(place, number, cells)
            self._look(line, report, seen)
            report.lines.append(line)
            if done % 500 == 0:
                progress(done)
        return report

    def _used(self, rows: list[Any]) -> Iterator[tuple[str, int, list[Any]]]:
        for place, number, cells in rows:
            if not str(cells[0] if cells else "").lstrip().startswith("#"):
                yield place, number, cells

    def _line(self, place: str, number: int, cells: list[Any]) -> Line:
        told = {}
        for column, name in self.columns.items():
            edited = self.sheet.edits.get(f"{place}!{number}:{column}")
            value = edited if edited is not None else cells[column] if column < len(cells) else None
            told[name] = value
        return Line(place, number, told)

    def _look(self, line: Line, report: Report, seen: dict[str, int]) -> None:
        given, found = self._input(line, report)
        checked = self.checker.check(given, now_at=None)
        for name, words in checked.errors.items():
            found.setdefault(name, words)
        own = checked.values.get("external_id", "")
        if own and own in seen:
            found["external_id"] = [_("Row %(row)d has the same id.") % {"row": seen[own]}]
        elif own:
            seen[own] = line.number
        line.checked, line.existing = checked, self.own.get(own) if own else None
        report.wrong += len(found)
        for name, words in found.items():
            if len(report.problems) < MOST_PROBLEMS:
                report.problems.append(self._problem(line, name, " ".join(words)))

    def _input(self, line: Line, report: Report) -> tuple[CapabilityInput, dict[str, list[str]]]:
        cells, found = line.cells, {}
        code = self._type(cells.get("component_type"))
        type_ = self.checker.types.get(code)
        specs = {}
        parameters = self.checker.parameters(type_) if type_ else {}
        for column, name in self.columns.items():
            key = name.removeprefix(SPEC)
            if not name.startswith(SPEC) or cells[name] in (None, ""):
                continue
            parameter = parameters.get(key)
            if parameter is None:
                if type_ is not None:
                    found[f"specs.{key}"] = [_("%(type)s has no such parameter.") % {"type": type_}]
                continue
            specs[key] = spec_value(parameter, cells[name], self.units.get(column, ""))
        amounts: dict[str, Any] = {name: cells.get(name) for name in AMOUNTS}
        given = CapabilityInput(
            component_type=code,
            facility=self._plant(cells.get("facility")),
            specs=specs,
            certificates=_certificates(cells.get("certificates")) if "certificates" in cells else None,
            external_id=cell_text(cells.get("external_id")),
            title=cell_text(cells.get("title")),
            **amounts,
        )
        return given, found

    def _type(self, cell: Any) -> str:
        text = cell_text(cell)
        if not text:
            return self.sheet.component_type
        return text if text in self.checker.types else self.types.get(plain(text), text)

    def _plant(self, cell: Any) -> str:
        text = cell_text(cell)
        if not text and len(set(self.plants.values())) == 1:
            return next(iter(self.plants.values()))
        return text if text in self.checker.facilities else self.plants.get(plain(text), text)

    def _problem(self, line: Line, name: str, words: str) -> dict[str, Any]:
        field_name = name.split(".")[0] if name.startswith("certificates") else name.replace("specs.", SPEC)
        column = next((n for n, mapped in self.columns.items() if mapped == field_name), None)
        value = line.cells.get(field_name)
        return {
            "sheet": line.place,
            "row": line.number,
            "column": column,
            "heading": self.sheet.header[column] if column is not None else "",
            "field": field_name,
            "value": "" if value is None else str(value)[:200],
            "reason": words,
            "suggestion": self._suggestion(field_name, value),
        }

    def _suggestion(self, name: str, value: Any) -> str:
        """What was probably meant: the nearest choice, type or plant. Looked for once for each value: it is slow."""
        text = cell_text(value)[:200]
        if not text:
            return ""
        place = (name, text)
        if place not in self._suggested:
            self._suggested[place] = self._nearest(name, text)
        return self._suggested[place]

    def _nearest(self, name: str, text: str) -> str:
        if name == "component_type":
            return self.types.get(
                next(iter(difflib.get_close_matches(plain(text), self.types, 1, 0.6)), ""), ""
            )
        if name == "facility":
            near = difflib.get_close_matches(plain(text), self.plants, 1, 0.5)
            return self.plants[near[0]] if near else ""
        key = self.checker.book.key(name.removeprefix(SPEC)) if name.startswith(SPEC) else None
        if key is not None and key.kind == "choice":
            return next(iter(difflib.get_close_matches(text, key.choices, 1, 0.4)), "")
        return ""


def type_names(types: Any) -> dict[str, str]:
    names: dict[str, str] = {}
    for row in types:
        for words in (row.code, row.name_zh, row.name_en, *row.synonyms_zh, *row.synonyms_en):
            names.setdefault(plain(words), row.code)
    return names


def cell_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def spec_value(parameter: Any, cell: Any, unit: str) -> Any:
    """A cell as the strict readers take it: yes/no words, choices by comma, "3~5" as a range, the heading's unit."""
    if parameter.kind == "bool":
        text = cell_text(cell).lower()
        return True if text in YES else False if text in NO else cell
    if parameter.kind == "choice":
        names = dict(zip(parameter.choices, parameter.choices, strict=True))
        return [names.get(part.strip(), part.strip()) for part in _split(cell_text(cell))]
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return f"{cell} {unit}" if unit else cell
    text = cell_text(cell)
    for mark in ("~", "～", "—", "–", " to ", "至"):
        if mark in text:
            low, _mark, high = text.partition(mark)
            return [_with_unit(low, unit or _unit_of(high)), _with_unit(high, unit)]
    return _with_unit(text, unit)


def _unit_of(text: str) -> str:
    return text.strip().lstrip("+-0123456789.,eE ").strip()


def _with_unit(text: str, unit: str) -> Any:
    bare = text.strip()
    try:
        float(bare)
    except ValueError:
        return bare
    return f"{bare} {unit}" if unit else float(bare)


def _split(text: str) -> list[str]:
    for mark in ("；", "，", "、", ","):
        text = text.replace(mark, ";")
    return [part for part in text.split(";") if part.strip()]


def _certificates(cell: Any) -> list[CertificateInput]:
    """`code` or `code@last valid day`, joined by semicolons."""
    found = []
    for part in _split(cell_text(cell)):
        code, _at, day = part.strip().partition("@")
        found.append(CertificateInput(code.strip(), day.strip() or None))
    return found


def counts_of(report: Report, same: int, changed: int) -> dict[str, int]:
    new = sum(line.existing is None for line in report.lines)
    return {
        "new": new,
        "changed": changed,
        "same": same,
        "errors": report.wrong,
        "rows": len(report.lines),
    }


def type_of(code: str) -> ComponentType | None:
    return ComponentType.objects.filter(code=code).first()
