"""How long the kernel takes on a large generated Problem: ``python -m tests.matching.kernel.speed``.

``measure`` is for callers; the command line takes --capabilities, --demands, --lines, --sites, --types, --profile.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import time

from matching.kernel.problem import Problem
from matching.kernel.results import Results
from matching.kernel.solve import Solver
from tests.matching.kernel.makers import large_problem


def measure(problem: Problem) -> tuple[dict[str, float], Results]:
    """Seconds to prepare and to solve everything on one core, and rows per second."""
    begun = time.perf_counter()
    solver = Solver(problem)
    prepared = time.perf_counter()
    results = solver.solve()
    ended = time.perf_counter()
    lines = len(problem.lines.demand)
    figures = {
        "prepare_s": prepared - begun,
        "solve_s": ended - prepared,
        "lines_per_s": lines / (ended - prepared),
    }
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
    options = vars(parser.parse_args())
    profile = options.pop("profile")
    problem = large_problem(**options)
    print(f"problem: {problem.nbytes() / 1e6:.0f} MB in arrays")
    if profile:
        with cProfile.Profile() as profiler:
            measure(problem)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
        return
    figures, results = measure(problem)
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
