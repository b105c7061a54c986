"""§4 for the slots of a bitmap: exact scores of all."""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.kernel.codes import KEEP_MATCHES
from matching.kernel.compiled.bits import COMPILE, INLINE, ONE, exact_round9, lowest, njit
from matching.kernel.compiled.block import FREE, PRICE
from matching.kernel.compiled.judge import BETWEEN, COVERS, GE, LE

KEEP = KEEP_MATCHES
TERMS = 7
AT_ONCE = 256  # scores: what they are made of stays in the nearest cache


@njit(inline="always", **COMPILE)
def clamp(x: float) -> float:
    return min(1.0, max(0.0, x))


@njit(**INLINE)
def offered(layout: Any, key: int, slot: int) -> Any:
    """Lowest and highest value of a key, and whether it is stated."""
    column = layout.key_column[key]
    low, high = -layout.least[column, slot], layout.least[column + 1, slot]
    return low, high, low < np.inf


@njit(**INLINE)
def shortfall(layout: Any, asks: Any, want: int, slot: int) -> float:
    """§2's relative shortfall, unrounded; 0 or less where the requirement holds."""
    key, op = asks.key[want], asks.op[want]
    if op > COVERS:
        mask, row = asks.mask[want], layout.choice_row[key]
        while mask != 0:
            step = np.int64(lowest(mask))
            if (layout.choices[row + step, slot >> 6] >> np.uint64(slot & 63)) & ONE:
                return 0.0
            mask &= mask - ONE
        return 1.0
    low, high, stated = offered(layout, key, slot)
    if not stated:
        return 1.0
    a, b = asks.a[want], asks.b[want]
    if op == GE:
        missing, scale = a - high, abs(a)
    elif op == LE:
        missing, scale = low - a, abs(a)
    elif op == BETWEEN:
        missing, scale = max(low - b, a - high), max(abs(a), abs(b))
    else:
        missing, scale = max(low - a, b - high), max(abs(a), abs(b))
    if missing <= 0:
        return 0.0
    places = layout.key_places[key]
    if places == places:
        scale = places
    return 1.0 if scale == 0 else missing / scale


@njit(**INLINE)
def fit(layout: Any, asks: Any, line: int, slot: int) -> float:
    """Weighted mean degree of the soft requirements, 1 without any."""
    total, weights = 0.0, 0.0
    for want in range(asks.start[line], asks.start[line + 1]):
        if not asks.hard[want]:
            short = shortfall(layout, asks, want, slot)
            degree = 1.0 if short <= 0 else max(0.0, 1.0 - short / asks.tolerance[want])
            total += asks.weight[want] * degree
            weights += asks.weight[want]
    return total / weights if weights > 0 else 1.0


@njit(**INLINE)
def has_soft(asks: Any, line: int) -> bool:
    soft = False
    for want in range(asks.start[line], asks.start[line + 1]):
        soft |= not asks.hard[want]
    return soft


@njit(**INLINE)
def score(
    layout: Any, asks: Any, line: int, slot: int, near: Any, days: float, weights: Any, out: Any
) -> float:
    """The rounded score of a slot; its seven terms into ``out``, summed in their order."""
    out[0] = fit(layout, asks, line, slot)
    target, price = asks.target[line], -layout.least[PRICE, slot]
    out[1] = clamp(2 - price / target) if target > 0 and price > 0 else 0.5
    out[2] = clamp(1 - layout.days[slot] / days)
    out[3] = clamp(layout.least[FREE, slot] / (2 * asks.rate[line]))
    out[4] = near[layout.city[slot]]
    out[5] = layout.role[slot]
    out[6] = layout.trust[slot]
    total, weight = 0.0, 0.0
    for term in range(7):
        total += weights[term] * out[term]
        weight += weights[term]
    return exact_round9(total / weight)


@njit(**COMPILE)
def write_terms(
    layout: Any, asks: Any, line: int, slots: Any, near: Any, days: float, weights: Any, out: Any
) -> None:
    """The seven terms of the score of each slot into a row."""
    for rank in range(len(slots)):
        score(layout, asks, line, slots[rank], near, days, weights, out[rank])


