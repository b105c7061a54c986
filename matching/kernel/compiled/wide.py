"""Lines with very many feasible capabilities: who may be among the best 20 or in a team is listed, the rest counted.

A line open to a whole country has thousands, of whom teams take one of the first few. They are scored without the fit
first, which nobody's score exceeds, and only who is near the best of these exactly. How many a site's conditions rule
out is counted in the bitmap of the feasible, by bitmaps of the conditions over the same slots.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from matching.kernel.codes import KEEP_MATCHES
from matching.kernel.compiled.bits import (
    COMPILE,
    exact_round9,
    njit,
    ones_in,
    turn_over,
)
from matching.kernel.compiled.block import Laid
from matching.kernel.compiled.score import AT_ONCE, TERMS, has_soft, keep, list_slots, score, sum_up
from matching.kernel.compiled.teams import CLOSE, Conditions
from matching.kernel.prepare import Prepared
from matching.kernel.tables import AnyArray, Ints

KEEP = KEEP_MATCHES
# How far below a line's best score its feasible are listed and put in order: nearness makes up for 0.125, the rest is
# for those whom a site's conditions rule out. Where that is not enough, all are.
DEPTH = 0.16


class Large(NamedTuple):
    """From how many slots of a block, and above how many feasible of a line, not all of them are listed."""

    slots: int = 4096
    feasible: int = 256


LARGE, NEVER = Large(), Large(slots=sys.maxsize)


class Marked(NamedTuple):
    """Who is feasible for some ascending lines of a block: bits, uint64[lines, W], by slot."""

    lines: Ints
    bits: AnyArray
    laid: Laid
    number: int


@njit(**COMPILE)
def _without_fit(
    layout: Any, asks: Any, line: int, near: Any, days: float, weights: Any, feasible: Any, column: Any, slots: Any,
    points: Any,
) -> tuple[int, float]:  # fmt: skip
    """Every feasible slot and its score as if it fitted wholly, unrounded; returns how many, and the highest.

    The terms and their sum are those of ``score.score``.
    """
    count, weight, high = list_slots(feasible, slots), 0.0, -np.inf
    for term in range(TERMS):
        weight += weights[term]
    for first in range(0, count, AT_ONCE):
        some, totals = slots[first : min(first + AT_ONCE, count)], points[first : min(first + AT_ONCE, count)]
        for i in range(len(some)):
            totals[i] = 0.0 + weights[0] * 1.0
        sum_up(layout, asks, line, some, near, days, weights, column, totals)
        for i in range(len(some)):
            totals[i] = totals[i] / weight
            high = max(high, totals[i])
    return count, high


@njit(**COMPILE)
def _score_from(
    least: float, many: int, soft: bool, layout: Any, asks: Any, line: int, near: Any, days: float, weights: Any,
    slots: Any, points: Any, terms: Any, best: Any, best_score: Any, found: Any, found_score: Any,
) -> tuple[int, int, float]:  # fmt: skip
    """Who scores at least so much; returns how many, how many are kept as the best, and the highest score."""
    count, kept, top = 0, 0, -np.inf
    for k in range(many):
        if points[k] < least - CLOSE:
            continue
        slot = slots[k]
        value = (
            score(layout, asks, line, slot, near, days, weights, terms) if soft else exact_round9(points[k])
        )
        if value < least:
            continue
        found[count], found_score[count] = slot, value
        count += 1
        top = max(top, value)
        if kept < KEEP or value >= best_score[KEEP - 1]:
            kept = keep(slot, value, layout, best, best_score, kept)
    return count, kept, top


@njit(**COMPILE)
def score_best(
    layout: Any, asks: Any, line: int, near: Any, days: float, weights: Any, feasible: Any, few: int, slots: Any,
    points: Any, terms: Any, best: Any, best_score: Any, found: Any, found_score: Any,
) -> tuple[int, int, float]:  # fmt: skip
    """Who scores no less than what is returned third: all for -inf, else the best 20 among them and more.

    Returns how many they are, and how many are kept as the best.
    """
    many, high = _without_fit(layout, asks, line, near, days, weights, feasible, terms, slots, points)
    soft, least, asked = has_soft(asks, line), -np.inf, np.inf
    if many > few:
        least = high - DEPTH
    count = kept = 0
    # As deep below the best exact score where the fit has cost much; everybody where they are too few.
    while least < asked:
        asked = least
        count, kept, top = _score_from(
            asked, many, soft, layout, asks, line, near, days, weights, slots, points, terms, best, best_score, found,
            found_score,
        )  # fmt: skip
        least = -np.inf if kept < min(KEEP, many) else min(asked, top - DEPTH)
    return count, kept, asked


# --- conditions over the slots of a block ---------------------------------------------------------
@njit(**COMPILE)
def _gather(rows: Any, pos: Any, square: Any, out: Any) -> None:
    """Bit i of the row of a slot's capability as the slot's bit in row i: 64 slots and 64 bits at once, turned over."""
    for word in range(len(pos) >> 6):
        for part in range(rows.shape[1]):
            for i in range(64):
                at = pos[(word << 6) + i]
                square[i] = rows[at, part] if at >= 0 else np.uint64(0)
            turn_over(square)
            for i in range(64):
                out[(part << 6) + i, word] = square[i]


def by_slot(prepared: Prepared, conditions: Conditions, marked: Marked) -> Conditions:
    """The conditions over a block's slots, a row of bits for each condition and each set.

    Of a block of the whole platform the same for all Problems over a supply.
    """

    def gathered() -> dict[str, AnyArray]:
        words = len(marked.laid.layout.valid)
        found = {}
        for name in ("fails", "misfits"):
            rows = getattr(conditions, name)
            found[name] = np.zeros((rows.shape[1] * 64, words), np.uint64)
            _gather(rows, marked.laid.layout.pos, np.empty(64, np.uint64), found[name])
        return found

    shared, everywhere = prepared.shared, bool(marked.number % 2)
    if not (shared.common and everywhere):
        return conditions._replace(**gathered())
    name_of = f"open-{marked.number // 2}-conditions"
    if name_of not in shared.loops:
        shared.loops[name_of] = conditions._replace(**shared.keep(name_of, gathered))
    found: Conditions = shared.loops[name_of]
    return found


@njit(**COMPILE)
def _count(bits: Any, places: Any, rows: Any, sets: Any, conditions: Any, usable: Any, counts: Any) -> None:
    """Of the feasible in row ``places[i]`` how many fit the set of ``rows[i]``, and how many fail each of its
    conditions."""
    for i in range(len(rows)):
        row = rows[i]
        mine, misfit, first = bits[places[i]], conditions.misfits[sets[row]], conditions.start[sets[row]]
        all_of = fit = np.uint64(0)
        for word in range(len(mine)):
            all_of += ones_in(mine[word])
            fit += ones_in(mine[word] & ~misfit[word])
        usable[row] = fit
        if fit == all_of:
            continue
        for j in range(first, conditions.start[sets[row] + 1]):
            fails, failing = conditions.fails[conditions.item[j]], np.uint64(0)
            for word in range(len(mine)):
                failing += ones_in(mine[word] & fails[word])
            counts[row, j - first] = failing


def count_marked(
    marked: list[Marked], conditions: list[Conditions], out: Ints, sets: Ints, by: Ints, most: int
) -> Ints:
    """Fill in who was not counted yet: rows of ``out`` (pipeline, line, feasible, usable) with a usable of -1.

    sets: the condition set of every pipeline; most: conditions of a set. Returns ``by`` (pipeline, line, condition,
    count) with the rows of these lines in their places.
    """
    later = np.flatnonzero(out[:, 3] < 0)
    if not len(later):
        return by
    lines = np.concatenate([block.lines for block in marked])
    order = np.argsort(lines)
    at = order[np.searchsorted(lines, out[later, 1], sorter=order)]
    first = np.cumsum([0, *(len(block.lines) for block in marked)])
    asked = sets[out[later, 0]]
    usable, counts = np.zeros(len(later), np.int64), np.zeros((len(later), most), np.int32)
    by_block = np.argsort(at, kind="stable")
    ends = np.searchsorted(at[by_block], first)
    for number in np.flatnonzero(np.diff(ends)).tolist():
        rows = by_block[ends[number] : ends[number + 1]]
        _count(marked[number].bits, at[rows] - first[number], rows, asked, conditions[number], usable, counts)
    out[later, 3] = usable
    row, condition = np.nonzero(counts)
    found = np.column_stack((out[later[row], :2], condition, counts[row, condition])).astype(np.int32)
    if not len(by):
        return found
    joined = np.concatenate((by, found))
    return joined[np.lexsort((joined[:, 2], joined[:, 1], joined[:, 0]))]
