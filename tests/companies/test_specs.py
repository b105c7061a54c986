"""Spec values and requirements: what is accepted, what it becomes, what is refused (docs/matching.md, 2)."""

import json
import math
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companies.selectors.words import difference_text
from companies.specs import (
    Parameter,
    SpecError,
    offered_value,
    offered_values,
    operators,
    part_conditions,
    requirement,
    requirements,
)
from companies.specs.quantity import parse_quantity

TORQUE = Parameter("rated_torque", "N*m", "number", symbol="N·m")
RATIO = Parameter("ratio", "1", "number")
TEMPERATURE = Parameter("operating_temp", "degC", "range", symbol="℃")
SHOCK = Parameter("shock", "g_0", "number", symbol="g")
IP = Parameter("ip_rating", "", "choice", ("IP20", "IP54", "IP65"), ordered=True)
BUS = Parameter("bus", "", "choice", ("EtherCAT", "CAN", "USB"))
BRAKE = Parameter("brake", "", "bool")
ALL = {p.key: p for p in (TORQUE, RATIO, TEMPERATURE, SHOCK, IP, BUS, BRAKE)}


@pytest.mark.parametrize(
    ("parameter", "raw", "stored"),
    [
        (TORQUE, 12, 12),
        (TORQUE, 12.5, 12.5),
        (TORQUE, "12 N*m", 12),
        (TORQUE, "12N·m", 12),
        (TORQUE, "12 Nm", 12),
        (TORQUE, "12 N.m", 12),
        (TORQUE, "12", 12),
        (TORQUE, "12 kgf*cm", 1.176798),
        (TORQUE, "1500 mN·m", 1.5),
        (TORQUE, "１２．５ Ｎ＊ｍ", 12.5),
        (TORQUE, "-0.0", 0),
        (TORQUE, [10, "20 N*m"], [10, 20]),
        (TORQUE, [7, 7.0], 7),
        (TORQUE, ["1 kgf*m", 20], [9.80665, 20]),
        (RATIO, "5 %", 0.05),
        (RATIO, "160", 160),
        (TEMPERATURE, "-20 degC", -20),
        (TEMPERATURE, "68 degF", 20),
        (TEMPERATURE, "−20℃", -20),
        (TEMPERATURE, ["-4 degF", "323.15 K"], [-20, 50]),
        (SHOCK, "50 g", 50),
        (SHOCK, "9.80665 m/s**2", 1),
        (SHOCK, "9.80665 m/s²", 1),
        (IP, "IP54", ["IP54"]),
        (IP, ["IP65", "IP54", "IP65"], ["IP54", "IP65"]),
        (BRAKE, True, True),
        (BRAKE, False, False),
        (TORQUE, None, None),
        (BRAKE, None, None),
        (BUS, [], None),
    ],
)
def test_offered_values_become_canonical(parameter: Parameter, raw: Any, stored: Any) -> None:
    value = offered_value(parameter, raw)
    assert value == stored
    assert json.dumps(value) == json.dumps(stored)


@pytest.mark.parametrize(
    ("parameter", "raw"),
    [
        (TORQUE, "3~5 N*m"),
        (TORQUE, "3-5 N*m"),
        (TORQUE, "3–5 N*m"),
        (TORQUE, "12 N*m max"),
        (TORQUE, "about 12 N*m"),
        (TORQUE, "1,200 N*m"),
        (TORQUE, "1 200"),
        (TORQUE, "12 1"),
        (TORQUE, "12 N m"),
        (TORQUE, "12 kg*cm"),
        (TORQUE, "12 rpm"),
        (TORQUE, "12 N*m*"),
        (TORQUE, "12 (N*m"),
        (TORQUE, "12 N*m)"),
        (TORQUE, "1_000 N*m"),
        (TORQUE, "N*m"),
        (TORQUE, ""),
        (TORQUE, "nan"),
        (TORQUE, "inf N*m"),
        (TORQUE, "1e400"),
        (TORQUE, "0x10"),
        (TORQUE, "٣ N*m"),
        (TORQUE, "9" * 500),
        (TORQUE, 10**400),
        (TORQUE, math.nan),
        (TORQUE, math.inf),
        (TORQUE, -math.inf),
        (TORQUE, True),
        (TORQUE, [1]),
        (TORQUE, []),
        (TORQUE, [1, 2, 3]),
        (TORQUE, [2, 1]),
        (TORQUE, ["20 N*m", "1 kgf*m"]),
        (TORQUE, [1, None]),
        (TORQUE, [1, True]),
        (TORQUE, {"min": 1}),
        (RATIO, "5 mm"),
        (TEMPERATURE, "20 degC/m"),
        (TEMPERATURE, "20 m"),
        (IP, "IP99"),
        (IP, "ip54"),
        (IP, ["IP54", None]),
        (IP, [["IP54"]]),
        (IP, 54),
        (IP, True),
        (IP, {"IP54": 1}),
        (BRAKE, "true"),
        (BRAKE, 1),
        (BRAKE, 0),
        (BRAKE, [True]),
    ],
)
def test_what_is_not_a_value_is_refused(parameter: Parameter, raw: Any) -> None:
    with pytest.raises(SpecError) as caught:
        offered_value(parameter, raw)
    assert caught.value.message


