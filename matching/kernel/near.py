"""§3's near misses and relaxations: who fails exactly one rule, by how much, and what would admit them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.kernel.codes import KEEP_NEAR, Code, Op
from matching.kernel.measure import Column, Want, shortfalls
from matching.kernel.numbers import round9
from matching.kernel.rows import Rows
from matching.kernel.tables import LAST_DATE, AnyArray, Bools, Floats, Ints

NAN = float("nan")


class Rule(NamedTuple):
    """A hard rule of one line over its block. fails: bool[n].

    A SPEC rule has its requirement and column, the others amount[n], limit and divisor: the shortfall is
    (amount - limit) / divisor, for CAPACITY (limit - amount) / divisor.
    """

    code: Code
    fails: Bools
    want: Want | None = None
    column: Column | None = None
    amount: AnyArray | None = None
    limit: float = 0
    divisor: float = 1

    def shortfalls(self, at: AnyArray) -> Floats:
        """Unrounded relative shortfalls of the rows ``at``, which fail."""
        if self.want is not None and self.column is not None:
            return shortfalls(self.want, self.column.at(at))
        assert self.amount is not None  # noqa: S101 -- for the type checker: every other rule has an amount
        amount = self.amount[at]
        missing = self.limit - amount if self.code == Code.CAPACITY else amount - self.limit
        return np.asarray(missing / self.divisor, np.float64)

    def thresholds(self, at: AnyArray) -> tuple[AnyArray, AnyArray | None]:
        """The threshold (a, b) of the rule that would just admit each row; NaN when none does."""
        if self.want is not None and self.column is not None:
            return _spec_thresholds(self.want, self.column.at(at))
        if self.amount is None or self.code == Code.CERTIFICATION:
            return np.full(len(at), NAN), None
        amount = self.amount[at].astype(np.float64)
        if self.code == Code.CAPACITY:
            return np.where(amount > 0, amount, NAN), None
        if self.code == Code.TIME:
            return np.where(amount <= LAST_DATE, amount, NAN), None
        return amount, None

    @property
    def key(self) -> int:
        """Component key of a SPEC rule, else -1."""
        return -1 if self.want is None else self.want.key


def _spec_thresholds(want: Want, column: Column) -> tuple[AnyArray, AnyArray | None]:
    if want.op == Op.GE:
        return column.hi, None
    if want.op == Op.LE:
        return column.lo, None
    if want.op == Op.BETWEEN:
        return np.minimum(want.a, column.hi), np.maximum(want.b, column.lo)
    if want.op == Op.COVERS:
        a, b = np.maximum(want.a, column.lo), np.minimum(want.b, column.hi)
        return np.where(a <= b, a, NAN), np.where(a <= b, b, NAN)
    return np.full(len(column.mask), NAN), None


def near_misses(line: int, pos: Ints, firm: AnyArray, rules: list[Rule], near: AnyArray, rows: Rows) -> None:
    """Add the rows of near misses (by rounded shortfall, then id) and relaxations (in the order of rules).

    pos, firm: positions and firms of the block; near: its rows that fail exactly one of the rules.
    """
    who = [near[rule.fails[near]] for rule in rules]
    counts = [len(at) for at in who]
    shortfall = round9(np.concatenate([rule.shortfalls(at) for rule, at in zip(rules, who, strict=True)]))
    everyone = np.concatenate(who)
    which = np.repeat(np.arange(len(rules)), counts)
    best = np.lexsort((everyone, shortfall))[:KEEP_NEAR]
    codes = np.array([rule.code for rule in rules])
    keys = np.array([rule.key for rule in rules])
    rows.add_many(
        "near_misses",
        line,
        np.arange(1, len(best) + 1),
        pos[everyone[best]],
        codes[which[best]],
        keys[which[best]],
        shortfall[best],
    )
    first = 0
    for rule, at, count in zip(rules, who, counts, strict=True):
        if count:
            nearest = int(np.argmin(shortfall[first : first + count]))
            firms = len(np.unique(firm[at]))
            rows.add("relaxations", line, rule.code, rule.key, count, *_admitted(rule, at, nearest), firms)
        first += count


def _admitted(rule: Rule, at: AnyArray, nearest: int) -> tuple[float, float, float, float]:
    """nearest, nearest_b, all, all_b of ``Relaxations``; ``nearest`` is an index in ``at``."""
    a, b = rule.thresholds(at)
    if b is None:
        lower = rule.code == Code.CAPACITY or (rule.want is not None and rule.want.op == Op.GE)
        return (
            float(a[nearest]),
            NAN,
            float(a.min() if lower else a.max()),
            NAN,
        )  # NaN goes through min and max
    one = float(a[nearest]), float(b[nearest])
    if rule.want is not None and rule.want.op == Op.BETWEEN:
        return *one, float(a.min()), float(b.max())
    low, high = float(a.max()), float(b.min())
    return (*one, low, high) if low <= high else (*one, NAN, NAN)
