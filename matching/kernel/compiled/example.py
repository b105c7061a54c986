# mypy: disable-error-code="arg-type"
# Tables turn what they are given into arrays of their own types.
"""A made-up problem on which ways to match are compared, and loops compiled: all lines ask for one component type.

Every line asks for six numbers, a rate, a date, a quantity and a ceiling, and prefers cheap, soon, near and proven.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.codes import Kind, Op
from matching.kernel.geo import travel_minutes
from matching.kernel.packed import Certificates, Lists, Requirements, Specs, Windows
from matching.kernel.problem import (
    Capabilities,
    ComponentKeys,
    Demands,
    Lines,
    Organisations,
    Places,
    Problem,
    ScenarioTypes,
    SiteKeys,
    Sites,
    Types,
    Weights,
    problem,
)

KEYS = 6
CITIES = 100
AS_OF = 739_574
NAN = float("nan")
FEASIBLE = {
    "few": 0.50,
    "usual": 0.845,
    "many": 0.97,
}  # chance that one number is met: 20, 1,400, 3,200 of 10,000


def one_type(
    *, capabilities: int = 10_000, lines: int = 2_500, met: float = 0.75, sites: int = 0, seed: int = 1
) -> Problem:
    """`met`: the chance that a capability meets one of the six numbers. One demand for each line, scope open."""
    rng = np.random.default_rng(seed)
    firms = max(1, capabilities // 3)
    latitude, longitude = rng.uniform(22, 40, CITIES), rng.uniform(102, 122, CITIES)
    nowhere = np.zeros(0, np.int64)
    owner = np.arange(lines)
    days = rng.integers(120, 400, lines)
    return problem(
        as_of=AS_OF,
        places=Places(
            travel_minutes(latitude, longitude, nowhere, nowhere, nowhere),
            np.ones(CITIES, bool),
            rng.integers(1, 32, CITIES),
        ),
        component_keys=ComponentKeys([Kind.NUMBER] * KEYS, [0] * KEYS),
        site_keys=SiteKeys([], []),
        types=Types([-1], [2], np.ones((1, KEYS), bool)),
        scenario_types=ScenarioTypes([-1]),
        organisations=Organisations(rng.random(firms) < 0.75, np.full(firms, 80), rng.integers(0, 81, firms)),
        capabilities=_offers(rng, capabilities, firms),
        demands=Demands(
            organisation=rng.integers(0, firms, lines), lab=rng.integers(0, CITIES, lines),
            open_scope=np.ones(lines, bool), start=np.zeros(lines), need_by=AS_OF + days, iterations=np.full(lines, 2),
            deployment=np.full(lines, -1), scenario=np.full(lines, 0 if sites else -1), fleet=np.ones(lines),
            trial_days=np.ones(lines),
            site_requirements=Requirements.of([[]] * lines), excluded=Lists.of([[]] * lines),
        ),
        lines=Lines(
            demand=owner, type=np.zeros(lines), quantity=rng.integers(100, 2000, lines),
            rate=rng.integers(20, 600, lines), need_by=AS_OF + days, target=rng.uniform(80, 160, lines).round(2),
            ceiling=rng.uniform(150, 300, lines).round(2), certificates=Lists.of([[]] * lines),
            requirements=Requirements.of(_wants(rng, lines, met)),
        ),
        sites=_sites(rng, sites, firms),
        weights=Weights.default(),
    )  # fmt: skip


def _offers(rng: np.random.Generator, count: int, firms: int) -> Capabilities:
    values = rng.uniform(0, 100, count * KEYS).round(3)
    price = rng.lognormal(4.8, 0.35, count).round(2)
    price[rng.random(count) < 0.1] = NAN
    row = np.repeat(np.arange(count), KEYS)
    return Capabilities(
        type=np.zeros(count), firm=rng.integers(0, firms, count), city=rng.integers(0, CITIES, count),
        active=np.ones(count, bool), valid_until=np.zeros(count), available_from=np.zeros(count),
        free=rng.integers(0, 3000, count), moq=rng.choice([1, 10, 50, 100, 300], count),
        prototype_days=rng.integers(5, 40, count), volume_days=rng.integers(15, 185, count), price=price,
        specs=Specs(row, np.tile(np.arange(KEYS), count), values, values, np.zeros(len(row))),
        certificates=Certificates.of([], [], []),
    )  # fmt: skip


def _wants(rng: np.random.Generator, lines: int, met: float) -> list[list[tuple[object, ...]]]:
    chance = np.clip(met + rng.normal(0, 0.05, (lines, KEYS)), 0.02, 0.999)
    at_least = rng.random((lines, KEYS)) < 0.5
    bound = np.where(at_least, 1 - chance, chance) * 100
    return [
        [
            (key, Op.GE if at_least[line, key] else Op.LE, float(bound[line, key]), NAN, 0, True, 1, 0.2)
            for key in range(KEYS)
        ]
        for line in range(lines)
    ]


def _sites(rng: np.random.Generator, count: int, firms: int) -> Sites:
    return Sites(
        scenario=np.zeros(count), city=rng.integers(0, CITIES, count), organisation=rng.integers(0, firms, count),
        active=np.ones(count, bool), fleet_capacity=np.full(count, 20),
        windows=Windows.of([[(AS_OF + 10, AS_OF + 600)]] * count),
        params=Specs.of([], [], [], [], []),
        conditions=Requirements.of(
            [[(0, Op.GE, float(rng.uniform(0, 60)), NAN, 0, True, 1, 0.2)] for _ in range(count)]
        ),
    )  # fmt: skip


def example() -> Problem:
    """Small, but every loop has something to do: choices aside, which share their loops with certificates."""
    return one_type(capabilities=1_500, lines=60, sites=12)
