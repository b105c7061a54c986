"""What a worker compiles: ``python -m tests.matching.kernel.compilations`` solves problems as it reads them.

Prints how many compilations numba began, which loops, and the memory at most in MB. After ``python -m
matching.kernel.compiled`` there must be none.
"""

from __future__ import annotations

import random
import resource
from collections.abc import Iterator
from typing import Any

import numpy as np
from numba.core import event

from matching.kernel import Problem
from matching.kernel.compiled.example import one_type
from matching.kernel.compiled.solver import CompiledSolver
from matching.kernel.compiled.tables import CompiledLines
from matching.kernel.prepare import Prepared
from matching.kernel.shared import Shared
from matching.kernel.solve import Solver
from tests.matching.kernel.makers import Shape, large_problem, small_problem


class Listener(event.Listener):
    def __init__(self) -> None:
        self.begun: list[str] = []

    def on_start(self, what: Any) -> None:
        self.begun.append(str(what.data.get("dispatcher", "?")))

    def on_end(self, what: Any) -> None:
        pass


def problems() -> Iterator[Problem]:
    """Large blocks, blocks of one word, empty ones; no sites, no lines with wants, one city, nobody feasible."""
    yield large_problem(capabilities=4000, demands=20, lines=90, sites=20, types=3)
    yield large_problem(capabilities=300, demands=9, lines=30, sites=0, types=9, cities=1)
    yield one_type(capabilities=700, lines=40, sites=3)
    for seed in range(40):
        shape = Shape(
            capabilities=seed % 7 * 60, demands=4, types=1 + seed % 3, cities=1 + seed % 4, sites=seed % 5,
            strict=(0.1, 0.9)[seed % 2],
        )  # fmt: skip
        yield small_problem(random.Random(seed), shape)


def main() -> None:
    listener = Listener()
    event.register("numba:compile", listener)
    for problem in problems():
        # As a worker reads it back from the frozen input of a run.
        frozen = Problem.from_bytes(problem.to_bytes())
        solver = Solver(frozen, compiled=True)
        solver.solve()
        solver.solve([0])
        demands = np.arange(len(frozen.demands.lab), dtype=np.int32)
        prepared = Prepared(frozen)
        CompiledSolver(prepared, CompiledLines(prepared, large=0)).solve(demands)
        codes = int(frozen.lines.certificates.item.max(initial=-1)) + 1
        shared = Shared(frozen, lambda _name, make: make(), codes)
        CompiledSolver(Prepared(frozen, shared)).solve(demands)
    print(len(listener.begun), sorted(set(listener.begun)))
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
