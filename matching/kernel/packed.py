# ruff: noqa: RUF009 -- column() and table() are dataclasses.field() with metadata, a new one at each call
"""Tables of a Problem whose rows have several entries each: lists, specs, requirements, certificates, windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from matching.kernel.codes import NO_DATE, Op
from matching.kernel.tables import Bools, Bytes, Floats, Ints, Masks, Table, column


@dataclass(frozen=True, eq=False)
class Lists(Table):
    """Compressed rows: row r holds ``item[start[r]:start[r + 1]]``, strictly ascending."""

    start: Ints = column(np.int32, "rows+1", least=0)
    item: Ints = column(np.int32, "items", least=0)

    @classmethod
    def of(cls, rows: Iterable[Iterable[int]]) -> Self:
        """From one iterable per row, in any order, repeats allowed."""
        clean = [sorted(set(row)) for row in rows]
        return cls(pointers(map(len, clean)), np.array([i for row in clean for i in row], np.int32))


@dataclass(frozen=True, eq=False)
class Specs(Table):
    """Stated values only, one entry each, sorted by (row, key), at most one per pair (§2).

    A number x is lo = hi = x, a range [lo, hi]; a set of choices is ``mask`` (bit i = choice i), a bool
    is mask 1 (false) or 2 (true), with lo = hi = NaN; mask 0 of those kinds is "not stated".
    """

    row: Ints = column(np.int32, "items", refers="rows")
    key: Ints = column(np.int32, "items", refers="keys")
    lo: Floats = column(np.float64, "items", missing=True)
    hi: Floats = column(np.float64, "items", missing=True)
    mask: Masks = column(np.uint64, "items")

    @classmethod
    def of(cls, row: Any, key: Any, lo: Any, hi: Any, mask: Any) -> Self:
        """From columns in any order."""
        order = np.lexsort((np.asarray(key), np.asarray(row)))
        return cls(*(np.asarray(values)[order] for values in (row, key, lo, hi, mask)))


@dataclass(frozen=True, eq=False)
class Requirements(Table):
    """Compressed rows of (key, op, value, hard, weight, tolerance), in the order people wrote them (§2).

    GE and LE read ``a`` (for an ordered choice: the choice's position), BETWEEN and COVERS ``a`` <= ``b``,
    ONE_OF and IS ``mask``; what an operator does not read is ignored (NaN, NaN, 0).
    """

    start: Ints = column(np.int32, "rows+1", least=0)
    key: Ints = column(np.int32, "items", refers="keys")
    op: Bytes = column(np.uint8, "items", most=Op.IS)
    a: Floats = column(np.float64, "items", missing=True)
    b: Floats = column(np.float64, "items", missing=True)
    mask: Masks = column(np.uint64, "items")
    hard: Bools = column(np.bool_, "items")
    weight: Floats = column(np.float64, "items", above=0)
    tolerance: Floats = column(np.float64, "items", above=0)

    @classmethod
    def of(cls, rows: Iterable[Sequence[Sequence[Any]]]) -> Self:
        """From one list per row of tuples (key, op, a, b, mask, hard, weight, tolerance)."""
        rows = list(rows)
        flat = [entry for row in rows for entry in row]
        columns = list(zip(*flat, strict=True)) if flat else [()] * 8
        return cls(pointers(map(len, rows)), *columns)


@dataclass(frozen=True, eq=False)
class Certificates(Table):
    """Certificates a capability can show (its own, its facility's, its firm's), one row per code.

    Sorted by (row, code); ``expires`` is the latest of the three, the last valid day, NO_DATE = never.
    """

    row: Ints = column(np.int32, "items", refers="rows")
    code: Ints = column(np.int32, "items", least=0)
    expires: Ints = column(np.int32, "items", date=True, optional=True)

    @classmethod
    def of(cls, row: Any, code: Any, expires: Any) -> Self:
        """From columns in any order; of several entries for one (row, code) the one valid longest stays."""
        row, code, expires = (np.asarray(values, np.int32) for values in (row, code, expires))
        lasting = np.where(expires == NO_DATE, np.iinfo(np.int32).max, expires)
        order = np.lexsort((-lasting.astype(np.int64), code, row))
        row, code, expires = row[order], code[order], expires[order]
        first = np.ones(len(row), bool)
        first[1:] = (row[1:] != row[:-1]) | (code[1:] != code[:-1])
        return cls(row[first], code[first], expires[first])


@dataclass(frozen=True, eq=False)
class Windows(Table):
    """Open dates of site r: ``opens[i], closes[i]`` (both inclusive), i in start[r]:start[r + 1], sorted."""

    start: Ints = column(np.int32, "rows+1", least=0)
    opens: Ints = column(np.int32, "items", date=True)
    closes: Ints = column(np.int32, "items", date=True)

    @classmethod
    def of(cls, rows: Iterable[Iterable[tuple[int, int]]]) -> Self:
        """From one iterable of (start, end) ordinals per site, in any order."""
        clean = [sorted(row) for row in rows]
        flat = [window for row in clean for window in row]
        opens, closes = (np.array([window[end] for window in flat], np.int32) for end in (0, 1))
        return cls(pointers(map(len, clean)), opens, closes)


def pointers(lengths: Iterable[int]) -> Ints:
    """Row pointers of compressed rows: 0 and the running total of the lengths."""
    return np.concatenate(([0], np.cumsum(np.fromiter(lengths, np.int64)))).astype(np.int32)