@njit(**INLINE)
def keep(slot: int, value: float, layout: Any, best: Any, best_score: Any, kept: int) -> int:
    """Insert into the best 20 by score, then lower position; returns how many there are."""
    pos = layout.pos[slot]
    if kept == KEEP:
        last = best_score[kept - 1]
        if value < last or (value == last and pos > layout.pos[best[kept - 1]]):
            return kept
    at = min(kept, KEEP - 1)
    while at > 0 and (
        best_score[at - 1] < value or (best_score[at - 1] == value and layout.pos[best[at - 1]] > pos)
    ):
        best[at], best_score[at] = best[at - 1], best_score[at - 1]
        at -= 1
    best[at], best_score[at] = slot, value
    return min(kept + 1, KEEP)


@njit(**INLINE)
def list_slots(feasible: Any, found: Any) -> int:
    """The slots of a bitmap, ascending; returns how many."""
    count = 0
    for word in range(len(feasible)):
        bits = feasible[word]
        while bits != 0:
            found[count] = (word << 6) + np.int64(lowest(bits))
            bits &= bits - ONE
            count += 1
    return count


@njit(**INLINE)
def _gather(values: Any, slots: Any, out: Any) -> None:
    for i in range(len(slots)):
        out[i] = values[slots[i]]


@njit(**INLINE)
def sum_up(
    layout: Any,
    asks: Any,
    line: int,
    slots: Any,
    near: Any,
    days: float,
    weights: Any,
    column: Any,
    totals: Any,
) -> None:
    """The weighted sum of the terms of some slots but for the fit, over what ``totals`` holds of that.

    The terms and their order are those of ``score``, one term for all after the other: such loops become vectors when
    what they read was gathered before. column: room for as many numbers as there are slots.
    """
    count, target, rate = len(slots), asks.target[line], asks.rate[line]
    cheap, soon, free = weights[1], weights[2], weights[3]
    close, role, trust = weights[4], weights[5], weights[6]
    _gather(layout.least[PRICE], slots, column)
    for i in range(count):
        known = (target > 0) & (-column[i] > 0)
        totals[i] += cheap * (clamp(2 - -column[i] / target) if known else 0.5)
    _gather(layout.days, slots, column)
    for i in range(count):
        totals[i] += soon * clamp(1 - column[i] / days)
    _gather(layout.least[FREE], slots, column)
    for i in range(count):
        totals[i] += free * clamp(column[i] / (2 * rate))
    for i in range(count):
        column[i] = near[layout.city[slots[i]]]
    for i in range(count):
        totals[i] += close * column[i]
    _gather(layout.role, slots, column)
    for i in range(count):
        totals[i] += role * column[i]
    _gather(layout.trust, slots, column)
    for i in range(count):
        totals[i] += trust * column[i]


@njit(**COMPILE)
def score_all(
    layout: Any, asks: Any, line: int, near: Any, days: float, weights: Any, feasible: Any, column: Any, best: Any,
    best_score: Any, found: Any, found_score: Any,
) -> tuple[int, int]:  # fmt: skip
    """Every feasible slot's score into ``found``, ``found_score``; returns how many there are, and are kept."""
    count, kept, soft, weight = list_slots(feasible, found), 0, has_soft(asks, line), 0.0
    for term in range(TERMS):
        weight += weights[term]
    for first in range(0, count, AT_ONCE):
        last = min(first + AT_ONCE, count)
        slots, totals = found[first:last], found_score[first:last]
        for i in range(last - first):
            totals[i] = 0.0 + weights[0] * (fit(layout, asks, line, slots[i]) if soft else 1.0)
        sum_up(layout, asks, line, slots, near, days, weights, column, totals)
        for i in range(last - first):
            totals[i] = exact_round9(totals[i] / weight)
    for i in range(count):
        if kept < KEEP or found_score[i] >= best_score[KEEP - 1]:
            kept = keep(found[i], found_score[i], layout, best, best_score, kept)
    return count, kept
