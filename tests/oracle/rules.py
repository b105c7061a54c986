"""Sections 1 and 2 of the rules: places, travel, and one requirement against one offer."""

from collections.abc import Callable
from datetime import date
from math import asin, cos, radians, sin, sqrt
from typing import Any

from tests.oracle.things import Alliance, Organisation, Param, Requirement, World

RADIUS_KM = 6371.0088
Travel = Callable[[str, str], float]


def clamp(value: float) -> float:
    return min(1.0, max(0.0, value))


def days(start: date, end: date) -> int:
    """Days from a to b."""
    return (end - start).days


def divisor(count: int) -> int:
    """A divisor that is a number of days is at least 1."""
    return max(1, count)


def roles_of(world: World, alliance: Alliance, code: str) -> set[str] | None:
    """Roles of the nearest listed city upwards; None when none is listed (not a member)."""
    while code:
        if code in alliance.roles:
            return alliance.roles[code]
        code = world.cities[code].parent
    return None


def travel_minutes(world: World, a: str, b: str) -> float:
    if a == b:
        return 30.0
    if (a, b) in world.travel:
        return world.travel[a, b]
    if (b, a) in world.travel:
        return world.travel[b, a]
    one, two = world.cities[a], world.cities[b]
    phi1, phi2 = radians(one.latitude), radians(two.latitude)
    half = sin((phi2 - phi1) / 2) ** 2
    half += cos(phi1) * cos(phi2) * sin(radians(two.longitude - one.longitude) / 2) ** 2
    return max(30.0, 2 * RADIUS_KM * asin(sqrt(half)) * 1.3)


def proximity(minutes: float) -> float:
    return float(2 ** (-minutes / 180))


def trust(organisation: Organisation) -> float:
    if not organisation.verified:
        return 0.0
    return 0.6 + 0.4 * (organisation.on_time + 1) / (organisation.completed + 2)


def weighted(terms: dict[str, float], weights: dict[str, float]) -> float:
    return sum(weights[name] * value for name, value in terms.items()) / sum(weights[name] for name in terms)


def _over(gap: float, scale: float) -> float:
    return gap / scale if scale != 0 else 1.0


def _number_gap(op: str, asked: tuple[float, float], low: float, high: float) -> float | None:
    """None when satisfied."""
    a, b = asked
    if op == ">=":
        return None if high >= a else _over(a - high, abs(a))
    if op == "<=":
        return None if low <= a else _over(low - a, abs(a))
    scale = max(abs(a), abs(b))
    if op == "between":
        return None if low <= b and high >= a else _over(max(low - b, a - high), scale)
    return None if low <= a and high >= b else _over(max(low - a, b - high), scale)


def _choice_gap(op: str, asked: Any, chosen: set[str], choices: list[str]) -> float | None:
    """None when satisfied."""
    if op == "one_of":
        return None if chosen & asked else 1.0
    places = [choices.index(choice) for choice in chosen]
    if op == ">=":
        return None if max(places) >= asked else _over(asked - max(places), len(choices) - 1)
    return None if min(places) <= asked else _over(min(places) - asked, len(choices) - 1)


def shortfall(requirement: Requirement, specs: dict[str, Any], params: dict[str, Param]) -> float | None:
    """By how much an offer falls short, unrounded; None when it satisfies."""
    offer = specs.get(requirement.key)
    if offer is None:
        return 1.0
    param = params[requirement.key]
    if param.kind == "bool":
        return None if offer == requirement.value else 1.0
    if param.kind == "choice":
        return _choice_gap(requirement.op, requirement.value, offer, param.choices)
    low, high = offer
    return _number_gap(requirement.op, requirement.value, low, high)


def fit(asked: list[Requirement], specs: dict[str, Any], params: dict[str, Param]) -> float:
    """Weighted mean degree of the soft requirements; 1 if there are none."""
    total, weight = 0.0, 0.0
    for requirement in asked:
        if requirement.hard:
            continue
        gap = shortfall(requirement, specs, params)
        degree = 1.0 if gap is None else max(0.0, 1 - gap / requirement.tolerance)
        total += requirement.weight * degree
        weight += requirement.weight
    return total / weight if weight else 1.0
