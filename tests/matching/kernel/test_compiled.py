"""Compiled loops, the NumPy path and the reference give the same rows: looking through columns, and by index."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.kernel import Problem, Results, compiled, reference
from matching.kernel.prepare import Prepared
from matching.kernel.shared import Shared
from matching.kernel.solve import Solver, solve
from tests.matching.kernel.makers import Shape, large_problem, small_problem
from tests.matching.kernel.test_fast_equals_reference import assert_same, problems, steady

pytest.importorskip("numba", reason="the compiled kernel is optional; without it NumPy does the work")

from matching.kernel.compiled import bits, block
from matching.kernel.compiled.__main__ import compile_all
from matching.kernel.compiled.example import one_type
from matching.kernel.compiled.lines import asks_of, solve_lines
from matching.kernel.compiled.solver import CompiledSolver
from matching.kernel.compiled.tables import CompiledLines

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module", autouse=True)
def compiled_once() -> None:
    """One of the processes that test compiles, the others wait and load what it kept."""
    assert compile_all(best_only=True)


def test_a_worker_compiles_nothing() -> None:
    """In a process of its own, with types as they come from a frozen input. Four workers that compiled took 399 s."""
    command = [sys.executable, "-m", "tests.matching.kernel.compilations"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("0 []"), said.stdout


def test_compiled_code_of_another_checkout_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """numba keeps code apart by the path of its source: the mark lies where the path is part of the name."""
    here = compiled.cache_folder.__wrapped__()
    assert here == compiled.cache_folder()
    monkeypatch.setattr(compiled, "__file__", str(Path(tempfile.gettempdir()) / "elsewhere" / "__init__.py"))
    elsewhere = compiled.cache_folder.__wrapped__()
    monkeypatch.setattr(compiled, "_processor", lambda: b"another")
    other = compiled.cache_folder.__wrapped__()
    assert len({here, elsewhere, other}) == 3
    for folder in (elsewhere, other):
        folder.rmdir()


@pytest.mark.parametrize(("asked", "expected"), [("0", False), ("1", True), (None, True)])
def test_runs_use_the_loops_where_they_are_ready_and_pay(
    asked: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if asked is None:
        monkeypatch.delenv("MATCH_COMPILED", raising=False)
    else:
        monkeypatch.setenv("MATCH_COMPILED", asked)
    problem = large_problem(capabilities=400, demands=4, lines=12, sites=2, types=1)
    assert not compiled.has_compiled(problem)  # small
    monkeypatch.setattr(compiled, "WORTH_IT", 1)
    assert compiled.has_compiled(problem) is expected
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert not compiled.has_compiled(problem)


@pytest.fixture
def always_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of any size are put in order, sorted and cut."""
    monkeypatch.setattr(block, "FEW_LINES", 0)
    monkeypatch.setattr(block, "FEW_SLOTS", 0)


def by_numpy(problem: Problem) -> Solver:
    return Solver(problem, compiled=False)


@settings(steady, max_examples=40)
@given(problems)
def test_numpy_equals_reference(problem: Problem) -> None:
    assert_same(by_numpy(problem).solve(), reference.solve(problem))


def test_indexed_equals_reference(always_indexed: None) -> None:
    @settings(steady, max_examples=40)
    @given(problems)
    def check(problem: Problem) -> None:
        assert_same(Solver(problem, compiled=True).solve(), reference.solve(problem))

    check()


def by_bits(problem: Problem) -> Results:
    """As if every block were large: who is feasible lies by slot as well."""
    prepared, demands = Prepared(problem), np.arange(len(problem.demands.lab), dtype=np.int32)
    return CompiledSolver(prepared, CompiledLines(prepared, large=0)).solve(demands)


def test_bits_by_slot_equal_reference(always_indexed: None) -> None:
    @settings(steady, max_examples=40)
    @given(problems)
    def check(problem: Problem) -> None:
        assert_same(by_bits(problem), reference.solve(problem))

    check()


@pytest.mark.parametrize(("types", "seed"), [(1, 0), (3, 2), (1, 5), (2, 3)])
def test_bits_by_slot_equal_numpy(types: int, seed: int, always_indexed: None) -> None:
    """Blocks of many words; conditions of a site rule many out."""
    problem = large_problem(
        capabilities=4000, demands=20, lines=90, sites=20, types=types, cities=9, seed=seed
    )
    assert_same(by_bits(problem), by_numpy(problem).solve())


def over_a_supply(problem: Problem) -> Results:
    """Blocks of alliances are cut out of those of the whole platform, for all certificates that there are."""
    offered, asked = problem.capabilities.certificates.code, problem.lines.certificates.item
    codes = int(max(offered.max(initial=-1), asked.max(initial=-1))) + 1
    shared = Shared(problem, lambda _name, make: make(), codes)
    return Solver(problem, compiled=True, shared=shared).solve()


def test_blocks_cut_out_of_a_supply_equal_reference(always_indexed: None) -> None:
    @settings(steady, max_examples=40)
    @given(problems)
    def check(problem: Problem) -> None:
        assert_same(over_a_supply(problem), reference.solve(problem))

    check()


@pytest.mark.parametrize("seed", range(3))
def test_large_blocks_cut_out_of_a_supply_equal_numpy(seed: int) -> None:
    """Firms with more than a word's capabilities among them, whose own are told apart in another way."""
    flood = Shape(capabilities=500, demands=3, sites=10, cities=3, types=1, organisations=4, strict=0.1)
    for problem in (
        small_problem(random.Random(seed), flood),
        large_problem(capabilities=4000, demands=20, lines=90, sites=20, types=3, cities=9, seed=seed),
    ):
        assert_same(over_a_supply(problem), by_numpy(problem).solve())


