"""Makers of Problems: small ugly ones for properties, large even ones for measuring.

``small_problem`` draws from pools of few values, so that equal scores, equal shortfalls, values exactly at the
limit, zeros, negatives and empty sets are common rather than rare.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.kernel import (
    Capabilities,
    Certificates,
    ComponentKeys,
    Demands,
    Kind,
    Lines,
    Lists,
    Op,
    Organisations,
    Places,
    Problem,
    Requirements,
    ScenarioTypes,
    SiteKeys,
    Sites,
    Specs,
    Types,
    Weights,
    Windows,
    problem,
)

AS_OF = 739_500
NAN = float("nan")
NUMBERS = [-40.0, -20.0, -5.0, -0.1, 0.0, 0.1, 0.3, 0.5, 1.0, 2.0, 3.0, 10.0, 60.0, 1e6]
CHOICES = 4
KINDS = [Kind.NUMBER, Kind.NUMBER, Kind.RANGE, Kind.CHOICE, Kind.ORDERED, Kind.BOOL, Kind.ORDERED]
N_CHOICES = [0, 0, 0, CHOICES, CHOICES, 0, 1]


@dataclass(frozen=True)
class Shape:
    """How large, and how hard to please, a small problem is. strict: share of rules that bite."""

    capabilities: int = 30
    demands: int = 3
    sites: int = 5
    cities: int = 4
    types: int = 5
    organisations: int = 5
    strict: float = 0.3
    pools: bool = True  # few distinct values: ties; else any float


def small_problem(rng: random.Random, shape: Shape) -> Problem:
    """A small problem of that shape; the same rng state makes the same problem."""
    return _Maker(rng, shape).problem()


class _Maker:
    def __init__(self, rng: random.Random, shape: Shape) -> None:
        self.rng, self.shape, self.strict = rng, shape, shape.strict

    def often(self, share: float) -> bool:
        return self.rng.random() < share

    def value(self) -> float:
        return self.rng.choice(NUMBERS) if self.shape.pools else self.rng.uniform(-50, 100)

    def positive(self, *pool: float) -> float:
        return self.rng.choice(pool) if self.shape.pools else self.rng.uniform(pool[0], pool[-1])

    def biting(self, hard: tuple[float, ...], easy: tuple[float, ...]) -> float:
        return self.positive(*(hard if self.often(self.strict) else easy))

    def days_ahead(self) -> int:
        return self.rng.choice([-5, 0, 1, 30, 45] if self.often(self.strict) else [90, 100, 200, 365])

    def date(self, none: float, low: int = -20, high: int = 200) -> int:
        return 0 if self.often(none) else AS_OF + self.rng.randint(low, high)

    def problem(self) -> Problem:
        rng, shape = self.rng, self.shape
        keys = range(len(KINDS))
        has_key, parent = self.tree(shape.types)
        scenario_parent = [-1, 0, rng.randrange(-1, 2)]
        self.has_key = has_key
        demands, lines = self.demands_and_lines()
        record = [(n, rng.randint(0, n)) for n in (rng.choice([0, 1, 5]) for _ in range(shape.organisations))]
        weights = Weights.default()
        if self.often(0.5):
            weights = Weights([rng.choice([0, 1, 5, 30]) for _ in range(6)] + [1], [1, 0, 2, 3, rng.random()])
        return problem(
            as_of=AS_OF,
            places=self.places(),
            component_keys=ComponentKeys(KINDS, N_CHOICES),
            site_keys=SiteKeys(KINDS, N_CHOICES),
            types=Types(
                parent,
                [rng.choice([0, 2, 4, 16]) for _ in parent],
                [[k in has for k in keys] for has in has_key],
            ),
            scenario_types=ScenarioTypes(scenario_parent),
            organisations=Organisations(
                [self.often(0.7) for _ in record], [n for n, _ in record], [good for _, good in record]
            ),
            capabilities=self.capabilities(),
            demands=demands,
            lines=lines,
            sites=self.sites(),
            weights=weights,
        )

    def tree(self, types: int) -> tuple[list[set[int]], list[int]]:
        has_key: list[set[int]] = []
        parent = []
        for node in range(types):
            above = self.rng.randrange(-1, node)
            parent.append(above)
            own = {key for key in range(len(KINDS)) if self.often(0.5)}
            has_key.append(own | (has_key[above] if above >= 0 else set()))
        return has_key, parent

    def places(self) -> Places:
        count = self.shape.cities
        minutes = [[self.positive(30, 60, 60, 90.5, 180, 600) for _ in range(count)] for _ in range(count)]
        for city in range(count):
            minutes[city][city] = 30.0
        roles = [self.rng.choice([0, 1, 2, 4, 6, 8, 31]) for _ in range(count)]
        return Places(minutes, [self.often(0.85) for _ in range(count)], roles)

    def specs(self, rows: int, keys_of: Any) -> Specs:
        found = []
        for row in range(rows):
            for key in keys_of(row):
                if self.often(1 - self.strict / 2):
                    found.append((row, key, *self.offer(KINDS[key], N_CHOICES[key])))
        return Specs.of(*zip(*found, strict=True)) if found else Specs.of([], [], [], [], [])

    def offer(self, kind: Kind, choices: int) -> tuple[float, float, int]:
        if kind in (Kind.NUMBER, Kind.RANGE):
            ends = sorted((self.value(), self.value()))
            return (ends[0], ends[0], 0) if kind == Kind.NUMBER else (ends[0], ends[1], 0)
        if kind == Kind.BOOL:
            return NAN, NAN, self.rng.choice([0, 1, 2])
        return NAN, NAN, self.rng.randrange(0, 2**choices)

    def wants(self, keys: Any, share: float) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        seen: set[int] = set()
        for key in sorted(keys):
            for _ in range(2):
                if self.often(share):
                    hard = key not in seen and self.often(0.5)
                    seen |= {key} if hard else set()
                    found.append(self.want(key, hard))
        self.rng.shuffle(found)
        return found

    def want(self, key: int, hard: bool) -> tuple[Any, ...]:
        rng, kind, choices = self.rng, KINDS[key], N_CHOICES[key]
        a, b = sorted((self.value(), self.value()))
        mask = 0
        if kind in (Kind.NUMBER, Kind.RANGE):
            op = rng.choice([Op.GE, Op.LE, Op.BETWEEN, Op.COVERS])
            if op == Op.BETWEEN and self.often(0.3):
                b = a
        elif kind == Kind.BOOL:
            op, mask = Op.IS, rng.choice([1, 2])
        elif kind == Kind.CHOICE or self.often(0.3):
            op, mask = Op.ONE_OF, rng.randrange(1, 2**choices)
        else:
            op, a = rng.choice([Op.GE, Op.LE]), float(rng.randrange(choices))
        weight, tolerance = rng.choice([1, 1, 2, 5]), rng.choice([0.2, 0.05, 0.5, 1.0, 2.0])
        return key, op, a, b if op in (Op.BETWEEN, Op.COVERS) else NAN, mask, hard, weight, tolerance

    def capabilities(self) -> Capabilities:
        rng, shape, count = self.rng, self.shape, self.shape.capabilities
        types = [rng.randrange(shape.types) for _ in range(count)]
        held = [
            (row, code, self.date(0.5, -3, 3))
            for row in range(count)
            for code in rng.choices(range(3), k=3)
            if self.often(0.8)
        ]
        columns = list(zip(*held, strict=True)) or [(), (), ()]
        return Capabilities(
            type=types,
            firm=[rng.randrange(shape.organisations) for _ in types],
            city=[rng.randrange(shape.cities) for _ in types],
            active=[self.often(0.95) for _ in types],
            valid_until=[self.date(0.8, -2, 5) for _ in types],
            available_from=[self.date(1 - self.strict) for _ in types],
            free=[self.biting((-5, 0, 10, 99, 100, 150), (100, 200, 200, 400, 1000)) for _ in types],
            moq=[self.biting((100, 101, 500), (1, 1, 10, 100)) for _ in types],
            prototype_days=[rng.choice([0, 7, 10, 30]) for _ in types],
            volume_days=[
                rng.choice([90, 120, 250] if self.often(self.strict) else [0, 10, 30, 45]) for _ in types
            ],
            price=[NAN if self.often(0.2) else self.biting((110, 150, 300), (50, 90, 100)) for _ in types],
            specs=self.specs(count, lambda row: sorted(self.has_key[types[row]])),
            certificates=Certificates.of(*columns),
        )

    def demands_and_lines(self) -> tuple[Demands, Lines]:
        rng, shape = self.rng, self.shape
        many = range(shape.demands)
        need_by = [AS_OF + self.days_ahead() for _ in many]
        site_keys = range(len(KINDS))
        demands = Demands(
            organisation=[rng.randrange(shape.organisations) for _ in many],
            lab=[rng.randrange(shape.cities) for _ in many],
            open_scope=[self.often(0.3) for _ in many],
            start=[self.date(0.2, -30, 60) for _ in many],
            need_by=need_by,
            iterations=[rng.choice([0, 1, 2, 2, 3]) for _ in many],
            deployment=[rng.randrange(-1, shape.cities) if self.often(0.4) else -1 for _ in many],
            scenario=[rng.choice([-1, 0, 0, 0, 1, 2]) for _ in many],
            fleet=[self.biting((10, 20, 30), (1, 5, 10)) for _ in many],
            trial_days=[rng.choice([10, 30, 61] if self.often(self.strict) else [1, 3, 10]) for _ in many],
            site_requirements=Requirements.of([self.wants(site_keys, 0.3 * self.strict) for _ in many]),
            excluded=Lists.of(
                [
                    rng.choices(range(shape.organisations), k=1) if self.often(self.strict / 2) else []
                    for _ in many
                ]
            ),
        )
        owner = [demand for demand in many for _ in range(rng.choice([1, 1, 2, 3]))]
        types = [rng.randrange(shape.types) if self.often(0.6) else 0 for _ in owner]
        lines = Lines(
            demand=owner,
            type=types,
            quantity=[self.biting((1, 50, 100), (100, 100, 500, 1000)) for _ in owner],
            rate=[self.biting((150, 200), (10, 90, 100)) for _ in owner],
            need_by=[AS_OF + self.days_ahead() if self.often(0.4) else need_by[d] for d in owner],
            target=[NAN if self.often(0.3) else self.positive(50, 90, 100, 200) for _ in owner],
            ceiling=[NAN if self.often(0.5) else self.biting((50, 90), (100, 110, 300)) for _ in owner],
            certificates=Lists.of(
                [rng.sample(range(4), k=rng.choice([1, 2]) if self.often(self.strict) else 0) for _ in owner]
            ),
            requirements=Requirements.of([self.wants(self.has_key[t], self.strict) for t in types]),
        )
        return demands, lines

    def sites(self) -> Sites:
        rng, shape = self.rng, self.shape
        many = range(shape.sites)
        lists = [self.wants(range(len(KINDS)), 0.1 + self.strict / 4) for _ in range(3)]
        return Sites(
            scenario=[rng.randrange(3) for _ in many],
            city=[rng.randrange(shape.cities) for _ in many],
            organisation=[rng.randrange(shape.organisations) for _ in many],
            active=[self.often(0.95) for _ in many],
            fleet_capacity=[self.biting((0, 5, 10), (10, 20, 20, 40)) for _ in many],
            windows=Windows.of([self.windows() for _ in many]),
            params=self.specs(shape.sites, lambda row: range(len(KINDS))),
            conditions=Requirements.of([rng.choice([[], *lists]) for _ in many]),
        )

    def windows(self) -> list[tuple[int, int]]:
        found = []
        for _ in range(self.rng.choice([0, 1] if self.often(self.strict / 2) else [1, 2, 3])):
            opens = AS_OF + self.rng.choice([-10, 0, 0, 20, 60, 150, 400])
            found.append((opens, opens + self.rng.choice([0, 2, 9, 29, 60, 300])))
        return found


def large_problem(
    capabilities: int = 60_000,
    demands: int = 2_000,
    lines: int = 8_000,
    sites: int = 500,
    types: int = 60,
    cities: int = 60,
    seed: int = 1,
) -> Problem:
    """An even region for measuring: types of equal size (a tree of two levels, lines ask for leaves), 10 number
    keys each of which a line asks 6, a mix of scopes, certificates, prices, part conditions and windows."""
    rng = np.random.default_rng(seed)
    keys, firms = 40, max(10, capabilities // 6)
    has_key = np.zeros((types + 6, keys), bool)
    group_keys = [rng.choice(keys, 4, replace=False) for _ in range(6)]
    for type_ in range(types):
        has_key[6 + type_, rng.choice(keys, 8, replace=False)] = True
        has_key[6 + type_, group_keys[type_ % 6]] = True
    for group in range(6):
        has_key[group, group_keys[group]] = True
    parent = np.concatenate((np.full(6, -1), np.arange(types) % 6))
    kinds = np.where(
        np.arange(keys) % 8 < 6, Kind.NUMBER, np.where(np.arange(keys) % 8 == 6, Kind.RANGE, Kind.ORDERED)
    )
    n_choices = np.where(kinds == Kind.ORDERED, 8, 0)
    cap_type = rng.integers(0, types, capabilities) + 6
    row, key = np.nonzero(has_key[cap_type])
    stated = rng.random(len(row)) < 0.93
    row, key = row[stated], key[stated]
    low = rng.normal(50, 20, len(row)).round(3)
    high = np.where(kinds[key] == Kind.RANGE, low + 20, low)
    ordered = kinds[key] == Kind.ORDERED
    mask = np.where(ordered, 1 << rng.integers(0, 8, len(row)), 0).astype(np.uint64)
    low, high = np.where(ordered, NAN, low), np.where(ordered, NAN, high)
    held = np.flatnonzero(rng.random(capabilities * 4) < 0.4)
    start = AS_OF + rng.integers(-30, 60, demands)
    need_by = AS_OF + rng.integers(150, 500, demands)
    owner = np.sort(np.concatenate((np.arange(demands), rng.integers(0, demands, lines - demands))))
    line_type = rng.integers(0, types, lines) + 6
    price = (rng.lognormal(5, 0.4, capabilities)).round(2)
    price[rng.random(capabilities) < 0.1] = NAN
    latitude, longitude = rng.uniform(22, 40, cities), rng.uniform(102, 122, cities)
    from matching.kernel.geo import travel_minutes

    def wants(type_: int) -> list[tuple[Any, ...]]:
        chosen = rng.choice(np.flatnonzero(has_key[type_]), 6, replace=False)
        return [_easy_want(rng, int(k), int(kinds[k]), hard=i < 4) for i, k in enumerate(chosen)]

    condition_lists = [
        [_easy_want(rng, int(k), int(kinds[k]), hard=True) for k in rng.choice(keys, 3, replace=False)]
        for _ in range(max(20, sites * 2 // 5))
    ]
    none: list[int] = []
    return problem(
        as_of=AS_OF,
        places=Places(
            travel_minutes(latitude, longitude, np.array(none), np.array(none), np.array(none)),
            np.arange(cities) % 5 > 0,
            rng.integers(1, 32, cities),
        ),
        component_keys=ComponentKeys(kinds, n_choices),
        site_keys=SiteKeys([Kind.NUMBER] * 4, [0] * 4),
        types=Types(parent, rng.choice([2, 4, 16], types + 6), has_key),
        scenario_types=ScenarioTypes(np.concatenate(([-1], np.zeros(10)))),
        organisations=Organisations(rng.random(firms) < 0.7, np.full(firms, 20), rng.integers(0, 21, firms)),
        capabilities=Capabilities(
            type=cap_type,
            firm=rng.integers(0, firms, capabilities),
            city=rng.integers(0, cities, capabilities),
            active=rng.random(capabilities) < 0.98,
            valid_until=np.zeros(capabilities),
            available_from=np.where(rng.random(capabilities) < 0.9, 0, AS_OF + 30),
            free=rng.integers(0, 2000, capabilities),
            moq=rng.choice([1, 10, 50, 100, 500], capabilities),
            prototype_days=rng.integers(5, 40, capabilities),
            volume_days=rng.integers(10, 150, capabilities),
            price=price,
            specs=Specs.of(row, key, low, high, mask),
            certificates=Certificates.of(held // 4, held % 4, np.zeros(len(held))),
        ),
        demands=Demands(
            organisation=rng.integers(0, firms, demands),
            lab=rng.integers(0, cities, demands),
            open_scope=rng.random(demands) < 0.2,
            start=start,
            need_by=need_by,
            iterations=np.full(demands, 2),
            deployment=np.full(demands, -1),
            scenario=np.where(rng.random(demands) < 0.9, rng.integers(1, 11, demands), -1),
            fleet=rng.choice([1, 5, 10], demands),
            trial_days=rng.choice([10, 20, 30], demands),
            site_requirements=Requirements.of(
                [[_easy_want(rng, 0, Kind.NUMBER, True)] for _ in range(demands)]
            ),
            excluded=Lists.of([[] for _ in range(demands)]),
        ),
        lines=Lines(
            demand=owner,
            type=line_type,
            quantity=rng.choice([100, 200, 1000], lines),
            rate=rng.choice([50, 100, 300], lines),
            need_by=need_by[owner],
            target=np.where(rng.random(lines) < 0.7, 150, NAN),
            ceiling=np.where(rng.random(lines) < 0.5, 300, NAN),
            certificates=Lists.of([rng.choice(4, rng.integers(0, 2)).tolist() for _ in range(lines)]),
            requirements=Requirements.of([wants(t) for t in line_type.tolist()]),
        ),
        sites=Sites(
            scenario=rng.integers(1, 11, sites),
            city=rng.integers(0, cities, sites),
            organisation=rng.integers(0, firms, sites),
            active=np.ones(sites, bool),
            fleet_capacity=rng.integers(5, 60, sites),
            windows=Windows.of(
                [[(d, d + 60) for d in (AS_OF + rng.integers(-30, 500, 4)).tolist()] for _ in range(sites)]
            ),
            params=Specs.of(
                np.arange(sites), np.zeros(sites), *[rng.normal(50, 20, sites)] * 2, np.zeros(sites)
            ),
            conditions=Requirements.of(
                [condition_lists[int(rng.integers(len(condition_lists)))] for _ in range(sites)]
            ),
        ),
        weights=Weights.default(),
    )


def _easy_want(rng: np.random.Generator, key: int, kind: int, hard: bool) -> tuple[Any, ...]:
    """A requirement that about three quarters of the offers satisfy."""
    if kind == Kind.ORDERED:
        return key, Op.GE, 2.0, NAN, 0, hard, 1, 0.2
    if kind == Kind.RANGE and rng.random() < 0.5:
        return key, Op.COVERS, 55.0, 56.0, 0, hard, 1, 0.2
    op = Op.GE if rng.random() < 0.5 else Op.LE
    return key, op, (36.0 if op == Op.GE else 64.0) + round(float(rng.normal(0, 5)), 2), NAN, 0, hard, 2, 0.2
