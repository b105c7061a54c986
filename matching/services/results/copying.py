"""Columns as one binary COPY: no Python object per value.

Rows are laid out side by side as wide as the widest, with a mask of the bytes that are there; what the mask leaves is
what PostgreSQL reads.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

Array = NDArray[Any]

WIRE = {"int8": ">i8", "int4": ">i4", "int2": ">i2", "float8": ">f8", "date": ">i4", "bool": "?"}
TEXT, LIST = "text", "list"
OF_TYPE = {
    "int8": 20,
    "int4": 23,
    "float8": 701,
    "date": 1082,
    TEXT: 25,
}  # what PostgreSQL calls the type of a list's items
FIRST_DAY = date(2000, 1, 1).toordinal()  # from which PostgreSQL counts days
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NO_ITEMS = 12  # bytes of an array without any
LONG = 200  # bytes of a piece from which it is copied as one
SLAB = 1 << 20  # bytes of rows laid out at a time: they stay in the processor's cache


class Column(NamedTuple):
    """Values of one column: numbers, or bytes (dtype S) for text. `empty`: bool, where it is null.

    Of a list (see ``listed``) the bytes as they travel, uint8[rows, widest], and how many there are.
    """

    values: Array
    kind: str
    empty: Array | None = None
    sizes: Array | None = None


Columns = Mapping[str, Column]


def texts(values: Sequence[str]) -> Array:
    """ASCII texts as an array of bytes (JSON writes everything else as escapes)."""
    return np.array(values if len(values) else [""], "S")[: len(values)]


def listed(numbers: Array, ends: Array, kind: str) -> Column:
    """Numbers [n] or [n, k], or days, as an array of PostgreSQL for each row: ``numbers[ends[i]:ends[i + 1]]``."""
    counts = np.diff(ends)
    each = int(np.prod(numbers.shape[1:]))  # numbers of an item
    items = np.empty(numbers.size, [("size", ">i4"), ("value", WIRE[kind])])
    items["size"], items["value"] = np.dtype(WIRE[kind]).itemsize, _counted(numbers.ravel(), kind)
    heads = _heads(counts, kind, numbers.shape[1:])
    begin, size, most = heads.shape[1], each * items.itemsize, int(counts.max(initial=0))
    wire = np.zeros((len(counts), begin + most * size), np.uint8)
    wire[:, :begin] = heads
    there = np.arange(most) < counts[:, None]
    wire[:, begin:].view(f"V{size}")[there] = items.view(f"V{size}")
    return Column(wire, LIST, sizes=np.where(counts, begin + counts * size, NO_ITEMS))


def listed_texts(values: Array, ends: Array, empty: Array | None = None) -> Column:
    """The same of texts (dtype S). `empty`: bool, which of them are null."""
    counts = np.diff(ends)
    lengths = np.strings.str_len(values).astype(np.int64)
    if empty is not None:
        lengths[empty] = 0
    width = values.dtype.itemsize
    items = np.empty(len(values), [("size", ">i4"), ("value", values.dtype)])
    items["size"], items["value"] = lengths if empty is None else np.where(empty, -1, lengths), values
    sent = items.view(np.uint8).reshape(len(values), 4 + width)[np.arange(4 + width) < 4 + lengths[:, None]]
    size = np.diff(np.append(0, np.cumsum(4 + lengths))[ends])  # bytes of a row's items
    heads = _heads(counts, TEXT, nulls=empty is not None)
    begin = heads.shape[1]
    wire = np.zeros((len(counts), begin + int(size.max(initial=0))), np.uint8)
    wire[:, :begin] = heads
    wire[:, begin:][np.arange(wire.shape[1] - begin) < size[:, None]] = sent
    return Column(wire, LIST, sizes=np.where(counts, begin + size, NO_ITEMS))


def _heads(counts: Array, kind: str, shape: Sequence[int] = (), *, nulls: bool = False) -> Array:
    """uint8[rows, bytes]: what comes before an array's items, each of them a number or of this shape. nulls: whether
    there may be some among them."""
    head = [1 + len(shape), int(nulls), OF_TYPE[kind], 0, 1, *(number for k in shape for number in (k, 1))]
    heads = np.tile(np.array(head, ">i4"), (len(counts), 1))
    heads[:, 3] = counts
    heads[counts == 0, 0] = 0  # of no dimension: what follows is not sent
    return heads.view(np.uint8).reshape(len(counts), 4 * len(head))


def _counted(values: Array, kind: str) -> Array:
    """Days as PostgreSQL counts them, other numbers as they are."""
    return values - FIRST_DAY if kind == "date" else values


def copy_columns(table: str, columns: Columns) -> int:
    """Write rows; returns how many."""
    length = len(next(iter(columns.values())).values)
    if not length:
        return 0
    quoted = ", ".join(f'"{name}"' for name in columns)
    query = f"COPY {table} ({quoted}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        copy.write(SIGNATURE)
        step = max(1, SLAB // sum(map(_width, columns.values())))
        for start in range(0, length, step):
            copy.write(_wire(columns, slice(start, start + step)))
        copy.write(TRAILER)
    return length


def _width(column: Column) -> int:
    """Bytes of a field, with its length."""
    values = column.values
    return 4 + (values.shape[1] if column.sizes is not None else values.dtype.itemsize)


def _wire(columns: Columns, which: slice) -> bytes:
    parts = [_part(column, which) for column in columns.values()]
    layout: list[Any] = [("fields", ">i2")]
    for name, (values, _lengths) in zip(columns, parts, strict=True):
        layout += [(f"{name} length", ">i4"), (name, values.dtype)]
    rows = np.zeros(len(parts[0][0]), np.dtype(layout))
    rows["fields"] = len(columns)
    for name, (values, lengths) in zip(columns, parts, strict=True):
        rows[f"{name} length"], rows[name] = lengths, values
    return _sent(rows, columns, parts)


def _part(column: Column, which: slice) -> tuple[Array, Any]:
    """Values as they travel, and their lengths; -1 where there is none."""
    values = column.values[which]
    lengths: Any
    if column.kind in WIRE:
        wire = np.dtype(WIRE[column.kind])
        values, lengths = (
            _counted(values, column.kind).astype(wire),
            wire.itemsize,
        )
    elif column.sizes is not None:
        values, lengths = values.view(f"V{values.shape[1]}")[:, 0], column.sizes[which]
    else:
        lengths = np.strings.str_len(values).astype(np.int64)
    if column.empty is not None:
        lengths = np.where(column.empty[which], -1, lengths)
    return values, lengths


def _sent(rows: Array, columns: Columns, parts: Sequence[tuple[Array, Any]]) -> bytes:
    """The rows without the bytes of their fields that are not there."""
    ragged = [
        (rows.dtype.fields[name][1] if rows.dtype.fields else 0, values.dtype.itemsize, lengths)
        for name, (values, lengths) in zip(columns, parts, strict=True)
        if not isinstance(lengths, int)
    ]
    if not ragged:
        return rows.tobytes()
    width = rows.dtype.itemsize
    if len(ragged) * LONG < width:
        return _cut(rows, ragged)
    there = np.ones((len(rows), width), bool)
    for begin, widest, lengths in ragged:
        there[:, begin : begin + widest] = np.arange(widest) < lengths[:, None]
    return rows.view(np.uint8).reshape(there.shape)[there].tobytes()


def _cut(rows: Array, ragged: Sequence[tuple[int, int, Array]]) -> bytes:
    """Of few long pieces: each is copied as one, no byte is looked at."""
    width, pieces = rows.dtype.itemsize, len(ragged) + 1
    begins, ends = np.zeros((2, len(rows), pieces), np.int64)
    for at, (begin, widest, lengths) in enumerate(ragged):
        ends[:, at] = begin + np.maximum(lengths, 0)
        begins[:, at + 1] = begin + widest
    ends[:, -1] = width
    first = np.arange(len(rows))[:, None] * width
    whole = rows.tobytes()
    places = zip((first + begins).ravel().tolist(), (first + ends).ravel().tolist(), strict=True)
    return b"".join([whole[begin:end] for begin, end in places])
