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
TEXT, JSON, LIST = "text", "jsonb", "list"
OF_TYPE = {"int8": 20, "float8": 701}  # what PostgreSQL calls the type of a list's numbers
FIRST_DAY = date(2000, 1, 1).toordinal()  # from which PostgreSQL counts days
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
JSON_VERSION = 1  # the byte before a jsonb value
SLAB = 20_000  # rows laid out at a time, so that memory does not grow with the table


class Column(NamedTuple):
    """Values of one column: numbers, or bytes (dtype S) for text and JSON. `empty`: bool, where it is null.

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
    """Numbers [n] or [n, k] as an array of PostgreSQL for each row: ``numbers[ends[i]:ends[i + 1]]``."""
    counts = np.diff(ends)
    each = int(np.prod(numbers.shape[1:]))  # numbers of an item
    head = [numbers.ndim, 0, OF_TYPE[kind], 0, 1, *(number for k in numbers.shape[1:] for number in (k, 1))]
    items = np.empty(numbers.size, [("size", ">i4"), ("value", WIRE[kind])])
    items["size"], items["value"] = 8, numbers.ravel()
    heads = np.tile(np.array(head, ">i4"), (len(counts), 1))
    heads[:, 3] = counts
    heads[counts == 0, 0] = 0  # of no dimension: what follows is not sent
    begin, size, most = heads.shape[1] * 4, each * items.itemsize, int(counts.max(initial=0))
    wire = np.zeros((len(counts), begin + most * size), np.uint8)
    wire[:, :begin] = heads.view(np.uint8)
    row = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(numbers)) - np.repeat(ends[:-1], counts)
    wire[:, begin:].reshape(len(counts), most, size)[row, place] = items.view(np.uint8).reshape(-1, size)
    return Column(wire, LIST, sizes=np.where(counts, begin + counts * size, 12))


def copy_columns(table: str, columns: Columns) -> int:
    """Write rows; returns how many."""
    length = len(next(iter(columns.values())).values)
    if not length:
        return 0
    quoted = ", ".join(f'"{name}"' for name in columns)
    query = f"COPY {table} ({quoted}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        copy.write(SIGNATURE)
        for start in range(0, length, SLAB):
            copy.write(_wire(columns, slice(start, start + SLAB)))
        copy.write(TRAILER)
    return length


def _wire(columns: Columns, which: slice) -> bytes:
    parts = [_part(column, which) for column in columns.values()]
    layout: list[Any] = [("fields", ">i2")]
    for name, (values, _lengths) in zip(columns, parts, strict=True):
        layout += [(f"{name} length", ">i4"), (name, values.dtype)]
    rows = np.zeros(len(parts[0][0]), np.dtype(layout))
    rows["fields"] = len(columns)
    for name, (values, lengths) in zip(columns, parts, strict=True):
        rows[f"{name} length"], rows[name] = lengths, values
    there = _there(rows, columns, parts)
    whole = rows.view(np.uint8)
    return (whole if there is None else whole.reshape(there.shape)[there]).tobytes()


def _part(column: Column, which: slice) -> tuple[Array, Any]:
    """Values as they travel, and their lengths; -1 where there is none."""
    values = column.values[which]
    lengths: Any
    if column.kind in WIRE:
        wire = np.dtype(WIRE[column.kind])
        values, lengths = (
            (values - FIRST_DAY if column.kind == "date" else values).astype(wire),
            wire.itemsize,
        )
    elif column.sizes is not None:
        values, lengths = values.view(f"V{values.shape[1]}")[:, 0], column.sizes[which]
    else:
        lengths = np.strings.str_len(values).astype(np.int64)
        if column.kind == JSON:
            values, lengths = _versioned(values), lengths + 1
    if column.empty is not None:
        lengths = np.where(column.empty[which], -1, lengths)
    return values, lengths


def _versioned(values: Array) -> Array:
    """JSON with the byte before it that says how it is written."""
    width = values.dtype.itemsize
    marked = np.empty((len(values), width + 1), np.uint8)
    marked[:, 0] = JSON_VERSION
    marked[:, 1:] = values.view(np.uint8).reshape(len(values), width)
    return marked.view(f"S{width + 1}").reshape(len(values))


def _there(rows: Array, columns: Columns, parts: Sequence[tuple[Array, Any]]) -> Array | None:
    """bool[rows, bytes]: which bytes are sent; None for all of them."""
    if all(isinstance(lengths, int) for _values, lengths in parts):
        return None
    there = np.ones((len(rows), rows.dtype.itemsize), bool)
    for name, (values, lengths) in zip(columns, parts, strict=True):
        if not isinstance(lengths, int):
            field = rows.dtype.fields[name] if rows.dtype.fields else (None, 0)
            begin, width = int(field[1]), values.dtype.itemsize
            there[:, begin : begin + width] = np.arange(width) < lengths[:, None]
    return there
