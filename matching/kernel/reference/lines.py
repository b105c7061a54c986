"""§3 and §4 said plainly: which capabilities a line can use, what nearly fits, and in which order."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from matching.kernel.codes import KEEP_MATCHES, KEEP_NEAR, NO_DATE, Code, Kind, Op
from matching.kernel.problem import Problem
from matching.kernel.reference.common import (
    Requirement,
    clamp,
    days,
    degree,
    fit,
    is_below,
    mean,
    measure,
    plain,
    prox,
    reach_holds,
    requirements,
    rows_of,
    trust,
)
from matching.kernel.tables import LAST_DATE

NAN = math.nan


class Failure(NamedTuple):
    """A hard rule that does not hold, and by how much (rounded to 9 decimals)."""

    code: int
    key: int
    shortfall: float


class Verdict(NamedTuple):
    """One rule about one (line, capability): what ``explain`` returns.

    shortfall: 0 when it holds, NaN for rules without a measure (type, state, reach, self). degree: of a
    requirement, NaN for other rules. asked, offered: the two sides as plain values.
    """

    code: int
    key: int
    hard: bool
    holds: bool
    shortfall: float
    asked: Any
    offered: Any
    degree: float


# --- §3 Line × capability: hard rules ------------------------------------------------------------------------


def _type_holds(p: Any, line: int, cap: int) -> bool:
    return is_below(p.types.parent, p.capabilities.type[cap], p.lines.type[line])


def _state_holds(p: Any, cap: int) -> bool:
    until = p.capabilities.valid_until[cap]
    return bool(p.capabilities.active[cap] and (until == NO_DATE or until >= p.as_of))


def _self_holds(p: Any, demand: int, firm: int) -> bool:
    excluded = p.demands.excluded
    return firm != p.demands.organisation[demand] and firm not in [
        excluded.item[i] for i in rows_of(excluded, demand)
    ]


def _is_candidate(p: Any, line: int, cap: int) -> bool:
    """type, state, reach and self hold."""
    demand = p.lines.demand[line]
    return (
        _type_holds(p, line, cap)
        and _state_holds(p, cap)
        and reach_holds(p, demand, p.capabilities.city[cap])
        and _self_holds(p, demand, p.capabilities.firm[cap])
    )


def _holds_certificate(p: Any, cap: int, code: int) -> bool:
    """An expiry date is the last valid day."""
    expires = p.held.get((cap, code))
    return expires is not None and (expires == NO_DATE or expires >= p.as_of)


def _last_day(p: Any, cap: int) -> int:
    """When volume parts can be there: as-of + lead, not before available_from."""
    return int(max(p.as_of + p.capabilities.volume_days[cap], p.capabilities.available_from[cap]))


def _failures(p: Any, line: int, cap: int) -> list[Failure]:
    """The other hard rules that fail, each with its shortfall; one for each hard requirement."""
    ask, offer, found = p.lines, p.capabilities, []
    for want in requirements(ask.requirements, line):
        if want.hard:
            satisfied, shortfall = measure(want, p.offers.get((cap, want.key)), p.component_keys)
            if not satisfied:
                found.append(Failure(Code.SPEC, want.key, round(shortfall, 9)))
    asked = [ask.certificates.item[i] for i in rows_of(ask.certificates, line)]
    missing = [code for code in asked if not _holds_certificate(p, cap, code)]
    if missing:
        found.append(Failure(Code.CERTIFICATION, -1, round(len(missing) / len(asked), 9)))
    quantity, rate, ceiling, need_by = (
        ask.quantity[line],
        ask.rate[line],
        ask.ceiling[line],
        ask.need_by[line],
    )
    if offer.moq[cap] > quantity:
        found.append(Failure(Code.MOQ, -1, round((offer.moq[cap] - quantity) / quantity, 9)))
    if offer.free[cap] < rate:
        found.append(Failure(Code.CAPACITY, -1, round((rate - offer.free[cap]) / rate, 9)))
    if _last_day(p, cap) > need_by:
        found.append(Failure(Code.TIME, -1, round((_last_day(p, cap) - need_by) / days(p.as_of, need_by), 9)))
    price = offer.price[cap]
    if not math.isnan(price) and not math.isnan(ceiling) and price > ceiling:
        found.append(Failure(Code.PRICE, -1, round((price - ceiling) / ceiling, 9)))
    return found


def _admits(p: Any, line: int, cap: int, code: int, want: Requirement | None) -> tuple[float, float]:
    """The threshold (a, b) of the rule that would just admit this capability; NaN when none does."""
    offer = p.capabilities
    if code == Code.MOQ:
        return offer.moq[cap], NAN
    if code == Code.CAPACITY:
        return (offer.free[cap] if offer.free[cap] > 0 else NAN), NAN
    if code == Code.TIME:
        return (float(_last_day(p, cap)) if _last_day(p, cap) <= LAST_DATE else NAN), NAN
    if code == Code.PRICE:
        return offer.price[cap], NAN
    stated = p.offers.get((cap, want.key)) if want else None
    if want is None or stated is None or want.op in (Op.ONE_OF, Op.IS):
        return NAN, NAN
    if p.component_keys.kind[want.key] == Kind.ORDERED:
        places = [i for i in range(64) if stated.mask >> i & 1]
        return float(max(places) if want.op == Op.GE else min(places)), NAN
    if want.op == Op.GE:
        return stated.hi, NAN
    if want.op == Op.LE:
        return stated.lo, NAN
    if want.op == Op.BETWEEN:
        return min(want.a, stated.hi), max(want.b, stated.lo)
    a, b = max(want.a, stated.lo), min(want.b, stated.hi)
    return (a, b) if a <= b else (NAN, NAN)


def _loosest(
    code: int, want: Requirement | None, thresholds: list[tuple[float, float]]
) -> tuple[float, float]:
    """The threshold that admits all of them; NaN when one cannot be admitted or the interval is empty."""
    if any(math.isnan(a) for a, _ in thresholds):
        return NAN, NAN
    first, second = [a for a, _ in thresholds], [b for _, b in thresholds]
    if want is not None and want.op == Op.COVERS:
        a, b = max(first), min(second)
        return (a, b) if a <= b else (NAN, NAN)
    if want is not None and want.op == Op.BETWEEN:
        return min(first), max(second)
    lower = code == Code.CAPACITY or (want is not None and want.op == Op.GE)
    return min(first) if lower else max(first), NAN


def _relaxations(p: Any, line: int, near: list[tuple[float, int, Failure]], rows: Any) -> None:
    """For each rule by which at least one capability fails alone: how many, and what would admit them."""
    hard = [want for want in requirements(p.lines.requirements, line) if want.hard]
    rules: list[tuple[int, int, Requirement | None]] = [(Code.SPEC, want.key, want) for want in hard]
    rules += [
        (code, -1, None) for code in (Code.CERTIFICATION, Code.MOQ, Code.CAPACITY, Code.TIME, Code.PRICE)
    ]
    for code, key, want in rules:
        failing = [cap for _, cap, failure in near if (failure.code, failure.key) == (code, key)]
        if failing:
            thresholds = [_admits(p, line, cap, code, want) for cap in failing]
            nearest, every = thresholds[0], _loosest(code, want, thresholds)
            firms = len({p.capabilities.firm[cap] for cap in failing})
            rows["relaxations"].append((line, code, key, len(failing), *nearest, *every, firms))


# --- §4 Line × capability: score -----------------------------------------------------------------------------


def _line_terms(p: Any, line: int, cap: int) -> list[float]:
    ask, offer, demand = p.lines, p.capabilities, p.lines.demand[line]
    target, price, city = ask.target[line], offer.price[cap], offer.city[cap]
    unknown = math.isnan(target) or math.isnan(price)
    return [
        fit(requirements(ask.requirements, line), lambda key: p.offers.get((cap, key)), p.component_keys),
        0.5 if unknown else clamp(2 - price / target),
        clamp(1 - offer.volume_days[cap] / days(p.as_of, ask.need_by[line])),
        clamp(offer.free[cap] / (2 * ask.rate[line])),
        prox(p, p.demands.lab[demand], city),
        1.0 if p.places.roles[city] & p.types.role[offer.type[cap]] else 0.0,
        trust(p, offer.firm[cap]),
    ]


def solve_line(p: Any, line: int, rows: Any) -> list[tuple[int, float]]:
    """Rows of §3 and §4 for one line; returns (capability, score) of all feasible ones, by id."""
    feasible, near, candidates = [], [], 0
    for cap in range(len(p.capabilities.type)):
        if not _is_candidate(p, line, cap):
            continue
        candidates += 1
        failures = _failures(p, line, cap)
        if not failures:
            terms = _line_terms(p, line, cap)
            feasible.append((cap, round(mean(p.weights.line, terms), 9), terms))
        elif len(failures) == 1:
            near.append((failures[0].shortfall, cap, failures[0]))
    near.sort()
    firms = [
        len({p.capabilities.firm[cap] for cap in caps})
        for caps in ([f[0] for f in feasible], [n[1] for n in near])
    ]
    rows["line_totals"].append((line, len(feasible), candidates, len(near), *firms))
    best = sorted(feasible, key=lambda found: (-found[1], found[0]))[:KEEP_MATCHES]
    for rank, (cap, score, terms) in enumerate(best, 1):
        rows["matches"].append((line, rank, cap, score, terms))
    for rank, (shortfall, cap, failure) in enumerate(near[:KEEP_NEAR], 1):
        rows["near_misses"].append((line, rank, cap, failure.code, failure.key, shortfall))
    _relaxations(p, line, near, rows)
    return [(cap, score) for cap, score, _ in feasible]


def explain(problem: Problem, line: int, capability: int) -> list[Verdict]:
    """Every rule of §2 and §3 about one pair of positions, in the order of the table, soft requirements too."""
    p, cap = plain(problem), capability
    demand, ask, offer = p.lines.demand[line], p.lines, p.capabilities
    failed = {(f.code, f.key): f.shortfall for f in _failures(p, line, cap)}
    verdicts = []

    def add(code: int, holds: bool, asked: Any, offered: Any) -> None:
        shortfall = 0.0 if holds else failed.get((code, -1), NAN)
        verdicts.append(Verdict(code, -1, True, holds, shortfall, asked, offered, NAN))

    add(Code.TYPE, _type_holds(p, line, cap), ask.type[line], offer.type[cap])
    add(Code.STATE, _state_holds(p, cap), p.as_of, offer.valid_until[cap])
    add(Code.REACH, reach_holds(p, demand, offer.city[cap]), p.demands.open_scope[demand], offer.city[cap])
    add(Code.SELF, _self_holds(p, demand, offer.firm[cap]), p.demands.organisation[demand], offer.firm[cap])
    for want in requirements(ask.requirements, line):
        stated = p.offers.get((cap, want.key))
        satisfied, shortfall = measure(want, stated, p.component_keys)
        grade = degree(want, stated, p.component_keys)
        verdicts.append(
            Verdict(Code.SPEC, want.key, want.hard, satisfied, round(shortfall, 9), want, stated, grade)
        )
    asked = [ask.certificates.item[i] for i in rows_of(ask.certificates, line)]
    held = [code for code in asked if _holds_certificate(p, cap, code)]
    add(Code.CERTIFICATION, (Code.CERTIFICATION, -1) not in failed, asked, held)
    add(Code.MOQ, (Code.MOQ, -1) not in failed, ask.quantity[line], offer.moq[cap])
    add(Code.CAPACITY, (Code.CAPACITY, -1) not in failed, ask.rate[line], offer.free[cap])
    add(Code.TIME, (Code.TIME, -1) not in failed, ask.need_by[line], _last_day(p, cap))
    add(Code.PRICE, (Code.PRICE, -1) not in failed, ask.ceiling[line], offer.price[cap])
    return verdicts
