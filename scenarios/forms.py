"""A site as its operator types it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.choices import Operator
from alliance.forms import day_field
from alliance.forms.clashes import Clash
from alliance.forms.joining import CityChoice
from alliance.templatetags._numbers import is_chinese, list_text
from companies.models import ComponentKey
from companies.selectors import component_book

ROWS = 8
NOTHING = "—"
# The boxes of the conditions, which are compared and taken as a whole.
BOXES = {"conditions": ["ck", "co", "cv"]}


class SiteForm(forms.Form):
    name = forms.CharField(label=_("Name of the site"), max_length=300)
    city = CityChoice(
        label=_("City"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "cities", "autocomplete": "off"}),
    )
    fleet_capacity = forms.CharField(label=_("Robots at a time"), max_length=40)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class WindowForm(forms.Form):
    starts = day_field(_("From"))
    ends = day_field(_("To"))
    note = forms.CharField(label=_("Who, what for"), required=False, max_length=300)

    def days(self) -> tuple[date, date]:
        return self.cleaned_data["starts"], self.cleaned_data["ends"]


@dataclass
class ParamRow:
    """The box of one parameter of the place."""

    key: str
    name: str
    unit: str
    kind: str
    choices: list[tuple[str, str]] = field(default_factory=list)
    value: str = ""
    chosen: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def box(self) -> str:
        return f"{'choice' if self.kind == 'choice' else 'value'}-{self.key}"

    @property
    def label(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def words(self, data: QueryDict) -> str:
        """What stands in the box, in the reader's words."""
        known = dict(self.choices)
        if self.kind == "bool":
            known = {"yes": gettext("yes"), "no": gettext("no")}
        return list_text(known.get(text, text) for text in data.getlist(self.box) if text) or NOTHING


def _words_of(key: Any) -> list[str]:
    """What the choices are called in the reader's language."""
    chinese = is_chinese() and len(key.choices_zh) == len(key.choices)
    words: list[str] = key.choices_zh if chinese else key.choices
    return words


def param_rows(book_rows: dict[str, Any]) -> list[ParamRow]:
    return [
        ParamRow(
            key,
            str(row),
            row.key.symbol or row.key.unit,
            row.key.kind,
            list(zip(row.key.choices, _words_of(row.key), strict=True)),
        )
        for key, row in book_rows.items()
    ]


def read_params(rows: list[ParamRow], data: QueryDict) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        row.value = data.get(f"value-{row.key}", "")[:200].strip()
        row.chosen = [choice[:200] for choice in data.getlist(f"choice-{row.key}") if choice][:64]
        if row.kind == "choice":
            found[row.key] = row.chosen
        elif row.kind == "bool":
            found[row.key] = {"yes": True, "no": False}.get(row.value)
        else:
            low, mark, high = row.value.partition("~")
            found[row.key] = [_number(low), _number(high)] if mark else _number(row.value)
    return found


def fill_params(rows: list[ParamRow], params: dict[str, Any]) -> None:
    for row in rows:
        value = params.get(row.key)
        if row.kind == "choice":
            row.chosen = list(value or [])
        elif row.kind == "bool":
            row.value = "" if value is None else "yes" if value else "no"
        elif isinstance(value, list):
            row.value = f"{value[0]:.12g} ~ {value[1]:.12g}"
        elif value is not None:
            row.value = f"{value:.12g}"


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text.strip()


@dataclass
class ConditionRow:
    """A part condition: parameter, operator, value as text."""

    key: str = ""
    op: str = ">="
    value: str = ""
    errors: list[str] = field(default_factory=list)


def condition_keys() -> list[tuple[str, str, str]]:
    """(key, name, unit) of every component parameter that is used."""
    book = component_book()
    rows = ComponentKey.objects.order_by("key")
    return [(row.key, book.name(row.key), row.symbol or row.unit) for row in rows]


OPERATORS = [(op.value, op.label) for op in Operator]


def read_conditions(data: QueryDict) -> tuple[list[ConditionRow], list[dict[str, Any]]]:
    """The rows as typed, and those with a parameter as raw conditions."""
    kinds = {row.key: row for row in ComponentKey.objects.all()}
    rows, raw = [], []
    boxes = zip(data.getlist("ck"), data.getlist("co"), data.getlist("cv"), strict=False)
    for key, op, value in list(boxes)[:40]:
        row = ConditionRow(key[:64], op[:10], value[:200].strip())
        if not row.key:
            continue
        rows.append(row)
        raw.append({"key": row.key, "op": row.op, "value": _asked(kinds.get(row.key), row)})
    return rows, raw


def _asked(key: Any, row: ConditionRow) -> Any:
    if key is None or not row.value:
        return None
    if key.kind == "bool":
        return {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}.get(
            row.value.lower()
        )
    parts = [
        part.strip() for part in row.value.replace("；", ";").replace("~", ";").split(";") if part.strip()
    ]
    if key.kind == "choice":
        return parts if row.op == "one_of" else parts[0] if parts else None
    if row.op in ("between", "covers"):
        return [_number(part) for part in parts]
    return _number(row.value)


def stored_conditions(conditions: Any) -> list[ConditionRow]:
    return [ConditionRow(row.key.key, row.op, _words(row.value)) for row in conditions]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        numbers = all(isinstance(each, int | float) for each in value)
        return " ~ ".join(f"{each:.12g}" for each in value) if numbers else "; ".join(value)
    return value if isinstance(value, str) else f"{value:.12g}"


# --- two people at once ---------------------------------------------------------------------------------------------
def stored_data(initial: dict[str, Any], rows: list[ParamRow], conditions: list[ConditionRow]) -> QueryDict:
    """The boxes as they would be filled for what is stored."""
    data = QueryDict(mutable=True)
    for name, value in initial.items():
        data[name] = str(value)
    for row in rows:
        data.setlist(row.box, row.chosen if row.kind == "choice" else [row.value])
    for box, told in (("ck", "key"), ("co", "op"), ("cv", "value")):
        data.setlist(box, [getattr(row, told) for row in conditions])
    return data


def site_clashes(names: set[str], rows: list[ParamRow], data: QueryDict, stored: QueryDict) -> list[Clash]:
    """Those of `names`, in the order of the page, with both texts."""
    found = [
        Clash(name, str(box.label), data.get(name, "").strip() or NOTHING, stored.get(name, "") or NOTHING)
        for name, box in SiteForm.base_fields.items()
        if name in names
    ]
    found += [
        Clash(row.box, row.label, row.words(data), row.words(stored))
        for row in rows
        if f"params.{row.key}" in names
    ]
    if "conditions" in names:
        label = gettext("What parts must meet here")
        found.append(Clash("conditions", label, _conditions_words(data), _conditions_words(stored)))
    return found


def _conditions_words(data: QueryDict) -> str:
    known, ops = {key: name for key, name, _unit in condition_keys()}, dict(OPERATORS)
    rows = zip(*(data.getlist(box) for box in BOXES["conditions"]), strict=False)
    told = (f"{known.get(key, key)} {ops.get(op, op)} {value}" for key, op, value in rows if key)
    return "; ".join(told) or NOTHING
