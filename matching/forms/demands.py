"""The programme, a line, a site need: what people type, turned into inputs of the services."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.choices import Confidentiality, Operator, Scope
from alliance.forms import day_field
from alliance.forms.joining import CityChoice
from alliance.models import Alliance
from alliance.templatetags._numbers import number_text, unit_text
from companies.models import ComponentType
from companies.selectors import search_types
from companies.specs import Parameter
from companies.specs.requirements import operators
from matching.services.demands import DemandInput, LineInput, NeedInput
from scenarios.models import ScenarioType

MOST_REPEATS = 6
POINTS = gettext_lazy("Open points, one in each line: people confirm them, they are not scored.")
_PAIR = re.compile(r"\s*(?:~|～|—|–|至| to |,|，|;|；)\s*")


def _area(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class DemandForm(forms.Form):
    """Step 1: what, for whom, until when, and who may see it."""

    title = forms.CharField(label=gettext_lazy("Name of the programme"), max_length=300)
    alliance = forms.ModelChoiceField(
        label=gettext_lazy("Alliance"),
        queryset=Alliance.objects.none(),
        to_field_name="slug",
        empty_label=None,
    )
    lab_city = CityChoice(
        label=gettext_lazy("City of the lab"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "cities", "autocomplete": "off"}),
    )
    start_date = day_field(gettext_lazy("Start"))
    need_by = day_field(gettext_lazy("Need by"))
    iterations = forms.IntegerField(
        label=gettext_lazy("Prototypes until it fits"), min_value=1, max_value=50, initial=2
    )
    scope = forms.ChoiceField(label=gettext_lazy("Looks for suppliers in"), choices=Scope.choices)
    confidentiality = forms.ChoiceField(
        label=gettext_lazy("Who may see it"),
        choices=Confidentiality.choices,
        initial=Confidentiality.MEMBERS,
        help_text=gettext_lazy(
            "Open: firms of the alliance read title, dates, requirements and quantities. Alliance members: only firms "
            "with a match. After introduction: a matched firm reads requirements and dates, not who asks. "
            "Prices are never shown to suppliers."
        ),
    )
    deployment_city = CityChoice(
        label=gettext_lazy("Deployed in, if not at the site"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "cities", "autocomplete": "off"}),
    )
    open_points = forms.CharField(
        label=gettext_lazy("Open points"), required=False, max_length=20_000, widget=_area(), help_text=POINTS
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, alliances: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["alliance"].queryset = alliances  # type: ignore[attr-defined]

    def given(self) -> DemandInput:
        told = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return DemandInput(**told | {"open_points": lines_of(told["open_points"])})


class TypeChoice(forms.CharField):
    """A component type by code or by a name that fits one type best."""

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean(self, value: Any) -> ComponentType | None:
        text = str(super().clean(value)).strip()
        code = text.rsplit("(", 1)[-1].rstrip(")") if text.endswith(")") else text
        found = ComponentType.objects.filter(code=code).first()
        if found is None and text:
            best = search_types(text, self.user)
            found = best[0].type if best else None
        if found is None:
            raise ValidationError(_("There is no component type “%(code)s”.") % {"code": text[:60]})
        return found


class LineForm(forms.Form):
    """Step 2: a part, how many, how fast."""

    quantity = forms.CharField(label=gettext_lazy("Quantity"), max_length=40)
    monthly_rate = forms.CharField(label=gettext_lazy("A month"), max_length=40)
    need_by = day_field(gettext_lazy("Need by, if earlier"), required=False)
    target_unit_price = forms.CharField(
        label=gettext_lazy("Target price (CNY)"), required=False, max_length=40
    )
    ceiling_unit_price = forms.CharField(
        label=gettext_lazy("Ceiling price (CNY)"), required=False, max_length=40
    )
    certificates = forms.CharField(
        label=gettext_lazy("Certificates asked for"), required=False, max_length=1000, help_text="ISO9001; CE"
    )
    open_points = forms.CharField(
        label=gettext_lazy("Open points"),
        required=False,
        max_length=20_000,
        widget=_area(2),
        help_text=POINTS,
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def given(self, type_: ComponentType, asked: list[dict[str, Any]]) -> LineInput:
        told = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        told["certificates"] = [
            part.strip() for part in re.split(r"[;；,，、]", told["certificates"]) if part.strip()
        ]
        told["open_points"] = lines_of(told["open_points"])
        return LineInput(component_type=type_, requirements=asked, **told)


class NeedForm(forms.Form):
    """Step 3: where the robots are tried."""

    fleet_size = forms.CharField(label=gettext_lazy("Robots"), max_length=40)
    trial_days = forms.IntegerField(
        label=gettext_lazy("Trial (days)"), min_value=1, max_value=3650, initial=30
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def given(self, type_: ScenarioType, asked: list[dict[str, Any]]) -> NeedInput:
        told = self.cleaned_data
        return NeedInput(type_, told["fleet_size"], told["trial_days"], asked)


class CloseForm(forms.Form):
    outcome = forms.CharField(label=gettext_lazy("How it ended"), max_length=300)


# --- requirements: one row of boxes for each parameter ----------------------------------------------------------
@dataclass
class AskedRow:
    """The boxes of one parameter: operator, value, hard or soft, weight, tolerance in percent."""

    key: str
    name: str
    unit: str
    kind: str
    operators: list[tuple[str, str]]
    choices: list[tuple[str, str]] = field(default_factory=list)
    typical: str = ""
    op: str = ""
    value: str = ""
    chosen: list[str] = field(default_factory=list)
    hard: bool = True
    weight: str = "1"
    tolerance: str = "20"
    errors: list[str] = field(default_factory=list)
    number: int = 1

    @property
    def box(self) -> str:
        """What its boxes are called: a parameter may be asked more than once, hard and soft."""
        return self.key if self.number == 1 else f"{self.key}~{self.number}"

    def again(self) -> AskedRow:
        """Empty boxes for asking the same parameter once more."""
        return replace(
            self,
            number=self.number + 1,
            value="",
            chosen=[],
            hard=False,
            weight="1",
            tolerance="20",
            errors=[],
        )


def _with_repeats(rows: list[AskedRow], data: QueryDict) -> None:
    for row in list(rows):
        last = row
        while f"op-{last.again().box}" in data and last.number < MOST_REPEATS:
            last = last.again()
            rows.insert(rows.index(row) + last.number - 1, last)


#: What an empty row asks unless told otherwise, by what is better of a parameter: nobody wants "at least" of play.
_USUAL = {"lower": "<=", "higher": ">=", "target": "="}


def _usual(low: float | None, high: float | None) -> str:
    """What typical products have; where that is one value it is said once."""
    if low is None or high is None:
        return ""
    return number_text(low) if low == high else f"{number_text(low)} ~ {number_text(high)}"


def asked_rows(
    parameters: dict[str, Parameter], book_rows: dict[str, Any], chinese: bool, *, ranges: str = ""
) -> list[AskedRow]:
    """Empty boxes for the parameters of a type; `ranges`: what is usually asked of one that is a range."""
    found = []
    for key, parameter in parameters.items():
        row = book_rows[key]
        zh = (
            row.key.choices_zh
            if chinese and len(row.key.choices_zh) == len(row.key.choices)
            else row.key.choices
        )
        facts = row.attributes or {}
        known = operators(parameter)
        usual = _USUAL.get(facts.get("better", "")) or (ranges if parameter.kind == "range" else "")
        low, high = facts.get("typical_min"), facts.get("typical_max")
        found.append(
            AskedRow(
                key=key,
                name=str(row),
                unit="" if row.key.unit == "1" else unit_text(row.key.unit),
                kind=parameter.kind,
                operators=[(op, str(Operator(op).label)) for op in known],
                op=usual if usual in known else known[0],
                choices=list(zip(row.key.choices, zh, strict=True)),
                typical=_usual(low, high),
            )
        )
    return found


def fill_from_post(rows: list[AskedRow], data: QueryDict) -> list[dict[str, Any]]:
    """What was typed stays in the boxes; rows with a value become raw requirements for the services."""
    raw = []
    _with_repeats(rows, data)
    for row in rows:
        row.op = data.get(f"op-{row.box}", "")[:10] or row.operators[0][0]
        row.value = data.get(f"value-{row.box}", "")[:200].strip()
        row.chosen = [choice[:200] for choice in data.getlist(f"choice-{row.box}") if choice][:64]
        row.hard = data.get(f"hard-{row.box}", "hard") == "hard"
        row.weight = data.get(f"weight-{row.box}", "1")[:10] or "1"
        row.tolerance = data.get(f"tolerance-{row.box}", "20")[:10] or "20"
        value = raw_value(row)
        if value is not None:
            raw.append({"key": row.key, "op": row.op, "value": value, "hard": row.hard, **_soft(row)})
    return raw


def raw_value(row: AskedRow) -> Any:
    if row.kind == "bool":
        return {"yes": True, "no": False}.get(row.value)
    if row.kind == "choice":
        if not row.chosen:
            return None
        return row.chosen if row.op == "one_of" else row.chosen[0]
    if not row.value:
        return None
    if row.op in ("between", "covers"):
        parts = [part for part in _PAIR.split(row.value) if part]
        return [_number(part) for part in parts]
    return _number(row.value)


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _soft(row: AskedRow) -> dict[str, Any]:
    if row.hard:
        return {}
    try:
        return {"weight": float(row.weight), "tolerance": float(row.tolerance) / 100}
    except ValueError:
        return {"weight": row.weight}


def fill_from_stored(rows: list[AskedRow], stored: Any) -> None:
    """Requirements as they are saved, back in their boxes."""
    by_key = {row.key: row for row in rows}
    filled: set[str] = set()
    for requirement in stored:
        key = requirement.key.key
        row = by_key.get(key)
        if row is None:
            continue
        if key in filled:
            further = row.again()
            rows.insert(rows.index(row) + 1, further)
            by_key[key] = row = further
        filled.add(key)
        row.op, row.hard = requirement.op, requirement.hard
        row.weight, row.tolerance = f"{requirement.weight:.12g}", f"{requirement.tolerance * 100:.12g}"
        value = requirement.value
        if row.kind == "choice":
            row.chosen = value if isinstance(value, list) else [value]
        elif row.kind == "bool":
            row.value = "yes" if value else "no"
        elif isinstance(value, list):
            row.value = f"{value[0]:.12g} ~ {value[1]:.12g}"
        else:
            row.value = f"{value:.12g}"
