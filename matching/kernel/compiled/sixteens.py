"""A block in single precision, sixteen slots side by side, for estimates of scores; and what a search of it notes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from matching.kernel.codes import KEEP_MATCHES
from matching.kernel.compiled.bits import COMPILE, njit
from matching.kernel.compiled.block import FREE, PRICE, Layout
from matching.kernel.compiled.lanes import DAYS_OF, FIXED, FREE_OF, LANES, PARTS, PRICE_OF
from matching.kernel.compiled.score import TERMS
from matching.kernel.tables import AnyArray, Floats, Ints

KEEP = KEEP_MATCHES
NOBODY = np.float32(-1.0)  # what stands for the points of nobody
FAR = 1e30
SANE = (1e-6, 1e12)  # quantities beyond leave single precision: such lines are scored one by one
AT_ONCE = 16  # sixteens of groups looked into at once
# What a score reads of a slot, one cache line.
OWN_PRICE, OWN_DAYS, OWN_FREE, OWN_CITY, OWN_ROLE, OWN_TRUST, OWN_POS, _, OWN = range(9)


class Tables(NamedTuple):
    """The block in single precision, by slot and by group. fixed: fit, role and trust; ``slots`` and ``groups`` hold
    the distance as well, of the lab that ``stand_at`` was last told.

    For those looked at exactly by slot in a row each, one or two cache lines: ``own``, what a score reads; ``least``,
    the layout's columns in single precision, float32[size * parts, LANES].
    """

    slots: AnyArray
    groups: AnyArray
    fixed: AnyArray
    own: Floats
    least: AnyArray
    share: AnyArray
    sane: AnyArray


class Notes(NamedTuple):
    """What one line's search writes into. wanted: how many groups had to be looked into lately, and the cut.

    bound: what nobody in a group exceeds; floors: the line's bounds by column, like ``Tables.least``; some, points: who
    was found, and what he may reach; places: which of those are looked at exactly, chosen: who of them is feasible.
    """

    bound: AnyArray
    floors: AnyArray
    listed: Ints
    wanted: Floats
    some: Ints
    points: AnyArray
    places: Ints
    chosen: Ints
    terms: Floats
    scores: Floats
    pos: Floats
    order: Ints


def tables_of(layout: Layout, weights: Floats) -> Tables:
    """Lay the columns of a score side by side; nobody is in a gap."""
    size, there = len(layout.pos), layout.pos >= 0
    share = weights / weights.sum()
    price, free = -layout.least[PRICE], layout.least[FREE]
    known, able = price > 0, free != 0
    sane = _sane(price[there & known]) and _sane(np.abs(free[there & able]))
    slots = np.zeros((size // LANES, PARTS, LANES), np.float32)
    slots[:, PRICE_OF] = np.where(there, np.where(known, price, -FAR), FAR).reshape(-1, LANES)
    slots[:, DAYS_OF] = np.where(there, layout.days, FAR).reshape(-1, LANES)
    slots[:, FREE_OF] = np.where(there, np.minimum(free, FAR), -FAR).reshape(-1, LANES)
    fixed = share[0] + share[5] * layout.role + share[6] * layout.trust
    own = np.zeros((size, OWN))
    own[:, OWN_PRICE], own[:, OWN_FREE], own[:, OWN_DAYS] = price, free, layout.days
    own[:, OWN_CITY], own[:, OWN_POS] = layout.city, layout.pos
    own[:, OWN_ROLE], own[:, OWN_TRUST] = layout.role, layout.trust
    return Tables(
        slots, _above(slots), np.where(there, fixed, -FAR).astype(np.float32), own, _in_rows(layout.least),
        share.astype(np.float32), np.array([sane]),
    )  # fmt: skip


def _in_rows(least: Floats) -> AnyArray:
    """The columns by slot, rounded to single precision and filled up to sixteens."""
    columns, size = least.shape
    rows = np.zeros((size, -(-columns // LANES) * LANES), np.float32)
    with np.errstate(
        over="ignore"
    ):  # what is beyond becomes infinite, and is compared in double precision then
        rows[:, :columns] = least.T
    return rows.reshape(-1, LANES)


def _sane(values: Floats) -> bool:
    return not len(values) or bool(values.min() >= SANE[0] and values.max() <= SANE[1])


def _above(below: AnyArray) -> AnyArray:
    """The best of each column of every sixteen, again in sixteens. A negative price says: somebody's is unknown."""
    many = -(-len(below) // LANES)
    above = np.zeros((many * LANES, PARTS), np.float32)
    above[:, FIXED], above[:, PRICE_OF], above[:, DAYS_OF], above[:, FREE_OF] = -FAR, FAR, FAR, -FAR
    price = below[:, PRICE_OF]
    least = np.abs(price).min(axis=1)
    above[: len(below), PRICE_OF] = np.where((price < 0).any(axis=1), -least, least)
    above[: len(below), DAYS_OF] = below[:, DAYS_OF].min(axis=1)
    above[: len(below), FREE_OF] = below[:, FREE_OF].max(axis=1)
    return np.ascontiguousarray(above.reshape(many, LANES, PARTS).swapaxes(1, 2))


def notes_for(tables: Tables) -> Notes:
    """For any number of lines on these tables."""
    size, real = len(tables.fixed), np.float32
    room = size + 2 * LANES  # lists are written sixteen at once
    return Notes(
        bound=np.full((len(tables.groups) + 3, LANES), NOBODY),
        floors=np.full((len(tables.least) // max(1, size), LANES), np.nan, real),
        listed=np.zeros((AT_ONCE + 1) * LANES, np.int32),
        wanted=np.array([60.0, 0.7]),
        some=np.zeros(room, np.int32),
        points=np.zeros((room // LANES + 1, LANES), real),
        places=np.zeros(room, np.int32),
        chosen=np.zeros(room, np.int32),
        terms=np.zeros((TERMS, room)),
        scores=np.zeros(room),
        pos=np.zeros(room),
        order=np.zeros(KEEP + 1, np.int32),
    )


@njit(**COMPILE)
def stand_at(tables: Any, city: Any, near: Any) -> None:
    """Put the distance from a lab into the fixed part of every slot, the most of each group above it."""
    share = tables.share[4]
    for row in range(len(tables.slots)):
        for lane in range(LANES):
            slot = row * LANES + lane
            tables.slots[row, FIXED, lane] = tables.fixed[slot] + share * np.float32(near[city[slot]])
        its = tables.slots[row, FIXED]
        # Four maxima beside each other: each comparison would wait for the one before it.
        one, two, three, four = its[0], its[1], its[2], its[3]
        for lane in range(4, LANES, 4):
            one, two = max(one, its[lane]), max(two, its[lane + 1])
            three, four = max(three, its[lane + 2]), max(four, its[lane + 3])
        tables.groups[row >> 4, FIXED, row & 15] = max(one, two, three, four)
