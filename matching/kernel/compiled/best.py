"""The best 20 of a line: estimates of slots and of groups of them decide who is scored exactly.

Sixteen slots lie beside each other in single precision, and so do sixteen such groups. The arithmetic that estimates a
slot's score tells also what nobody in a group exceeds, when it is given the group's best of each column: every term
rises or falls with one column, and rounding keeps that order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from matching.kernel.compiled.bits import COMPILE, INLINE, exact_round9, njit, ones_in
from matching.kernel.compiled.judge import judge_roughly, leave_out_here, meets
from matching.kernel.compiled.lanes import (
    LANES,
    append,
    append_reaching,
    at_least,
    close,
    compare,
    estimate,
    filled,
    highest,
    soon_read,
)
from matching.kernel.compiled.score import TERMS, clamp, fit, has_soft
from matching.kernel.compiled.sixteens import (
    AT_ONCE,
    FAR,
    KEEP,
    NOBODY,
    OWN,
    OWN_CITY,
    OWN_DAYS,
    OWN_FREE,
    OWN_POS,
    OWN_PRICE,
    OWN_ROLE,
    OWN_TRUST,
    SANE,
    stand_at,
)

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
AT_A_TIME = 32  # scores: loops over fewer are not made vectors
TAIL = 0.03  # how much lower the cut has to be for e times as many groups, about
GUESSES = 5  # by such a tail, then by halves


@njit(**INLINE)
def _rates(share: Any, target: float, rate: float, days: float) -> Any:
    """What the line makes of a price, of days, of free pieces: TOP to PER_FREE of ``lanes``."""
    half, none = np.float32(0.5) * share[1], np.float32(0)
    asked = target > 0
    return (
        np.float32(2) * share[1] if asked else half,
        share[1] if asked else half,
        half,
        np.float32(share[1] / target) if asked else none,
        share[2],
        np.float32(share[2] / days),
        share[3],
        np.float32(share[3] / (2 * rate)),
    )


@njit(**INLINE)
def _reaching(points: Any, count: int, threshold: Any) -> Any:
    total = np.uint64(0)
    for row in range((count + LANES - 1) // LANES):
        total += ones_in(at_least(points, row, threshold))
    return np.int64(total)


@njit(**INLINE)
def _reached_by(many: int, points: Any, count: int, low: Any) -> Any:
    """Points that so many reach, little below what the last of them has; they all reach ``low``."""
    high = low
    for row in range((count + LANES - 1) // LANES):
        high = max(high, highest(points, row))
    while high - low > STEP:
        middle = np.float32(0.5) * (low + high)
        reaching = _reaching(points, count, middle)
        if reaching < many:
            high = middle
        else:
            low = middle
            if reaching <= many + SPARE:
                return low
    return low


@njit(**INLINE)
def _cut(bound: Any, groups: Any, high: Any, guess: Any) -> Any:
    """Below which points to stop, so that about so many groups are looked into; EVERYBODY when all are."""
    low, count = np.float32(0), len(bound) * LANES
    middle, guesses = guess, 0
    while high - low > STEP:
        if guesses >= GUESSES or not low < middle < high:
            middle = np.float32(0.5) * (low + high)
        guesses += 1
        reaching = _reaching(bound, count, middle)
        if reaching < groups:
            high = middle
        else:
            low = middle
            if reaching < 1.2 * groups:
                return low
        middle += np.float32(TAIL * np.log((reaching + 1.0) / (1.1 * groups + 1.0)))
    return low if low > 0 else EVERYBODY


@njit(**INLINE)
def _bounds_of_groups(tables: Any, feasible: Any, rates: Any, bound: Any) -> Any:
    """What nobody in a group exceeds, into ``bound``; returns how many groups have somebody."""
    total = np.uint64(0)
    for node in range(len(tables.groups)):
        there = filled(feasible, node)
        total += ones_in(there)
        estimate(tables.groups, node, rates, there, bound, node)
    return np.int64(total)


@njit(**INLINE)
def _take(
    layout: Any, asks: Any, line: int, tables: Any, notes: Any, rates: Any, work: Any, bounds: int, soft: bool,
    cut: Any, above: Any, count: int,
) -> tuple[Any, Any]:  # fmt: skip
    """Find whose points without the fit lie from ``cut`` up to ``above``; returns how many there are now, and the cut,
    which rises when more are found than needed."""
    some, points, listed = notes.some, notes.points, notes.listed
    for first in range(0, len(tables.groups), AT_ONCE):
        before, groups = count, 0
        for node in range(first, min(first + AT_ONCE, len(tables.groups))):
            groups = append_reaching(notes.bound, node, cut, listed, groups)
        for i in range(groups):
            group = np.int64(listed[i])
            whose = work.feasible[group >> 2] >> np.uint64((group & 3) * LANES)
            count = append(tables.slots, group, rates, whose, cut, above, some, points, count)
        if soft:
            for i in range(before, count):
                less = np.float32(fit(layout, asks, line, some[i]) - 1.0)
                points[i >> 4, i & 15] += tables.share[0] * less
        close(points, count)
        for i in range(before, count):
            soon_read(tables.least, np.int64(some[i]) * len(notes.floors) * LANES)
            soon_read(tables.own, np.int64(some[i]) * OWN)
        if count > before + FULL and first + AT_ONCE < len(tables.groups):
            _look_exactly(layout, tables, notes, work, bounds, count, EVERYBODY)
            if _reaching(points, count, cut + FINE) >= KEEP:
                cut = _reached_by(KEEP, points, count, cut + FINE) - FINE
    return count, cut


@njit(**INLINE)
def _set_floors(floors: Any, work: Any, bounds: int) -> None:
    """The bounds by column, rounded; of two for one column the higher."""
    for part in range(len(floors)):
        for lane in range(LANES):
            floors[part, lane] = np.nan
    for i in range(bounds):
        column, bound = work.kind[i], np.float32(work.bound[i])
        if not floors[column >> 4, column & 15] >= bound:
            floors[column >> 4, column & 15] = bound


@njit(**INLINE)
def _is_feasible(layout: Any, tables: Any, floors: Any, work: Any, bounds: int, slot: int) -> bool:
    """Whether somebody of ``work.feasible`` meets every bound. Rounding keeps what is less from becoming more: only
    where rounded numbers are equal the exact ones have to be looked at."""
    seen = np.uint64(0)
    for part in range(len(floors)):
        seen |= compare(tables.least, slot * len(floors) + part, floors, part)
    if seen >> np.uint64(LANES) and not seen & np.uint64(0xFFFF):
        return meets(layout, work, bounds, slot)
    return not seen


@njit(**INLINE)
def _look_exactly(
    layout: Any, tables: Any, notes: Any, work: Any, bounds: int, count: int, threshold: Any
) -> tuple[Any, Any]:
    """Who of those with so many points is feasible, into ``notes.chosen``; the others have no points any more.
    ``work.feasible`` is a superset. Returns how many they are, and how many of them surely have so many."""
    points, seen, chosen, sure = notes.points, 0, 0, 0
    for row in range((count + LANES - 1) // LANES):
        seen = append_reaching(points, row, threshold - FINE, notes.places, seen)
    for i in range(seen):
        place = np.int64(notes.places[i])
        slot, its = np.int64(notes.some[place]), points[place >> 4, place & 15]
        good = _is_feasible(layout, tables, notes.floors, work, bounds, slot)
        points[place >> 4, place & 15] = its if good else NOBODY
        notes.chosen[chosen] = slot
        chosen += good
        sure += good & (its >= threshold)
    return chosen, sure


@njit(**INLINE)
def find_best(
    layout: Any, asks: Any, line: int, tables: Any, notes: Any, work: Any, bounds: int, days: float
) -> int:
    """Into ``notes.chosen`` whoever may be among the best 20 (with ties as many as there are); returns how many.

    ``work.feasible`` may hold slots that fail one of ``bounds``. As many groups are looked into as had to be for the
    lines before, more when that was not enough: this decides how long it takes, not what is found.
    """
    target, rate = asks.target[line], asks.rate[line]
    sane = tables.sane[0] and SANE[0] <= rate <= SANE[1] and not (target < SANE[0] or target > SANE[1])
    soft = has_soft(asks, line)
    rates = _rates(tables.share, target, rate, days)
    _set_floors(notes.floors, work, bounds)
    all_groups = _bounds_of_groups(tables, work.feasible, rates, notes.bound)
    groups, above, count, cut = notes.wanted[0], np.float32(FAR), 0, TOP_POINTS
    while True:
        narrow = sane and groups < all_groups
        cut = _cut(notes.bound, groups, cut, np.float32(notes.wanted[1])) if narrow else EVERYBODY
        first = cut
        count, cut = _take(layout, asks, line, tables, notes, rates, work, bounds, soft, cut, above, count)
        reaching = _reaching(notes.points, count, cut + FINE)
        while reaching >= KEEP:
            last = _reached_by(min(KEEP + SPARE, reaching), notes.points, count, cut + FINE)
            chosen, sure = _look_exactly(layout, tables, notes, work, bounds, count, last)
            if sure >= KEEP:
                needed = _reaching(notes.bound, len(notes.bound) * LANES, last)
                notes.wanted[0] += 0.1 * (SLACK * needed - notes.wanted[0])
                notes.wanted[1] = first
                return chosen
            reaching = _reaching(notes.points, count, cut + FINE)
        if cut <= EVERYBODY:
            chosen, sure = _look_exactly(layout, tables, notes, work, bounds, count, EVERYBODY)
            return chosen
        above, groups = cut, 2 * groups


@njit(**INLINE)
def score_found(
    layout: Any, asks: Any, line: int, own: Any, near: Any, days: float, weights: Any, notes: Any, count: int
) -> int:
    """Exact terms and scores of those chosen, the places of the best 20 into ``notes.order``; returns how many.

    The terms and their sum are those of ``score.score``, term by term for all: such loops become vectors.
    """
    terms, soft = notes.terms, has_soft(asks, line)
    for i in range(count):
        its = own[notes.chosen[i]]
        terms[0, i] = fit(layout, asks, line, notes.chosen[i]) if soft else 1.0
        terms[1, i], terms[2, i], terms[3, i] = its[OWN_PRICE], its[OWN_DAYS], its[OWN_FREE]
        terms[4, i], terms[5, i], terms[6, i] = near[np.int64(its[OWN_CITY])], its[OWN_ROLE], its[OWN_TRUST]
        notes.pos[i] = its[OWN_POS]
    whole = -(-count // AT_A_TIME) * AT_A_TIME
    _make_terms(terms, whole, asks.target[line], days, asks.rate[line])
    _sum_up(terms, whole, weights, notes.scores)
    if count > MANY:
        return _in_order(notes.scores, notes.pos, count, notes.order)
    for i in range(count, whole):
        notes.scores[i] = NOBODY
    return _ranked(notes.scores, notes.pos, count, whole, notes.order)


@njit(**INLINE)
def _make_terms(terms: Any, count: int, target: float, days: float, rate: float) -> None:
    """Of prices, days and free pieces what they are worth, in their places."""
    price, soon, free = terms[1], terms[2], terms[3]
    if target > 0:
        for i in range(count):
            price[i] = clamp(2 - price[i] / target) if price[i] > 0 else 0.5
    else:
        for i in range(count):
            price[i] = 0.5
    for i in range(count):
        soon[i] = clamp(1 - soon[i] / days)
    for i in range(count):
        free[i] = clamp(free[i] / (2 * rate))


@njit(**INLINE)
def _sum_up(terms: Any, count: int, weights: Any, scores: Any) -> None:
    one, two, three, four = weights[0], weights[1], weights[2], weights[3]
    five, six, seven = weights[4], weights[5], weights[6]
    weight = 0.0 + one + two + three + four + five + six + seven
    for i in range(count):
        total = 0.0 + one * terms[0, i] + two * terms[1, i] + three * terms[2, i] + four * terms[3, i]
        total = total + five * terms[4, i] + six * terms[5, i] + seven * terms[6, i]
        scores[i] = exact_round9(total / weight)


@njit(**INLINE)
def _ranked(scores: Any, pos: Any, count: int, whole: int, order: Any) -> int:
    """The best 20 by score, then lower position: each counts who is before it, without a branch."""
    ranks = 0
    for i in range(count):
        value, before = scores[i], 0
        for k in range(whole):
            before += scores[k] > value
        ranks += before
        order[min(before, KEEP)] = i
    if 2 * ranks == count * (count - 1):
        return min(count, KEEP)
    return _in_order(scores, pos, count, order)


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


@njit(**INLINE)
def _write_best(notes: Any, kept: int, matches: Any, scores: Any, terms: Any) -> None:
    for rank in range(kept):
        at = np.int64(notes.order[rank])
        matches[rank], scores[rank] = notes.chosen[at], notes.scores[at]
        for term in range(TERMS):
            terms[rank, term] = notes.terms[term, at]


@njit(**COMPILE)
def solve_best(
    layout: Any, index: Any, asks: Any, lines: Any, turns: Any, prox: Any, tables: Any, weights: Any, as_of: int,
    work: Any, notes: Any, found: Any,
) -> None:  # fmt: skip
    """The best 20 of many lines of a block with an index. turns: in which order, those of one lab together.

    One function without a call for each line, all of it put in place: handing tables of arrays over takes 0.4 µs.
    """
    stands = -1
    for i in turns:
        line = lines[i]
        lab = asks.lab[asks.demand[line]]
        if lab != stands:
            stand_at(tables, layout.city, prox[lab])
            stands = lab
        days = float(max(1, asks.need_by[line] - as_of))
        bounds = judge_roughly(layout, index, asks, line, work)
        found.totals[i, 1] = leave_out_here(layout, asks, line, work)
        count = find_best(layout, asks, line, tables, notes, work, bounds, days)
        kept = score_found(layout, asks, line, tables.own, prox[lab], days, weights, notes, count)
        _write_best(notes, kept, found.matches[i], found.scores[i], found.terms[i])
