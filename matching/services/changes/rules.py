"""Hard requirements of lines and site needs as arrays: what one row states is held against all of them at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from django.db import connection

from matching.encoding.columns import Array
from matching.encoding.vocabulary import Keys, SpecColumns, entry
from matching.kernel import Kind, Op

# As one array: thousands of parameters take longer to write than to ask.
READ = """
    SELECT {of}, key_id, op, value::text, weight, tolerance FROM {table} WHERE {of} = ANY(%s) AND {which}
"""
# Degrees are summed up in their order; what has to hold has none, and sorting takes PostgreSQL as long as reading.
HARD, SOFT = "hard", "NOT hard ORDER BY position"

Row = tuple[int, int, str, Any, float, float]  # owner, key, operator, value, weight, tolerance


class Rules(NamedTuple):
    """owner: whose each requirement is; key: its place among the keys; op, a, b, mask: see ``Requirements``."""

    owner: Array
    key: Array
    op: Array
    a: Array
    b: Array
    mask: Array

    @classmethod
    def none(cls) -> Rules:
        whole = np.zeros(0, np.int64)
        return cls(whole, whole, whole, np.zeros(0), np.zeros(0), np.zeros(0, np.uint64))

    def joined(self, others: Rules) -> Rules:
        return Rules(*(np.append(one, other) for one, other in zip(self, others, strict=True)))

    def unmet(self, keys: Keys, values: Mapping[str, Any]) -> Array:
        """bool: by the table of docs/matching.md, section 2; what is not stated meets nothing."""
        lo, hi, mask = (column[self.key] for column in _stated(keys, values))
        with np.errstate(invalid="ignore"):
            met: Array = np.select(
                [self.op == code for code in (Op.GE, Op.LE, Op.BETWEEN, Op.COVERS, Op.ONE_OF, Op.IS)],
                [
                    hi >= self.a,
                    lo <= self.a,
                    (lo <= self.b) & (hi >= self.a),
                    (lo <= self.a) & (hi >= self.b),
                    (mask & self.mask) != 0,
                    mask == self.mask,
                ],
                default=False,
            )
        return ~met


def read_requirements(table: str, of: str, ids: list[int], which: str = HARD) -> list[Row]:
    """Those of these lines or site needs; the JSON of all of them parsed in one go."""
    with connection.cursor() as cursor:
        cursor.execute(READ.format(table=table, of=of, which=which), [ids])
        found = cursor.fetchall()
    values = json.loads("[" + ",".join([row[3] for row in found]) + "]")
    return [(*row[:3], value, *row[4:]) for row, value in zip(found, values, strict=True)]


def rules_of(keys: Keys, where: str, rows: list[Row]) -> Rules:
    """where: what an error calls their owners."""
    entries = [
        entry(keys, f"{where} {owner}", (key, op, value, True, weight, tolerance))
        for owner, key, op, value, weight, tolerance in rows
    ]
    like = Rules.none()
    columns = [np.array([row[0] for row in rows], np.int64)]
    columns += [np.array([one[at] for one in entries], column.dtype) for at, column in enumerate(like[1:])]
    return Rules(*columns)


def _stated(keys: Keys, values: Mapping[str, Any]) -> tuple[Array, Array, Array]:
    """Lowest and highest value or place, and the choices, for every key; NaN and 0 where nothing is stated."""
    gathered = SpecColumns(keys)
    gathered.add(0, values)
    specs = gathered.specs()
    lo, hi = np.full(len(keys.names), np.nan), np.full(len(keys.names), np.nan)
    mask = np.zeros(len(keys.names), np.uint64)
    lo[specs.key], hi[specs.key], mask[specs.key] = specs.lo, specs.hi, specs.mask
    for key, kind in enumerate(keys.kinds):
        if kind == Kind.ORDERED and mask[key]:
            bits = int(mask[key])
            lo[key], hi[key] = (bits & -bits).bit_length() - 1, bits.bit_length() - 1
    return lo, hi, mask