def test_an_error_names_the_key_and_what_was_written() -> None:
    with pytest.raises(SpecError) as caught:
        offered_values(ALL, {"ratio": 1, "rated_torque": "3~5 N*m"})
    assert caught.value.field == "rated_torque"
    assert "3~5 N*m" in caught.value.message


def test_values_are_sorted_by_key_and_what_is_not_given_is_left_out() -> None:
    values = offered_values(ALL, {"ratio": 100, "bus": [], "brake": None, "ip_rating": "IP54"})
    assert list(values.items()) == [("ip_rating", ["IP54"]), ("ratio", 100)]
    assert offered_values(ALL, None) == {}


@pytest.mark.parametrize("raw", [{"colour": 1}, [], "x", 3, True])
def test_values_of_unknown_keys_or_shape_are_refused(raw: Any) -> None:
    with pytest.raises(SpecError):
        offered_values(ALL, raw)


def test_a_requirement_gets_its_defaults() -> None:
    read = requirement(ALL, {"key": "rated_torque", "op": ">=", "value": "12 kgf*cm"})
    assert read == {
        "key": "rated_torque",
        "op": ">=",
        "value": 1.176798,
        "hard": True,
        "weight": 1,
        "tolerance": 0.2,
    }


def test_null_in_a_requirement_is_not_given() -> None:
    raw = {"key": "ratio", "op": "=", "value": 100, "hard": None, "weight": None, "tolerance": None}
    read = requirement(ALL, raw)
    assert (read["hard"], read["weight"], read["tolerance"]) == (True, 1, 0.2)


@pytest.mark.parametrize(
    ("key", "op", "raw", "stored"),
    [
        ("rated_torque", "<=", "1 kgf*m", 9.80665),
        ("rated_torque", "=", 5, 5),
        ("rated_torque", "covers", [1, 2], [1, 2]),
        ("operating_temp", "covers", ["-4 degF", 40], [-20, 40]),
        ("operating_temp", "between", [20, 20], [20, 20]),
        ("ip_rating", ">=", "IP54", "IP54"),
        ("ip_rating", "<=", "IP54", "IP54"),
        ("ip_rating", "one_of", ["IP65", "IP20"], ["IP20", "IP65"]),
        ("bus", "one_of", "CAN", ["CAN"]),
        ("brake", "is", False, False),
    ],
)
def test_requirement_values_by_operator(key: str, op: str, raw: Any, stored: Any) -> None:
    assert requirement(ALL, {"key": key, "op": op, "value": raw})["value"] == stored


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("", "rated_torque >= 12"),
        ("key", {"op": ">=", "value": 1}),
        ("key", {"key": "colour", "op": ">=", "value": 1}),
        ("key", {"key": ["ratio"], "op": ">=", "value": 1}),
        ("op", {"key": "ratio", "value": 1}),
        ("op", {"key": "ratio", "op": ">", "value": 1}),
        ("op", {"key": "ratio", "op": "one_of", "value": ["1"]}),
        ("op", {"key": "bus", "op": ">=", "value": "CAN"}),
        ("op", {"key": "ip_rating", "op": "=", "value": "IP54"}),
        ("op", {"key": "brake", "op": "=", "value": True}),
        ("op", {"key": "ratio", "op": [], "value": 1}),
        ("value", {"key": "ratio", "op": ">="}),
        ("value", {"key": "ratio", "op": ">=", "value": None}),
        ("value", {"key": "ratio", "op": ">=", "value": [1, 2]}),
        ("value", {"key": "ratio", "op": ">=", "value": True}),
        ("value", {"key": "ratio", "op": "=", "value": math.nan}),
        ("value", {"key": "ratio", "op": "between", "value": 1}),
        ("value", {"key": "ratio", "op": "between", "value": [2, 1]}),
        ("value", {"key": "ratio", "op": "covers", "value": [1, 2, 3]}),
        ("value", {"key": "operating_temp", "op": "covers", "value": ["0 degC", "10 mm"]}),
        ("value", {"key": "ip_rating", "op": ">=", "value": ["IP54"]}),
        ("value", {"key": "ip_rating", "op": ">=", "value": "IP99"}),
        ("value", {"key": "bus", "op": "one_of", "value": []}),
        ("value", {"key": "bus", "op": "one_of", "value": ["CAN", "LIN"]}),
        ("value", {"key": "brake", "op": "is", "value": "true"}),
        ("value", {"key": "brake", "op": "is", "value": 1}),
        ("hard", {"key": "ratio", "op": ">=", "value": 1, "hard": "yes"}),
        ("hard", {"key": "ratio", "op": ">=", "value": 1, "hard": 1}),
        ("weight", {"key": "ratio", "op": ">=", "value": 1, "weight": 0}),
        ("weight", {"key": "ratio", "op": ">=", "value": 1, "weight": 5.1}),
        ("weight", {"key": "ratio", "op": ">=", "value": 1, "weight": "2"}),
        ("weight", {"key": "ratio", "op": ">=", "value": 1, "weight": True}),
        ("tolerance", {"key": "ratio", "op": ">=", "value": 1, "tolerance": 0}),
        ("tolerance", {"key": "ratio", "op": ">=", "value": 1, "tolerance": -1}),
        ("tolerance", {"key": "ratio", "op": ">=", "value": 1, "tolerance": math.inf}),
        ("color", {"key": "ratio", "op": ">=", "value": 1, "color": "red"}),
    ],
)
def test_bad_requirements_name_their_field(field: str, raw: Any) -> None:
    with pytest.raises(SpecError) as caught:
        requirement(ALL, raw)
    assert caught.value.field == field


