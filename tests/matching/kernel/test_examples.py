"""Examples worked out by hand, section by section of docs/matching.md; both solvers must agree with the hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from matching.kernel import Code, Op, Problem, Results, Weights, reference
from matching.kernel.solve import solve
from tests.matching.kernel.tiny import (
    AS_OF,
    AWAY,
    BRAKE,
    BUYER,
    CELL,
    DRIVE,
    FAR,
    GOOD_FIRM,
    INDOOR,
    IP,
    LAB,
    MASS,
    MOTOR,
    NEW_FIRM,
    OPERATOR,
    OUTDOOR,
    PARTS,
    SHAPE,
    STORE,
    TEMP,
    TORQUE,
    tiny,
    want,
    worked_example,
)

Solve = Callable[[Problem], Results]
both = pytest.mark.parametrize("solver", [reference.solve, solve], ids=["reference", "fast"])
near9 = lambda values: pytest.approx(values, abs=1e-9, nan_ok=True)  # noqa: E731


def feasible(
    solver: Solve, cap: dict[str, Any], line: dict[str, Any], demand: dict[str, Any] | None = None
) -> bool:
    return bool(solver(tiny([cap], [line], [demand or {}])).line_totals.feasible[0])


def near(solver: Solve, cap: dict[str, Any], line: dict[str, Any]) -> tuple[str, float] | None:
    """(code, shortfall) of the one near miss, None if there is none."""
    rows = solver(tiny([cap], [line])).near_misses
    return (Code(rows.code[0]).name, float(rows.shortfall[0])) if len(rows.line) else None


# --- §2 ------------------------------------------------------------------------------------------------------

MEASURED = [
    # key, op, a, b, offered, shortfall (0 satisfied)
    (TORQUE, Op.GE, 12.0, None, 12.0, 0),
    (TORQUE, Op.GE, 12.0, None, 9.0, 0.25),
    (TORQUE, Op.GE, 12.0, None, (5.0, 13.0), 0),
    (TORQUE, Op.GE, -10.0, None, -15.0, 0.5),
    (TORQUE, Op.GE, 0.0, None, -3.0, 1),  # zero denominator
    (MASS, Op.LE, 2.0, None, 2.5, 0.25),
    (MASS, Op.LE, 2.0, None, (1.5, 9.0), 0),
    (MASS, Op.LE, -20.0, None, -15.0, 0.25),
    (MASS, Op.LE, 0.0, None, 0.0, 0),
    (MASS, Op.BETWEEN, 10.0, 20.0, 25.0, 0.25),
    (MASS, Op.BETWEEN, 10.0, 20.0, 8.0, 0.1),
    (MASS, Op.BETWEEN, 10.0, 20.0, 20.0, 0),
    (MASS, Op.BETWEEN, 10.0, 20.0, (19.0, 90.0), 0),
    (MASS, Op.BETWEEN, 5.0, 5.0, 4.0, 0.2),  # = 5
    (MASS, Op.BETWEEN, 0.0, 0.0, 1.0, 1),
    (TEMP, Op.COVERS, -20.0, 40.0, (-30.0, 50.0), 0),
    (TEMP, Op.COVERS, -20.0, 40.0, (-20.0, 40.0), 0),
    (TEMP, Op.COVERS, -20.0, 40.0, (-10.0, 50.0), 0.25),
    (TEMP, Op.COVERS, -20.0, 40.0, (-10.0, 20.0), 0.5),  # the larger of 10 and 20
    (TEMP, Op.COVERS, -50.0, 10.0, (-45.0, 20.0), 0.1),
    (TEMP, Op.COVERS, 0.0, 0.0, (1.0, 2.0), 1),
    (IP, Op.GE, 2.0, None, {0, 2}, 0),
    (IP, Op.GE, 3.0, None, {0, 1}, 0.666666667),
    (IP, Op.LE, 0.0, None, {1, 3}, 0.333333333),
    (IP, Op.LE, 1.0, None, {1, 3}, 0),
    (IP, Op.ONE_OF, {1, 2}, None, {2, 3}, 0),
    (IP, Op.ONE_OF, {0}, None, {2, 3}, 1),
    (SHAPE, Op.ONE_OF, {0, 2}, None, {1}, 1),
    (SHAPE, Op.ONE_OF, {0, 1}, None, {1}, 0),
    (BRAKE, Op.IS, True, None, True, 0),
    (BRAKE, Op.IS, True, None, False, 1),
    (BRAKE, Op.IS, False, None, False, 0),
    (TORQUE, Op.GE, -5.0, None, None, 1),  # not stated
    (TEMP, Op.COVERS, 0.0, 0.0, None, 1),
    (IP, Op.GE, 0.0, None, None, 1),
    (SHAPE, Op.ONE_OF, {0, 1, 2}, None, None, 1),
    (SHAPE, Op.ONE_OF, {0, 1, 2}, None, set(), 1),  # an empty set is not stated
    (BRAKE, Op.IS, False, None, None, 1),
]


@both
@pytest.mark.parametrize(("key", "op", "a", "b", "offered", "shortfall"), MEASURED)
def test_shortfall_of_each_operator(
    solver: Solve, key: int, op: Op, a: Any, b: Any, offered: Any, shortfall: float
) -> None:
    cap = {"specs": {} if offered is None else {key: offered}}
    wanted = want(key, op, a, float("nan") if b is None else b)
    assert feasible(solver, cap, {"wants": [wanted]}) is (shortfall == 0)
    assert near(solver, cap, {"wants": [wanted]}) == (("SPEC", shortfall) if shortfall else None)


@both
@pytest.mark.parametrize(
    ("offered", "tolerance", "degree"),
    [
        (12.0, 0.2, 1),
        (11.4, 0.2, 0.75),
        (9.6, 0.2, 0),
        (3.0, 0.2, 0),
        (6.0, 1.0, 0.5),
        (None, 0.5, 0),
        (None, 2.0, 0.5),
    ],
)
def test_degree_of_a_soft_requirement(
    solver: Solve, offered: float | None, tolerance: float, degree: float
) -> None:
    """1 - shortfall / tolerance; not stated is a shortfall of 1, whatever the tolerance makes of it."""
    cap = {"specs": {} if offered is None else {TORQUE: offered}}
    results = solver(tiny([cap], [{"wants": [want(TORQUE, Op.GE, 12.0, hard=False, tol=tolerance)]}]))
    assert results.matches.terms[0, 0] == near9(degree)


# --- §3 ------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("cap", "demand", "holds"),
    [
        ({}, {}, True),
        ({"type": DRIVE}, {}, True),
        ({"type": CELL}, {}, False),
        ({"active": False}, {}, False),
        ({"valid_until": AS_OF}, {}, True),
        ({"valid_until": AS_OF - 1}, {}, False),
        ({"city": AWAY}, {}, False),
        ({"city": AWAY}, {"open_scope": True}, True),
        ({"firm": BUYER}, {}, False),
        ({}, {"excluded": [GOOD_FIRM]}, False),
        ({}, {"excluded": [NEW_FIRM]}, True),
    ],
)
def test_type_state_reach_and_self_are_never_near_misses(
    solver: Solve, cap: dict[str, Any], demand: dict[str, Any], holds: bool
) -> None:
    totals = solver(tiny([cap], [{}], [demand])).line_totals
    assert [totals.feasible[0], totals.candidates[0], totals.near[0]] == [holds, holds, 0]


@both
def test_a_child_type_line_does_not_take_the_parent_type(solver: Solve) -> None:
    assert not feasible(solver, {"type": DRIVE}, {"type": MOTOR})


@both
@pytest.mark.parametrize(
    ("cap", "line", "found"),
    [
        ({"moq": 300.0}, {}, None),
        ({"moq": 450.0}, {}, ("MOQ", 0.5)),
        ({"free": 100.0}, {}, None),
        ({"free": 75.0}, {}, ("CAPACITY", 0.25)),
        ({"free": -50.0}, {}, ("CAPACITY", 1.5)),
        ({"price": 100.0}, {"ceiling": 100.0}, None),
        ({"price": 110.0}, {"ceiling": 100.0}, ("PRICE", 0.1)),
        ({}, {"ceiling": 100.0}, None),  # unknown price
        ({"volume_days": 180}, {}, None),
        ({"volume_days": 189}, {}, ("TIME", 0.05)),
        ({"available_from": AS_OF + 180}, {}, None),
        ({"available_from": AS_OF + 198}, {}, ("TIME", 0.1)),
        ({"available_from": AS_OF + 198, "volume_days": 225}, {}, ("TIME", 0.25)),
        ({"volume_days": 3}, {"need_by": AS_OF}, ("TIME", 3.0)),  # a divisor is at least 1
        ({"volume_days": 3}, {"need_by": AS_OF - 4}, ("TIME", 7.0)),
        ({"certificates": {7: 0}}, {"certificates": [7]}, None),
        ({"certificates": {7: AS_OF}}, {"certificates": [7]}, None),
        ({"certificates": {7: AS_OF - 1}}, {"certificates": [7]}, ("CERTIFICATION", 1.0)),
        ({"certificates": {7: 0}}, {"certificates": [5, 7, 9]}, ("CERTIFICATION", 0.666666667)),
    ],
)
def test_each_measured_rule(
    solver: Solve, cap: dict[str, Any], line: dict[str, Any], found: tuple[str, float] | None
) -> None:
    assert near(solver, cap, line) == found
    assert feasible(solver, cap, line) is (found is None)


@both
def test_two_failed_rules_are_no_near_miss_and_each_hard_requirement_is_a_rule(solver: Solve) -> None:
    wants = [want(TORQUE, Op.GE, 10.0), want(MASS, Op.LE, 1.0)]
    line = {"wants": wants}
    assert near(solver, {"specs": {TORQUE: 9.0, MASS: 1.0}}, line) == ("SPEC", 0.1)
    assert near(solver, {"specs": {TORQUE: 9.0, MASS: 1.1}}, line) is None
    assert near(solver, {"specs": {TORQUE: 10.0, MASS: 1.0}, "moq": 999.0, "free": 1.0}, line) is None


@both
def test_near_misses_are_ordered_by_shortfall_then_id_and_five_are_kept(solver: Solve) -> None:
    moqs = [600.0, 330.0, 450.0, 330.0, 301.0, 9e9, 310.0]
    results = solver(tiny([{"moq": moq} for moq in moqs], [{}]))
    assert results.near_misses.capability.tolist() == [4, 6, 1, 3, 2]
    assert results.near_misses.rank.tolist() == [1, 2, 3, 4, 5]
    assert results.line_totals.near.tolist() == [7]


NAN = float("nan")


@both
@pytest.mark.parametrize(
    ("caps", "line", "row"),
    [
        ([{"moq": 400.0}, {"moq": 310.0}], {}, (Code.MOQ, 2, 310, NAN, 400, NAN)),
        ([{"free": 50.0}, {"free": 80.0}], {}, (Code.CAPACITY, 2, 80, NAN, 50, NAN)),
        ([{"free": 50.0}, {"free": 0.0}], {}, (Code.CAPACITY, 2, 50, NAN, NAN, NAN)),
        ([{"price": 12.0}, {"price": 11.0}], {"ceiling": 10.0}, (Code.PRICE, 2, 11, NAN, 12, NAN)),
        (
            [{"volume_days": 190}, {"volume_days": 200}],
            {},
            (Code.TIME, 2, AS_OF + 190, NAN, AS_OF + 200, NAN),
        ),
        ([{}, {}], {"certificates": [1]}, (Code.CERTIFICATION, 2, NAN, NAN, NAN, NAN)),
        (
            [{"specs": {TORQUE: 8.0}}, {"specs": {TORQUE: 9.0}}],
            {"wants": [want(TORQUE, Op.GE, 10.0)]},
            (Code.SPEC, 2, 9, NAN, 8, NAN),
        ),
        (
            [{"specs": {TORQUE: 9.0}}, {}],
            {"wants": [want(TORQUE, Op.GE, 10.0)]},
            (Code.SPEC, 2, 9, NAN, NAN, NAN),  # one states nothing: no threshold admits all
        ),
        (
            [{"specs": {MASS: 3.0}}, {"specs": {MASS: (2.5, 9.0)}}],
            {"wants": [want(MASS, Op.LE, 2.0)]},
            (Code.SPEC, 2, 2.5, NAN, 3, NAN),
        ),
        (
            [{"specs": {MASS: 12.0}}, {"specs": {MASS: 25.0}}, {"specs": {MASS: 26.0}}],
            {"wants": [want(MASS, Op.BETWEEN, 15.0, 20.0)]},
            (Code.SPEC, 3, 12, 20, 12, 26),
        ),
        (
            [{"specs": {TEMP: (-10.0, 60.0)}}, {"specs": {TEMP: (-30.0, 35.0)}}],
            {"wants": [want(TEMP, Op.COVERS, -20.0, 40.0)]},
            (Code.SPEC, 2, -20, 35, -10, 35),
        ),
        (
            [{"specs": {TEMP: (50.0, 60.0)}}],
            {"wants": [want(TEMP, Op.COVERS, -20.0, 40.0)]},
            (Code.SPEC, 1, NAN, NAN, NAN, NAN),  # nothing of the asked range is offered
        ),
        (
            [{"specs": {IP: {0, 1}}}, {"specs": {IP: {2}}}],
            {"wants": [want(IP, Op.GE, 3.0)]},
            (Code.SPEC, 2, 2, NAN, 1, NAN),
        ),
        (
            [{"specs": {SHAPE: {0}}}],
            {"wants": [want(SHAPE, Op.ONE_OF, {1})]},
            (Code.SPEC, 1, NAN, NAN, NAN, NAN),
        ),
    ],
)
def test_relaxations(
    solver: Solve, caps: list[dict[str, Any]], line: dict[str, Any], row: tuple[Any, ...]
) -> None:
    found = solver(tiny(caps, [line])).relaxations
    columns = found.code, found.capabilities, found.nearest, found.nearest_b, found.all, found.all_b
    assert len(found.line) == 1
    assert [float(column[0]) for column in columns] == near9([float(x) for x in row])
    assert found.key[0] == (line["wants"][0][0] if row[0] == Code.SPEC else -1)


@both
def test_relaxations_come_by_requirement_and_then_by_rule(solver: Solve) -> None:
    good = {TORQUE: 10.0, MASS: 1.0}
    caps = [
        {"specs": good, "price": 20.0},
        {"specs": good, "moq": 999.0},
        {"specs": {TORQUE: 9.0, MASS: 1.0}},
        {"specs": {TORQUE: 10.0, MASS: 2.0}},
    ]
    line = {"ceiling": 10.0, "wants": [want(MASS, Op.LE, 1.0), want(TORQUE, Op.GE, 10.0)]}
    found = solver(tiny(caps, [line])).relaxations
    assert found.code.tolist() == [Code.SPEC, Code.SPEC, Code.MOQ, Code.PRICE]
    assert found.key.tolist() == [MASS, TORQUE, -1, -1]


# --- §4 ------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("cap", "line", "term", "value"),
    [
        ({}, {}, "fit", 1),
        ({"price": 90.0}, {}, "price", 0.5),
        ({}, {"target": 100.0}, "price", 0.5),
        ({"price": 125.0}, {"target": 100.0}, "price", 0.75),
        ({"price": 90.0}, {"target": 100.0}, "price", 1),
        ({"price": 250.0}, {"target": 100.0}, "price", 0),
        ({"volume_days": 45}, {}, "lead_time", 0.75),
        ({"volume_days": 0}, {"need_by": AS_OF}, "lead_time", 1),
        ({"free": 150.0}, {}, "capacity", 0.75),
        ({"free": 500.0}, {}, "capacity", 1),
        ({"city": PARTS}, {}, "proximity", 0.5),
        ({"city": FAR}, {}, "proximity", 0.25),
        ({"city": LAB}, {}, "proximity", 2 ** (-30 / 180)),
        ({"city": PARTS}, {}, "role", 1),
        ({"city": FAR}, {}, "role", 0),
        ({"firm": NEW_FIRM}, {}, "trust", 0),
        ({"firm": GOOD_FIRM}, {}, "trust", 0.96),
        ({"firm": OPERATOR}, {}, "trust", 0.76),
    ],
)
def test_each_term(solver: Solve, cap: dict[str, Any], line: dict[str, Any], term: str, value: float) -> None:
    place = ["fit", "price", "lead_time", "capacity", "proximity", "role", "trust"].index(term)
    assert solver(tiny([cap], [line])).matches.terms[0, place] == near9(value)


@both
def test_role_is_that_of_the_capability_s_own_type(solver: Solve) -> None:
    """PARTS has both roles, FAR none; a cell is supplied by a city with COMPONENTS."""
    results = solver(tiny([{"type": CELL}, {"type": CELL, "city": FAR}], [{"type": CELL}]))
    assert dict(
        zip(results.matches.capability.tolist(), results.matches.terms[:, 5].tolist(), strict=True)
    ) == {
        0: 1.0,
        1: 0.0,
    }


@both
def test_order_is_score_then_id_and_twenty_are_kept(solver: Solve) -> None:
    caps = [{"volume_days": 90 if i % 2 else 45} for i in range(30)]
    results = solver(tiny(caps, [{}]))
    assert results.matches.capability.tolist() == [*range(0, 30, 2), 1, 3, 5, 7, 9]
    assert results.line_totals.feasible.tolist() == [30]


@both
def test_weights_of_the_alliance(solver: Solve) -> None:
    """Only lead time (3) and trust (1) count: (3 × 0.75 + 0.96) / 4."""
    weights = Weights([0, 0, 3, 0, 0, 0, 1], [1, 0, 0, 0, 0])
    assert solver(tiny([{}], [{}], weights=weights)).matches.score.tolist() == near9([0.8025])


@both
def test_scores_equal_to_nine_decimals_are_ties(solver: Solve) -> None:
    """The second is better by 1e-12 only, which rounding removes, so the lower id leads."""
    caps = [{"price": 90.0 + 1e-9}, {"price": 90.0}]
    results = solver(tiny(caps, [{"target": 80.0}]))
    assert results.matches.capability.tolist() == [0, 1]
    assert results.matches.score[0] == results.matches.score[1]


# --- §5 ------------------------------------------------------------------------------------------------------

NEED = {"scenario": INDOOR, "start": AS_OF + 10}


@both
@pytest.mark.parametrize(
    ("site", "demand", "count"),
    [
        ({}, {}, 1),
        ({"scenario": INDOOR}, {}, 1),
        ({"scenario": OUTDOOR}, {}, 0),
        ({"scenario": INDOOR}, {"scenario": STORE}, 0),
        ({"active": False}, {}, 0),
        ({"city": AWAY}, {}, 0),
        ({"city": AWAY}, {"open_scope": True}, 1),
        ({"fleet_capacity": 5.0}, {}, 1),
        ({"fleet_capacity": 4.0}, {}, 0),
        ({"organisation": BUYER}, {}, 1),  # self is about capabilities only
        ({"params": {MASS: 3.0}}, {"wants": [want(MASS, Op.LE, 2.0)]}, 0),
        ({"params": {MASS: 2.0}}, {"wants": [want(MASS, Op.LE, 2.0)]}, 1),
        ({}, {"wants": [want(MASS, Op.LE, 2.0)]}, 0),
        ({"windows": []}, {}, 0),
        ({"windows": [(0, 29)]}, {}, 1),  # day 10 to day 29: twenty days, both ends counted
        ({"windows": [(0, 28)]}, {}, 0),
        ({"windows": [(161, 400)]}, {}, 1),  # day 161 to 180
        ({"windows": [(162, 400)]}, {}, 0),
        ({"windows": [(20, 30), (31, 41)]}, {}, 0),  # windows are never merged
        ({"windows": [(0, 29)]}, {"start": 0}, 1),
        ({"windows": [(-50, 19)]}, {"start": AS_OF - 40}, 1),  # f is as-of when the start has passed
        ({"windows": [(-50, 18)]}, {"start": AS_OF - 40}, 0),
    ],
)
def test_site_rules(solver: Solve, site: dict[str, Any], demand: dict[str, Any], count: int) -> None:
    results = solver(tiny([], [{}], [NEED | demand], [site]))
    assert results.demand_totals.feasible_sites.tolist() == [count]
    assert len(results.pipelines.site) == count


@both
def test_site_terms(solver: Solve) -> None:
    """f is day 10; the window opens on day 27 of the 170 days to need-by: 1 - 17 / 170."""
    wants = [want(MASS, Op.LE, 2.0, hard=False)]
    site = {"windows": [(0, 20), (27, 60), (30, 99)], "params": {MASS: 2.2}}
    results = solver(tiny([], [{}], [NEED | {"wants": wants}], [site]))
    assert results.sites.terms[0].tolist() == near9([0.5, 0.9, 0.8, 1, 0.76])
    assert results.sites.score.tolist() == near9([(45 * 0.5 + 22.5 + 8 + 10 + 7.6) / 100])
    assert (results.sites.window_start[0] - AS_OF, results.sites.window_end[0] - AS_OF) == (27, 60)


@both
def test_sites_are_ordered_by_score_then_id_and_twenty_are_kept(solver: Solve) -> None:
    sites = [{"fleet_capacity": 8.0 if i % 2 else 10.0} for i in range(24)]
    results = solver(tiny([], [{}], [NEED], sites))
    assert results.sites.site.tolist() == [*range(0, 24, 2), *range(1, 16, 2)]
    assert results.demand_totals.feasible_sites.tolist() == [24]


# --- §6 ------------------------------------------------------------------------------------------------------


@both
def test_the_worked_example(solver: Solve) -> None:
    """The figures of docs/matching.md, worked out in comments there."""
    results = solver(worked_example())
    assert results.line_totals.feasible.tolist() == [2, 2]
    assert results.matches.capability.tolist() == [0, 1, 5, 4]
    assert results.matches.score.tolist() == near9([0.706, 0.5875, 0.7235, 0.67])
    assert results.matches.terms[0].tolist() == near9([13 / 24, 0.9, 0.75, 0.75, 0.5, 1, 0.96])
    assert results.near_misses.capability.tolist() == [2, 3]
    assert results.near_misses.shortfall.tolist() == near9([0.05, 0.1])
    assert results.sites.score.tolist() == near9([0.931])
    pipe = results.pipelines
    assert pipe.score.tolist() == near9([0.72055])
    assert results.teams.capability.tolist() == [0, 4]
    assert results.ruled_out.usable.tolist() == [1, 1]
    assert results.ruled_out_by.line.tolist() == [0, 1]
    assert results.ruled_out_by.count.tolist() == [1, 1]
    days = [
        pipe.prototype,
        pipe.wait,
        pipe.trial,
        pipe.volume,
        pipe.delivery,
        pipe.total,
        pipe.late,
        pipe.baseline,
    ]
    assert [float(x[0]) for x in days] == near9([41.5, 80.5, 20, 105, 0.375, 247.375, 67.375, 166.0625])
    assert pipe.baseline_stages[0].tolist() == near9([40.25, 0.75, 20, 105, 0.0625])
    assert pipe.critical[0].tolist() == [1, 0, 0]
    assert [pipe.trial_start[0], pipe.window_start[0], pipe.window_end[0]] == [
        AS_OF + 122,
        AS_OF + 122,
        AS_OF + 213,
    ]


@both
def test_a_condition_on_a_key_the_type_has_not_is_not_its_business(solver: Solve) -> None:
    conditions = [want(TORQUE, Op.GE, 5.0), want(TEMP, Op.COVERS, 0.0, 1.0)]
    caps = [
        {"type": CELL, "specs": {TEMP: (-5.0, 5.0)}},
        {"type": MOTOR, "specs": {TEMP: (-5.0, 5.0)}},
        {"type": CELL},
    ]
    lines = [{"type": CELL}, {"type": DRIVE}]
    results = solver(tiny(caps, lines, [NEED], [{"wants": conditions}]))
    assert results.ruled_out.feasible.tolist() == [2, 1]
    assert results.ruled_out.usable.tolist() == [1, 0]
    by = results.ruled_out_by
    assert list(zip(by.line.tolist(), by.condition.tolist(), by.count.tolist(), strict=True)) == [
        (0, 1, 1),
        (1, 0, 1),
    ]


@both
def test_a_capability_that_fails_two_conditions_counts_under_both(solver: Solve) -> None:
    conditions = [want(TORQUE, Op.GE, 5.0), want(MASS, Op.LE, 1.0)]
    results = solver(tiny([{"specs": {TORQUE: 1.0}}], [{}], [NEED], [{"wants": conditions}]))
    assert results.ruled_out_by.condition.tolist() == [0, 1]
    assert results.ruled_out_by.count.tolist() == [1, 1]
    assert results.ruled_out.usable.tolist() == [0]


@both
def test_an_empty_team_is_a_partial_pipeline_with_empty_days(solver: Solve) -> None:
    """P = 0.25 G + 0.15 × 0.5 × prox(lab, site); G = (45 + 25 + 8 + 10 + 7.6) / 100."""
    results = solver(tiny([], [{}], [NEED], [{}]))
    pipe = results.pipelines
    assert [pipe.complete[0], len(results.teams.line)] == [False, 0]
    assert pipe.score.tolist() == near9([0.25 * 0.956 + 0.15 * 0.25])
    empty = [
        pipe.prototype,
        pipe.wait,
        pipe.trial,
        pipe.volume,
        pipe.delivery,
        pipe.total,
        pipe.late,
        pipe.baseline,
    ]
    assert np.isnan(np.array(empty)).all()
    assert pipe.critical.tolist() == [[-1, -1, -1]]


@both
def test_complete_pipelines_come_before_better_partial_ones_and_ten_are_kept(solver: Solve) -> None:
    cap = {"specs": {TORQUE: 1.0}}
    strict = {"wants": [want(TORQUE, Op.GE, 5.0)], "fleet_capacity": 10.0}
    sites = [strict] * 4 + [{"fleet_capacity": 8.0}] * 8
    pipe = solver(tiny([cap], [{}], [NEED], sites)).pipelines
    assert pipe.site.tolist() == [4, 5, 6, 7, 8, 9, 10, 11, 0, 1]
    assert pipe.complete.tolist() == [True] * 8 + [False] * 2
    assert pipe.rank.tolist() == list(range(1, 11))


@both
def test_the_team_may_need_a_capability_beyond_the_twenty_kept(solver: Solve) -> None:
    caps = [{"specs": {TEMP: (0.0, 1.0)}}] * 25 + [{"volume_days": 90, "specs": {TEMP: (-9.0, 9.0)}}]
    site = {"wants": [want(TEMP, Op.COVERS, -5.0, 5.0)]}
    results = solver(tiny(caps, [{}], [NEED], [site]))
    assert 25 not in results.matches.capability
    assert results.teams.capability.tolist() == [25]


@both
def test_team_values_weigh_score_and_nearness_to_the_site(solver: Solve) -> None:
    """0.60 S + 0.075 prox: the maker at the site loses 0.05 by score × 0.6 = 0.03 and wins 0.075 × (0.891 - 0.5)."""
    weights = Weights([0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0])
    slow = {"city": 3, "volume_days": 45}
    fast = {"city": PARTS, "volume_days": 36}  # S = 0.8 against 0.75
    results = solver(tiny([fast, slow], [{}], [NEED], [{}], weights=weights))
    assert results.matches.capability.tolist() == [0, 1]
    assert results.teams.capability.tolist() == [0]  # 0.0293 won, 0.03 lost
    nearer = solver(tiny([fast | {"volume_days": 37}, slow], [{}], [NEED], [{}], weights=weights))
    assert nearer.teams.capability.tolist() == [1]


@both
def test_without_a_site_need(solver: Solve) -> None:
    """P is the mean of the scores; no trial; delivered nowhere unless a deployment city is named."""
    weights = Weights([0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0])
    results = solver(tiny([{}], [{}, {"type": CELL}], weights=weights))
    assert results.pipelines.site.tolist() == [-1]
    assert results.pipelines.score.tolist() == near9([0.375])  # 0.75 and a missing line
    assert results.pipelines.complete.tolist() == [False]
    pipe = solver(tiny([{}], [{}], weights=weights)).pipelines
    days = [pipe.prototype, pipe.wait, pipe.trial, pipe.volume, pipe.delivery, pipe.total, pipe.baseline]
    assert [float(x[0]) for x in days] == near9([21.5, 0, 0, 54, 0, 75.5, 2 * 10.125 + 54])
    assert pipe.critical.tolist() == [[0, 0, -1]]
    sent = solver(tiny([{}], [{}], [{"deployment": FAR}], weights=weights)).pipelines
    assert sent.delivery.tolist() == near9([540 / 480])
    assert sent.baseline_stages[0].tolist() == near9([20.25, 0, 0, 54, 30 / 480])


@both
def test_no_feasible_site_no_pipeline(solver: Solve) -> None:
    results = solver(tiny([{}], [{}], [NEED], [{"active": False}]))
    assert len(results.pipelines.demand) == 0
    assert len(results.matches.line) == 1


@both
def test_a_deployment_city_replaces_the_site_s(solver: Solve) -> None:
    pipe = solver(tiny([{}], [{}], [NEED | {"deployment": LAB}], [{}])).pipelines
    assert pipe.delivery.tolist() == near9([180 / 480])


@both
def test_no_window_left_leaves_wait_total_and_late_empty(solver: Solve) -> None:
    """Prototype takes 21.5 days: ready on day 22, when no twenty days are left; from one city it is day 21."""
    pipe = solver(tiny([{}], [{}], [NEED], [{"windows": [(0, 40)]}])).pipelines
    assert pipe.prototype.tolist() == near9([21.5])
    assert np.isnan([pipe.wait[0], pipe.total[0], pipe.late[0]]).all()
    assert [pipe.trial[0], pipe.volume[0], pipe.delivery[0]] == near9([20, 54, 0.375])
    assert pipe.trial_start[0] == 0
    assert pipe.baseline[0] == near9(21 + 20 + 54 + 0.0625)


@both
def test_the_trial_may_end_after_need_by_and_does_not_start_before_the_demand(solver: Solve) -> None:
    late = solver(
        tiny([{}], [{}], [NEED | {"need_by": AS_OF + 29}], [{"windows": [(0, 29), (29, 60)]}])
    ).pipelines
    assert late.trial_start[0] == AS_OF + 29
    waiting = solver(tiny([{}], [{}], [NEED | {"start": AS_OF + 50}], [{}])).pipelines
    assert waiting.trial_start[0] == AS_OF + 50
    assert waiting.wait.tolist() == near9([28.5])


@both
def test_of_two_windows_the_trial_takes_the_first_day_that_fits(solver: Solve) -> None:
    """The window that opened first has too few days left; among those that fit the earliest day wins."""
    pipe = solver(tiny([{}], [{}], [NEED], [{"windows": [(0, 40), (25, 90), (24, 50)]}])).pipelines
    assert [pipe.trial_start[0], pipe.window_end[0]] == [AS_OF + 24, AS_OF + 50]


@both
def test_the_critical_line_is_the_lower_id_on_ties(solver: Solve) -> None:
    lines = [{"type": CELL}, {"type": MOTOR}, {"type": DRIVE}]
    caps = [{"type": CELL, "volume_days": 10}, {"type": MOTOR}, {"type": MOTOR}]
    pipe = solver(tiny(caps, lines, [NEED], [{}])).pipelines
    assert pipe.critical.tolist() == [[0, 1, 0]]


def test_explain_says_every_rule() -> None:
    verdicts = reference.explain(worked_example(), 0, 3)
    assert [(Code(v.code).name, v.holds) for v in verdicts] == [
        ("TYPE", True),
        ("STATE", True),
        ("REACH", True),
        ("SELF", True),
        ("SPEC", True),
        ("SPEC", True),
        ("SPEC", True),
        ("CERTIFICATION", True),
        ("MOQ", True),
        ("CAPACITY", True),
        ("TIME", True),
        ("PRICE", False),
    ]
    assert [verdicts[-1].asked, verdicts[-1].offered, verdicts[-1].shortfall] == [130.0, 143.0, 0.1]
    assert reference.explain(worked_example(), 0, 0)[5].degree == near9(0.5)
