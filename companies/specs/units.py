"""Units as people write them: a strict grammar over a fixed table of names.

A unit is factor × SI base, plus an offset for temperatures. Factors were derived with pint and a test
compares every one of them with it. Angle is a dimension of its own here: a speed in rpm is not a frequency
in Hz, although SI would let both be 1/s.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import pi
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pint import UnitRegistry

# Exponents of: metre, kilogram, second, ampere, kelvin, candela, mole, radian, bit, yuan.
Dimension = tuple[int, ...]
NONE: Dimension = (0,) * 10
LENGTH: Dimension = (1, 0, 0, 0, 0, 0, 0, 0, 0, 0)
MASS: Dimension = (0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
TIME: Dimension = (0, 0, 1, 0, 0, 0, 0, 0, 0, 0)
CURRENT: Dimension = (0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
TEMPERATURE: Dimension = (0, 0, 0, 0, 1, 0, 0, 0, 0, 0)
LIGHT: Dimension = (0, 0, 0, 0, 0, 1, 0, 0, 0, 0)
AMOUNT: Dimension = (0, 0, 0, 0, 0, 0, 1, 0, 0, 0)
ANGLE: Dimension = (0, 0, 0, 0, 0, 0, 0, 1, 0, 0)
DATA: Dimension = (0, 0, 0, 0, 0, 0, 0, 0, 1, 0)
MONEY: Dimension = (0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
FREQUENCY: Dimension = (0, 0, -1, 0, 0, 0, 0, 0, 0, 0)
VOLUME: Dimension = (3, 0, 0, 0, 0, 0, 0, 0, 0, 0)
ACCELERATION: Dimension = (1, 0, -2, 0, 0, 0, 0, 0, 0, 0)
FORCE: Dimension = (1, 1, -2, 0, 0, 0, 0, 0, 0, 0)
PRESSURE: Dimension = (-1, 1, -2, 0, 0, 0, 0, 0, 0, 0)
ENERGY: Dimension = (2, 1, -2, 0, 0, 0, 0, 0, 0, 0)
POWER: Dimension = (2, 1, -3, 0, 0, 0, 0, 0, 0, 0)
CHARGE: Dimension = (0, 0, 1, 1, 0, 0, 0, 0, 0, 0)
VOLTAGE: Dimension = (2, 1, -3, -1, 0, 0, 0, 0, 0, 0)
RESISTANCE: Dimension = (2, 1, -3, -2, 0, 0, 0, 0, 0, 0)
CAPACITANCE: Dimension = (-2, -1, 4, 2, 0, 0, 0, 0, 0, 0)
INDUCTANCE: Dimension = (2, 1, -2, -2, 0, 0, 0, 0, 0, 0)
FLUX_DENSITY: Dimension = (0, 1, -2, -1, 0, 0, 0, 0, 0, 0)
ILLUMINANCE: Dimension = (-2, 0, 0, 0, 0, 1, 0, 0, 0, 0)


class UnitError(Exception):
    """Not a unit we know. The text is the part that could not be read."""


@dataclass(frozen=True, slots=True)
class Unit:
    """value in base units = value × factor + offset; only temperatures have an offset."""

    dimension: Dimension
    factor: Fraction
    offset: Fraction = Fraction(0)

    def times(self, other: "Unit", power: int) -> "Unit":
        if self.offset or other.offset:
            raise UnitError("a temperature scale cannot be part of a compound unit")
        dimension = tuple(a + power * b for a, b in zip(self.dimension, other.dimension, strict=True))
        return Unit(dimension, self.factor * other.factor**power)


ONE = Unit(NONE, Fraction(1))
_PI = Fraction(pi)
_GRAVITY = Fraction("9.80665")
_POUND = Fraction("0.45359237")
_INCH = Fraction("0.0254")

# Names that take SI prefixes: (short names, long names, dimension, factor to SI base).
_PREFIXED: list[tuple[str, str, Dimension, Fraction]] = [
    ("m 米", "meter metre", LENGTH, Fraction(1)),
    ("g 克", "gram", MASS, Fraction(1, 1000)),
    ("s 秒", "second", TIME, Fraction(1)),
    ("A 安", "ampere amp", CURRENT, Fraction(1)),
    ("K", "kelvin", TEMPERATURE, Fraction(1)),
    ("cd", "candela", LIGHT, Fraction(1)),
    ("mol", "mole", AMOUNT, Fraction(1)),
    ("rad", "radian", ANGLE, Fraction(1)),
    ("Hz 赫兹", "hertz", FREQUENCY, Fraction(1)),
    ("L l 升", "liter litre", VOLUME, Fraction(1, 1000)),
    ("N 牛", "newton", FORCE, Fraction(1)),
    ("gf", "", FORCE, _GRAVITY / 1000),
    ("Pa 帕", "pascal", PRESSURE, Fraction(1)),
    ("bar", "", PRESSURE, Fraction(100000)),
    ("J 焦", "joule", ENERGY, Fraction(1)),
    ("eV", "", ENERGY, Fraction("1.602176634e-19")),
    ("cal", "calorie", ENERGY, Fraction("4.184")),
    ("W 瓦", "watt", POWER, Fraction(1)),
    ("Wh 瓦时", "", ENERGY, Fraction(3600)),
    ("C", "coulomb", CHARGE, Fraction(1)),
    ("Ah 安时", "", CHARGE, Fraction(3600)),
    ("V 伏", "volt", VOLTAGE, Fraction(1)),
    ("Ω ohm 欧", "", RESISTANCE, Fraction(1)),
    ("F", "farad", CAPACITANCE, Fraction(1)),
    ("H", "henry", INDUCTANCE, Fraction(1)),
    ("T", "tesla", FLUX_DENSITY, Fraction(1)),
    ("lm", "lumen", LIGHT, Fraction(1)),
    ("lx", "lux", ILLUMINANCE, Fraction(1)),
    ("Nm", "", ENERGY, Fraction(1)),
]
_SHORT_PREFIXES = {
    "p": Fraction(1, 10**12),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "μ": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "c": Fraction(1, 100),
    "d": Fraction(1, 10),
    "k": Fraction(1000),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
}
_CHINESE_PREFIXES = {
    "纳": Fraction(1, 10**9),
    "微": Fraction(1, 10**6),
    "毫": Fraction(1, 1000),
    "厘": Fraction(1, 100),
    "分": Fraction(1, 10),
    "千": Fraction(1000),
    "兆": Fraction(10**6),
}
_LONG_PREFIXES = {
    "nano": Fraction(1, 10**9),
    "micro": Fraction(1, 10**6),
    "milli": Fraction(1, 1000),
    "centi": Fraction(1, 100),
    "deci": Fraction(1, 10),
    "kilo": Fraction(1000),
    "mega": Fraction(10**6),
    "giga": Fraction(10**9),
    "tera": Fraction(10**12),
}

# Data takes no small prefixes: dB is a level, not a tenth of a byte.
_DATA_PREFIXES = {"k": 3, "M": 6, "G": 9, "T": 12}

# Names without prefixes. They win over a prefixed reading: `min` is a minute, `ft` a foot, `cd` a candela.
_PLAIN: list[tuple[str, Dimension, Fraction]] = [
    ("1", NONE, Fraction(1)),
    ("dimensionless", NONE, Fraction(1)),
    ("% percent", NONE, Fraction(1, 100)),
    ("‰ permille", NONE, Fraction(1, 1000)),
    ("ppm", NONE, Fraction(1, 10**6)),
    ("um μm micron", LENGTH, Fraction(1, 10**6)),
    ("in inch 英寸", LENGTH, _INCH),
    ("ft foot 英尺", LENGTH, 12 * _INCH),
    ("公里", LENGTH, Fraction(1000)),
    ("t tonne 吨", MASS, Fraction(1000)),
    ("公斤", MASS, Fraction(1)),
    ("lb pound 磅", MASS, _POUND),
    ("oz ounce 盎司", MASS, _POUND / 16),
    ("min minute 分钟 分", TIME, Fraction(60)),
    ("h hr hour 小时", TIME, Fraction(3600)),
    ("d day 天 日", TIME, Fraction(86400)),
    ("week 周", TIME, Fraction(604800)),
    ("deg degree ° 度", ANGLE, _PI / 180),
    ("arcmin arcminute ′ '", ANGLE, _PI / 10800),
    ("arcsec arcsecond ″ \" ′′ ''", ANGLE, _PI / 648000),
    ("r rev revolution turn 转 圈", ANGLE, 2 * _PI),
    ("rpm RPM revolutions_per_minute", (0, 0, -1, 0, 0, 0, 0, 1, 0, 0), 2 * _PI / 60),
    ("bit", DATA, Fraction(1)),
    ("B byte", DATA, Fraction(8)),
    *((f"{prefix}B", DATA, Fraction(8 * 10**power)) for prefix, power in _DATA_PREFIXES.items()),
    *((f"{prefix}bit", DATA, Fraction(10**power)) for prefix, power in _DATA_PREFIXES.items()),
    ("KiB", DATA, Fraction(8 * 2**10)),
    ("MiB", DATA, Fraction(8 * 2**20)),
    ("GiB", DATA, Fraction(8 * 2**30)),
    ("TiB", DATA, Fraction(8 * 2**40)),
    ("CNY RMB 元 ¥", MONEY, Fraction(1)),
    ("万元", MONEY, Fraction(10**4)),
    ("亿元", MONEY, Fraction(10**8)),
    ("lbf pound_force", FORCE, _POUND * _GRAVITY),
    ("ozf ounce_force", FORCE, _POUND * _GRAVITY / 16),
    ("kgf kilogram_force kp 公斤力 千克力", FORCE, _GRAVITY),
    ("psi", PRESSURE, _POUND * _GRAVITY / _INCH**2),
    ("atm", PRESSURE, Fraction(101325)),
    ("g_0 g0 gravity", ACCELERATION, _GRAVITY),
    ("hp horsepower", POWER, 550 * 12 * _INCH * _POUND * _GRAVITY),
    ("牛米", ENERGY, Fraction(1)),
]
_TEMPERATURES: list[tuple[str, Fraction, Fraction]] = [
    ("degC °C ℃ celsius degree_Celsius 摄氏度", Fraction(1), Fraction("273.15")),
    ("degF °F ℉ fahrenheit degree_Fahrenheit 华氏度", Fraction(5, 9), Fraction("459.67") * 5 / 9),
]


def _with_prefixes(names: str, prefixes: dict[str, Fraction], unit: Unit) -> dict[str, Unit]:
    return {
        prefix + name: Unit(unit.dimension, unit.factor * factor)
        for name in names.split()
        for prefix, factor in {"": Fraction(1), **prefixes}.items()
    }


def _build_table() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for short, long, dimension, factor in _PREFIXED:
        unit = Unit(dimension, factor)
        latin = " ".join(name for name in short.split() if name.isascii() or name == "Ω")
        chinese = " ".join(name for name in short.split() if not (name.isascii() or name == "Ω"))
        table |= _with_prefixes(latin, _SHORT_PREFIXES, unit)
        table |= _with_prefixes(chinese, _CHINESE_PREFIXES, unit)
        table |= _with_prefixes(long, _LONG_PREFIXES, unit)
    for names, dimension, factor in _PLAIN:
        table |= dict.fromkeys(names.split(), Unit(dimension, factor))
    for names, factor, offset in _TEMPERATURES:
        table |= dict.fromkeys(names.split(), Unit(TEMPERATURE, factor, offset))
    return table


UNIT_NAMES: dict[str, Unit] = _build_table()

# Full-width forms, look-alike signs and the single-character units of CJK fonts, each to its plain spelling.
_CHARACTERS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord(character): plain
    for characters, plain in (
        ("\u3000\u00a0\u2009\u202f", " "),
        ("−", "-"),
        ("·•⋅∙・×", "*"),
        ("µ", "μ"),
        ("Ω", "Ω"),
        ("º˚", "°"),
        ("´’ʹ", "′"),
        ("”ʺ", "″"),
        ("￥", "¥"),
        ("²", "**2"),
        ("³", "**3"),
        ("㎜", "mm"),
        ("㎝", "cm"),
        ("㎞", "km"),
        ("㎏", "kg"),
        ("㎎", "mg"),
        ("㎡", "m**2"),
        ("㎥", "m**3"),
        ("㎐", "Hz"),
        ("㎑", "kHz"),
        ("㎾", "kW"),
        ("㎩", "Pa"),
        ("㎪", "kPa"),
        ("㎫", "MPa"),
    )
    for character in characters
}

_TOKEN = re.compile(r"\s*(\*\*|\^|[*/()]|-?\d+|[^\s*/()^\d-][^\s*/()^-]*)\s*")
_MAX_LENGTH = 60
_MAX_POWER = 6


def plain_text(text: str) -> str:
    """The text with full-width and look-alike characters replaced, trimmed."""
    return text.translate(_CHARACTERS).strip()


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise UnitError(text[position:])
        found.append(match.group(1))
        position = match.end()
    return found


class _Reader:
    """Recursive descent over: product = power (('*' | '/') power)*, power = name [['**' | '^'] integer]."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def product(self) -> Unit:
        result = self.power()
        while self.peek() in ("*", "/"):
            sign = 1 if self.take() == "*" else -1
            result = result.times(self.power(), sign)
        return result

    def power(self) -> Unit:
        if self.peek() == "(":
            self.take()
            base = self.product()
            if self.take() != ")":
                raise UnitError(")")
        else:
            base = self.atom()
        if self.peek() in ("**", "^"):
            self.take()
            return ONE.times(base, self.exponent())
        return base

    def exponent(self) -> int:
        token = self.take()
        if not re.fullmatch(r"-?\d", token) or not 0 < abs(int(token)) <= _MAX_POWER:
            raise UnitError(token)
        return int(token)

    def atom(self) -> Unit:
        name = self.take()
        if name in UNIT_NAMES:
            return UNIT_NAMES[name]
        # m2 and m3, as typed where there is no superscript.
        if name[-1:] in ("2", "3") and name[:-1].isalpha() and name[:-1] in UNIT_NAMES:
            return ONE.times(UNIT_NAMES[name[:-1]], int(name[-1]))
        raise UnitError(name)


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit:
    """The unit that a text names; `UnitError` when any part of it is left over."""
    plain = plain_text(text)
    if len(plain) > _MAX_LENGTH:
        raise UnitError(plain[:_MAX_LENGTH])
    # N.m is how data sheets write N·m; elsewhere a dot is not part of a unit.
    reader = _Reader(re.sub(r"(?<=[A-Za-z])\.(?=[A-Za-z])", "*", plain))
    if not reader.tokens:
        raise UnitError(plain)
    unit = reader.product()
    if reader.peek():
        raise UnitError(reader.peek())
    return unit


