"""§3's near misses and relaxations from the bitmaps of a judgement."""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.kernel.codes import KEEP_NEAR
from matching.kernel.compiled.bits import (
    COMPILE,
    ONE,
    PLACED,
    count_bits,
    exact_round9,
    has_bit,
    lowest,
    njit,
    ones_in,
)
from matching.kernel.compiled.block import FREE, MOQ, PRICE, READY
from matching.kernel.compiled.judge import (
    BETWEEN,
    CAPACITY,
    CERTIFICATION,
    COVERS,
    GE,
    IS_MOQ,
    IS_PRICE,
    LE,
    SPEC,
    TIME,
)
from matching.kernel.compiled.score import offered, shortfall
from matching.kernel.tables import LAST_DATE

KEEP = KEEP_NEAR
NAN = np.nan
CLOSE = 2e-9  # more than rounding can move two numbers towards each other


@njit(**PLACED)
def missing_by(layout: Any, asks: Any, line: int, kind: int, want: int, slot: int, days: float) -> float:
    """Unrounded shortfall of a slot that fails the rule."""
    if kind == SPEC:
        return shortfall(layout, asks, want, slot)
    if kind == CERTIFICATION:
        first, last = asks.code_start[line], asks.code_start[line + 1]
        missing = 0
        for i in range(first, last):
            missing += not has_bit(layout.held[layout.held_row[asks.code[i]]], slot)
        return missing / (last - first)
    if kind == IS_MOQ:
        return (-layout.least[MOQ, slot] - asks.quantity[line]) / asks.quantity[line]
    if kind == CAPACITY:
        return (asks.rate[line] - layout.least[FREE, slot]) / asks.rate[line]
    if kind == TIME:
        return (-layout.least[READY, slot] - asks.need_by[line]) / days
    return (-layout.least[PRICE, slot] - asks.ceiling[line]) / asks.ceiling[line]


@njit(**PLACED)
def threshold(layout: Any, asks: Any, kind: int, want: int, slot: int) -> tuple[float, float]:
    """What would just admit a slot: (a, b), NaN where nothing does; b for intervals only."""
    if kind == IS_MOQ:
        return -layout.least[MOQ, slot], NAN
    if kind == CAPACITY:
        free = layout.least[FREE, slot]
        return (free if free > 0 else NAN), NAN
    if kind == TIME:
        ready = -layout.least[READY, slot]
        return (ready if ready <= LAST_DATE else NAN), NAN
    if kind == IS_PRICE:
        return -layout.least[PRICE, slot], NAN
    if kind == CERTIFICATION or asks.op[want] > COVERS:
        return NAN, NAN
    low, high, stated = offered(layout, asks.key[want], slot)
    if not stated:
        return NAN, NAN
    op = asks.op[want]
    if op == GE:
        return high, NAN
    if op == LE:
        return low, NAN
    if op == BETWEEN:
        return min(asks.a[want], high), max(asks.b[want], low)
    a, b = max(asks.a[want], low), min(asks.b[want], high)
    return (a, b) if a <= b else (NAN, NAN)


@njit(**COMPILE)
def firms_in(ends: Any, firms: Any, row: Any, seen: Any, stamp: int) -> Any:
    """How many different firms are behind a bitmap. firms: of every slot; ``seen`` holds the last stamp of every firm.

    Where a firm's slots lie together, adding ones below its last slot carries into that slot if any is set.
    """
    if len(ends):
        total = np.uint64(0)
        for word in range(len(row)):
            inner = ~ends[word]
            total += ones_in((((row[word] & inner) + inner) | row[word]) & ends[word])
        return np.int64(total)
    count = 0
    for word in range(len(row)):
        bits = row[word]
        while bits != 0:
            firm = firms[(word << 6) + np.int64(lowest(bits))]
            bits &= bits - ONE
            if seen[firm] != stamp:
                seen[firm] = stamp
                count += 1
    return count


@njit(**PLACED)
def _keep_near(
    slot: int, rule: int, short: float, layout: Any, near: Any, near_rule: Any, near_short: Any, kept: int
) -> int:
    """Insert into the 5 nearest by rounded shortfall, then lower position."""
    pos = layout.pos[slot]
    at = kept
    while at > 0 and (
        near_short[at - 1] > short or (near_short[at - 1] == short and layout.pos[near[at - 1]] > pos)
    ):
        at -= 1
    if at == KEEP:
        return kept
    for i in range(min(kept, KEEP - 1), at, -1):
        near[i], near_rule[i], near_short[i] = near[i - 1], near_rule[i - 1], near_short[i - 1]
    near[at], near_rule[at], near_short[at] = slot, rule, short
    return min(kept + 1, KEEP)


