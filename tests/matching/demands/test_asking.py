"""A requirement in one cell: what people write, what it means, and that what is written reads back the same."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companies.specs import Parameter
from companies.specs.requirements import requirement
from matching.forms.demands import asked_rows
from matching.services.bills.asking import CellError, cell_of, read_cell

TORQUE = Parameter("torque", "N*m", "number")
HEAT = Parameter("heat", "degC", "range")
IP = Parameter("ip", "", "choice", ("IP54", "IP65", "IP67"), True)
BUS = Parameter("bus", "", "choice", ("CAN", "EtherCAT"), False)
BRAKE = Parameter("brake", "", "bool")
ALL = {row.key: row for row in (TORQUE, HEAT, IP, BUS, BRAKE)}


def read(parameter: Parameter, cell: Any, unit: str = "", better: str = "") -> list[Any]:
    raw = read_cell(parameter, cell, unit=unit, zh={"现场总线": "CAN"}, better=better)
    return [requirement(ALL, item) for item in raw]


@pytest.mark.parametrize(
    ("parameter", "cell", "op", "value"),
    [
        (TORQUE, "≥ 12", ">=", 12),
        (TORQUE, ">=12 N*m", ">=", 12),
        (TORQUE, "不低于 1,200", ">=", 1200),
        (TORQUE, "12 以上", ">=", 12),
        (TORQUE, "≤ 100 kgf*cm", "<=", 9.80665),
        (TORQUE, "至多 5 N·m", "<=", 5),
        (TORQUE, "= 50", "=", 50),
        (TORQUE, "10 ~ 20", "between", [10, 20]),
        (TORQUE, "10-20", "between", [10, 20]),
        (TORQUE, "10至20 N*m", "between", [10, 20]),
        (TORQUE, "覆盖 10～20", "covers", [10, 20]),
        (HEAT, "-10 ~ 40", "covers", [-10, 40]),
        (HEAT, "介于 -10 ~ 40", "between", [-10, 40]),
        (HEAT, "-10 ~ 40 ℃", "covers", [-10, 40]),
        (IP, "≥ IP65", ">=", "IP65"),
        (IP, "IP65; IP67", "one_of", ["IP65", "IP67"]),
        (BUS, "ethercat / can", "one_of", ["CAN", "EtherCAT"]),
        (BUS, "现场总线", "one_of", ["CAN"]),
        (BRAKE, "是", "is", True),
        (BRAKE, False, "is", False),
    ],
)
def test_what_people_write(parameter: Parameter, cell: Any, op: str, value: Any) -> None:
    (found,) = read(
        parameter, cell, unit="N*m" if parameter is TORQUE else "degC" if parameter is HEAT else ""
    )
    assert (found["op"], found["hard"]) == (op, True)
    assert found["value"] == (sorted(value) if op == "one_of" else value)


@pytest.mark.parametrize(
    ("cell", "hard", "weight", "tolerance"),
    [
        ("≥ 12 (soft)", False, 1, 0.2),
        ("≥ 12（软，权重 3，容差 10%）", False, 3, 0.1),
        ("≥ 12 软 权重3 容差 5 %", False, 3, 0.05),
        ("≥ 12 (weight 2.5)", False, 2.5, 0.2),
        ("≥ 12 (hard, tolerance 33.3%)", True, 1, 0.333),
        ("≥ 12 [硬]", True, 1, 0.2),
    ],
)
def test_hard_or_soft(cell: str, hard: bool, weight: float, tolerance: float) -> None:
    (found,) = read(TORQUE, cell)
    assert (found["hard"], found["weight"], found["tolerance"]) == (hard, weight, tolerance)
    assert found["value"] == 12


def test_two_of_one_parameter() -> None:
    assert [(r["value"], r["hard"]) for r in read(TORQUE, "≥ 12 | ≥ 18 (软)")] == [(12, True), (18, False)]


@pytest.mark.parametrize(
    ("cell", "better", "meant"),
    [("12", "", "≥ 12"), (12.0, "lower", "≤ 12"), ("12 N*m", "higher", "≥ 12 N*m"), ("> 5", "", "≥ 5")],
)
def test_a_bare_number_is_asked_about_not_guessed(cell: Any, better: str, meant: str) -> None:
    with pytest.raises(CellError) as told:
        read(TORQUE, cell, better=better)
    assert told.value.better == meant
    assert read(TORQUE, told.value.better)


numbers = st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: x + 0.0)
pairs = st.tuples(numbers, numbers).map(sorted)
asked = st.one_of(
    st.tuples(st.just("torque"), st.sampled_from([">=", "<=", "="]), numbers),
    st.tuples(st.sampled_from(["torque", "heat"]), st.sampled_from(["between", "covers"]), pairs),
    st.tuples(st.just("ip"), st.sampled_from([">=", "<="]), st.sampled_from(IP.choices)),
    st.tuples(
        st.just("bus"), st.just("one_of"), st.lists(st.sampled_from(BUS.choices), min_size=1, unique=True)
    ),
    st.tuples(st.just("brake"), st.just("is"), st.booleans()),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(asked, st.booleans(), st.floats(1, 5), st.floats(1e-6, 10))
def test_what_is_written_reads_back_the_same(
    what: tuple[str, str, Any], hard: bool, weight: float, tolerance: float
) -> None:
    key, op, value = what
    raw = {"key": key, "op": op, "value": value, "hard": hard, "weight": weight, "tolerance": tolerance}
    stored = requirement(ALL, raw)
    words = cell_of([SimpleNamespace(**stored)], ALL[key].kind)
    unit = ALL[key].unit
    assert read(ALL[key], words, unit=unit) == [stored], words


@pytest.mark.parametrize(
    ("parameter", "better", "op"),
    [
        (TORQUE, "higher", ">="),
        (TORQUE, "lower", "<="),
        (TORQUE, "target", "="),
        (TORQUE, "none", ">="),
        (HEAT, "none", "covers"),
        (IP, "higher", ">="),
        (BUS, "higher", "one_of"),
        (BRAKE, "", "is"),
    ],
)
def test_an_empty_row_of_the_form_asks_what_is_usual(parameter: Parameter, better: str, op: str) -> None:
    """Whoever only types a number asks for little play and much torque, as in a sheet."""
    key = SimpleNamespace(unit=parameter.unit, choices=list(parameter.choices), choices_zh=[])
    book = {parameter.key: SimpleNamespace(key=key, attributes={"better": better})}
    (row,) = asked_rows({parameter.key: parameter}, book, False, ranges="covers")
    assert row.op == op
    assert row.again().op == op
