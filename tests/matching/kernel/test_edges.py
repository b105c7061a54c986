"""Cases that random Problems hardly meet: last bits, wrapped counters, values that vanish."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from matching.kernel import ComponentKeys, Kind, Op, Types, Weights, problem
from tests.matching.kernel.test_examples import NEED, Solve, both, near9
from tests.matching.kernel.tiny import CELL, FAR, LAB, NEW_FIRM, PARTS, SITE, TEMP, TORQUE, tiny, want

PRICE_ONLY = Weights([0, 1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0])
TRUST_ONLY = Weights([0, 0, 0, 0, 0, 0, 1], [0, 0, 1, 0, 0])


@both
def test_team_values_equal_to_nine_decimals_are_ties(solver: Solve) -> None:
    """S of 0.500000001 and 0.500000002 differ, 0.60 S + 0.0375 rounds to 0.337500001 for both: the lower id."""
    caps = [{"price": 1.499999999}, {"price": 1.499999998}]
    results = solver(tiny(caps, [{"target": 1.0}], [NEED], [{}], weights=PRICE_ONLY))
    assert results.matches.capability.tolist() == [1, 0]
    assert results.matches.score.tolist() == near9([0.500000002, 0.500000001])
    assert results.teams.capability.tolist() == [0]


@both
def test_a_partial_pipeline_of_a_better_site_comes_after_the_complete_one(solver: Solve) -> None:
    """The member scores 0, so the strict site's G of 1 against 0.5 outweighs it: and still it stands second."""
    cap = {"firm": NEW_FIRM, "specs": {TORQUE: 1.0}}
    sites = [{"fleet_capacity": 10.0, "wants": [want(TORQUE, Op.GE, 5.0)]}, {"fleet_capacity": 5.0}]
    pipe = solver(tiny([cap], [{}], [NEED], sites, weights=TRUST_ONLY)).pipelines
    assert pipe.site.tolist() == [1, 0]
    assert pipe.complete.tolist() == [True, False]
    assert pipe.score[0] < pipe.score[1]


@both
def test_a_member_whose_team_value_is_nothing_is_still_a_member(solver: Solve) -> None:
    """Score 0 and 9,000 minutes away: the value rounds to 0, no reason to take one that fails the condition."""
    caps = [{"firm": NEW_FIRM, "city": FAR}, {"firm": NEW_FIRM, "city": FAR, "specs": {TORQUE: 9.0}}]
    site = {"wants": [want(TORQUE, Op.GE, 5.0)]}
    results = solver(tiny(caps, [{}], [NEED], [site], minutes={(FAR, SITE): 9000.0}, weights=TRUST_ONLY))
    assert results.teams.capability.tolist() == [1]


@both
def test_a_prototype_of_13_days_and_a_last_bit_is_ready_on_day_13(solver: Solve) -> None:
    """6 × (1 + 2 × 280 / 480) = 13, in doubles 13.000000000000002."""
    assert 6 * (1 + 2 * 280 / 480) > 13
    demand = {"scenario": NEED["scenario"], "iterations": 6}
    results = solver(tiny([{"prototype_days": 1}], [{}], [demand], [{}], minutes={(LAB, PARTS): 280.0}))
    assert results.pipelines.trial_start[0] - results.pipelines.window_start[0] == 13
    assert results.pipelines.wait.tolist() == [0.0]


@both
def test_a_critical_line_is_not_decided_by_the_last_bit(solver: Solve) -> None:
    """1 + 2 × 38 / 480 = 0 + 2 × 278 / 480, in doubles the second is larger: the lower line is critical."""
    assert 1 + 2 * 38 / 480 < 2 * 278 / 480
    caps = [{"prototype_days": 1, "city": PARTS}, {"type": CELL, "prototype_days": 0, "city": FAR}]
    minutes = {(LAB, PARTS): 38.0, (LAB, FAR): 278.0}
    pipe = solver(tiny(caps, [{}, {"type": CELL}], minutes=minutes)).pipelines
    assert pipe.critical[0, 0] == 0


@both
def test_intervals_that_cannot_be_narrowed_for_all(solver: Solve) -> None:
    """Each could be admitted by a narrower interval, both only by an empty one."""
    caps = [{"specs": {TEMP: (-10.0, 60.0)}}, {"specs": {TEMP: (-30.0, -15.0)}}]
    found = solver(tiny(caps, [{"wants": [want(TEMP, Op.COVERS, -20.0, 40.0)]}])).relaxations
    assert [found.nearest[0], found.nearest_b[0]] == [-10.0, 40.0]
    assert np.isnan([found.all[0], found.all_b[0]]).all()


@both
def test_256_failed_rules_are_not_none(solver: Solve) -> None:
    """A counter of one byte would call this capability feasible."""
    many = 256
    parts = {
        item.name: getattr(base, item.name)
        for base in [tiny([{}], [{}])]
        for item in dataclasses.fields(base)
    }
    wants = tiny([{}], [{"wants": [want(TORQUE, Op.GE, 1.0)]}]).lines.requirements
    wide = dataclasses.replace(
        wants,
        start=[0, many],
        key=np.arange(many),
        **{name: np.repeat(getattr(wants, name), many) for name in ("op", "a", "b", "mask", "hard")},
        **{name: np.repeat(getattr(wants, name), many) for name in ("weight", "tolerance")},
    )
    parts["component_keys"] = ComponentKeys([Kind.NUMBER] * many, [0] * many)
    parts["types"] = Types([-1, 0, -1], [0, 0, 0], np.ones((3, many), bool))
    parts["lines"] = dataclasses.replace(parts["lines"], requirements=wide)
    totals = solver(problem(**parts)).line_totals
    assert [totals.feasible[0], totals.near[0], totals.candidates[0]] == [0, 0, 1]


@both
@pytest.mark.parametrize("limit", [5e-324, 1e-300])
def test_a_shortfall_may_be_infinite(solver: Solve, limit: float) -> None:
    """A requirement against almost nothing: no warning, no crash, and last in the order."""
    caps = [{"specs": {TORQUE: -1e200}}, {}]
    results = solver(tiny(caps, [{"wants": [want(TORQUE, Op.GE, limit)]}]))
    assert results.near_misses.capability.tolist() == [1, 0]
    assert np.isinf(results.near_misses.shortfall[1])