@njit(**PLACED)
def _nearer(slot: int, short: float, nearest: int, least: float, layout: Any) -> tuple[Any, Any]:
    """The nearer of two by rounded shortfall, then position, and its shortfall; nearest: -1 for nobody yet."""
    if nearest < 0 or short < least or (short == least and layout.pos[slot] < layout.pos[nearest]):
        return slot, short
    return nearest, least


@njit(**PLACED)
def _column(layout: Any, asks: Any, kind: int, want: int) -> Any:
    """The column of a rule with one bound; -1 for the others."""
    if kind == IS_MOQ:
        return MOQ
    if kind == CAPACITY:
        return FREE
    if kind == TIME:
        return READY
    if kind == IS_PRICE:
        return PRICE
    if kind == SPEC and asks.op[want] == GE:
        return np.int64(layout.key_column[asks.key[want]]) + 1
    if kind == SPEC and asks.op[want] == LE:
        return np.int64(layout.key_column[asks.key[want]])
    return -1


@njit(**PLACED)
def relax(
    layout: Any,
    index: Any,
    asks: Any,
    line: int,
    rule: int,
    kind: int,
    want: int,
    days: float,
    last: int,
    only: Any,
    near: Any,
    near_rule: Any,
    near_short: Any,
    kept: int,
    out: Any,
) -> int:
    """Near misses of one rule (bitmap ``only``): into the 5 nearest and ``out`` (count, nearest, b, all, b).

    last: of a rule with one bound how many are below it.
    """
    count = count_bits(only)
    out[0] = count
    out[1], out[2], out[3], out[4] = NAN, NAN, NAN, NAN
    if kind == SPEC and asks.op[want] > COVERS and kept == KEEP and near_short[KEEP - 1] < 1.0:
        return kept  # all of them lack it wholly, others are nearer, and no threshold helps
    column = _column(layout, asks, kind, want)
    if column >= 0 and index.order.shape[0] > 0 and 2 * count * count > last:
        return _relax_in_order(
            layout, index.order[column], index.value[column], last, asks, line, rule, kind, want, days, only,
            layout.unstated[column], near, near_rule, near_short, kept, out,
        )  # fmt: skip
    if column >= 0:
        return _relax_by_column(
            layout, layout.least[column], asks, line, rule, kind, want, days, only, near, near_rule, near_short, kept,
            out,
        )  # fmt: skip
    return _relax_each(
        layout, asks, line, rule, kind, want, days, only, near, near_rule, near_short, kept, out
    )


@njit(**PLACED)
def _short_of(layout: Any, asks: Any, line: int, kind: int, want: int, value: float, days: float) -> float:
    """``missing_by`` for a rule with one bound, by the value in its column: it lies beside those looked at before."""
    if kind == SPEC:
        a = asks.a[want]
        missing, scale = a - value if asks.op[want] == GE else -value - a, abs(a)
        if missing <= 0:
            return 0.0
        places = layout.key_places[asks.key[want]]
        if places == places:
            scale = places
        return 1.0 if scale == 0 else missing / scale
    if kind == IS_MOQ:
        return (-value - asks.quantity[line]) / asks.quantity[line]
    if kind == CAPACITY:
        return (asks.rate[line] - value) / asks.rate[line]
    if kind == TIME:
        return (-value - asks.need_by[line]) / days
    return (-value - asks.ceiling[line]) / asks.ceiling[line]


@njit(**PLACED)
def _admitting(asks: Any, kind: int, want: int, value: float) -> float:
    """``threshold`` for a rule with one bound, by the value in its column."""
    if kind == CAPACITY:
        return value if value > 0 else NAN
    if kind == TIME:
        return -value if -value <= LAST_DATE else NAN
    return value if kind == SPEC and asks.op[want] == GE else -value


