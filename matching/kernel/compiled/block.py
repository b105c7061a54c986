"""A block of candidates laid out for compiled loops: slots, "at least" columns, bitmaps.

Every bound of §3 is written as *value at least threshold*: a ceiling on the lowest value becomes a floor under its
negative. What is not stated is -inf (satisfies nothing), an unknown price +inf (exceeds no ceiling).

Slots are the block's candidates in an order in which words of 64 hold alike ones, so that an upper bound of a
word's scores means something. ``Layout.pos`` leads back, and ties are decided there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from matching.kernel.codes import Kind
from matching.kernel.compiled.bits import COMPILE, copy_row, njit, set_bit
from matching.kernel.prepare import Block, Prepared
from matching.kernel.tables import AnyArray, Floats, Ints

MOQ, READY, PRICE, FREE, FIRST_KEY = range(5)  # rows of Layout.least
MAX_CUTS = 64
FEW_LINES = 12  # below, sorting the columns costs more than looking through them
FEW_SLOTS = 256


class Layout(NamedTuple):
    """The block by slot, n slots in W words. least: float64[columns, n]; -inf fails everything.

    key_column: int32[K], of a key its row of ``least`` for its negated lowest value, the highest in the next row;
    choice_row: int32[K], its first row of ``choices`` (one per choice, then one of what states anything); -1 none.
    static: weight × term of role and trust. best_*: the best of each word, for upper bounds.
    firm_slots: slots by firm, firm_start: where those of firms[i] begin.
    """

    pos: Ints
    place: Ints
    least: Floats
    key_column: Ints
    key_kind: Ints
    key_places: Floats
    choice_row: Ints
    choices: AnyArray
    held_row: Ints
    held: AnyArray
    valid: AnyArray
    days: Floats
    city: Ints
    role: Floats
    trust: Floats
    firm: Ints
    firms: Ints
    firm_start: Ints
    firm_slots: Ints
    best_price: Floats
    best_days: Floats
    best_free: Floats
    best_static: Floats


class Index(NamedTuple):
    """Sorted columns with the bitmaps of their smallest values: ``rows[c, j]`` holds the ``cuts[c, j]`` smallest.

    order: int32[columns, n], slots by value; value: float64, the values in that order. Empty when not worth it.
    """

    order: Ints
    value: Floats
    cuts: Ints
    cut_value: Floats
    rows: AnyArray


class Laid(NamedTuple):
    """A block ready for the loops."""

    block: Block
    layout: Layout
    lookup: Index


def lay_out(prepared: Prepared, block: Block, keys: Ints, codes: Ints, lines: int) -> Laid:
    """keys, codes: the component keys and certificates that the lines ask about; lines: how many will be solved."""
    slots = _slots(block, lines)
    words = -(-len(slots) // 64)
    least, key_column, choice_row, choices = _columns(prepared, block, slots, keys, words)
    firms, firm = np.unique(block.firm[slots], return_inverse=True)
    by_firm = np.argsort(firm, kind="stable").astype(np.int32)
    held_row = np.full(max(codes, default=-1) + 1, -1, np.int32)
    held_row[codes] = np.arange(len(codes))
    held = np.zeros((len(codes), words), np.uint64)
    for row, code in enumerate(codes.tolist()):
        held[row] = pack(block.held(code)[slots], words)
    weights = prepared.line_weights
    role, trust = block.role[slots], block.trust[slots]
    static = weights[5] * role + weights[6] * trust
    days = block.volume_days[slots].astype(np.float64)
    price = block.price[slots]
    places = np.array([max(1, n) - 1 for n in prepared.problem.component_keys.n_choices.tolist()], np.float64)
    kinds = prepared.problem.component_keys.kind
    layout = Layout(
        pos=block.pos[slots], place=slots, least=least, key_column=key_column, key_kind=kinds.astype(np.int32),
        key_places=np.where(kinds == Kind.ORDERED, places, np.nan), choice_row=choice_row, choices=choices,
        held_row=held_row, held=held, valid=pack(np.ones(len(slots), bool), words), days=days,
        city=block.city[slots], role=role, trust=trust, firm=firm.astype(np.int32), firms=firms.astype(np.int32),
        firm_start=np.searchsorted(firm[by_firm], np.arange(len(firms) + 1)).astype(np.int32), firm_slots=by_firm,
        best_price=_best(-np.where(np.isnan(price), np.inf, price), words) * -1, best_days=-_best(-days, words),
        best_free=_best(block.free[slots], words), best_static=_best(static, words),
    )  # fmt: skip
    worth_it = lines >= FEW_LINES and len(slots) > FEW_SLOTS
    return Laid(block, layout, build_index(least, words) if worth_it else _no_index(words))


def _slots(block: Block, lines: int) -> Ints:
    """Candidates in an order that puts alike ones into one word: halved by what spreads the scores most."""
    count = len(block.pos)
    if lines < FEW_LINES or count <= FEW_SLOTS:
        return np.arange(count, dtype=np.int32)
    known = block.price[~np.isnan(block.price)]
    price = np.nan_to_num(block.price, nan=float(np.median(known)) if len(known) else 0.0)
    axes = [_rank(price) * 15, _rank(block.volume_days) * 15, _rank(block.city) * 8]
    axes.append(_rank(5 * block.role + 10 * block.trust) * 12)
    parts = [np.arange(count, dtype=np.int32)]
    while max(map(len, parts)) > 64:
        parts = [half for part in parts for half in _halves(part, axes)]
    return np.concatenate(parts)


def _rank(values: AnyArray) -> Floats:
    order = np.argsort(values, kind="stable")
    rank = np.empty(len(values))
    rank[order] = np.arange(len(values)) / max(1, len(values))
    return rank


def _halves(part: Ints, axes: list[Floats]) -> list[Ints]:
    if len(part) <= 64:
        return [part]
    axis = max((axis[part] for axis in axes), key=np.ptp)
    middle = len(part) // 128 * 64 or 64
    order = np.argpartition(axis, middle)
    return [part[order[:middle]], part[order[middle:]]]


def _columns(
    prepared: Prepared, block: Block, slots: Ints, keys: Ints, words: int
) -> tuple[Floats, Ints, Ints, AnyArray]:
    """The columns of bounds, the bitmaps of choices, and where each key finds its own."""
    price = block.price[slots]
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
            bitmaps += [pack(offered, words) for offered in bits]
    found = np.array(bitmaps, np.uint64).reshape(len(bitmaps), words)
    return np.ascontiguousarray(columns, np.float64), key_column, choice_row, found


def pack(flags: AnyArray, words: int) -> AnyArray:
    """bool[n] as uint64[words], slot i in bit i % 64 of word i // 64."""
    whole = np.zeros(words * 64, bool)
    whole[: len(flags)] = flags
    return np.packbits(whole, bitorder="little").view("<u8").astype(np.uint64)


