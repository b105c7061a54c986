"""``python -m matching.kernel.compiled``: compile the loops for this machine, once; later calls only look.

``--nice``: at the lowest priority.
"""

from __future__ import annotations

import fcntl
import os
import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np

from matching.kernel.compiled import READY, cache_folder

READY_BEST = f"{READY}-best"


def compile_all(*, best_only: bool = False) -> bool:
    """Whether the loops are there afterwards. Of several processes one compiles, the others wait for it.

    best_only: also what runs never ask for, the best 20 without all that is feasible; it takes as long as the rest.
    """
    if find_spec("numba") is None:
        return False
    folder = cache_folder()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / READY).exists():
            run_every_loop()
            (folder / READY).touch()
        if best_only and not (folder / READY_BEST).exists():
            _run_best_only()
            (folder / READY_BEST).touch()
    return True


def run_every_loop() -> None:
    """On a small example: compiled, or loaded, they are in this process afterwards."""
    from matching.kernel.compiled.example import example
    from matching.kernel.compiled.solver import CompiledSolver
    from matching.kernel.compiled.tables import CompiledLines
    from matching.kernel.prepare import Prepared
    from matching.kernel.shared import Shared

    built = example()
    prepared = Prepared(built)
    solver = CompiledSolver(prepared)
    demands = np.arange(len(built.demands.lab), dtype=np.int32)
    solver.solve(demands)
    CompiledSolver(prepared, CompiledLines(prepared, large=0)).solve(demands)
    # As over a supply: blocks of the whole platform, and an alliance's cut out of them.
    mixed = replace(built, demands=replace(built.demands, open_scope=demands % 2 == 0))
    CompiledSolver(Prepared(mixed, Shared(mixed, lambda _name, make: make()))).solve(demands)


def _run_best_only() -> None:
    from matching.kernel.compiled.example import example
    from matching.kernel.compiled.lines import solve_lines
    from matching.kernel.compiled.tables import CompiledLines
    from matching.kernel.prepare import Prepared

    built = example()
    prepared = Prepared(built)
    lines = CompiledLines(prepared)
    some = np.arange(len(built.lines.demand), dtype=np.int32)
    none, weights = np.zeros(len(some), np.bool_), np.array(prepared.line_weights)
    laid = lines.block(1, by_score=True)
    solve_lines(lines.asks, laid, some, none, prepared.prox, weights, built.as_of, near=False)


if __name__ == "__main__":
    if "--nice" in sys.argv:
        os.nice(19)
    compile_all()
