"""Who is feasible for a line as bits over a block's slots: how many a site's conditions rule out is counted in them.

A line open to a whole country has thousands. Bitmaps of the conditions lie over the same slots.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from matching.kernel.compiled.bits import COMPILE, njit, ones_in, turn_over
from matching.kernel.compiled.block import Laid
from matching.kernel.compiled.teams import Conditions
from matching.kernel.prepare import Prepared
from matching.kernel.tables import AnyArray, Ints

LARGE, NEVER = 4096, sys.maxsize  # slots of a block, from how many on there are such bits


class Marked(NamedTuple):
    """Who is feasible for some ascending lines of a block: bits, uint64[lines, W], by slot."""

    lines: Ints
    bits: AnyArray
    laid: Laid
    number: int


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


def by_slot(prepared: Prepared, conditions: Conditions, laid: Laid, number: int) -> Conditions:
    """The conditions over a block's slots, a row of bits for each condition and each set. number: of the block.

    Of a block of the whole platform the same for all Problems over a supply.
    """

    def gathered() -> dict[str, AnyArray]:
        words = len(laid.layout.valid)
        found = {}
        for name in ("fails", "misfits"):
            rows = getattr(conditions, name)
            found[name] = np.zeros((rows.shape[1] * 64, words), np.uint64)
            _gather(rows, laid.layout.pos, np.empty(64, np.uint64), found[name])
        return found

    shared, everywhere = prepared.shared, bool(number % 2)
    if not (shared.common and everywhere):
        return conditions._replace(**gathered())
    name_of = f"open-{number // 2}-conditions"
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
