"""A capability that misses the same rule of a line as before, by another figure: do stored results show it?

Of a line's near misses five are kept, and of each rule how many miss it alone, the threshold that would admit the
nearest of them and the one that would admit all. How many they are stays as it is. The rest shows only who is among the
five, or nearest, or farthest, in any state; the stored rows tell how far those are. Where other things change as well,
those changes are followed by themselves (docs/decisions/0020-bounds-from-results.md).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from matching.encoding.columns import Array, columns, ordinal
from matching.kernel.codes import KEEP_NEAR, Code, code_name
from matching.kernel.tables import LAST_DATE
from matching.services.changes.figures import CAPACITY, Shown
from matching.services.changes.naming import of_running_runs

if TYPE_CHECKING:
    from matching.services.changes.supply import Lines

#: The rules about figures, in the order of ``Lines.figures``.
RULES = [code_name(code) for code in (Code.MOQ, Code.CAPACITY, Code.TIME, Code.PRICE)]
TIME = 2
MARGIN = 1e-8  # more than rounding can move a shortfall
# Pairs of which the results name others only: five near misses, and thresholds.
STORED = f"""
    FROM unnest(%(at)s::bigint[], %(demand)s::bigint[], %(line)s::bigint[], %(code)s::text[], %(capability)s::bigint[])
        AS asked(at, demand, line, code, capability)
    JOIN matching_currentresult c ON c.demand_id = asked.demand
    JOIN matching_linemisses m ON m.demand_id = c.demand_id AND m.run_id = c.run_id AND m.line_id = asked.line
    JOIN LATERAL array_position(m.rules, asked.code) place ON place IS NOT NULL
    CROSS JOIN LATERAL (SELECT m.nearest[place]::jsonb AS nearest, m.farthest[place]::jsonb AS "all") r
    WHERE cardinality(m.capabilities) = {KEEP_NEAR} AND asked.capability <> ALL (m.capabilities)
      AND jsonb_typeof(r.nearest) IN ('number', 'string')
"""


def _threshold(column: str) -> str:
    """A number, or a day as a number; NaN where none helps."""
    told = f"(r.{column} #>> '{{}}')"
    number, day = f"WHEN 'number' THEN {told}::float8", f"WHEN 'string' THEN {ordinal(f'{told}::date')}"
    return f"CASE jsonb_typeof(r.{column}) {number} {day} ELSE 'NaN' END"


COLUMNS = {
    "at": ("asked.at", "int8"),
    "fifth": (f"m.shortfalls[{KEEP_NEAR}]", "float8"),
    "nearest": (_threshold("nearest"), "float8"),
    "all": (_threshold('"all"'), "float8"),
}


@dataclass
class Missing:
    """Pairs of a line and a capability that misses one rule of it: the figure at the nearest and the farthest that it
    was or is, what it is held against, and what a shortfall is a part of."""

    capability: Array
    demand: Array
    line: Array
    rule: Array
    nearest: Array
    farthest: Array
    limit: Array
    parts: Array

    def shortfall(self, figure: Array) -> Array:
        missing = np.where(self.rule == CAPACITY, self.limit - figure, figure - self.limit)
        short: Array = missing / self.parts
        return short

    def some(self, which: Array) -> Missing:
        return Missing(*(getattr(self, item.name)[which] for item in fields(self)))


def missing_same(capability: int, lines: Lines, seen: Shown) -> Missing:
    """Of one capability."""
    at = np.flatnonzero(seen.near)
    rule = seen.rule[at]
    limit, parts = lines.limits()
    return Missing(
        np.full(len(at), capability), lines.demand[at], lines.id[at], rule, seen.nearest[at], seen.farthest[at],
        limit[rule, at], parts[rule, at],
    )  # fmt: skip


def showing(several: Sequence[Missing], without: Collection[int]) -> set[int]:
    """Demands, others than these, of which the stored results may show one of them, or those of a run under way.

    Ask after their states were read: a run that begins later has seen them.
    """
    if not several:
        return set()
    pairs = Missing(
        *(np.concatenate([getattr(each, item.name) for each in several]) for item in fields(Missing))
    )
    pairs = pairs.some(~np.isin(pairs.demand, list(without)))
    demands = set(pairs.demand.tolist())
    if not demands:
        return set()
    # The runs before the results: one that ends in between has moved its pointers by then.
    running = of_running_runs(demands)
    stored = columns(COLUMNS, STORED, _asked(pairs))
    own = pairs.some(stored["at"])
    short, less = own.shortfall(own.nearest), own.rule == CAPACITY
    hidden = (short > stored["fifth"] + MARGIN) & (short > own.shortfall(stored["nearest"]) + MARGIN)
    # Where nothing admits all of them, somebody else is the reason: this one has a threshold.
    hidden &= ~_has_none(own) & (
        np.isnan(stored["all"]) | np.where(less, own.farthest > stored["all"], own.farthest < stored["all"])
    )
    shows = np.ones(len(pairs.demand), bool)
    shows[stored["at"][hidden]] = False
    return running | set(pairs.demand[shows].tolist())


def _has_none(pairs: Missing) -> Array:
    """bool: no threshold admits it in one of its states."""
    late = (pairs.rule == TIME) & (pairs.farthest > LAST_DATE)
    none: Array = late | ((pairs.rule == CAPACITY) & (pairs.farthest <= 0))
    return none


def _asked(pairs: Missing) -> dict[str, Any]:
    return {
        "at": list(range(len(pairs.demand))), "demand": pairs.demand.tolist(), "line": pairs.line.tolist(),
        "code": [RULES[rule] for rule in pairs.rule.tolist()], "capability": pairs.capability.tolist(),
    }  # fmt: skip
