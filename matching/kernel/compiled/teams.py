"""§6's choice of a team for every site group, and who the part conditions rule out: loops for one line."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from matching.kernel.codes import KEEP_PIPELINES, NO_DATE
from matching.kernel.compiled.bits import COMPILE, INLINE, ONE, exact_round9, has_bit, lowest, njit, set_bit
from matching.kernel.compiled.block import pack
from matching.kernel.measure import holds
from matching.kernel.prepare import Prepared
from matching.kernel.tables import AnyArray, Bools, Floats, Ints

TOP = KEEP_PIPELINES
CLOSE = 2e-9  # more than rounding can move two values towards each other
NAN = math.nan
MINUTES_PER_DAY = 480.0
SAME_CITY = 30.0
NOBODY = -1
MANY_CITIES = 48  # of which a line has somebody: from here on all cities are looked at, in vectors


class Conditions(NamedTuple):
    """Part conditions over all capabilities, a row of bits for each: what is asked of one is found in one place.

    fails: uint64[C, W], which conditions it fails; misfits: uint64[C, W], which sets it fails any of. The conditions of
    set i, in the site's order: item[start[i]:start[i + 1]].
    """

    start: Ints
    item: Ints
    fails: AnyArray
    misfits: AnyArray


def conditions_of(prepared: Prepared) -> Conditions:
    """Of all capabilities: the same for all Problems over one supply."""
    loops = prepared.shared.loops
    if "conditions" not in loops:
        made = prepared.shared.keep("conditions", lambda: _conditions(prepared)._asdict())
        loops["conditions"] = Conditions(**made)
    found: Conditions = loops["conditions"]
    return found


def _conditions(prepared: Prepared) -> Conditions:
    sizes = [len(members) for members in prepared.condition_sets]
    items = [condition for members in prepared.condition_sets for condition in members]
    caps = prepared.problem.capabilities
    words = max(1, -(-len(caps.type) // 64))
    fails = np.zeros((len(prepared.conditions), words), np.uint64)
    for key in sorted(
        {want.key for want in prepared.conditions}
    ):  # what is the same for all conditions on a key is looked up once
        asked_of = prepared.problem.types.has_key[:, key][caps.type]
        rows, column = prepared.shared.specs.stated(key)
        for number, want in enumerate(prepared.conditions):
            if want.key == key:
                bad = asked_of.copy()
                bad[rows[holds(want, column)]] = False
                fails[number] = pack(bad, words)
    misfits = np.zeros((len(sizes), words), np.uint64)
    for number, members in enumerate(prepared.condition_sets):
        for condition in set(members):
            misfits[number] |= fails[condition]
    start = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    many = len(caps.type)
    return Conditions(start, np.array(items, np.int32), turned(fails, many), turned(misfits, many))


def turned(rows: AnyArray, many: int) -> AnyArray:
    """uint64[rows, W], a bit for each of so many, as uint64[many, W] with a bit for each row."""
    turned = np.zeros((many, max(1, -(-len(rows) // 64))), np.uint64)
    turn(rows, turned)
    return turned


@njit(**COMPILE)
def turn(rows: Any, out: Any) -> None:
    """Set bit i of row k where row i has bit k."""
    for row in range(len(rows)):
        for word in range(rows.shape[1]):
            bits = rows[row, word]
            while bits != 0:
                set_bit(out[(word << 6) + np.int64(lowest(bits))], row)
                bits &= bits - ONE


@njit(**COMPILE)
def by_city(
    at: Any, scores: Any, city: Any, order: Any, start: Any, cities: Any, top: Any, dense: Any
) -> int:
    """Put a line's feasible (``at``, by position) together by city; returns how many cities there are.

    order: indices of those in cities[k] from start[k] up to start[k + 1]; top: 0.60 of the best score there; dense: the
    same by every city, -inf where nobody is. start: room for two more than there are cities.
    """
    for k in range(len(dense)):
        start[k + 2], dense[k] = 0, -np.inf
    for i in range(len(at)):
        place = city[at[i]]
        start[place + 2] += 1
        dense[place] = max(dense[place], 0.60 * scores[i])
    start[0] = start[1] = 0
    for k in range(len(dense)):
        start[k + 2] += start[k + 1]
    for i in range(len(at)):
        place = city[at[i]]
        order[start[place + 1]] = i
        start[place + 1] += 1
    many = 0
    for k in range(len(dense)):
        if start[k + 1] > start[k]:
            cities[many], top[many] = k, dense[k]
            start[many + 1] = start[k + 1]
            many += 1
    return many


@njit(**{**COMPILE, "fastmath": {"nnan", "nsz"}})
def _highest(dense: Any, near: Any) -> float:
    """Of numbers without NaN a maximum is the same in every order: this becomes vectors."""
    high = -np.inf
    for k in range(len(dense)):
        value = dense[k] + 0.075 * near[k]
        high = value if value > high else high
    return high


@njit(**COMPILE)
def reached(cities: Any, top: Any, dense: Any, near: Any) -> float:
    """What nobody of a line exceeds by 0.60 S + 0.075 prox to one city, whatever the sites there ask; -inf for nobody.

    near: proximity of every city to it.
    """
    if len(cities) > MANY_CITIES:
        return _highest(dense, near)
    high = -np.inf
    for k in range(len(cities)):
        high = max(high, top[k] + 0.075 * near[cities[k]])
    return high


@njit(**COMPILE)
def choose(
    at: Any, scores: Any, order: Any, start: Any, cities: Any, top: Any, near: Any, misfits: Any, number: int
) -> int:  # fmt: skip
    """Whom a line takes for sites of one city and condition set: by round9(0.60 S + 0.075 prox), then lower position.

    at, scores: the line's feasible, by position; order to top: see ``by_city``. misfits: of every capability; number:
    of the condition set; near: see ``reached``. Returns an index, or NOBODY.
    """
    best, value, high, first = NOBODY, -1.0, -np.inf, 0
    for k in range(len(cities)):
        here = top[k] + 0.075 * near[cities[k]]
        if here > high:
            high, first = here, k
    # Where the best is likely to be first: others are seldom looked at then.
    for turn in range(-1, len(cities)):
        k = first if turn < 0 else turn
        close = 0.075 * near[cities[k]] if len(cities) else 0.0
        if turn == first or len(cities) == 0 or top[k] + close < value - CLOSE:
            continue
        for j in range(start[k], start[k + 1]):
            i = order[j]
            rough = 0.60 * scores[i] + close
            if rough < value - CLOSE or has_bit(misfits[at[i]], number):
                continue
            exact = exact_round9(rough)
            if exact > value or (exact == value and i < best):
                best, value = i, exact
    return best


@njit(**COMPILE)
def rule_out(at: Any, sets: Any, kept: int, conditions: Any, usable: Any, counts: Any) -> None:
    """How many of ``at`` fit each of the first ``kept`` condition sets, and how many fail each of its conditions."""
    for rank in range(kept):
        usable[rank] = len(at)
        counts[rank][:] = 0
    for place in at:
        misfit = conditions.misfits[place]
        for rank in range(kept):
            number = sets[rank]
            if has_bit(misfit, number):
                usable[rank] -= 1
                for j in range(conditions.start[number], conditions.start[number + 1]):
                    failing = has_bit(conditions.fails[place], conditions.item[j])
                    counts[rank, j - conditions.start[number]] += failing


@njit(**COMPILE)
def keep_site(i: int, value: float, kept: int, sums: Any, group_of: Any, best: Any, total: Any) -> int:
    """Put a site (index, by id) among the best 10, where it belongs there; returns how many are kept."""
    partial, at = sums[group_of[i], 2], kept
    while at > 0:
        before = best[at - 1]
        other = sums[group_of[before], 2]
        if partial > other or (
            partial == other and (value < total[at - 1] or (value == total[at - 1] and i > before))
        ):
            break
        at -= 1
    if at == TOP:
        return kept
    for k in range(min(kept, TOP - 1), at, -1):
        best[k], total[k] = best[k - 1], total[k - 1]
    best[at], total[at] = i, value
    return min(kept + 1, TOP)


@njit(**INLINE)
def _longest(days: Any, count: int) -> tuple[float, int]:
    """The maximum, and the first that attains it to 9 decimals."""
    most, first = days[0], 0
    for i in range(1, count):
        most = max(most, days[i])
    rounded = exact_round9(most)
    for i in range(count):
        if exact_round9(days[i]) == rounded:
            first = i
            break
    return most, first


@njit(**INLINE)
def _stored(days: float) -> float:
    """Rounded to 9 decimals, never -0; NaN stays."""
    return exact_round9(days) + 0.0


@njit(**COMPILE)
def stages(
    caps: Any,
    first_line: int,
    demand: Any,
    lab: int,
    goal: int,
    same: bool,
    world: Any,
    opens: Any,
    closes: Any,
    has_site: bool,
    work: Any,
    out: Any,
    critical: Any,
    dates: Any,
) -> None:
    """The five stages of a complete team into ``out`` (unrounded), the critical lines and the trial's dates.

    demand: (iterations, trial days, start, as-of). same: as if every T were 30. opens, closes: the site's windows.
    """
    count, travel, city = len(caps), world.travel, world.city
    iterations, trial, start, as_of = demand
    for i in range(count):
        minutes = SAME_CITY if same else travel[lab, city[caps[i]]]
        work[i] = world.prototype_days[caps[i]] + 2 * minutes / MINUTES_PER_DAY
    longest, which = _longest(work, count)
    critical[0] = first_line + which
    for i in range(count):
        work[i] = world.volume_days[caps[i]] + 30 * world.quantity[first_line + i] / world.free[caps[i]]
    volume, which = _longest(work, count)
    critical[1] = first_line + which
    delivery, critical[2] = 0.0, -1
    if goal >= 0:
        for i in range(count):
            work[i] = (SAME_CITY if same else travel[city[caps[i]], goal]) / MINUTES_PER_DAY
        delivery, which = _longest(work, count)
        critical[2] = first_line + which
    prototype = iterations * longest
    out[0], out[3], out[4] = prototype, volume, delivery
    dates[0], dates[1], dates[2] = NO_DATE, NO_DATE, NO_DATE
    if not has_site:
        out[1], out[2] = 0.0, 0.0
        return
    out[1], out[2] = NAN, float(trial)
    ready = max(as_of + math.ceil(exact_round9(prototype)), start)
    for i in range(len(opens)):
        day = max(opens[i], ready)
        if closes[i] - day + 1 >= trial and (dates[0] == NO_DATE or day < dates[0]):
            dates[0], dates[1], dates[2] = day, opens[i], closes[i]
    if dates[0] != NO_DATE:
        out[1] = dates[0] - as_of - prototype


class Plans(NamedTuple):
    """Columns of P pipelines; see ``Pipelines``. stages, baseline: float64[P, 7], the five, total and late."""

    demand: Ints
    rank: Ints
    site: Ints
    score: Floats
    complete: Bools
    stages: Floats
    critical: Ints
    dates: Ints
    base: Floats


def plans(room: int) -> Plans:
    whole = np.int32
    return Plans(
        np.zeros(room, whole), np.zeros(room, whole), np.zeros(room, whole), np.zeros(room), np.zeros(room, np.bool_),
        np.full((room, 7), NAN), np.full((room, 3), -1, whole), np.zeros((room, 3), whole), np.full((room, 6), NAN),
    )  # fmt: skip


@njit(**COMPILE)
def plan(
    row: int,
    caps: Any,
    first_line: int,
    demand: Any,
    need_by: int,
    lab: int,
    goal: int,
    world: Any,
    opens: Any,
    closes: Any,
    has_site: bool,
    work: Any,
    out: Any,
) -> None:
    """Time to market of one complete pipeline into row ``row`` of the columns, as it is and as if in one city."""
    found, base = out.stages[row], out.base[row]
    # The second call leaves its own critical lines and dates.
    for same, into in ((True, base), (False, found)):
        stages(
            caps, first_line, demand, lab, goal, same, world, opens, closes, has_site, work, into, out.critical[row],
            out.dates[row],
        )  # fmt: skip
    total = _stored(found[0] + found[1] + found[2] + found[3] + found[4])
    base[5] = _stored(base[0] + base[1] + base[2] + base[3] + base[4])
    for i in range(5):
        found[i], base[i] = _stored(found[i]), _stored(base[i])
    found[5], found[6] = total, NAN
    if total == total:
        found[6] = _stored(max(0.0, total - (need_by - demand[3])))