def _best(values: Floats, words: int) -> Floats:
    whole = np.full(words * 64, -np.inf)
    whole[: len(values)] = values
    return whole.reshape(words, 64).max(axis=1)


def _no_index(words: int) -> Index:
    return Index(
        np.zeros((0, 0), np.int32),
        np.zeros((0, 0)),
        np.zeros((0, 0), np.int32),
        np.zeros((0, 0)),
        np.zeros((0, 0, words), np.uint64),
    )


def build_index(least: Floats, words: int) -> Index:
    """Sort every column and lay down the bitmap of its smallest values at up to 64 places."""
    order = np.argsort(least, axis=1, kind="stable").astype(np.int32)
    value = np.take_along_axis(least, order, axis=1)
    cuts = _cuts(value)
    cut_value = np.take_along_axis(value, np.minimum(cuts, least.shape[1] - 1), axis=1)
    cut_value[cuts == least.shape[1]] = np.inf
    rows = np.zeros((len(least), cuts.shape[1], words), np.uint64)
    _fill(order, cuts, rows)
    return Index(order, value, cuts, cut_value, rows)


def _cuts(value: Floats) -> Ints:
    """For each column as many places, rising; only where the value changes, because thresholds fall there."""
    columns, count = value.shape
    cuts = np.zeros((columns, MAX_CUTS + 1), np.int32)
    for column in range(columns):
        changes = np.flatnonzero(value[column, 1:] > value[column, :-1]) + 1
        changes = np.concatenate(([0], changes))
        spread = np.linspace(0, count, MAX_CUTS, endpoint=False)
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
