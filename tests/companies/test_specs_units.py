"""The unit table against pint, the strict grammar, and conversion both ways."""

import math
import warnings

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from companies.specs import Parameter, SpecError, UnitError, parse_quantity, parse_unit, to_unit, tree_unit
from companies.specs.units import UNIT_NAMES

# pint reads these otherwise: `Nm` as number × metre, and `mcd` as a microday.
READ_OTHERWISE = {"mcd"} | {name for name in UNIT_NAMES if name.endswith("Nm")}


@pytest.fixture(scope="module")
def pint_registry():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pint import UnitRegistry

        return UnitRegistry()


def test_every_factor_agrees_with_pint(pint_registry) -> None:
    from pint import PintError

    compared = 0
    for name in sorted(set(UNIT_NAMES) - READ_OTHERWISE):
        try:
            base = pint_registry.Quantity(1.0, name).to_base_units().magnitude
        except (PintError, AttributeError, AssertionError):
            continue
        unit = UNIT_NAMES[name]
        assert math.isclose(float(unit.factor + unit.offset), base, rel_tol=1e-13), name
        compared += 1
    assert compared > 400


@pytest.mark.parametrize(
    "unit",
    [
        "N*m/arcmin",
        "N*m/A",
        "kg*m**2",
        "kg/m**2",
        "W*h/kg",
        "W*h",
        "1/h",
        "m**2/h",
        "deg/h",
        "deg/s",
        "mm/s",
        "km/h",
        "kgf*cm",
        "lbf*ft",
        "ozf*in",
        "mA*h",
        "kg*cm**2",
    ],
)
def test_compound_units_agree_with_pint(pint_registry, unit: str) -> None:
    base = pint_registry.Quantity(1.0, unit).to_base_units().magnitude
    assert math.isclose(float(parse_unit(unit).factor), base, rel_tol=1e-13)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("1 in", "mm", 25.4),
        ("5 μm", "um", 5),
        ("5 µm", "mm", 0.005),
        ("3 cm", "mm", 30),
        ("2 t", "kg", 2000),
        ("500 g", "kg", 0.5),
        ("1°", "arcmin", 60),
        ("30″", "arcmin", 0.5),
        ("30''", "arcmin", 0.5),
        ("1′", "arcsec", 60),
        ("180 deg", "rad", 3.14159265359),
        ("1 MPa", "bar", 10),
        ("101.325 kPa", "atm", 1),
        ("48000 mV", "V", 48),
        ("0.25 kV", "V", 250),
        ("800 mA", "A", 0.8),
        ("1.5 kW", "W", 1500),
        ("90 min", "h", 1.5),
        ("250 ms", "s", 0.25),
        ("3000 r/min", "rpm", 3000),
        ("6 °/s", "rpm", 1),
        ("1 kHz", "Hz", 1000),
        ("12 %", "percent", 12),
        ("0.5 1/s", "1/h", 1800),
        ("1 kgf·cm", "N*m", 0.0980665),
        ("0.2 N·m/′", "N*m/arcmin", 0.2),
        ("1 N*m/rad", "N*m/arcmin", 0.000290888208666),
        ("50 m2", "m**2", 50),
        ("50 ㎡", "m**2", 50),
        ("50 m^2", "m**2", 50),
        ("3.6 km/h", "m/s", 1),
        ("1 GB", "MB", 1000),
        ("1.2 万元", "CNY", 12000),
        ("¥300", "CNY", None),
        ("300元", "CNY", 300),
        ("5 毫米", "mm", 5),
        ("2 千牛", "kN", 2),
        ("300 K", "degC", 26.85),
        ("0 ℉", "degC", -17.777777778),
        ("180 Wh/kg", "W*h/kg", 180),
        ("1 kg·cm²", "kg*m**2", 0.0001),
        ("10 W/(m*K)", "W/m/K", 10),
    ],
)
def test_quantities(text: str, unit: str, value: float | None) -> None:
    parameter = Parameter("x", unit, "number")
    if value is None:
        with pytest.raises(SpecError):
            parse_quantity(parameter, text)
    else:
        assert parse_quantity(parameter, text) == value


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("50 Hz", "rpm"),
        ("3000 rpm", "Hz"),
        ("50 1/s", "rpm"),
        ("5 rad", "percent"),
        ("3 kg", "N"),
        ("2 g", "g_0"),
    ],
)
def test_other_dimensions_are_refused(text: str, unit: str) -> None:
    with pytest.raises(SpecError):
        parse_quantity(Parameter("x", unit, "number"), text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "mm mm",
        "*mm",
        "mm*",
        "mm**",
        "mm**9",
        "mm**0",
        "mm**x",
        "m4",
        "(mm",
        "mm)",
        "()",
        "2",
        "furlongs!",
        "degC*m",
        "m/degC",
        "mm;",
        "m..m",
        "-",
        "m" * 100,
        "m**-",
        "é",
        "\x00",
        "12",
        "dB",
        "mB",
        "pcs",
    ],
)
def test_units_with_anything_left_over_are_refused(text: str) -> None:
    with pytest.raises(UnitError):
        parse_unit(text)


def test_a_tree_may_use_a_unit_that_only_pint_knows() -> None:
    assert math.isclose(float(tree_unit("mmHg").factor), 133.322387415, rel_tol=1e-9)
    assert parse_quantity(Parameter("vacuum", "mmHg", "number"), "5 mmHg") == 5
    assert parse_quantity(Parameter("vacuum", "mmHg", "number"), "133.322387415 Pa") == 1
    for text in ("furlongsx", "3 mm", "__import__", "m +", "\x00"):
        with pytest.raises(UnitError):
            tree_unit(text)


def test_small_temperatures_in_large_units_are_not_lost() -> None:
    assert to_unit(to_unit(1.0, parse_unit("K"), parse_unit("GK")), parse_unit("GK"), parse_unit("K")) == 1


magnitudes = st.floats(min_value=1e-6, max_value=1e9) | st.floats(min_value=-1e9, max_value=-1e-6)
names = st.sampled_from(sorted(UNIT_NAMES))


@given(magnitudes, names, names)
def test_conversion_there_and_back_keeps_eleven_digits(value: float, one: str, other: str) -> None:
    first, second = UNIT_NAMES[one], UNIT_NAMES[other]
    assume(first.dimension == second.dimension and not first.offset and not second.offset)
    there = to_unit(value, first, second)
    assert math.isclose(to_unit(there, second, first), value, rel_tol=2e-11)


@given(st.floats(min_value=-200, max_value=2000).map(lambda value: round(value, 6)))
def test_temperatures_keep_their_decimals_there_and_back(value: float) -> None:
    celsius, fahrenheit = parse_unit("degC"), parse_unit("degF")
    assert round(to_unit(to_unit(value, celsius, fahrenheit), fahrenheit, celsius), 6) == value


@given(st.text(max_size=20))
def test_any_text_is_a_unit_or_refused(text: str) -> None:
    try:
        unit = parse_unit(text)
    except UnitError:
        return
    assert unit.factor > 0
