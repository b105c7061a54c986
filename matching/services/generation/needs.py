"""Demands with their lines, and application sites with their windows."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any, Final, cast

from django.utils.translation import gettext as _

from alliance.errors import DomainError
from companies.specs import Kind, Parameter, part_conditions
from matching.services.generation.firms import Cast, Write, certificates, day, flag, spread
from matching.services.generation.places import Pact, Place
from matching.services.generation.pools import TEMPERATURES_ASKED, Pool, requirement, requirements
from matching.services.generation.trees import TreeType

WEAK_CONDITIONS: Final = (
    "operating_temp",
    "ip_rating",
    "mass",
    "power",
    "noise",
    "endurance",
    "rated_voltage",
)
RARE_CONDITIONS: Final = (
    "explosion_proof",
    "clean_class",
    "salt_spray",
    "bus",
    "material",
    "max_speed_mps",
    "sil",
)
MAX_CONDITION_SETS: Final = 200
QUANTITIES: Final = (10, 20, 30, 50, 50, 80, 100, 100, 200, 300, 500, 1000, 2000)
OPEN_POINTS: Final = (
    "至少5层货架",
    "支持中文语音交互",
    "需现场联调两周",
    "at least 5 shelf layers",
    "quiet after 22:00",
)
PROGRAMMES: Final = (
    "人形机器人",
    "四足机器人",
    "协作机械臂",
    "移动搬运机器人",
    "巡检机器人",
    "清洁机器人",
    "康复机器人",
    "水下机器人",
)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


class DemandWriter:
    """Writes demands of the alliances' labs; each has at least one line."""

    def __init__(
        self,
        rng: Random,
        pacts: Sequence[Pact],
        cast: Cast,
        components: Sequence[TreeType],
        scenarios: Sequence[TreeType],
        writers: tuple[Write, Write],
        strictness: float = 0.0,
    ) -> None:
        self.rng = rng
        self.pacts = pacts
        self.cast = cast
        self.strictness = strictness
        self.leaves = [kind for kind in components if kind.leaf]
        self.groups = [kind for kind in components if not kind.leaf]
        self.tasks = [kind for kind in scenarios if kind.leaf]
        self.fields = [kind for kind in scenarios if not kind.leaf]
        self.demand, self.line = writers
        self.anyone = [pair for pairs in cast.labs.values() for pair in pairs]
        self.local: set[str] = set()
        self.lines = 0

    def write(self, demands: int, lines: int, open_share: float) -> None:
        for index, share in enumerate(spread(self.rng, lines, demands, least=1)):
            self._demand(index, share, open_share)

    def _demand(self, index: int, lines: int, open_share: float) -> None:
        rng = self.rng
        pact = rng.choice(self.pacts)
        organisation, city = rng.choice(self.cast.labs.get(pact.slug) or self.anyone)
        local = index % 20 in (3, 4) and organisation not in self.local
        external = "programme-1" if local else f"D{index:06d}"
        self.local.update([organisation] if local else [])
        start = rng.randint(-30, 120)
        need_by = start + (rng.randint(5, 40) if rng.random() < 0.03 else rng.randint(100, 340))
        lab = city if rng.random() < 0.85 else rng.choice(pact.by_role.get("rnd") or pact.members)
        self.demand(
            [
                external,
                organisation,
                pact.slug,
                f"{rng.choice(PROGRAMMES)} {index}",
                lab,
                "open" if rng.random() < open_share else "alliance",
                rng.choice(("open", "open", "members", "introduction")),
                day(start),
                day(need_by),
                "" if rng.random() < 0.6 else rng.randint(1, 4),
                rng.choice(pact.members) if rng.random() < 0.15 else "",
                *self._site_need(),
                self._open_points(),
                flag(rng.random() < 0.96),
            ]
        )
        reference = f"{organisation}/{external}" if local else external
        for number in range(lines):
            name = f"programme-1-L{number + 1}" if local else f"L{self.lines:07d}"
            self.lines += 1
            self._line(name, reference, need_by)

    def _site_need(self) -> list[Any]:
        rng = self.rng
        if rng.random() < 0.12:
            return ["", "", "", ""]
        kind = rng.choice(self.tasks) if rng.random() < 0.2 else rng.choice(self.fields)
        rows = requirements(rng, kind.pools, 2)
        return [kind.code, rng.randint(1, 15), rng.randint(7, 45), _json(rows)]

    def _open_points(self) -> str:
        return (
            ";".join(self.rng.sample(OPEN_POINTS, self.rng.randint(1, 2))) if self.rng.random() < 0.1 else ""
        )

    def _line(self, external: str, demand: str, need_by: int) -> None:
        rng = self.rng
        kind = rng.choice(self.groups) if rng.random() < 0.02 else rng.choice(self.leaves)
        quantity = rng.choice(QUANTITIES)
        rate = max(1, quantity // rng.choice((1, 2, 2, 3, 4, 6)))
        target = round(kind.unit_price * rng.uniform(0.7, 1.1), 2)
        ceiling = round(target * rng.uniform(1.0, 1.6), 2)
        asked = certificates(rng, (0.15, 0.04)).split(";")
        rows = requirements(rng, kind.pools, 5, self.strictness) if kind.pools else []
        self.line(
            [
                external,
                demand,
                kind.code,
                quantity,
                rate + 0.5 if rng.random() < 0.03 else rate,
                day(need_by - rng.randint(0, 60)) if rng.random() < 0.1 else "",
                "" if rng.random() < 0.2 else f"{target:.2f}",
                "" if rng.random() < 0.25 else f"{ceiling:.2f}",
                ";".join(code.split("@")[0] for code in asked),
                _json(rows),
                self._open_points(),
            ]
        )


def _pools_by_key(components: Sequence[TreeType]) -> dict[str, Pool]:
    pools: dict[str, Pool] = {}
    for kind in components:
        for pool in kind.pools:
            pools.setdefault(pool.key, pool)
    return pools


def _condition(rng: Random, pool: Pool) -> dict[str, Any]:
    if pool.key == "operating_temp":
        low, high = rng.choice(TEMPERATURES_ASKED[:5])
        value: Any = [low, high] if rng.random() < 0.8 else [f"{low:.0f} degC", f"{high:.0f} degC"]
        return {"key": pool.key, "op": "covers", "value": value}
    if pool.key == "ip_rating":
        return {
            "key": pool.key,
            "op": ">=",
            "value": rng.choice(("IP20", "IP40", "IP40", "IP54", "IP54", "IP65")),
        }
    row = requirement(rng, pool, hard=True)
    row.pop("hard", None)
    return row


def condition_sets(rng: Random, components: Sequence[TreeType], sites: int) -> list[str]:
    """A limited number of sets (200 at most, a few of them alike): places of one kind ask for the same things."""
    draw = _sets_of_conditions(rng, components)
    return ["", *(_json(next(draw)) for _ in range(min(MAX_CONDITION_SETS, 12 + sites // 10)))]


def distinct_condition_sets(rng: Random, components: Sequence[TreeType], count: int) -> list[str]:
    """No conditions, and `count` sets of which no two mean the same, whatever the unit and the order."""
    parameters = {
        pool.key: Parameter(pool.key, pool.unit, cast(Kind, pool.kind), pool.choices, pool.ordered)
        for pool in _pools_by_key(components).values()
    }
    found: dict[str, str] = {}
    for rows in islice(_sets_of_conditions(rng, components), 1000 + 50 * count):
        if rows and len(found) < count:
            meant = sorted(part_conditions(parameters, rows), key=lambda condition: condition["key"])
            found.setdefault(json.dumps(meant), _json(rows))
    if len(found) < count:
        raise DomainError(_("There are not that many sets of part conditions."), field="condition_sets")
    return ["", *found.values()]


def _sets_of_conditions(rng: Random, components: Sequence[TreeType]) -> Iterator[list[dict[str, Any]]]:
    pools = _pools_by_key(components)
    weak = [pools[key] for key in WEAK_CONDITIONS if key in pools]
    rare = [pools[key] for key in RARE_CONDITIONS if key in pools]
    while True:
        chosen = weak[:1] if rng.random() < 0.75 else []
        chosen += weak[1:2] if rng.random() < 0.6 else []
        chosen += rng.sample(weak[2:], min(len(weak[2:]), rng.choice((0, 1, 1, 2))))
        chosen += rng.sample(rare, min(len(rare), rng.choice((0, 0, 1))))
        yield [_condition(rng, pool) for pool in chosen]


def _site_params(rng: Random, kind: TreeType) -> str:
    size = rng.random()
    parts = [
        pool.offers[int((size + rng.random()) * 0.5 * len(pool.offers))]
        for pool in kind.pools
        if rng.random() > 0.08
    ]
    return "{" + ", ".join(parts) + "}"


def _windows(rng: Random) -> list[tuple[int, int]]:
    """None to four, in no order; they may touch or overlap. One site in five soon closes for good."""
    windows = []
    latest, longest = (50, 50) if rng.random() < 0.2 else (300, 180)
    for _number in range(rng.choice((0, 1, 1, 1, 2, 2, 2, 3, 3, 4))):
        start = rng.randint(-60, latest)
        windows.append((start, start + rng.randint(10, longest)))
    return windows


def write_sites(
    rng: Random,
    sites: int,
    pacts: Sequence[Pact],
    cast: Cast,
    places: dict[str, Place],
    trees: tuple[Sequence[TreeType], Sequence[TreeType]],
    writers: tuple[Write, Write],
    distinct: int | None = None,
) -> None:
    """Sites over all tasks, nearly all in cities of an alliance, mostly where its role is to host them.

    distinct: exactly so many different sets of part conditions, each at one site or more.
    """
    components, scenarios = trees
    write_site, write_window = writers
    tasks = [kind for kind in scenarios if kind.leaf]
    if distinct is None:
        sets = condition_sets(rng, components, sites)
    else:
        sets = distinct_condition_sets(rng, components, distinct)
    everywhere = list(places)
    anyone = [pair for pairs in cast.operators.values() for pair in pairs]
    local: set[str] = set()
    for index in range(sites):
        pact = rng.choice(pacts)
        organisation, home = rng.choice(cast.operators.get(pact.slug) or anyone)
        hosts = pact.by_role.get("sites") or pact.members
        code = home if rng.random() < 0.4 else rng.choice(hosts if rng.random() < 0.85 else everywhere)
        named = index % 20 in (3, 4) and organisation not in local
        local.update([organisation] if named else [])
        external = "hall-1" if named else f"S{index:06d}"
        kind = rng.choice(scenarios) if rng.random() < 0.03 else rng.choice(tasks)
        place = places[code]
        write_site(
            [
                external,
                organisation,
                f"{kind.name} {index}",
                code,
                f"{place.latitude + rng.uniform(-0.08, 0.08):.5f}",
                f"{place.longitude + rng.uniform(-0.08, 0.08):.5f}",
                kind.code,
                _site_params(rng, kind),
                sets[index + 1] if distinct and index < distinct else rng.choice(sets),
                rng.randint(1, 40),
                flag(rng.random() < 0.96),
            ]
        )
        for start, end in _windows(rng):
            write_window([f"{organisation}/{external}" if named else external, day(start), day(end)])
