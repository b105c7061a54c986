"""§4 for the slots of a bitmap: exact scores of all, or of those that an upper bound lets into the best 20."""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.kernel.codes import KEEP_MATCHES
from matching.kernel.compiled.bits import COMPILE, ONE, exact_round9, lowest, njit
from matching.kernel.compiled.block import PRICE
from matching.kernel.compiled.judge import BETWEEN, COVERS, GE, LE

KEEP = KEEP_MATCHES
MARGIN = 1e-7  # far above what bounds lose by adding in another order, far below what they win


@njit(inline="always", **COMPILE)
def clamp(x: float) -> float:
    return min(1.0, max(0.0, x))


@njit(**COMPILE)
def offered(layout: Any, key: int, slot: int) -> Any:
    """Lowest and highest value of a key, and whether it is stated."""
    column = layout.key_column[key]
    low, high = -layout.least[column, slot], layout.least[column + 1, slot]
    return low, high, low < np.inf


@njit(**COMPILE)
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


@njit(**COMPILE)
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


@njit(**COMPILE)
def score(
    layout: Any, asks: Any, line: int, slot: int, near: Any, days: float, weights: Any, out: Any
) -> float:
    """The rounded score of a slot; its seven terms into ``out``, summed in their order."""
    out[0] = fit(layout, asks, line, slot)
    target, price = asks.target[line], -layout.least[PRICE, slot]
    out[1] = clamp(2 - price / target) if target > 0 and price > 0 else 0.5
    out[2] = clamp(1 - layout.days[slot] / days)
    out[3] = clamp(layout.least[3, slot] / (2 * asks.rate[line]))
    out[4] = near[layout.city[slot]]
    out[5] = layout.role[slot]
    out[6] = layout.trust[slot]
    total, weight = 0.0, 0.0
    for term in range(7):
        total += weights[term] * out[term]
        weight += weights[term]
    return exact_round9(total / weight)


@njit(**COMPILE)
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


@njit(**COMPILE)
def score_all(
    layout: Any,
    asks: Any,
    line: int,
    near: Any,
    days: float,
    weights: Any,
    feasible: Any,
    terms: Any,
    best: Any,
    best_score: Any,
    found: Any,
    found_score: Any,
) -> tuple[int, int]:
    """Every feasible slot's score into ``found``, ``found_score``; returns how many there are, and are kept."""
    count = kept = 0
    for word in range(len(feasible)):
        bits = feasible[word]
        while bits != 0:
            slot = (word << 6) + np.int64(lowest(bits))
            bits &= bits - ONE
            value = score(layout, asks, line, slot, near, days, weights, terms)
            found[count], found_score[count] = slot, value
            count += 1
            if kept < KEEP or value >= best_score[KEEP - 1]:
                kept = keep(slot, value, layout, best, best_score, kept)
    return count, kept


@njit(**COMPILE)
def score_best(
    layout: Any,
    asks: Any,
    line: int,
    near: Any,
    near_best: Any,
    days: float,
    weights: Any,
    feasible: Any,
    terms: Any,
    best: Any,
    best_score: Any,
    bound: Any,
) -> int:
    """The best 20 only: words of 64 by their upper bound, best first, until no word can add to them."""
    weight = weights.sum()
    target = asks.target[line]
    per_price = weights[1] / target if target > 0 else 0.0
    per_day, per_piece = weights[2] / days, weights[3] / (2 * asks.rate[line])
    top, words = -1, 0
    best_bound = -1.0
    for word in range(len(feasible)):
        bound[word] = -1.0
        if feasible[word] == 0:
            continue
        words += 1
        value = weights[0] + layout.best_static[word] + weights[4] * near_best[word]
        value += min(weights[1], max(0.5 * weights[1], 2 * weights[1] - per_price * layout.best_price[word]))
        value += max(0.0, weights[2] - per_day * layout.best_days[word])
        value += min(weights[3], max(0.0, per_piece * layout.best_free[word]))
        bound[word] = value
        if value > best_bound:
            top, best_bound = word, value
    kept = 0
    enough = -1.0  # in weighted points, what the twentieth has
    while top >= 0 and best_bound >= enough:
        bits = feasible[top]
        while bits != 0:
            slot = (top << 6) + np.int64(lowest(bits))
            bits &= bits - ONE
            price = -layout.least[PRICE, slot]
            value = weights[0] + weights[5] * layout.role[slot] + weights[6] * layout.trust[slot]
            value += weights[4] * near[layout.city[slot]]
            value += max(0.0, weights[2] - per_day * layout.days[slot])
            value += min(weights[3], max(0.0, per_piece * layout.least[3, slot]))
            if price > 0 and target > 0:
                value += min(weights[1], max(0.0, 2 * weights[1] - per_price * price))
            else:
                value += 0.5 * weights[1]
            if value >= enough:
                exact = score(layout, asks, line, slot, near, days, weights, terms)
                kept = keep(slot, exact, layout, best, best_score, kept)
                if kept == KEEP:
                    enough = best_score[KEEP - 1] * weight - MARGIN * weight
        bound[top] = -1.0
        top, best_bound = -1, -1.0
        for word in range(len(feasible)):
            if bound[word] > best_bound:
                top, best_bound = word, bound[word]
    return kept
