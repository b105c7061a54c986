"""§2 for a whole column at once: which offered values satisfy a requirement, and how far the others are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.kernel.codes import Kind, Op
from matching.kernel.numbers import round9
from matching.kernel.packed import Requirements, Specs
from matching.kernel.tables import AnyArray, Bools, Bytes, Floats, Ints, Masks

ONE = np.uint64(1)


class Want(NamedTuple):
    """One requirement as scalars; see ``Requirements``."""

    key: int
    op: int
    a: float
    b: float
    mask: int
    hard: bool
    weight: float
    tolerance: float


class Column(NamedTuple):
    """The offered values of one key for the rows of a block.

    lo, hi: float64[n], NaN where not stated; the lowest and highest offered place of an ordered choice.
    mask: uint64[n], 0 where not stated. places: the denominator of an ordered choice (choices - 1), else NaN.
    """

    lo: Floats
    hi: Floats
    mask: Masks
    places: float

    def at(self, rows: AnyArray) -> Column:
        """The same for some of the rows."""
        return Column(self.lo[rows], self.hi[rows], self.mask[rows], self.places)


def wants_of(table: Requirements, row: int) -> list[Want]:
    """The requirements of one row, in their order."""
    own = slice(int(table.start[row]), int(table.start[row + 1]))
    return [
        Want(*values) for values in zip(*(getattr(table, f)[own].tolist() for f in Want._fields), strict=True)
    ]


def holds(want: Want, column: Column) -> Bools:
    """bool[n]: satisfied, by the table of §2; a value not stated satisfies nothing."""
    result: Bools
    if want.op == Op.ONE_OF:
        result = (column.mask & np.uint64(want.mask)) != 0
    elif want.op == Op.IS:
        result = column.mask == np.uint64(want.mask)
    elif want.op == Op.GE:
        result = column.hi >= want.a
    elif want.op == Op.LE:
        result = column.lo <= want.a
    elif want.op == Op.BETWEEN:
        result = (column.lo <= want.b) & (column.hi >= want.a)
    else:
        result = (column.lo <= want.a) & (column.hi >= want.b)
    return result


def shortfalls(want: Want, column: Column) -> Floats:
    """float64[n], unrounded, meaningful where ``holds`` is false: (what is missing) / scale, §2.

    1 for choices and bools, with a zero scale, and where nothing is stated.
    """
    if want.op >= Op.ONE_OF:
        return np.ones(len(column.mask))
    if want.op == Op.GE:
        missing, scale = want.a - column.hi, abs(want.a)
    elif want.op == Op.LE:
        missing, scale = column.lo - want.a, abs(want.a)
    elif want.op == Op.BETWEEN:
        missing = np.maximum(column.lo - want.b, want.a - column.hi)
        scale = max(abs(want.a), abs(want.b))
    else:
        missing = np.maximum(column.lo - want.a, want.b - column.hi)
        scale = max(abs(want.a), abs(want.b))
    if column.places == column.places:
        scale = column.places
    if scale == 0:
        return np.ones(len(column.mask))
    return np.where(np.isnan(missing), 1.0, missing / scale)


def fit(wants: list[Want], columns: list[Column], rows: int) -> Floats:
    """float64[rows]: weighted mean degree of the soft requirements, 1 if there are none (§4).

    Degree: 1 if satisfied, else max(0, 1 - shortfall / tolerance), from the unrounded shortfall.
    columns: one for each of wants.
    """
    total, weights = np.zeros(rows), 0.0
    for want, column in zip(wants, columns, strict=True):
        if not want.hard:
            degree = np.maximum(0.0, 1 - shortfalls(want, column) / want.tolerance)
            degree[holds(want, column)] = 1.0
            total += want.weight * degree
            weights += want.weight
    return total / weights if weights else np.ones(rows)


def weighted_mean(weights: list[float], terms: list[Floats]) -> Floats:
    """Rounded scores: sum of weight × term over sum of weights, summed in the order of the terms (§4, §5)."""
    total, weight = np.zeros(len(terms[0])), 0.0
    for w, term in zip(weights, terms, strict=True):
        total += w * term
        weight += w
    return round9(total / weight)


def clamp(values: Floats) -> Floats:
    """To [0, 1]."""
    return np.minimum(1.0, np.maximum(0.0, values))


def best_first(score: Floats, keep: int) -> AnyArray:
    """Indices of the ``keep`` highest scores, highest first, lower index on ties."""
    if len(score) > 4 * keep:
        bar = np.partition(score, len(score) - keep)[len(score) - keep]
        near = np.flatnonzero(score >= bar)
        return near[np.argsort(-score[near], kind="stable")[:keep]]
    return np.argsort(-score, kind="stable")[:keep]


class SpecIndex:
    """Stated values by key, so that a block can take the column it needs. Built once for a supply."""

    @staticmethod
    def sort(specs: Specs, kinds: Bytes, n_choices: Ints) -> dict[str, AnyArray]:
        """The stated values by key, then row: what an index is made of."""
        stated = (kinds[specs.key] <= Kind.RANGE) | (specs.mask > 0)
        order = np.flatnonzero(stated)
        order = order[np.argsort(specs.key[order], kind="stable")]
        return {
            "row": specs.row[order], "mask": specs.mask[order], "lo": specs.lo[order], "hi": specs.hi[order],
            "start": np.searchsorted(specs.key[order], np.arange(len(kinds) + 1)),
        }  # fmt: skip

    @classmethod
    def of(cls, specs: Specs, kinds: Bytes, n_choices: Ints) -> SpecIndex:
        """Sorted and made at once."""
        return cls(cls.sort(specs, kinds, n_choices), kinds, n_choices)

    def __init__(self, made: dict[str, AnyArray], kinds: Bytes, n_choices: Ints) -> None:
        self._row, self._mask, self._lo, self._hi = (made[name] for name in ("row", "mask", "lo", "hi"))
        self._start = made["start"]
        self._kinds, self._n_choices = kinds.tolist(), n_choices.tolist()

    def stated(self, key: int) -> tuple[Ints, Column]:
        """The rows that state a key, ascending, and their values."""
        own = slice(int(self._start[key]), int(self._start[key + 1]))
        mask = self._mask[own]
        if self._kinds[key] != Kind.ORDERED:
            return self._row[own], Column(self._lo[own], self._hi[own], mask, np.nan)
        lo, hi = np.full(len(mask), np.nan), np.full(len(mask), np.nan)
        _set_places(mask, self._n_choices[key], lo, hi)
        return self._row[own], Column(lo, hi, mask, float(self._n_choices[key] - 1))

    def column(self, key: int, rows: Ints) -> Column:
        """The values of one key for ascending ``rows`` (positions in the table the specs belong to)."""
        own = slice(int(self._start[key]), int(self._start[key + 1]))
        have = self._row[own]
        at = np.searchsorted(have, rows)
        at[at == len(have)] = 0
        found = np.flatnonzero(have[at] == rows) if len(have) else np.empty(0, np.int64)
        source = at[found]
        lo, hi = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        mask = np.zeros(len(rows), np.uint64)
        mask[found] = self._mask[own][source]
        if self._kinds[key] == Kind.ORDERED:
            _set_places(mask, self._n_choices[key], lo, hi)
            return Column(lo, hi, mask, float(self._n_choices[key] - 1))
        lo[found], hi[found] = self._lo[own][source], self._hi[own][source]
        return Column(lo, hi, mask, np.nan)


def _set_places(mask: Masks, choices: int, lo: Floats, hi: Floats) -> None:
    """Lowest and highest bit of every mask that has one, into lo and hi."""
    for place in range(choices):
        offered = (mask >> np.uint64(place)) & ONE == ONE
        hi[offered] = place
        lo[offered & np.isnan(lo)] = place
