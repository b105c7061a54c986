"""Finding capabilities by what they can do in numbers: torque ≥ 20 N·m, backlash ≤ 1 arcmin, as matching reads it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Func, JSONField, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alliance.models.base import SpecKey, TypeParameter
from alliance.templatetags._numbers import unit_text
from companies.specs import Parameter, SpecError, parse_quantity

PREFIX = "p_"
_SIGNS = {">=": ">=", "≥": ">=", ">": ">=", "<=": "<=", "≤": "<=", "<": "<=", "=": "=", "": ""}
_TEXT = re.compile(r"\s*(>=|<=|≥|≤|>|<|=|)\s*(.*?)\s*", re.DOTALL)
_SPAN = re.compile(r"(.+?)\s*(?:\.\.|…|–|—|~|～|至|到| to )\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """`low`..`high` in the parameter's unit, or some of its choices, or yes and no."""

    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    yes: bool | None = None


def parameter_of(key: SpecKey) -> Parameter:
    return Parameter(key.key, key.unit, key.kind, tuple(key.choices), key.ordered, key.symbol)  # type: ignore[arg-type]


def read_bounds(parameter: Parameter, text: str, better: str) -> Asked:
    """`≥ 20 N·m`, `<= 1 arcmin`, `10 .. 20 mm`; a bare number asks for the better side. SpecError when it is none."""
    match = _TEXT.fullmatch(text)
    sign, rest = (_SIGNS[match[1]], match[2]) if match else ("", text)
    span = _SPAN.fullmatch(rest) if not sign else None
    if span:
        return _span(parameter, span[1], span[2])
    value = parse_quantity(parameter, rest)
    sign = sign or {"lower": "<=", "higher": ">="}.get(better, "=")
    return Asked(value if sign != "<=" else None, value if sign != ">=" else None)


def _span(parameter: Parameter, first: str, last: str) -> Asked:
    """The unit may stand behind the second number only."""
    high = parse_quantity(parameter, last)
    unit = re.sub(r"^[+\-−]?[\d.]+(?:[eE][+-]?\d+)?\s*", "", last)
    bare = re.fullmatch(r"[+\-−]?[\d.]+(?:[eE][+-]?\d+)?", first.strip())
    low = parse_quantity(parameter, f"{first} {unit}".strip() if bare else first)
    if low > high:
        raise SpecError("", _("The first number is larger than the second."))
    return Asked(low, high)


class BoundsField(forms.CharField):
    """A text with a number, a sign and a unit."""

    def __init__(self, *, parameter: Parameter, better: str, **kwargs: Any) -> None:
        self.parameter, self.better = parameter, better
        super().__init__(max_length=60, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_bounds(self.parameter, text, self.better)
        except SpecError as error:
            raise ValidationError(error.message) from None


class ValueFilter(django_filters.Filter):
    """One parameter of the chosen component type; what does not state it is left out."""

    def __init__(self, row: TypeParameter, parameter: Parameter) -> None:
        self.parameter = parameter
        words, unit = str(row), unit_text(parameter.symbol or parameter.unit)
        label = format_lazy("{} ({})", words, unit) if parameter.is_quantity and unit else words
        better = str(row.attributes.get("better", ""))
        if parameter.is_quantity:
            self.field_class = BoundsField  # type: ignore[assignment]
            sign = {"lower": "≤", "higher": "≥"}.get(better, "=")
            box = forms.TextInput(attrs={"placeholder": f"{sign} …", "autocomplete": "off"})
            super().__init__(label=label, parameter=parameter, better=better, widget=box)
            return
        self.field_class = forms.ChoiceField  # type: ignore[assignment]
        some = (
            [("true", _("yes")), ("false", _("no"))] if parameter.kind == "bool" else _choices(row, parameter)
        )
        super().__init__(label=label, choices=[("", _("any")), *some])

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if value in (None, ""):
            return qs
        path = f"$.{json.dumps(self.parameter.key)}"
        if isinstance(value, Asked):
            if value.low is not None:
                qs = qs.filter(_holds(f"{path}[last] ? (@ >= $v)", value.low))
            if value.high is not None:
                qs = qs.filter(_holds(f"{path}[0] ? (@ <= $v)", value.high))
            return qs
        if self.parameter.kind == "bool":
            return qs.filter(_holds(f"{path} ? (@ == $v)", value == "true"))
        good = [value]
        if self.parameter.ordered:
            good = list(self.parameter.choices[self.parameter.choices.index(value) :])
        return qs.filter(_holds(f"{path}[*] ? (@ == $v[*])", good))


def _choices(row: Any, parameter: Parameter) -> list[tuple[str, str]]:
    zh = row.key.choices_zh if (get_language() or "zh").startswith("zh") else []
    words = zh if len(zh) == len(parameter.choices) else parameter.choices
    if parameter.ordered:
        words = [_("%(choice)s or better") % {"choice": word} for word in words]
    return list(zip(parameter.choices, words, strict=True))


def _holds(path: str, value: Any) -> Func:
    """In lax mode a number counts as a list of one: [0] is the lower end of what is offered, [last] the upper."""
    return Func(
        F("specs"),
        Cast(Value(path), _JsonPath()),
        Value({"v": value}, JSONField()),
        Value(True),  # a value of another kind does not fit, and is no error
        function="jsonb_path_exists",
        output_field=BooleanField(),
    )


class _JsonPath(TextField):
    def db_type(self, connection: Any) -> str:
        return "jsonpath"

    def cast_db_type(self, connection: Any) -> str:
        return "jsonpath"
