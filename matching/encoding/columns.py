"""Query results as NumPy columns, by PostgreSQL's binary COPY: no Python object per value.

Rows of fixed-width, never-null values all have the same length, so the whole answer is one structured array.
"""

from collections.abc import Iterator, Mapping, Sequence
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
    for row in copied(f"SELECT {wanted} {rest}", params):
        blob += row
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, (_, kind) in select.items():
        layout += [(f"{name} length", ">i4"), (name, WIRE[kind])]
    shape = np.dtype(layout)
    if len(blob) % shape.itemsize:
        raise ValueError("a null or a value of another width in a column")
    table = np.frombuffer(blob, shape)
    found: dict[str, Array] = {}
    for name, (_, kind) in select.items():
        width = np.dtype(WIRE[kind]).itemsize
        if (table[f"{name} length"] != width).any():
            raise ValueError(f"a null in column {name}")
        found[name] = table[name].astype(np.dtype(WIRE[kind]).newbyteorder("="))
    return found


def copied(query: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> Iterator[bytes | memoryview]:
    """The rows of the answer as binary COPY sends them, without what is before the first and behind the last."""
    # The cursor below Django's: its wrapper that counts queries takes no parameters for COPY.
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", params) as copy,
    ):
        come, is_first = cursor.connection.pgconn.get_copy_data, True
        # What has come is taken at once: to ask `copy` for each row takes ten times as long. It ends the COPY itself:
        # behind the trailer nothing may be asked.
        for row in copy:
            if is_first:
                row, is_first = row[HEADER:], False
            size = len(row)
            while size > 0 and size != TRAILER:
                yield row
                size, row = come(1)


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
