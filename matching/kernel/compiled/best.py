"""The best 20 of a line: estimates of slots and of groups of them decide who is scored exactly.

Sixteen slots lie beside each other in single precision, and so do sixteen such groups. The arithmetic that estimates a
slot's score tells also what nobody in a group exceeds, when it is given the group's best of each column: every term
rises or falls with one column, and rounding keeps that order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.kernel.compiled.bits import COMPILE, INLINE, ONE, exact_round9, lowest, njit, ones_in
from matching.kernel.compiled.block import FREE, PRICE
from matching.kernel.compiled.judge import OWN_CITY, OWN_DAYS, OWN_ROLE, OWN_TRUST, RULES_FROM, meets
from matching.kernel.compiled.lanes import (
    FREE_MOST,
    LANES,
    MOST,
    PER_DAY,
    PER_FREE,
    PER_PRICE,
    SILENT,
    SOON,
    TOP,
    at_least,
    estimate,
    filled,
)
from matching.kernel.compiled.score import clamp, fit
from matching.kernel.compiled.sixteens import AT_ONCE, FAR, KEEP, NOBODY, SANE

# Points are parts of all weight, 0 to 1. Estimates are off by less than half of this: seven roundings of single
# precision, each 6e-8 of what it rounds.
FINE = np.float32(4e-6)
MANY = 64  # found, for whom each is compared with each
STEP = np.float32(2e-4)  # how near to the twentieth it pays to look for
EVERYBODY = np.float32(-0.5)  # below all points
TOP_POINTS = np.float32(1.01)  # above all points
SPARE = 4  # more than 20 are looked at, because some of them miss a bound
SLACK = 1.3  # more groups than the last lines needed: a second look costs more
FULL = 96  # slots found at once after which the rest has to reach the twentieth of them


@njit(**INLINE)
def _set_rates(rates: Any, share: Any, target: float, rate: float, days: float) -> None:
    """What the line makes of a price, of days, of free pieces."""
    half = np.float32(0.5) * share[1]
    rates[TOP], rates[MOST], rates[SILENT], rates[PER_PRICE] = half, half, half, 0
    if target > 0:
        rates[TOP], rates[MOST], rates[PER_PRICE] = 2 * share[1], share[1], share[1] / target
    rates[SOON], rates[PER_DAY] = share[2], share[2] / days
    rates[FREE_MOST], rates[PER_FREE] = share[3], share[3] / (2 * rate)


@njit(**INLINE)
def _reaching(points: Any, count: int, threshold: Any) -> Any:
    total = np.uint64(0)
    for row in range((count + LANES - 1) // LANES):
        total += ones_in(at_least(points, row, threshold))
    return np.int64(total)


@njit(**INLINE)
def _reached_by(many: int, points: Any, count: int, low: Any) -> Any:
    """Points that so many reach, little below what the last of them has; they all reach ``low``."""
    high = TOP_POINTS
    while high - low > STEP:
        middle = np.float32(0.5) * (low + high)
        reaching = _reaching(points, count, middle)
        if reaching < many:
            high = middle
        else:
            low = middle
            if reaching <= many + 1:
                return low
    return low


@njit(**INLINE)
def _cut(bound: Any, groups: Any, high: Any) -> Any:
    """Below which points to stop, so that about so many groups are looked into; EVERYBODY when all are."""
    low, count = np.float32(0), len(bound) * LANES
    while high - low > STEP:
        middle = np.float32(0.5) * (low + high)
        reaching = _reaching(bound, count, middle)
        if reaching < groups:
            high = middle
        else:
            low = middle
            if reaching < 1.1 * groups:
                return low
    return low if low > 0 else EVERYBODY


@njit(**INLINE)
def _four(values: Any, row: int, threshold: Any) -> Any:
    """``at_least`` of four rows: branches on how many there are go wrong a quarter as often."""
    found = at_least(values, row, threshold) | at_least(values, row + 1, threshold) << np.uint64(16)
    found |= at_least(values, row + 2, threshold) << np.uint64(32)
    return found | at_least(values, row + 3, threshold) << np.uint64(48)


@njit(**INLINE)
def _look_into(tables: Any, notes: Any, feasible: Any, first: int, last: int, cut: Any) -> Any:
    """Estimates of the slots of every group from ``first`` to ``last`` (sixteens) that may reach the cut into
    ``notes.lanes``, which group it is into ``notes.listed``; returns how many, made up to four."""
    listed, count = notes.listed, 0
    for node in range(first, last, 4):
        groups = _four(notes.bound, node, cut)
        while groups != 0:
            listed[count] = node * LANES + np.int64(lowest(groups))
            groups &= groups - ONE
            count += 1
    for i in range(count):
        group = listed[i]
        whose = feasible[group >> 2] >> np.uint64((group & 3) * LANES)
        estimate(tables.slots, group, notes.rates, notes.lanes, i, whose)
    while count & 3:
        estimate(tables.slots, 0, notes.rates, notes.lanes, count, np.uint64(0))
        count += 1
    return count


@njit(**COMPILE)
def _take(
    layout: Any, asks: Any, line: int, tables: Any, notes: Any, work: Any, bounds: int, soft: bool, cut: Any,
    above: Any, count: int,
) -> tuple[Any, Any]:  # fmt: skip
    """Find whose points without the fit lie from ``cut`` up to ``above``; returns how many there are now, and the cut,
    which rises when more are found than needed."""
    some, points, lanes = notes.some, notes.points, notes.lanes
    for first in range(0, len(tables.groups), AT_ONCE):
        listed = _look_into(
            tables, notes, work.feasible, first, min(first + AT_ONCE, len(tables.groups)), cut
        )
        before = count
        for row in range(0, listed, 4):
            hits = _four(lanes, row, cut) & ~_four(lanes, row, above)
            while hits != 0:
                bit = np.int64(lowest(hits))
                hits &= hits - ONE
                at = row + (bit >> 4)
                slot, value = notes.listed[at] * LANES + (bit & 15), lanes[at, bit & 15]
                if soft:
                    value += tables.share[0] * np.float32(fit(layout, asks, line, slot) - 1.0)
                some[count], points[count >> 4, count & 15] = slot, value
                count += 1
        _end(points, count)
        if count > before + FULL and first + AT_ONCE < len(tables.groups):
            _drop_failing(tables.rows, notes, work, bounds, count, EVERYBODY)
            if _reaching(points, count, cut + FINE) >= KEEP:
                cut = _reached_by(KEEP, points, count, cut + FINE) - FINE
    return count, cut


@njit(**INLINE)
def _drop_failing(rows: Any, notes: Any, work: Any, bounds: int, count: int, threshold: Any) -> None:
    """Of those with so many points take who misses a bound out: ``work.feasible`` is a superset."""
    for row in range((count + LANES - 1) // LANES):
        hits = at_least(notes.points, row, threshold)
        while hits != 0:
            lane = np.int64(lowest(hits))
            hits &= hits - ONE
            its = notes.points[row, lane]
            notes.points[row, lane] = (
                its if meets(rows, work, bounds, notes.some[row * LANES + lane]) else NOBODY
            )


@njit(**INLINE)
def _end(points: Any, count: int) -> None:
    """Nobody behind the last, up to a whole row."""
    for i in range(count, (count + LANES) // LANES * LANES):
        points[i >> 4, i & 15] = NOBODY


@njit(**INLINE)
def _has_soft(asks: Any, line: int) -> bool:
    soft = False
    for want in range(asks.start[line], asks.start[line + 1]):
        soft |= not asks.hard[want]
    return soft


@njit(**COMPILE)
def find_best(
    layout: Any, asks: Any, line: int, tables: Any, notes: Any, work: Any, bounds: int, days: float
) -> int:
    """Into ``notes.some`` whoever may be among the best 20 (with ties as many as there are); returns how many.

    ``work.feasible`` may hold slots that fail one of ``bounds``. As many groups are looked into as had to be for the
    lines before, more when that was not enough: this decides how long it takes, not what is found.
    """
    target, rate = asks.target[line], asks.rate[line]
    sane = tables.sane[0] and SANE[0] <= rate <= SANE[1] and not (target < SANE[0] or target > SANE[1])
    soft = _has_soft(asks, line)
    _set_rates(notes.rates, tables.share, target, rate, days)
    for node in range(len(tables.groups)):
        estimate(tables.groups, node, notes.rates, notes.bound, node, filled(work.feasible, node))
    groups, above, count, cut = notes.wanted[0], np.float32(FAR), 0, TOP_POINTS
    while True:
        cut = _cut(notes.bound, groups, cut) if sane else EVERYBODY
        count, cut = _take(layout, asks, line, tables, notes, work, bounds, soft, cut, above, count)
        while _reaching(notes.points, count, cut + FINE) >= KEEP:
            many = min(KEEP + SPARE, _reaching(notes.points, count, cut + FINE))
            last = _reached_by(many, notes.points, count, cut + FINE)
            _drop_failing(tables.rows, notes, work, bounds, count, last - FINE)
            if _reaching(notes.points, count, last) >= KEEP:
                needed = _reaching(notes.bound, len(notes.bound) * LANES, last)
                notes.wanted[0] += 0.1 * (SLACK * needed - notes.wanted[0])
                return _those_reaching(notes, count, last - FINE)
        if cut <= EVERYBODY:
            _drop_failing(tables.rows, notes, work, bounds, count, EVERYBODY)
            return _those_reaching(notes, count, EVERYBODY)
        above, groups = cut, 2 * groups


@njit(**INLINE)
def _those_reaching(notes: Any, count: int, threshold: Any) -> int:
    """Keep who has so many points, in their order; returns how many."""
    kept = 0
    for row in range((count + LANES - 1) // LANES):
        hits = at_least(notes.points, row, threshold)
        while hits != 0:
            notes.some[kept] = notes.some[row * LANES + np.int64(lowest(hits))]
            hits &= hits - ONE
            kept += 1
    return kept


@njit(**COMPILE)
def score_found(
    layout: Any, asks: Any, line: int, rows: Any, near: Any, days: float, weights: Any, notes: Any, count: int
) -> int:
    """Exact terms and scores of those found, the places of the best 20 into ``notes.order``; returns how many.

    The terms and their sum are those of ``score.score``, from one row of a slot.
    """
    soft, target, rate, weight = _has_soft(asks, line), asks.target[line], 2 * asks.rate[line], 0.0
    for term in range(7):
        weight += weights[term]
    for i in range(count):
        row, terms = rows[notes.some[i]], notes.terms[i]
        price = -row[RULES_FROM + PRICE]
        terms[0] = fit(layout, asks, line, notes.some[i]) if soft else 1.0
        terms[1] = clamp(2 - price / target) if target > 0 and price > 0 else 0.5
        terms[2] = clamp(1 - row[OWN_DAYS] / days)
        terms[3] = clamp(row[RULES_FROM + FREE] / rate)
        terms[4], terms[5], terms[6] = near[np.int64(row[OWN_CITY])], row[OWN_ROLE], row[OWN_TRUST]
        total = 0.0
        for term in range(7):
            total += weights[term] * terms[term]
        notes.scores[i], notes.pos[i] = exact_round9(total / weight), row[len(row) - 1]
    if count > MANY:
        return _in_order(notes.scores, notes.pos, count, notes.order)
    return _ranked(notes.scores, notes.pos, count, notes.order)


@njit(**INLINE)
def _ranked(scores: Any, pos: Any, count: int, order: Any) -> int:
    """The best 20 by score, then lower position: each counts who is before it, without a branch."""
    for i in range(count):
        value, own, before = scores[i], pos[i], 0
        for k in range(count):
            before += (scores[k] > value) | ((scores[k] == value) & (pos[k] < own))
        if before < KEEP:
            order[before] = i
    return min(count, KEEP)


@njit(**INLINE)
def _in_order(scores: Any, pos: Any, count: int, order: Any) -> int:
    """The same for many, one after the other."""
    kept = 0
    for i in range(count):
        at = kept
        while at > 0 and (
            scores[order[at - 1]] < scores[i]
            or (scores[order[at - 1]] == scores[i] and pos[order[at - 1]] > pos[i])
        ):
            at -= 1
        if at < KEEP:
            for k in range(min(kept, KEEP - 1), at, -1):
                order[k] = order[k - 1]
            order[at] = i
            kept = min(kept + 1, KEEP)
    return kept
