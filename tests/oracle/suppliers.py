"""Sections 3 and 4: one line against one capability."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracle.case import Case, holds
from tests.oracle.rules import clamp, days, divisor, fit, shortfall, trust, weighted
from tests.oracle.things import Capability, Demand, Line


@dataclass
class Pair:
    """A feasible line × capability; `index` is the capability's place in the order of creation."""

    index: int
    capability: Capability
    score: float
    terms: dict[str, float]


@dataclass
class Miss:
    """A capability that fails one rule only."""

    index: int
    capability: Capability
    code: str
    shortfall: float


def eligible(case: Case, demand: Demand, capability: Capability) -> bool:
    """`state`, `reach` and `self`; `type` is the caller's business."""
    firm = capability.facility.organisation
    if not capability.published or firm.suspended:
        return False
    if capability.valid_until is not None and capability.valid_until < case.as_of:
        return False
    if not demand.open and case.roles(capability.facility.city) is None:
        return False
    return firm.name != demand.organisation.name and firm.name not in demand.organisation.excluded


def failures(case: Case, line: Line, capability: Capability) -> Iterator[tuple[str, float]]:
    """Code and shortfall (rounded) of every other hard rule that fails, in the order of the table."""
    params = case.component_params(capability.type)
    for requirement in line.requirements:
        if requirement.hard:
            gap = shortfall(requirement, capability.specs, params)
            if gap is not None:
                yield f"spec:{requirement.key}", round(gap, 9)
    missing = [code for code in line.certificates if not holds(capability, code, case.as_of)]
    if missing:
        yield "certification", round(len(missing) / len(line.certificates), 9)
    if capability.moq > line.quantity:
        yield "moq", round((capability.moq - line.quantity) / line.quantity, 9)
    if capability.free < line.rate:
        yield "capacity", round((line.rate - capability.free) / line.rate, 9)
    late = [capability.volume_days - days(case.as_of, line.need_by)]
    if capability.available_from is not None:
        late.append(days(line.need_by, capability.available_from))
    if max(late) > 0:
        yield "time", round(max(late) / divisor(days(case.as_of, line.need_by)), 9)
    if capability.price is not None and line.ceiling is not None and capability.price > line.ceiling:
        yield "price", round((capability.price - line.ceiling) / line.ceiling, 9)


def score(case: Case, demand: Demand, line: Line, capability: Capability) -> tuple[float, dict[str, float]]:
    city = capability.facility.city
    price = 0.5
    if line.target is not None and capability.price is not None:
        price = clamp(2 - capability.price / line.target)
    supplier_role = case.world.component_types[capability.type].role
    terms = {
        "fit": fit(line.requirements, capability.specs, case.component_params(capability.type)),
        "price": price,
        "lead_time": clamp(1 - capability.volume_days / divisor(days(case.as_of, line.need_by))),
        "capacity": clamp(capability.free / (2 * line.rate)),
        "proximity": case.prox(demand.lab, city),
        "role": 1.0 if supplier_role in (case.roles(city) or ()) else 0.0,
        "trust": trust(capability.facility.organisation),
    }
    return round(weighted(terms, case.line_weights), 9), terms


def judge_line(case: Case, demand: Demand, line: Line) -> tuple[list[Pair], list[Miss]]:
    """All feasible pairs by score then id, and all near misses by shortfall then id."""
    pairs, misses = [], []
    for index in case.capabilities_of(line.type):
        capability = case.world.capabilities[index]
        if not eligible(case, demand, capability):
            continue
        failed = list(failures(case, line, capability))
        if not failed:
            pairs.append(Pair(index, capability, *score(case, demand, line, capability)))
        elif len(failed) == 1:
            misses.append(Miss(index, capability, *failed[0]))
    pairs.sort(key=lambda pair: (-pair.score, pair.index))
    misses.sort(key=lambda miss: (miss.shortfall, miss.index))
    return pairs, misses
