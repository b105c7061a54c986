"""Units that people may choose for a parameter, with what converts them into the parameter's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from alliance.templatetags._numbers import unit_text
from companies.specs import UnitError, parse_unit, tree_unit

#: Names by what they are used for; a parameter is offered the groups that its own unit lies in.
GROUPS = [
    "um mm cm m km in ft",
    "g kg t lb oz",
    "ms s min h d",
    "mA A kA",
    "mV V kV",
    "mW W kW hp",
    "N kN kgf lbf",
    "N*m mN*m kgf*cm kgf*m lbf*in lbf*ft",
    "J kJ W*h kW*h",
    "Pa kPa MPa bar psi",
    "degC degF K",
    "deg arcmin arcsec rad mrad",
    "rpm deg/s rad/s",
    "Hz kHz MHz",
    "mAh Ah",
    "mL L m**3",
    "m/s mm/s m/min km/h",
    "g_0 m/s**2",
    "MB GB TB",
    "mm**2 cm**2 m**2",
    "g*cm**2 kg*cm**2 kg*m**2",
    "N*m/arcmin N*m/rad",
    "CNY 万元",
    "percent ‰ ppm",
    "ohm kohm mohm",
]


@dataclass(frozen=True)
class UnitChoice:
    """own value = typed value × factor + shift."""

    unit: str
    words: str
    factor: float
    shift: float


@lru_cache(maxsize=512)
def _choices(own: str) -> tuple[tuple[str, float, float], ...]:
    try:
        target = tree_unit(own)
    except UnitError:
        return ((own, 1.0, 0.0),)
    found = [(own, 1.0, 0.0)]
    for group in GROUPS:
        names = group.split()
        units = {name: parse_unit(name) for name in names}
        if target not in units.values() and own not in names:
            continue
        for name, unit in units.items():
            if unit.dimension == target.dimension and unit != target:
                factor = float(unit.factor / target.factor)
                found.append((name, factor, float((unit.offset - target.offset) / target.factor)))
    return tuple(found)


def unit_choices(own: str) -> list[UnitChoice]:
    """The parameter's own unit first; only that one where it has none."""
    if own in ("", "1"):
        return []
    return [UnitChoice(name, unit_text(name), factor, shift) for name, factor, shift in _choices(own)]
