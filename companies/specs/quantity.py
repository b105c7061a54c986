"""Numbers with units, read strictly: a number, an optional space, a unit, and nothing else."""

import math
import re
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from companies.specs.parameter import Parameter, SpecError
from companies.specs.units import Unit, UnitError, parse_unit, plain_text, tree_unit

Number = int | float

_QUANTITY = re.compile(
    r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4}(?![\d.]))?) *(.*)", re.DOTALL | re.ASCII
)
_MAX_LENGTH = 100
_EXACT = 2**53


def plain_number(value: float) -> Number:
    """One spelling for each number: whole ones as int (5, never 5.0; 0, never -0.0), so bytes compare."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


def to_unit(value: float, unit: Unit, target: Unit) -> float:
    """Value converted; 12 significant digits, between scales of other zeros 9 decimals: 68 degF is 20 degC exactly."""
    if unit == target:
        return value
    scale, shift = _conversion(unit, target)
    converted = value * scale + shift
    if shift:
        return round(converted, 9)
    return float(f"{converted:.12g}")


@lru_cache(maxsize=4096)
def _conversion(unit: Unit, target: Unit) -> tuple[float, float]:
    return float(unit.factor / target.factor), float((unit.offset - target.offset) / target.factor)


#: Pieces and days: people write them without a unit, so none is asked for.
_COUNTED = ("", "1", "d")


def parse_quantity(parameter: Parameter, text: str) -> float:
    """The number that a text such as `12 kgf*cm` means in the parameter's unit."""
    plain = plain_text(text)
    match = _QUANTITY.fullmatch(plain) if len(plain) <= _MAX_LENGTH else None
    if match is None:
        raise SpecError("", _("“%(text)s” is not a number with a unit.") % {"text": text[:_MAX_LENGTH]})
    value, unit_text = float(match[1]), match[2]
    if unit_text == "1":
        raise SpecError("", _("“%(text)s” is not a number with a unit.") % {"text": text[:_MAX_LENGTH]})
    if unit_text and not _is_own_unit(parameter, unit_text):
        value = _converted(parameter, value, unit_text, text)
    return finite(value)


def _is_own_unit(parameter: Parameter, unit_text: str) -> bool:
    """The parameter's own unit and symbol come first: for an acceleration in g, `g` is not the gram."""
    return unit_text in (parameter.unit, plain_text(parameter.unit), plain_text(parameter.symbol))


def _converted(parameter: Parameter, value: float, unit_text: str, text: str) -> float:
    try:
        unit = parse_unit(unit_text)
        target = tree_unit(parameter.unit)
    except UnitError:
        if parameter.unit in _COUNTED:
            raise SpecError("", _("“%(text)s” is not a number.") % {"text": text[:_MAX_LENGTH]}) from None
        raise SpecError(
            "",
            _("“%(text)s”: “%(unit)s” is not a known unit. Write a number and a unit such as %(own)s.")
            % {"text": text[:_MAX_LENGTH], "unit": unit_text, "own": shown_unit(parameter)},
        ) from None
    if unit.dimension != target.dimension:
        raise SpecError(
            "",
            _("“%(text)s” cannot be expressed in %(own)s.")
            % {"text": text[:_MAX_LENGTH], "own": shown_unit(parameter)},
        )
    return to_unit(value, unit, target)


def shown_unit(parameter: Parameter) -> str:
    if parameter.unit in ("", "1"):
        return _("a plain number")
    return parameter.symbol or parameter.unit


def number_in(parameter: Parameter, raw: Any) -> float:
    """A JSON number (in the parameter's unit) or a text with a unit; anything else is refused."""
    if isinstance(raw, str):
        return parse_quantity(parameter, raw)
    return number(raw)


def number(raw: Any) -> float:
    """A finite JSON number; true and false are not numbers, and neither is a text."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise SpecError("", _("%(value)s is not a number.") % {"value": shown(raw)})
    try:
        return finite(float(raw))
    except OverflowError:
        raise SpecError("", _("The number is too large.")) from None


def finite(value: float) -> float:
    if not math.isfinite(value):
        raise SpecError("", _("The number must be finite."))
    return value


def shown(raw: Any) -> str:
    """A value as an error message repeats it: JSON-like and short."""
    words = {None: "null", True: "true", False: "false"}
    text = words[raw] if raw is None or isinstance(raw, bool) else str(raw)
    return text if len(text) <= 60 else text[:57] + "…"