@njit(**PLACED)
def _relax_in_order(
    layout: Any, order: Any, value: Any, last: int, asks: Any, line: int, rule: int, kind: int, want: int, days: float,
    only: Any, unstated: Any, near: Any, near_rule: Any, near_short: Any, kept: int, out: Any,
) -> int:  # fmt: skip
    """By one sorted column: the nearest from the threshold down, the one that needs most from the bottom up."""
    silent: Any = 0
    for word in range(len(only)):
        bits = only[word] & unstated[word]
        silent += np.int64(ones_in(bits))
    nearest: Any = -1
    nearest_short = fifth = np.inf
    taken = 0
    i = last - 1
    stated = np.int64(out[0]) - silent
    while i >= 0 and taken < stated:
        slot = order[i]
        i -= 1
        if not has_bit(only, slot):
            continue
        short = exact_round9(_short_of(layout, asks, line, kind, want, value[i + 1], days))
        if taken >= KEEP and short > fifth:
            break
        if kept == KEEP and short > near_short[KEEP - 1] and taken > 0 and short > nearest_short:
            break  # neither among the five nearest of all rules, nor the nearest of this one
        taken += 1
        if taken == KEEP:
            fifth = short
        if (
            short < nearest_short
            or nearest < 0
            or (short == nearest_short and layout.pos[slot] < layout.pos[nearest])
        ):
            nearest, nearest_short = slot, short
            out[1] = _admitting(asks, kind, want, value[i + 1])
        kept = _keep_near(slot, rule, short, layout, near, near_rule, near_short, kept)
    if silent and (kept < KEEP or near_short[KEEP - 1] >= 1.0 or nearest_short >= 1.0):
        for word in range(len(only)):
            bits = only[word] & unstated[word]
            while bits != 0:
                slot = (word << 6) + np.int64(lowest(bits))
                bits &= bits - ONE
                if (
                    nearest < 0
                    or nearest_short > 1.0
                    or (nearest_short == 1.0 and layout.pos[slot] < layout.pos[nearest])
                ):
                    nearest, nearest_short = slot, 1.0
                    out[1], out[2] = threshold(layout, asks, kind, want, nearest)
                kept = _keep_near(slot, rule, 1.0, layout, near, near_rule, near_short, kept)
    if not silent:
        i = 0
        while not has_bit(only, order[i]):
            i += 1
        out[3] = _admitting(asks, kind, want, value[i])
    return kept


@njit(**PLACED)
def _relax_by_column(
    layout: Any, value: Any, asks: Any, line: int, rule: int, kind: int, want: int, days: float, only: Any, near: Any,
    near_rule: Any, near_short: Any, kept: int, out: Any,
) -> int:  # fmt: skip
    """A rule with one bound, one near miss after the other by its column. Who states nothing lacks it wholly."""
    nearest: Any = -1
    nearest_short = limit = low = np.inf
    for word in range(len(only)):
        bits = only[word]
        while bits != 0:
            slot = (word << 6) + np.int64(lowest(bits))
            bits &= bits - ONE
            given = value[slot]
            low = min(low, given)
            short = _short_of(layout, asks, line, kind, want, given, days) if given > -np.inf else 1.0
            if short > limit:
                continue
            short = exact_round9(short)
            nearest, nearest_short = _nearer(slot, short, nearest, nearest_short, layout)
            kept = _keep_near(slot, rule, short, layout, near, near_rule, near_short, kept)
            if kept == KEEP:
                limit = max(nearest_short, near_short[KEEP - 1]) + CLOSE
    if value[nearest] > -np.inf:
        out[1] = _admitting(asks, kind, want, value[nearest])
    if low > -np.inf:
        out[3] = _admitting(asks, kind, want, low)
    return kept


@njit(**PLACED)
def _relax_each(
    layout: Any,
    asks: Any,
    line: int,
    rule: int,
    kind: int,
    want: int,
    days: float,
    only: Any,
    near: Any,
    near_rule: Any,
    near_short: Any,
    kept: int,
    out: Any,
) -> int:
    """One near miss after the other."""
    nearest: Any = -1
    nearest_short = np.inf
    first, last = np.inf, -np.inf  # of the thresholds a and b
    first_b, last_b = np.inf, -np.inf
    every = True
    for word in range(len(only)):
        bits = only[word]
        while bits != 0:
            slot = (word << 6) + np.int64(lowest(bits))
            bits &= bits - ONE
            short = missing_by(layout, asks, line, kind, want, slot, days)
            if short <= nearest_short + CLOSE or kept < KEEP or short <= near_short[KEEP - 1] + CLOSE:
                short = exact_round9(short)
                nearest, nearest_short = _nearer(slot, short, nearest, nearest_short, layout)
                kept = _keep_near(slot, rule, short, layout, near, near_rule, near_short, kept)
            a, b = threshold(layout, asks, kind, want, slot)
            if a == a:
                first, last = min(first, a), max(last, a)
                first_b, last_b = min(first_b, b), max(last_b, b)
            else:
                every = False
    out[1], out[2] = threshold(layout, asks, kind, want, nearest)
    if every:
        op = asks.op[want] if kind == SPEC else -1
        if op == BETWEEN:
            out[3], out[4] = first, last_b
        elif op == COVERS:
            if last <= first_b:
                out[3], out[4] = last, first_b
        else:
            out[3] = first if kind == CAPACITY or op == GE else last
    return kept
