"""How long the kernel takes on a large generated Problem: ``python -m tests.matching.kernel.speed``.

``measure`` is for callers; the command line takes --capabilities, --demands, --lines, --sites, --types, --profile,
--way.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import time

import numpy as np

from matching.kernel.compiled.__main__ import compile_all
from matching.kernel.problem import Problem
from matching.kernel.results import Results
from matching.kernel.solve import Solver
from tests.matching.kernel.makers import large_problem


def measure(problem: Problem, *, compiled: bool | None = None) -> tuple[dict[str, float], Results]:
    """Seconds of processor time to prepare and to solve everything, and rows per second."""
    begun = time.thread_time()
    solver = Solver(problem, compiled=compiled)
    prepared = time.thread_time()
    results = solver.solve()
    ended = time.thread_time()
    figures = {
        "prepare_s": prepared - begun,
        "solve_s": ended - prepared,
        "lines_per_s": len(problem.lines.demand) / (ended - prepared),
    }
    if solver.compiled is not None:
        again = Solver(problem, compiled=True).compiled
        assert again
        lines = again.lines_of(np.arange(len(problem.demands.lab), dtype=np.int32))
        begun = time.thread_time()
        again.lines.solve(lines)
        figures["of_which_lines_s"] = time.thread_time() - begun
    return figures, results


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, size in (
        ("capabilities", 60_000),
        ("demands", 2_000),
        ("lines", 8_000),
        ("sites", 500),
        ("types", 60),
    ):
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--way", choices=("best", "compiled", "numpy"), default="best")
    options = vars(parser.parse_args())
    profile, way = options.pop("profile"), options.pop("way")
    compiled = {"best": None, "compiled": compile_all(), "numpy": False}[way]
    problem = large_problem(**options)
    print(f"problem: {problem.nbytes() / 1e6:.0f} MB in arrays")
    if profile:
        with cProfile.Profile() as profiler:
            measure(problem, compiled=compiled)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
        return
    figures, results = measure(problem, compiled=compiled)
    for name, value in figures.items():
        print(f"{name}: {value:,.2f}")
    totals = results.line_totals
    print(f"per line: {totals.candidates.mean():.0f} candidates, {totals.feasible.mean():.0f} feasible")
    print(f"feasible sites per demand: {results.demand_totals.feasible_sites.mean():.1f}")
    print(
        "rows:", {name: len(array) for name, array in results.arrays() if name.endswith((".line", ".demand"))}
    )
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
