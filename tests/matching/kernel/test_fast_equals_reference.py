"""The fast path returns the reference's rows, in its order, number for number, on generated Problems."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.kernel import Problem, Results, reference
from matching.kernel import pipelines as fast_pipelines
from matching.kernel.results import RESULT_TABLES
from matching.kernel.solve import Solver, solve
from tests.matching.kernel.makers import Shape, large_problem, small_problem

steady = settings(
    derandomize=True,
    deadline=None,
    max_examples=250,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)

shapes = st.builds(
    Shape,
    capabilities=st.sampled_from([0, 1, 4, 25, 60]),
    demands=st.integers(1, 4),
    sites=st.sampled_from([0, 1, 5, 14, 25]),
    cities=st.sampled_from([1, 2, 5]),
    types=st.sampled_from([1, 2, 6]),
    organisations=st.sampled_from([1, 4, 9]),
    strict=st.sampled_from([0.0, 0.1, 0.2, 0.4]),
    pools=st.booleans(),
)
problems = st.builds(
    lambda seed, shape: small_problem(random.Random(seed), shape), st.integers(0, 2**32), shapes
)


def assert_same(left: Results, right: Results) -> None:
    """Every table has the same rows in the same order; floats to 1e-9."""
    theirs = dict(right.arrays())
    for name, array in left.arrays():
        other = theirs[name]
        assert array.shape == other.shape, name
        if array.dtype.kind == "f":
            np.testing.assert_allclose(array, other, rtol=0, atol=1e-9, err_msg=name)
        else:
            np.testing.assert_array_equal(array, other, err_msg=name)


@steady
@given(problems)
def test_fast_equals_reference(problem: Problem) -> None:
    assert_same(solve(problem), reference.solve(problem))


@settings(steady, max_examples=25)
@given(problems)
def test_chunks_make_up_the_whole(problem: Problem) -> None:
    """Whatever demands are solved together, each gets the same rows (pipeline row numbers shift)."""
    count = len(problem.demands.lab)
    solver = Solver(problem)
    whole = solver.solve()
    parts = [solver.solve(slice(0, count // 2)), solver.solve(np.arange(count // 2, count))]
    offset = len(parts[0].pipelines.demand)
    for name in RESULT_TABLES:
        tables = [dict(getattr(part, name).arrays()) for part in parts]
        if "pipeline" in tables[1]:
            tables[1]["pipeline"] = tables[1]["pipeline"] + offset
        for column, array in getattr(whole, name).arrays():
            stacked = np.concatenate([table[column] for table in tables])
            np.testing.assert_array_equal(array, stacked, err_msg=f"{name}.{column}")


@settings(steady, max_examples=25)
@given(problems)
def test_a_problem_read_back_from_bytes_gives_the_same_results(problem: Problem) -> None:
    blob = problem.to_bytes()
    again = Problem.from_bytes(blob)
    assert again.equals(problem)
    assert again.to_bytes() == blob
    assert solve(again).equals(solve(problem))


@settings(steady, max_examples=10)
@given(st.integers(0, 2**32))
def test_floods_of_equal_scores(seed: int) -> None:
    """Hundreds of capabilities from few distinct values: partial sorts must keep the order of ids."""
    shape = Shape(capabilities=400, demands=2, sites=30, cities=2, types=1, organisations=3, strict=0.1)
    problem = small_problem(random.Random(seed), shape)
    results = solve(problem)
    assert_same(results, reference.solve(problem))


def test_an_even_region_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real-looking numbers, and teams chosen in many small matrices instead of one."""
    problem = large_problem(capabilities=1500, demands=25, lines=90, sites=60, types=5, cities=12)
    expected = reference.solve(problem)
    assert_same(solve(problem), expected)
    monkeypatch.setattr(fast_pipelines, "MATRIX", 64)
    assert_same(solve(problem), expected)
    assert expected.pipelines.complete.any()
    assert len(expected.ruled_out_by.count) > 20


def test_generated_problems_reach_what_they_are_for() -> None:
    """The properties above would be empty if generated Problems had no matches, ties, gaps or pipelines."""
    seen: dict[str, int] = dict.fromkeys(
        [*RESULT_TABLES, "ties", "complete", "partial", "late", "no_window"], 0
    )
    codes: set[int] = set()
    for seed in range(150):
        shape = Shape(strict=(seed % 4) / 10, sites=8, capabilities=40, types=1 + seed % 5)
        results = solve(small_problem(random.Random(seed), shape))
        for name in RESULT_TABLES:
            seen[name] += len(next(getattr(results, name).arrays())[1])
        pipe, matches = results.pipelines, results.matches
        seen["ties"] += int(((np.diff(matches.score) == 0) & (np.diff(matches.line) == 0)).sum())
        seen["complete"] += int(pipe.complete.sum())
        seen["partial"] += int((~pipe.complete).sum())
        seen["late"] += int((pipe.late > 0).sum())
        seen["no_window"] += int((pipe.complete & np.isnan(pipe.total)).sum())
        codes |= set(results.near_misses.code.tolist())
    assert codes == {4, 5, 6, 7, 8, 9}
    assert {name: count for name, count in seen.items() if count < 5} == {}


def test_only_chosen_demands_are_solved() -> None:
    problem = small_problem(random.Random(3), Shape(demands=4))
    assert solve(problem, [2, 0, 2]).demand_totals.demand.tolist() == [0, 2]
    assert solve(problem, slice(3, 99)).demand_totals.demand.tolist() == [3]
    assert solve(problem, []).equals(reference.solve(problem, []))
    with pytest.raises(IndexError):
        solve(problem, [4])
