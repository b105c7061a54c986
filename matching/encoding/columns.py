"""Query results as NumPy columns, by PostgreSQL's binary COPY: no Python object per value.

Rows of fixed-width, never-null values all have the same length, so the whole answer is one structured array.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

Array = NDArray[Any]

# PostgreSQL type → what COPY sends, big-endian.
WIRE = {"int8": ">i8", "int4": ">i4", "float8": ">f8", "bool": "?"}
HEADER = 19  # signature, flags, length of the extension (none)
TRAILER = 2
# Days from 0001-01-01, which is ordinal 1, as Python counts.
ORDINAL = "({} - DATE '0001-01-01') + 1"


def ordinal(expression: str, *, empty: bool = False) -> str:
    """SQL for the ordinal of a date; 0 where it is empty."""
    written = ORDINAL.format(expression)
    return f"coalesce({written}, 0)" if empty else written


def columns(
    select: Mapping[str, tuple[str, str]], rest: str, params: Sequence[Any] | Mapping[str, Any] = ()
) -> dict[str, Array]:
    """``SELECT … rest`` as one array per column: ``select`` maps name → (SQL expression, PostgreSQL type)."""
    wanted = ", ".join(f"({expression})::{kind}" for expression, kind in select.values())
    blob = bytearray()
    # The cursor below Django's: its wrapper that counts queries takes no parameters for COPY.
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY (SELECT {wanted} {rest}) TO STDOUT (FORMAT BINARY)", params) as copy,
    ):
        for block in copy:
            blob += block
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, (_, kind) in select.items():
        layout += [(f"{name} length", ">i4"), (name, WIRE[kind])]
    row = np.dtype(layout)
    body = memoryview(blob)[HEADER : len(blob) - TRAILER]
    if len(body) % row.itemsize:
        raise ValueError("a null or a value of another width in a column")
    table = np.frombuffer(body, row)
    found: dict[str, Array] = {}
    for name, (_, kind) in select.items():
        width = np.dtype(WIRE[kind]).itemsize
        if (table[f"{name} length"] != width).any():
            raise ValueError(f"a null in column {name}")
        found[name] = table[name].astype(np.dtype(WIRE[kind]).newbyteorder("="))
    return found


def positions(ids: Array, values: Array) -> Array:
    """Where each value stands in ``ids`` (ascending); -1 stays -1 (none), anything else must be there."""
    values = np.asarray(values, np.int64)
    if not len(ids):
        found = np.zeros(len(values), np.int64)
        known = values == -1
    else:
        found = np.minimum(np.searchsorted(ids, values), len(ids) - 1)
        known = (ids[found] == values) | (values == -1)
    if not known.all():
        raise LookupError(f"id {values[~known][0]} is not among those read")
    return np.where(values == -1, -1, found).astype(np.int32)


def unique(*arrays: Array) -> Array:
    """All ids that occur, ascending, without the -1 of "none"."""
    ids = np.unique(np.concatenate([np.asarray(array, np.int64) for array in arrays]))
    return ids[ids >= 0]
