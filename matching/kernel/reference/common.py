"""§1 and §2 said plainly: the things, requirements and offered values, and what §4 and §5 share."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

from matching.kernel.codes import Kind, Op
from matching.kernel.problem import Problem
from matching.kernel.tables import Table


class Requirement(NamedTuple):
    """One requirement; see ``Requirements``."""

    key: int
    op: int
    a: float
    b: float
    mask: int
    hard: bool
    weight: float
    tolerance: float


class Offer(NamedTuple):
    """One offered value; see ``Specs``."""

    lo: float
    hi: float
    mask: int


def plain(problem: Problem) -> Any:
    """The problem as nested namespaces of Python lists, with look-ups of stated values and certificates."""

    def plain(table: Table) -> SimpleNamespace:
        return SimpleNamespace(
            **{
                k: plain(v) if isinstance(v, Table) else v if k == "as_of" else v.tolist()
                for k, v in vars(table).items()
            }
        )

    def offers(specs: Any, kinds: list[int]) -> dict[tuple[int, int], Offer]:
        columns = zip(specs.row, specs.key, specs.lo, specs.hi, specs.mask, strict=True)
        return {
            (row, key): Offer(lo, hi, m) for row, key, lo, hi, m in columns if kinds[key] <= Kind.RANGE or m
        }

    p = plain(problem)
    p.offers = offers(p.capabilities.specs, p.component_keys.kind)
    p.params = offers(p.sites.params, p.site_keys.kind)
    held = p.capabilities.certificates
    p.held = {
        (row, code): expires for row, code, expires in zip(held.row, held.code, held.expires, strict=True)
    }
    return p


# --- §1 The things -------------------------------------------------------------------------------------------


def is_below(parent: list[int], node: int, ancestor: int) -> bool:
    """node is ancestor, or below it in the tree."""
    while node != -1:
        if node == ancestor:
            return True
        node = parent[node]
    return False


def prox(p: Any, a: int, b: int) -> float:
    """Every three hours on the road halve proximity."""
    return float(2 ** (-p.places.travel[a][b] / 180))


def days(a: int, b: int) -> int:
    """Days from a to b as a divisor: at least 1."""
    return max(1, b - a)


def rows_of(table: Any, row: int) -> range:
    return range(table.start[row], table.start[row + 1])


def requirements(table: Any, row: int) -> list[Requirement]:
    return [
        Requirement(*(getattr(table, name)[i] for name in Requirement._fields)) for i in rows_of(table, row)
    ]


# --- §2 Requirement and offered value ------------------------------------------------------------------------


def measure(want: Requirement, offer: Offer | None, keys: Any) -> tuple[bool, float]:
    """(satisfied, relative shortfall): the table of §2. A value not stated satisfies nothing: shortfall 1."""
    if offer is None:
        return False, 1.0
    if want.op == Op.ONE_OF:
        satisfied = offer.mask & want.mask != 0
        return satisfied, 0.0 if satisfied else 1.0
    if want.op == Op.IS:
        satisfied = offer.mask == want.mask
        return satisfied, 0.0 if satisfied else 1.0
    if keys.kind[want.key] == Kind.ORDERED:
        places = [i for i in range(64) if offer.mask >> i & 1]
        lo, hi, scale = float(min(places)), float(max(places)), float(keys.n_choices[want.key] - 1)
    elif want.op in (Op.GE, Op.LE):
        lo, hi, scale = offer.lo, offer.hi, abs(want.a)
    else:
        lo, hi, scale = offer.lo, offer.hi, max(abs(want.a), abs(want.b))
    if want.op == Op.GE:
        missing = want.a - hi
    elif want.op == Op.LE:
        missing = lo - want.a
    elif want.op == Op.BETWEEN:
        missing = max(lo - want.b, want.a - hi)
    else:
        missing = max(lo - want.a, want.b - hi)
    if missing <= 0:
        return True, 0.0
    return False, missing / scale if scale else 1.0


def degree(want: Requirement, offer: Offer | None, keys: Any) -> float:
    """Degree of a soft requirement, from the unrounded shortfall."""
    satisfied, shortfall = measure(want, offer, keys)
    return 1.0 if satisfied else max(0.0, 1 - shortfall / want.tolerance)


def fit(wants: list[Requirement], offer_of: Callable[[int], Offer | None], keys: Any) -> float:
    """Weighted mean degree of the soft requirements; 1 if there are none."""
    total = weights = 0.0
    for want in wants:
        if not want.hard:
            total += want.weight * degree(want, offer_of(want.key), keys)
            weights += want.weight
    return total / weights if weights else 1.0


# --- §4 and §5: what scores share ----------------------------------------------------------------------


def reach_holds(p: Any, demand: int, city: int) -> bool:
    return bool(p.demands.open_scope[demand] or p.places.member[city])


def clamp(x: float) -> float:
    return min(1.0, max(0.0, x))


def mean(weights: list[float], terms: list[float]) -> float:
    total = weight = 0.0
    for w, term in zip(weights, terms, strict=True):
        total += w * term
        weight += w
    return total / weight


def trust(p: Any, organisation: int) -> float:
    record = p.organisations
    if not record.verified[organisation]:
        return 0.0
    return float(0.6 + 0.4 * (record.on_time[organisation] + 1) / (record.completed[organisation] + 2))
