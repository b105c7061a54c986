"""A block of candidates laid out for compiled loops: slots, "at least" columns, bitmaps.

Every bound of §3 is written as *value at least threshold*: a ceiling on the lowest value becomes a floor under its
negative. What is not stated is -inf (satisfies nothing), an unknown price +inf (exceeds no ceiling).

Slots are the block's candidates in an order in which sixteens hold alike ones, so that an upper bound of their
scores means something. ``Layout.pos`` leads back, and ties are decided there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from matching.kernel.codes import Kind
from matching.kernel.compiled.bits import COMPILE, OWNING, copy_row, njit, set_bit
from matching.kernel.prepare import Block, Prepared
from matching.kernel.tables import AnyArray, Floats, Ints

if TYPE_CHECKING:
    from matching.kernel.compiled.sixteens import Tables

MOQ, READY, PRICE, FREE, FIRST_KEY = range(5)  # rows of Layout.least
MAX_CUTS = 64
FEW_LINES = 12  # below, sorting the columns costs more than looking through them
FEW_SLOTS = 256
ALIKE = 16  # candidates put together, of whom one upper bound is kept
# How much each axis counts when alike candidates are put together: price, days, city, role and trust.
AXES = (0.5, 0.7, 3.0, 1.0)


class Layout(NamedTuple):
    """The block by slot, n slots in W words. least: float64[columns, n]; -inf fails everything
    (``unstated``).

    key_column: int32[K], of a key its row of ``least`` for its negated lowest value, the highest in the next row;
    choice_row: int32[K], its first row of ``choices`` (one per choice, then one of what states anything); -1 none.
    ends: the last slot of every firm, where firms lie together and in one word each; else empty.
    firm_slots: slots by firm, firm_start: where those of firms[i] begin.
    """

    pos: Ints
    place: Ints
    least: Floats
    unstated: AnyArray
    key_column: Ints
    key_kind: Ints
    key_places: Floats
    choice_row: Ints
    choices: AnyArray
    held_row: Ints
    held: AnyArray
    valid: AnyArray
    ends: AnyArray
    days: Floats
    city: Ints
    role: Floats
    trust: Floats
    firm: Ints
    firms: Ints
    firm_start: Ints
    firm_slots: Ints


class Index(NamedTuple):
    """Sorted columns with the bitmaps of their smallest values: ``rows[c, j]`` holds the ``cuts[c, j]`` smallest.

    order: int32[columns, n], slots by value; value: float64, the values in that order. Empty when not worth it.
    """

    order: Ints
    value: Floats
    cuts: Ints
    cut_value: Floats
    rows: AnyArray


class At(NamedTuple):
    """Of a block what lines read once it is laid out: positions, ascending."""

    pos: Ints


class Laid(NamedTuple):
    """A block ready for the loops. tables: what estimates read, where it was laid out for them."""

    block: Block | At
    layout: Layout
    lookup: Index
    tables: Tables | None = None


def lay_out(
    prepared: Prepared, block: Block, keys: Ints, codes: Ints, lines: int, *, by_score: bool = False
) -> Laid:
    """keys, codes: the component keys and certificates that the lines ask about; lines: how many will be solved.

    by_score: put alike candidates together (the best 20 only are wanted), else those of one firm (to be counted).
    """
    worth_it = lines >= FEW_LINES and len(block.pos) > FEW_SLOTS
    if not worth_it:
        slots, ends = np.arange(len(block.pos), dtype=np.int32), np.zeros(0, np.uint64)
    elif by_score:
        slots, ends = _alike(prepared, block), np.zeros(0, np.uint64)
    else:
        slots, ends = _by_firm(block)
    words = -(-len(slots) // 64)
    slots = np.concatenate((slots, np.full(-len(slots) % 64, -1, np.int32)))
    there = slots >= 0

    def by_slot(values: AnyArray, empty: float = 0) -> AnyArray:
        return np.where(there, values[slots], np.array(empty, values.dtype))

    least, key_column, choice_row, choices = _columns(prepared, block, slots, keys, words)
    firms, firm = np.unique(block.firm, return_inverse=True)
    firm_of: Ints = by_slot(firm, -1).astype(np.int32)
    by_firm = np.argsort(firm_of, kind="stable").astype(np.int32)
    held_row = np.full(max(codes, default=-1) + 1, -1, np.int32)
    held_row[codes] = np.arange(len(codes))
    held = np.zeros((len(codes), words), np.uint64)
    for row, code in enumerate(codes.tolist()):
        held[row] = pack(by_slot(block.held(code)), words)
    days = by_slot(block.volume_days).astype(np.float64)
    places = np.array([max(1, n) - 1 for n in prepared.problem.component_keys.n_choices.tolist()], np.float64)
    kinds = prepared.problem.component_keys.kind
    layout = Layout(
        pos=by_slot(block.pos, -1), place=slots, least=least,
        unstated=np.array([pack(column == -np.inf, words) for column in least]), key_column=key_column,
        key_kind=kinds.astype(np.int32),
        key_places=np.where(kinds == Kind.ORDERED, places, np.nan), choice_row=choice_row, choices=choices,
        held_row=held_row, held=held, valid=pack(there, words), ends=ends, days=days, city=by_slot(block.city),
        role=by_slot(block.role), trust=by_slot(block.trust), firm=firm_of, firms=firms.astype(np.int32),
        firm_start=np.searchsorted(firm_of[by_firm], np.arange(len(firms) + 1)).astype(np.int32), firm_slots=by_firm,
    )  # fmt: skip
    lookup = build_index(least, words) if worth_it else no_index(words)
    return Laid(block, layout, lookup)


def _alike(prepared: Prepared, block: Block) -> Ints:
    """Candidates in an order that puts alike ones into one word: halved by what spreads the scores most."""
    known = block.price[~np.isnan(block.price)]
    price = np.nan_to_num(block.price, nan=float(np.median(known)) if len(known) else 0.0)
    weights = prepared.line_weights
    axes = [
        _rank(price) * weights[1] * AXES[0],
        _rank(block.volume_days) * weights[2] * AXES[1],
        _neighbours(prepared.prox)[block.city] * weights[4] * AXES[2],
        (weights[5] * block.role + weights[6] * block.trust) * AXES[3],
    ]
    parts = [np.arange(len(block.pos), dtype=np.int32)]
    while max(map(len, parts)) > ALIKE:
        parts = [half for part in parts for half in _halves(part, axes)]
    return np.concatenate(parts)


def _neighbours(prox: Floats) -> Floats:
    """A place in [0, 1] for each city, near ones near each other: halved again and again by the two farthest."""
    groups = [np.arange(len(prox))]
    while max(map(len, groups)) > 1:
        halves: list[AnyArray] = []
        for cities in groups:
            if len(cities) == 1:
                halves.append(cities)
                continue
            near = prox[np.ix_(cities, cities)]
            one, other = np.unravel_index(int(np.argmin(near)), near.shape)
            order = np.argsort(near[other] - near[one], kind="stable")
            halves += [cities[order[: len(order) // 2]], cities[order[len(order) // 2 :]]]
        groups = halves
    place = np.empty(len(prox))
    place[np.concatenate(groups)] = np.arange(len(prox)) / len(prox)
    return place


def _rank(values: AnyArray) -> Floats:
    order = np.argsort(values, kind="stable")
    rank = np.empty(len(values))
    rank[order] = np.arange(len(values)) / max(1, len(values))
    return rank


def _halves(part: Ints, axes: list[Floats]) -> list[Ints]:
    if len(part) <= ALIKE:
        return [part]
    axis = max((axis[part] for axis in axes), key=np.ptp)
    middle = len(part) // (2 * ALIKE) * ALIKE or ALIKE
    order = np.argpartition(axis, middle)
    return [part[order[:middle]], part[order[middle:]]]


def _by_firm(block: Block) -> tuple[Ints, AnyArray]:
    """Candidates firm by firm (cities and trust together), no firm across two words: gaps are -1. And the bitmap of
    every firm's last slot; empty when some firm is larger than a word."""
    firms, first, firm, size = np.unique(
        block.firm, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((firms, block.trust[first], block.city[first]))
    place_of = np.empty(len(firms), np.int64)
    place_of[order] = np.arange(len(firms))
    rows = np.lexsort((np.arange(len(firm)), place_of[firm])).astype(np.int32)
    if len(size) and size.max() > 64:
        return rows, np.zeros(0, np.uint64)
    start = _starts(size[order])
    within = np.arange(len(rows)) - np.repeat(np.cumsum(size[order]) - size[order], size[order])
    at = np.repeat(start[:-1], size[order]) + within
    slots = np.full(-(-int(start[-1]) // 64) * 64, -1, np.int32)
    slots[at] = rows
    last = np.zeros(len(slots), bool)
    last[start[:-1] + size[order] - 1] = True
    return slots, pack(last, len(slots) // 64)


@njit(**OWNING)
def _starts(sizes: Any) -> Any:
    """Where each firm's slots begin, none across a border of 64; at the end where the next would begin."""
    starts = np.empty(len(sizes) + 1, np.int64)
    free = 0
    for i in range(len(sizes)):
        if (free & 63) + sizes[i] > 64:
            free = (free | 63) + 1
        starts[i] = free
        free += sizes[i]
    starts[-1] = free
    return starts


def _columns(
    prepared: Prepared, block: Block, slots: Ints, keys: Ints, words: int
) -> tuple[Floats, Ints, Ints, AnyArray]:
    """The columns of bounds, the bitmaps of choices, and where each key finds its own."""
    price, there = block.price[slots], slots >= 0
    columns = [-block.moq[slots], -block.last_day[slots].astype(np.float64)]
    columns += [np.where(np.isnan(price), np.inf, -price), block.free[slots]]
    bitmaps: list[AnyArray] = []
    kinds, n_choices = prepared.problem.component_keys.kind, prepared.problem.component_keys.n_choices
    key_column, choice_row = np.full(len(kinds), -1, np.int32), np.full(len(kinds), -1, np.int32)
    for key in keys.tolist():
        column = block.column(key).at(slots)
        if kinds[key] in (Kind.NUMBER, Kind.RANGE, Kind.ORDERED):
            key_column[key] = len(columns)
            columns += [np.where(np.isnan(side), -np.inf, side) for side in (-column.lo, column.hi)]
        if kinds[key] not in (Kind.NUMBER, Kind.RANGE):
            choice_row[key] = len(bitmaps)
            many = 2 if kinds[key] == Kind.BOOL else int(n_choices[key])
            bits = [(column.mask >> np.uint64(bit)) & np.uint64(1) == 1 for bit in range(many)]
            bitmaps += [pack(offered & there, words) for offered in bits]
    found = np.array(bitmaps, np.uint64).reshape(len(bitmaps), words)
    least = np.array(columns, np.float64)
    least[:, ~there] = np.inf  # gaps fail nothing, and are not among the valid
    return least, key_column, choice_row, found


def pack(flags: AnyArray, words: int) -> AnyArray:
    """bool[n] as uint64[words], slot i in bit i % 64 of word i // 64."""
    whole = np.zeros(words * 64, bool)
    whole[: len(flags)] = flags
    return np.packbits(whole, bitorder="little").view("<u8").astype(np.uint64)


def no_index(words: int) -> Index:
    return Index(
        np.zeros((0, 0), np.int32),
        np.zeros((0, 0)),
        np.zeros((0, 0), np.int32),
        np.zeros((0, 0)),
        np.zeros((0, 0, words), np.uint64),
    )


def build_index(least: Floats, words: int) -> Index:
    """Sort every column and lay down the bitmap of its smallest values at up to 64 places."""
    order = np.argsort(least, axis=1).astype(np.int32)  # who of equal ones is first says nothing
    value = np.take_along_axis(least, order, axis=1)
    cuts = _cuts(value)
    cut_value = np.take_along_axis(value, np.minimum(cuts, least.shape[1] - 1), axis=1)
    cut_value[cuts == least.shape[1]] = np.inf
    rows = np.zeros((len(least), cuts.shape[1], words), np.uint64)
    _fill(order, cuts, rows)
    return Index(order, value, cuts, cut_value, rows)


def move_in_index(index: Index, slot: int, before: Floats, after: Floats) -> None:
    """A slot gets other values in its columns. Cuts keep their values: only who is below them changes."""
    for column in np.flatnonzero(before != after).tolist():
        order, value = index.order[column], index.value[column]
        was, new = before[column], after[column]
        first, last = np.searchsorted(value, was), np.searchsorted(value, was, side="right")
        at = int(first) + int(np.flatnonzero(order[first:last] == slot)[0])
        to = int(np.searchsorted(value, new))
        if to > at:
            to -= 1  # it leaves a place before
            order[at:to], value[at:to] = order[at + 1 : to + 1].copy(), value[at + 1 : to + 1].copy()
        else:
            order[to + 1 : at + 1], value[to + 1 : at + 1] = order[to:at].copy(), value[to:at].copy()
        order[to], value[to] = slot, new
        _recut(index, column, slot, was, new)


def _recut(index: Index, column: int, slot: int, was: float, new: float) -> None:
    """Its bit in the bitmaps of a column. The first holds nobody; those behind the last value everybody."""
    cuts, cut_value, rows = index.cuts[column], index.cut_value[column], index.rows[column]
    cut_value[0] = min(cut_value[0], new)
    word, bit = slot >> 6, np.uint64(1) << np.uint64(slot & 63)
    inner = np.arange(len(cuts)) > 0
    inner &= (cuts < len(index.order[column])) | (cut_value < np.inf)
    comes = np.flatnonzero(inner & (cut_value <= was) & (new < cut_value))
    goes = np.flatnonzero(inner & (was < cut_value) & (cut_value <= new))
    rows[comes, word] |= bit
    rows[goes, word] &= ~bit
    cuts[comes] += 1
    cuts[goes] -= 1


def _cuts(value: Floats) -> Ints:
    """For each column as many places, rising; only where the value changes, because thresholds fall there."""
    columns, count = value.shape
    cuts = np.zeros((columns, MAX_CUTS + 1), np.int32)
    spread = np.linspace(0, count, MAX_CUTS, endpoint=False)
    for column in range(columns):
        changes = np.flatnonzero(value[column, 1:] > value[column, :-1]) + 1
        changes = np.concatenate(([0], changes))
        chosen = (
            changes if len(changes) <= MAX_CUTS else changes[np.searchsorted(changes, spread, "right") - 1]
        )
        cuts[column] = count
        cuts[column, : len(chosen)] = chosen
    return cuts


@njit(**COMPILE)
def _fill(order: Any, cuts: Any, rows: Any) -> None:
    for column in range(len(order)):
        done = 0
        for cut in range(cuts.shape[1]):
            if cut > 0:
                copy_row(rows[column, cut - 1], rows[column, cut])
            for i in range(done, cuts[column, cut]):
                set_bit(rows[column, cut], order[column, i])
            done = max(done, cuts[column, cut])
