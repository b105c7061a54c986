"""§3 by bitmap: who fails a rule, who fails none, who fails exactly one.

Two words for each 64 candidates count failures bit by bit: ``some`` (at least one) and ``more`` (at least two).
A rule's own bitmap is kept, so that near misses of a rule are ``some and not more`` within it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from matching.kernel.codes import Code, Op
from matching.kernel.compiled.bits import COMPILE, PLACED, clear_bit, copy_row, njit, set_bit
from matching.kernel.compiled.block import FREE, MOQ, PRICE, READY
from matching.kernel.compiled.lanes import less
from matching.kernel.tables import AnyArray, Bools, Floats, Ints, Masks

SPEC, CERTIFICATION = int(Code.SPEC), int(Code.CERTIFICATION)
IS_MOQ, CAPACITY, TIME, IS_PRICE = int(Code.MOQ), int(Code.CAPACITY), int(Code.TIME), int(Code.PRICE)
GE, LE, BETWEEN, COVERS, ONE_OF = (int(op) for op in (Op.GE, Op.LE, Op.BETWEEN, Op.COVERS, Op.ONE_OF))
OTHER_RULES = 5  # certification, MOQ, capacity, time, price


class Asks(NamedTuple):
    """Lines and what belongs to their demands, as the Problem holds them; see ``Lines`` and ``Requirements``."""

    demand: Ints
    quantity: Floats
    rate: Floats
    need_by: Ints
    target: Floats
    ceiling: Floats
    start: Ints
    key: Ints
    op: AnyArray
    a: Floats
    b: Floats
    mask: Masks
    hard: Bools
    weight: Floats
    tolerance: Floats
    code_start: Ints
    code: Ints
    organisation: Ints
    lab: Ints
    excluded_start: Ints
    excluded: Ints


class Scratch(NamedTuple):
    """What one line's judgement is written into, used again for the next line.

    fails: uint64[rules, W]; kind, want: code of each rule and its requirement (-1); last: of a rule with one bound
    how many are below it; after ``judge_roughly`` columns and bounds, and which of the column's bitmaps is below each.
    """

    fails: AnyArray
    kind: Ints
    want: Ints
    bound: Floats
    cut: Ints
    last: Ints
    some: AnyArray
    more: AnyArray
    feasible: AnyArray
    near: AnyArray


def scratch(rules: int, words: int) -> Scratch:
    # Behind each row three words of nobody: four are read at once.
    rows = [np.zeros(words + 3, np.uint64)[:words] for _ in range(4)]
    kind, want, cut = np.zeros(2 * rules, np.int32), np.zeros(rules, np.int32), np.zeros(2 * rules, np.int32)
    return Scratch(
        np.zeros((rules, words), np.uint64),
        kind,
        want,
        np.zeros(2 * rules),
        cut,
        np.zeros(rules, np.int32),
        *rows,
    )


@njit(**PLACED)
def _how_many_below(values: Any, first: int, last: int, threshold: float) -> int:
    """How many of ascending values are less, of which those before ``first`` are known to be, those from ``last`` on
    not to be. The last few hundred are all compared: halves mispredict a branch in two."""
    while last - first > 256:
        middle = (first + last) >> 1
        if values[middle] < threshold:
            first = middle + 1
        else:
            last = middle
    part, count = values[first:last], 0
    for i in range(len(part)):
        count += part[i] < threshold
    return first + count


@njit(**PLACED)
def below(layout: Any, index: Any, column: int, threshold: float, out: Any) -> Any:
    """Into ``out`` who has less than the threshold; returns how many, 0 when nobody has (``out`` is then not written).

    Without an index 1 for any number.
    """
    if index.order.shape[0] == 0:
        return np.int64(_look_through(layout.least[column], threshold, out))
    cut_value = index.cut_value[column]
    low = _how_many_below(cut_value, 0, len(cut_value), threshold)
    if low == 0:
        return 0
    value, cuts = index.value[column], index.cuts[column]
    first = np.int64(cuts[low - 1])
    last = np.int64(cuts[low]) if low < len(cuts) else len(value)
    left = _how_many_below(value, first, last, threshold)
    order = index.order[column]
    if low == len(cuts) or left - first <= last - left:
        copy_row(index.rows[column, low - 1], out)
        for i in range(first, left):
            set_bit(out, order[i])
    else:
        copy_row(index.rows[column, low], out)
        for i in range(left, last):
            clear_bit(out, order[i])
    return left


@njit(**PLACED)
def _look_through(values: Any, threshold: float, out: Any) -> bool:
    """Blocks are whole words: gaps at their end are filled."""
    anybody = np.uint64(0)
    for word in range(len(out)):
        bits = less(values, word << 6, threshold)
        out[word] = bits
        anybody |= bits
    return anybody != 0


@njit(**PLACED)
def _either(layout: Any, index: Any, column: int, low: float, high: float, out: Any, spare: Any) -> Any:
    """Who misses one of two bounds: the negated lowest value in ``column``, the highest in the next. 0 for nobody."""
    one = below(layout, index, column, low, out)
    if not one:
        return below(layout, index, column + 1, high, out)
    if below(layout, index, column + 1, high, spare):
        for word in range(len(out)):
            out[word] |= spare[word]
    return one


@njit(**PLACED)
def _fails_want(layout: Any, index: Any, asks: Any, want: int, out: Any, spare: Any) -> Any:
    """Into ``out`` who fails a requirement of §2; 0 when nobody does, for one bound how many (see ``below``)."""
    key, op = asks.key[want], asks.op[want]
    column = layout.key_column[key]
    if op == GE:
        return below(layout, index, column + 1, asks.a[want], out)
    if op == LE:
        return below(layout, index, column, -asks.a[want], out)
    if op == BETWEEN:
        return _either(layout, index, column, -asks.b[want], asks.a[want], out, spare)
    if op == COVERS:
        return _either(layout, index, column, -asks.a[want], asks.b[want], out, spare)
    # One of a set of choices; of a bool the one asked for.
    mask, row = asks.mask[want], layout.choice_row[key]
    copy_row(layout.valid, out)
    while mask != 0:
        if mask & np.uint64(1):
            offered = layout.choices[row]
            for word in range(len(out)):
                out[word] &= ~offered[word]
        mask >>= np.uint64(1)
        row += 1
    return 1


@njit(**PLACED)
def _count(fails: Any, work: Any) -> None:
    some, more = work.some, work.more
    for word in range(len(some)):
        more[word] |= some[word] & fails[word]
        some[word] |= fails[word]


@njit(**PLACED)
def _fails_certificates(layout: Any, asks: Any, line: int, out: Any) -> None:
    """Who lacks a certificate that is asked for."""
    copy_row(layout.valid, out)
    for i in range(asks.code_start[line], asks.code_start[line + 1]):
        held = layout.held[layout.held_row[asks.code[i]]]
        for word in range(len(out)):
            out[word] &= held[word]
    for word in range(len(out)):
        out[word] = layout.valid[word] & ~out[word]


@njit(**COMPILE)
def judge(layout: Any, index: Any, asks: Any, line: int, work: Any) -> int:
    """Fill ``work`` for a line; returns how many rules somebody fails. They are in the order of relaxations."""
    work.some[:] = 0
    work.more[:] = 0
    rules = 0
    for want in range(asks.start[line], asks.start[line + 1]):
        if not asks.hard[want]:
            continue
        failing = _fails_want(layout, index, asks, want, work.fails[rules], work.near)
        if failing:
            work.kind[rules], work.want[rules], work.last[rules] = SPEC, want, failing
            _count(work.fails[rules], work)
            rules += 1
    if asks.code_start[line + 1] > asks.code_start[line]:
        _fails_certificates(layout, asks, line, work.fails[rules])
        work.kind[rules], work.want[rules] = CERTIFICATION, -1
        _count(work.fails[rules], work)
        rules += 1
    for kind, column, threshold in (
        (IS_MOQ, MOQ, -asks.quantity[line]),
        (CAPACITY, FREE, asks.rate[line]),
        (TIME, READY, -float(asks.need_by[line])),
        (IS_PRICE, PRICE, -asks.ceiling[line]),
    ):
        # Without a ceiling the threshold is NaN: nobody is below it, but it must not be searched for.
        if threshold != threshold:
            continue
        failing = below(layout, index, column, threshold, work.fails[rules])
        if failing:
            work.kind[rules], work.want[rules], work.last[rules] = kind, -1, failing
            _count(work.fails[rules], work)
            rules += 1
    for word in range(len(work.some)):
        work.feasible[word] = layout.valid[word] & ~work.some[word]
        work.near[word] = work.some[word] & ~work.more[word]
    return rules


@njit(**PLACED)
def _note(index: Any, column: int, threshold: float, work: Any, bounds: int) -> int:
    """Note a bound that somebody may miss; returns how many there are now.

    All cuts are compared: looking for the place by halves would mispredict a branch in two.
    """
    cut_value, below = index.cut_value[column], 0
    for at in range(len(cut_value)):
        below += cut_value[at] < threshold
    work.kind[bounds], work.bound[bounds], work.cut[bounds] = column, threshold, below - 1
    return bounds + (below > 0)


@njit(**PLACED)
def _join(index: Any, work: Any, bounds: int) -> None:
    """Add to ``work.some`` those of whom a whole bitmap says that they miss a bound: some may be missed.

    Four bitmaps at once, the last of them filled up by one of nobody.
    """
    kind, cut, some = work.kind, work.cut, work.some
    for at in range(bounds, bounds + 3):
        kind[at], cut[at] = 0, 0
    for at in range(0, bounds, 4):
        one, two = index.rows[kind[at], cut[at]], index.rows[kind[at + 1], cut[at + 1]]
        three, four = index.rows[kind[at + 2], cut[at + 2]], index.rows[kind[at + 3], cut[at + 3]]
        for word in range(len(some)):
            some[word] |= one[word] | two[word] | three[word] | four[word]


@njit(**PLACED)
def judge_roughly(layout: Any, index: Any, asks: Any, line: int, work: Any) -> int:
    """Into ``work.feasible`` everybody who is feasible, and a few who miss a bound by a little: ``meets`` decides.

    Returns how many bounds it has to look at.
    """
    some = work.some
    some[:] = 0
    bounds = 0
    for want in range(asks.start[line], asks.start[line + 1]):
        if not asks.hard[want]:
            continue
        op, column = asks.op[want], layout.key_column[asks.key[want]]
        if op > COVERS and _fails_want(layout, index, asks, want, work.fails[0], work.near):
            for word in range(len(some)):
                some[word] |= work.fails[0][word]
        if op in (GE, BETWEEN):
            bounds = _note(index, column + 1, asks.a[want], work, bounds)
        if op in (LE, COVERS):
            bounds = _note(index, column, -asks.a[want], work, bounds)
        if op == BETWEEN:
            bounds = _note(index, column, -asks.b[want], work, bounds)
        if op == COVERS:
            bounds = _note(index, column + 1, asks.b[want], work, bounds)
    if asks.code_start[line + 1] > asks.code_start[line]:
        _fails_certificates(layout, asks, line, work.fails[0])
        for word in range(len(some)):
            some[word] |= work.fails[0][word]
    bounds = _note(index, MOQ, -asks.quantity[line], work, bounds)
    bounds = _note(index, FREE, asks.rate[line], work, bounds)
    bounds = _note(index, READY, -float(asks.need_by[line]), work, bounds)
    if asks.ceiling[line] > 0:
        bounds = _note(index, PRICE, -asks.ceiling[line], work, bounds)
    _join(index, work, bounds)
    for word in range(len(some)):
        work.feasible[word] = layout.valid[word] & ~some[word]
    return bounds


@njit(**PLACED)
def meets(layout: Any, work: Any, bounds: int, slot: int) -> bool:
    """Every bound that ``judge_roughly`` noted, by the values themselves."""
    misses = False
    for i in range(bounds):
        misses |= layout.least[work.kind[i], slot] < work.bound[i]
    return not misses


@njit(**COMPILE)
def leave_out(layout: Any, asks: Any, line: int, work: Any) -> int:
    """See ``leave_out_here``."""
    return leave_out_here(layout, asks, line, work)


@njit(**PLACED)
def leave_out_here(layout: Any, asks: Any, line: int, work: Any) -> int:
    """The rule ``self``: take the demanding organisation and those it excludes out; returns the candidates left."""
    demand = asks.demand[line]
    everybody = layout.firm_start[len(layout.firms)] - layout.firm_start[0]
    left = everybody - _leave_firm(layout, asks.organisation[demand], work)
    for i in range(asks.excluded_start[demand], asks.excluded_start[demand + 1]):
        if asks.excluded[i] != asks.organisation[demand]:
            left -= _leave_firm(layout, asks.excluded[i], work)
    return left


@njit(**PLACED)
def _leave_firm(layout: Any, firm: int, work: Any) -> int:
    at = np.searchsorted(layout.firms, firm)
    if at == len(layout.firms) or layout.firms[at] != firm:
        return 0
    for i in range(layout.firm_start[at], layout.firm_start[at + 1]):
        clear_bit(work.feasible, layout.firm_slots[i])
        clear_bit(work.near, layout.firm_slots[i])
    return layout.firm_start[at + 1] - layout.firm_start[at]
