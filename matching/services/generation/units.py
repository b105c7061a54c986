"""Other units that cells of a generated bundle are written in, so that imports have something to convert."""

from collections.abc import Callable
from typing import Final

Convert = Callable[[float], float]


def _over(factor: float) -> Convert:
    return lambda value: value / factor


OTHER_UNITS: Final[dict[str, tuple[tuple[str, Convert], ...]]] = {
    "N*m": (("kgf*cm", _over(0.0980665)), ("N*cm", _over(0.01))),
    "N": (("kgf", _over(9.80665)), ("kN", _over(1000.0))),
    "kN": (("N", _over(0.001)),),
    "kg": (("g", _over(0.001)),),
    "mm": (("cm", _over(10.0)), ("m", _over(1000.0)), ("inch", _over(25.4))),
    "um": (("mm", _over(1000.0)),),
    "cm": (("mm", _over(0.1)),),
    "m": (("cm", _over(0.01)), ("mm", _over(0.001))),
    "km": (("m", _over(0.001)),),
    "m/s": (("km/h", _over(1 / 3.6)), ("mm/s", _over(0.001))),
    "mm/s": (("m/s", _over(1000.0)),),
    "V": (("mV", _over(0.001)),),
    "A": (("mA", _over(0.001)),),
    "W": (("kW", _over(1000.0)),),
    "kW": (("W", _over(0.001)),),
    "W*h": (("kW*h", _over(1000.0)),),
    "h": (("min", _over(1 / 60)),),
    "ms": (("s", _over(1000.0)),),
    "Hz": (("kHz", _over(1000.0)),),
    "kPa": (("bar", _over(100.0)),),
    "arcmin": (("arcsec", _over(1 / 60)), ("deg", _over(60.0))),
    "deg": (("arcmin", _over(1 / 60)),),
    "degC": (("degF", lambda value: value * 1.8 + 32.0), ("K", lambda value: value + 273.15)),
}


def plain(value: float) -> str:
    """At most six significant digits: the same text on every machine."""
    return format(value, ".6g")


def with_unit(value: float, unit: str, convert: Convert) -> str | None:
    """The value as text in another unit; None where it would need an exponent."""
    converted = convert(value)
    if converted != 0 and not 1e-3 <= abs(converted) < 1e6:
        return None
    return f"{plain(converted)} {unit}"
