"""The plain compiled loop: every column of every candidate, in blocks of 512, without bitmaps, order or bounds."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from matching.kernel import Op, Problem
from matching.kernel.compiled.bits import exact_round9, njit
from matching.kernel.compiled.example import KEYS
from matching.kernel.prepare import Prepared

BLOCK, KEEP = 512, 20
Best = dict[int, list[tuple[int, float]]]


@njit(nogil=True, error_model="numpy")
def _solve(
    columns: Any, low: Any, high: Any, price: Any, free: Any, days: Any, firm: Any, city: Any, role: Any, trust: Any,
    asks: Any, labs: Any, own: Any, prox: Any, weights: Any, best: Any, scores: Any,
) -> None:  # fmt: skip
    """columns: float64[rules, n], each within low[line] and high[line]. asks: float64[lines, 3], target, days, rate."""
    size = columns.shape[1]
    good = np.empty(BLOCK, np.uint8)
    total = weights.sum()
    for line in range(len(low)):
        target, until, rate = asks[line]
        near, kept = prox[labs[line]], 0
        for first in range(0, size, BLOCK):
            count = min(BLOCK, size - first)
            for i in range(count):
                good[i] = 1
            for rule in range(len(columns)):
                part, least, most = columns[rule, first : first + count], low[line, rule], high[line, rule]
                for i in range(count):
                    good[i] &= np.uint8((part[i] >= least) & (part[i] <= most))
            for i in range(first, first + count):
                if not good[i - first] or firm[i] == own[line]:
                    continue
                cheap = 0.5 if price[i] != price[i] else min(1.0, max(0.0, 2 - price[i] / target))
                value = weights[0] * 1.0 + weights[1] * cheap
                value += weights[2] * min(1.0, max(0.0, 1 - days[i] / until))
                value += weights[3] * min(1.0, max(0.0, free[i] / (2 * rate)))
                value = value + weights[4] * near[city[i]] + weights[5] * role[i] + weights[6] * trust[i]
                value = exact_round9(value / total)
                if kept == KEEP and value <= scores[line, KEEP - 1]:
                    continue
                at = min(kept, KEEP - 1)
                while at > 0 and scores[line, at - 1] < value:
                    best[line, at], scores[line, at] = best[line, at - 1], scores[line, at - 1]
                    at -= 1
                best[line, at], scores[line, at] = i, value
                kept = min(kept + 1, KEEP)


def plain_loop(problem: Problem, lines: int) -> tuple[float, float, Best]:
    """The first so many lines of a problem of ``one_type``: seconds by the clock, of the processor, and what it found.

    The best of five turns, compiling apart.
    """
    prepared, asked = Prepared(problem), problem.lines
    block, specs = prepared.block(0, True), problem.capabilities.specs.lo.reshape(-1, KEYS)
    wants = asked.requirements
    at_least, bound = wants.op.reshape(-1, KEYS) == Op.GE, wants.a.reshape(-1, KEYS)
    none, every = np.full(len(asked.demand), -np.inf), np.full(len(asked.demand), np.inf)
    known = np.nan_to_num(block.price, nan=-np.inf)  # an unknown price is above no ceiling
    columns = np.stack([*specs.T, block.moq, block.free, block.last_day.astype(np.float64), known])
    low = np.column_stack([np.where(at_least, bound, -np.inf), none, asked.rate, none, none])
    ceilings = [asked.quantity, every, asked.need_by.astype(np.float64), asked.ceiling]
    high = np.column_stack([np.where(at_least, np.inf, bound), *ceilings])
    days = np.maximum(1, asked.need_by - problem.as_of).astype(np.float64)
    asks = np.column_stack([asked.target, days, asked.rate])
    of_line = asked.demand
    best, scores = np.full((lines, KEEP), -1), np.zeros((lines, KEEP))

    def solve(count: int) -> None:
        _solve(
            columns, low[:count], high[:count], block.price, block.free, block.volume_days, block.firm, block.city,
            block.role, block.trust, asks, problem.demands.lab[of_line], problem.demands.organisation[of_line],
            prepared.prox, np.array(prepared.line_weights), best, scores,
        )  # fmt: skip

    solve(1)  # compiles
    seconds = spent = np.inf
    for _ in range(5):
        scores[:], best[:] = 0, -1
        began, began_cpu = time.perf_counter(), time.thread_time()
        solve(lines)
        seconds = min(seconds, time.perf_counter() - began)
        spent = min(spent, time.thread_time() - began_cpu)
    rows = zip(best.tolist(), scores.tolist(), strict=True)
    found = {
        line: [(capability, score) for capability, score in zip(*row, strict=True) if capability >= 0]
        for line, row in enumerate(rows)
    }
    return seconds, spent, found
