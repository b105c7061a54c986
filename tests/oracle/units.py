"""Strict numbers with units: number, optional space, unit; anything left over is an error."""

import math
import re
from fractions import Fraction

Dimension = tuple[int, ...]  # powers of metre, kilogram, second, ampere, degree of angle, byte and yuan


def _dim(**powers: int) -> Dimension:
    return tuple(powers.get(name, 0) for name in ("m", "kg", "s", "A", "deg", "byte", "yuan"))


NONE = _dim()
FAMILIES: tuple[tuple[Dimension, dict[str, str]], ...] = (
    (NONE, {"1": "1", "percent": "1/100", "%": "1/100"}),
    (
        _dim(m=1),
        {"m": "1", "cm": "1/100", "mm": "1/1000", "um": "1/1000000", "μm": "1/1000000", "µm": "1/1000000"}
        | {"km": "1000", "inch": "0.0254", "in": "0.0254"},
    ),
    (_dim(kg=1), {"kg": "1", "g": "1/1000", "t": "1000", "lb": "0.45359237"}),
    (_dim(s=1), {"s": "1", "ms": "1/1000", "min": "60", "h": "3600"}),
    (_dim(s=-1), {"Hz": "1", "kHz": "1000"}),
    (_dim(A=1), {"A": "1", "mA": "1/1000"}),
    (_dim(kg=1, m=2, s=-3, A=-1), {"V": "1", "mV": "1/1000", "kV": "1000"}),
    (_dim(kg=1, m=1, s=-2), {"N": "1", "kN": "1000", "mN": "1/1000", "kgf": "9.80665"}),
    (_dim(m=1, s=-2), {"g_0": "9.80665"}),
    (_dim(kg=1, m=2, s=-3), {"W": "1", "kW": "1000", "mW": "1/1000"}),
    (_dim(kg=1, m=2, s=-2), {"J": "1", "Wh": "3600", "kWh": "3600000"}),
    (_dim(kg=1, m=-1, s=-2), {"Pa": "1", "kPa": "1000", "MPa": "1000000", "bar": "100000"}),
    (_dim(deg=1), {"deg": "1", "°": "1", "arcmin": "1/60", "′": "1/60", "arcsec": "1/3600", "″": "1/3600"}),
    (_dim(deg=1, s=-1), {"rpm": "6"}),
    (_dim(byte=1), {"GB": "1000000000", "MB": "1000000"}),
    (_dim(yuan=1), {"CNY": "1", "元": "1"}),
)
UNITS = {name: (Fraction(factor), dim) for dim, names in FAMILIES for name, factor in names.items()}
# Temperatures are points, not amounts: value in degC = (value + before) * factor.
TEMPERATURES = {
    "degC": (Fraction(0), Fraction(1)),
    "degF": (Fraction(-32), Fraction(5, 9)),
    "K": (Fraction("-273.15"), Fraction(1)),
}
TEMPERATURES |= {"℃": TEMPERATURES["degC"], "°C": TEMPERATURES["degC"]}
TEMPERATURES |= {"℉": TEMPERATURES["degF"], "°F": TEMPERATURES["degF"]}
NUMBER = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?) ?(.*)", re.DOTALL)
POWERS = {"²": 2, "³": 3}


class UnitError(ValueError):
    """Text that is not a number in a unit of the dimension asked for."""


def _atom(text: str) -> tuple[Fraction, Dimension]:
    name, power = text, 1
    if "**" in text:
        name, _, exponent = text.partition("**")
        if not exponent.isdigit():
            raise UnitError(f"unknown unit {text!r}")
        power = int(exponent)
    elif text[-1:] in POWERS:
        name, power = text[:-1], POWERS[text[-1]]
    if name not in UNITS:
        raise UnitError(f"unknown unit {text!r}")
    factor, dimension = UNITS[name]
    return factor**power, tuple(count * power for count in dimension)


def unit(text: str) -> tuple[Fraction, Dimension]:
    """Factor and dimension of a product such as `N*m/arcmin` or `kg·m²`."""
    factor: Fraction = Fraction(1)
    dimension = NONE
    sign = 1
    for part in re.split(r"(\*(?!\*)|(?<!\*)·|/)", text.replace("**", "^")):
        if part in ("*", "·"):
            sign = 1
        elif part == "/":
            sign = -1
        else:
            value, counts = _atom(part.replace("^", "**"))
            factor = factor * value if sign > 0 else factor / value
            dimension = tuple(a + sign * b for a, b in zip(dimension, counts, strict=True))
    return factor, dimension


def significant(value: float, digits: int = 12) -> float:
    return float(format(value, f".{digits - 1}e"))


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise UnitError("not a finite number")
    return value


def number(raw: object, target: str) -> float:
    """A bare number is in the target unit; text is converted and rounded as when it is stored."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise UnitError(f"not a number: {raw!r}")
    if not isinstance(raw, str):
        return _finite(float(raw))
    match = NUMBER.fullmatch(raw)
    if match is None:
        raise UnitError(f"not a number: {raw!r}")
    digits, name = match.groups()
    if not name:
        return _finite(float(digits))
    if target in TEMPERATURES:
        if name not in TEMPERATURES:
            raise UnitError(f"{name!r} is not a temperature")
        before, factor = TEMPERATURES[name]
        return round(_finite(float((Fraction(digits) + before) * factor)), 9)
    own, dimension = unit(name)
    wanted, wanted_dimension = unit(target or "1")
    if dimension != wanted_dimension:
        raise UnitError(f"{name!r} cannot be written in {target!r}")
    return significant(_finite(float(Fraction(digits) * own / wanted)))