def test_at_most_one_hard_requirement_per_key() -> None:
    hard = {"key": "ratio", "op": ">=", "value": 1}
    soft = {**hard, "hard": False}
    assert len(requirements(ALL, [hard, soft, soft])) == 3
    with pytest.raises(SpecError) as caught:
        requirements(ALL, [hard, soft, hard])
    assert caught.value.field == "[2].key"


def test_requirements_keep_their_order_and_name_the_bad_one() -> None:
    good = {"key": "ratio", "op": ">=", "value": 1}
    read = requirements(ALL, [{"key": "brake", "op": "is", "value": True}, good])
    assert [item["key"] for item in read] == ["brake", "ratio"]
    assert requirements(ALL, None) == []
    with pytest.raises(SpecError) as caught:
        requirements(ALL, [good, {**good, "value": "x"}])
    assert caught.value.field == "[1].value"
    with pytest.raises(SpecError):
        requirements(ALL, good)


def test_part_conditions_are_hard_and_carry_no_weight() -> None:
    read = part_conditions(
        ALL, [{"key": "ip_rating", "op": ">=", "value": "IP54", "hard": True, "weight": 2}]
    )
    assert read == [{"key": "ip_rating", "op": ">=", "value": "IP54"}]
    with pytest.raises(SpecError) as caught:
        part_conditions(ALL, [{"key": "ip_rating", "op": ">=", "value": "IP54", "hard": False}])
    assert caught.value.field == "[0].hard"
    with pytest.raises(SpecError):
        part_conditions(ALL, [{"key": "brake", "op": "is", "value": True}] * 2)


def test_operators_by_kind() -> None:
    assert operators(TORQUE) == operators(TEMPERATURE) == (">=", "<=", "=", "between", "covers")
    assert operators(IP) == (">=", "<=", "one_of")
    assert operators(BUS) == ("one_of",)
    assert operators(BRAKE) == ("is",)


finite = st.floats(allow_nan=False, allow_infinity=False)
ends = st.tuples(finite, finite).map(sorted)
values = st.one_of(
    st.tuples(st.just(TORQUE), st.one_of(finite, ends, st.integers(-(2**60), 2**60))),
    st.tuples(st.sampled_from([IP, BUS]), st.none()).flatmap(
        lambda pair: st.tuples(st.just(pair[0]), st.lists(st.sampled_from(pair[0].choices)))
    ),
    st.tuples(st.just(BRAKE), st.booleans()),
)


# That check is of time alone, and a busy machine stalls for a second.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(values)
def test_canonical_values_read_back_as_themselves(case: tuple[Parameter, Any]) -> None:
    parameter, raw = case
    stored = offered_value(parameter, raw)
    again = offered_value(parameter, json.loads(json.dumps(stored)))
    assert json.dumps(again) == json.dumps(stored)


@given(
    st.sampled_from(list(ALL.values())),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
)
def test_any_json_is_read_or_refused(parameter: Parameter, raw: Any) -> None:
    """Nothing else than SpecError comes out, whatever goes in."""
    for read in (
        lambda: offered_value(parameter, raw),
        lambda: offered_values(ALL, raw),
        lambda: requirements(ALL, raw),
        lambda: requirements(ALL, [raw]),
        *(
            lambda op=op: requirement(ALL, {"key": parameter.key, "op": op, "value": raw})
            for op in operators(parameter)
        ),
    ):
        try:
            json.dumps(read(), allow_nan=False)
        except SpecError:
            continue


@pytest.mark.parametrize(
    ("difference", "shown", "words"),
    [
        (34.0603, (205.9397, 240.0), "34.06"),
        (0.1, (1.5, 1.6), "0.1"),
        (2000.0, (8000.0, 6000.0), "2,000"),
        (0.0004, (1.0, 1.0), "0.0004"),
        (3.0, (-math.inf, 27.0), "3"),
    ],
)
def test_a_difference_has_the_decimals_of_what_stands_beside_it(difference, shown, words):
    assert difference_text(difference, *shown) == words


@pytest.mark.parametrize(
    ("unit", "words"), [("1", "“2oo” is not a number."), ("d", "“2oo” is not a number.")]
)
def test_a_slip_in_a_count_asks_for_no_unit(unit, words):
    with translation.override("en"), pytest.raises(SpecError, match=words):
        parse_quantity(Parameter("count", unit, "number"), "2oo")
    with translation.override("en"), pytest.raises(SpecError, match="unit such as kg"):
        parse_quantity(Parameter("mass", "kg", "number"), "2oo")