@lru_cache(maxsize=1024)
def tree_unit(text: str) -> Unit:
    """The unit of a parameter: the table first, then pint for rarer ones. Never for people's input."""
    if text in ("", "1"):
        return ONE
    try:
        return parse_unit(text)
    except UnitError:
        return _unit_from_pint(text)


_PINT_BASES = {
    "meter": 0,
    "kilogram": 1,
    "second": 2,
    "ampere": 3,
    "kelvin": 4,
    "candela": 5,
    "mole": 6,
    "radian": 7,
    "bit": 8,
}


@lru_cache(maxsize=1)
def _registry() -> "UnitRegistry[float]":
    from pint import UnitRegistry  # slow to load: only a tree with an unusual unit pays for it

    return UnitRegistry()


def _whole(power: Any) -> int:
    if int(power) != power:
        raise ValueError(power)
    return int(power)


def _unit_from_pint(text: str) -> Unit:
    if len(text) > _MAX_LENGTH or not re.fullmatch(r"[A-Za-z_0-9*/ ()%°-]+", text):
        raise UnitError(text)
    try:
        quantity = _registry().Quantity(1.0, text).to_base_units()
        factor = Fraction(float(quantity.magnitude))
        powers = {_PINT_BASES[str(name)]: _whole(power) for name, power in quantity.unit_items()}
    except Exception as error:  # pint raises a dozen kinds, some of them plain AttributeError
        raise UnitError(text) from error
    dimension = tuple(powers.get(index, 0) for index in range(len(NONE)))
    return Unit(dimension, factor)
