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
TEXT, JSON = "text", "jsonb"
FIRST_DAY = date(2000, 1, 1).toordinal()  # from which PostgreSQL counts days
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
JSON_VERSION = 1  # the byte before a jsonb value
SLAB = 20_000  # rows laid out at a time, so that memory does not grow with the table


class Column(NamedTuple):
    """Values of one column: numbers, or bytes (dtype S) for text and JSON. `empty`: bool, where it is null."""

    values: Array
    kind: str
    empty: Array | None = None


Columns = Mapping[str, Column]


def texts(values: Sequence[str]) -> Array:
    """ASCII texts as an array of bytes (JSON writes everything else as escapes)."""
    return np.array(values if len(values) else [""], "S")[: len(values)]


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