@pytest.mark.parametrize("cuts", [2, 5, 64])
def test_indexed_blocks_of_several_words_equal_numpy(
    cuts: int, always_indexed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns with many values, so that bitmaps between cuts have to be mended; floods of equal ones too."""
    monkeypatch.setattr(block, "MAX_CUTS", cuts)
    for seed in range(3):
        flood = Shape(capabilities=500, demands=3, sites=10, cities=3, types=1 + seed % 3, strict=0.1)
        for problem in (
            small_problem(random.Random(seed), flood),
            large_problem(capabilities=4000, demands=20, lines=90, sites=20, types=3, cities=9, seed=seed),
        ):
            assert_same(Solver(problem, compiled=True).solve(), by_numpy(problem).solve())


def test_bounds_find_the_same_best_twenty(always_indexed: None) -> None:
    """Asked for the best only, sixteens are left out by their upper bound: nothing that counts may be."""
    seen = 0
    for seed in range(9):
        if seed % 2:
            shape = Shape(capabilities=400, demands=4, types=1, cities=3, organisations=5, strict=0.05)
            problem = small_problem(random.Random(seed), shape)
        else:
            problem = large_problem(capabilities=2500, demands=10, lines=60, sites=1, types=2, seed=seed)
        lines = CompiledLines(Solver(problem, compiled=False).prepared)
        expected = solve(problem).matches
        for number in np.unique(lines._block_of).tolist():
            mine = np.flatnonzero(lines._block_of == number).astype(np.int32)
            laid = lines.block(number, by_score=True)
            if not len(laid.block.pos):
                continue
            found = solve_lines(
                asks_of(problem), laid, mine, np.zeros(len(mine), bool), lines.prepared.prox,
                np.array(lines.prepared.line_weights), problem.as_of, near=False,
            )  # fmt: skip
            for i, line in enumerate(mine.tolist()):
                own = expected.line == line
                kept = found.matches[i] >= 0
                assert laid.layout.pos[found.matches[i][kept]].tolist() == expected.capability[own].tolist()
                assert found.scores[i][kept].tolist() == expected.score[own].tolist()
                np.testing.assert_array_equal(found.terms[i][kept], expected.terms[own])
                seen += int(own.sum())
    assert seen > 1000


def best_only(problem: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions (-1 beyond the last), scores and terms of the best 20 of all lines of one open type."""
    lines = CompiledLines(Solver(problem, compiled=False).prepared)
    count = len(problem.lines.demand)
    laid = lines.block(1, by_score=True)
    found = solve_lines(
        lines.asks, laid, np.arange(count, dtype=np.int32), np.zeros(count, bool), lines.prepared.prox,
        np.array(lines.prepared.line_weights), problem.as_of, near=False,
    )  # fmt: skip
    return np.where(found.matches >= 0, laid.layout.pos[found.matches], -1), found.scores, found.terms


def floods(problem: Problem) -> Problem:
    """All offers alike but for their numbers: thousands of equal scores."""
    offers = problem.capabilities
    values = {"city": 3, "volume_days": 20, "free": 700, "price": 100}
    same = {name: np.full_like(getattr(offers, name), value) for name, value in values.items()}
    return replace(problem, capabilities=replace(offers, **same))


def soft(problem: Problem) -> Problem:
    """Two of the six numbers are wishes, and half of the lines name no target."""
    wants = problem.lines.requirements
    hard = np.arange(len(wants.hard)) % 6 > 1
    target = np.where(np.arange(len(problem.lines.target)) % 2, problem.lines.target, np.nan)
    return replace(
        problem, lines=replace(problem.lines, target=target, requirements=replace(wants, hard=hard))
    )


def extreme(problem: Problem) -> Problem:
    """Quantities that single precision cannot hold apart, or at all."""
    rate = np.where(np.arange(len(problem.lines.rate)) % 2, 1e-300, 1e25)
    return replace(problem, lines=replace(problem.lines, rate=rate))


@pytest.mark.parametrize("change", [None, floods, soft, extreme])
@pytest.mark.parametrize("met", [0.4, 0.97])
def test_estimates_leave_nobody_out(change: Callable[[Problem], Problem] | None, met: float) -> None:
    """More slots than are looked into at once, in blocks where few or nearly all are feasible."""
    problem = one_type(capabilities=5_000, lines=25, met=met)
    problem = change(problem) if change else problem
    expected = by_numpy(problem).solve().matches
    pos, scores, terms = best_only(problem)
    for line in range(25):
        own, kept = expected.line == line, pos[line] >= 0
        assert pos[line][kept].tolist() == expected.capability[own].tolist()
        assert scores[line][kept].tolist() == expected.score[own].tolist()
        np.testing.assert_array_equal(terms[line][kept], expected.terms[own])
    assert len(expected.line) > (0 if change is extreme else 100)


@settings(steady, max_examples=2000)
@given(
    st.one_of(
        st.floats(0, 1e7),
        st.floats(0, 1),
        st.integers(0, 10**10).map(lambda n: n / 1e9 + 5e-10),
        st.tuples(st.integers(0, 2**44), st.integers(1, 60)).map(lambda pair: pair[0] / 2 ** pair[1]),
        st.floats(allow_nan=False),
    )
)
def test_rounding_is_pythons(x: float) -> None:
    assert bits.exact_round9(x) == round(x, 9) or x == round(x, 9) == bits.exact_round9(x)
