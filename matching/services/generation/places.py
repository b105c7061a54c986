"""Cities, alliances and travel times of a generated region."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from random import Random
from typing import Final

CITY_COLUMNS: Final = (
    "code", "parent", "name_en", "name_zh", "province_en", "province_zh", "latitude", "longitude",
)  # fmt: skip
EARTH_KM: Final = 6371.0088
TRAVEL_ROWS_PER_ALLIANCE: Final = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A city row as text, with its point as numbers."""

    row: dict[str, str]
    latitude: float
    longitude: float

    @property
    def code(self) -> str:
        return self.row["code"]


@dataclass(slots=True)
class Pact:
    """An alliance: its listed cities with their roles, and every city that thereby belongs to it, by role."""

    slug: str
    name_en: str
    name_zh: str
    lead: str
    weights: str = ""
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    by_role: dict[str, list[str]] = field(default_factory=dict)


def km_between(a: Place, b: Place) -> float:
    """Great circle."""
    p1, p2 = radians(a.latitude), radians(b.latitude)
    half = sin((p2 - p1) / 2) ** 2
    half += cos(p1) * cos(p2) * sin(radians(b.longitude - a.longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _children(places: Sequence[Place]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for place in places:
        children.setdefault(place.row["parent"], []).append(place.code)
    return children


def _family(code: str, children: dict[str, list[str]]) -> Iterator[str]:
    yield code
    for child in children.get(code, ()):
        yield from _family(child, children)


def load_places(reference: Path, cities: str) -> list[Place]:
    """Every reference city, or for `seed` those of the reference alliances, with all below and above them."""
    rows = _read(reference / "cities.csv")
    places = [
        Place(
            {column: row[column] for column in CITY_COLUMNS}, float(row["latitude"]), float(row["longitude"])
        )
        for row in rows
    ]
    if cities == "all":
        return places
    parents = {place.code: place.row["parent"] for place in places}
    children = _children(places)
    keep: set[str] = set()
    for membership in _read(reference / "memberships.csv"):
        keep.update(_family(membership["city"], children))
    for code in list(keep):
        while code := parents[code]:
            keep.add(code)
    return [place for place in places if place.code in keep]


def seed_pacts(reference: Path) -> list[Pact]:
    """The two alliances of the reference data."""
    pacts = {
        row["slug"]: Pact(row["slug"], row["name_en"], row["name_zh"], row["lead_city"])
        for row in _read(reference / "alliances.csv")
    }
    for row in _read(reference / "memberships.csv"):
        pacts[row["alliance"]].roles[row["city"]] = tuple(row["roles"].split(";"))
    return list(pacts.values())


def _near(places: Sequence[Place], lead: Place, count: int) -> list[Place]:
    return sorted(places, key=lambda place: (km_between(lead, place), place.code))[1 : count + 1]


def _random_pact(
    number: int, lead: Place, places: Sequence[Place], children: dict[str, list[str]], rng: Random
) -> Pact:
    pact = Pact(
        f"gen-{number:03d}",
        f"{lead.row['name_en']} region {number}",
        f"{lead.row['name_zh']}协同联盟{number}",
        lead.code,
    )
    pact.roles[lead.code] = ("rnd", "sites")
    tops = [place for place in places if not place.row["parent"]]
    sure = ["components", "production", "sites"]
    for place in _near(tops, lead, rng.randint(4, 9)):
        roles = {sure.pop()} if sure else {rng.choice(("components", "production", "sites"))}
        roles.update(role for role in ("components", "production", "sites", "support") if rng.random() < 0.2)
        pact.roles[place.code] = tuple(sorted(roles))
    if districts := children.get(lead.code):  # a listed district: its own roles hide its city's
        pact.roles[rng.choice(districts)] = ("production", "support")
    return pact


def _settle(pact: Pact, places: Sequence[Place]) -> None:
    """Who belongs, by the nearest listed city upwards."""
    parents = {place.code: place.row["parent"] for place in places}
    for place in places:
        code = place.code
        while code and code not in pact.roles:
            code = parents.get(code, "")
        if code:
            pact.members.append(place.code)
            for role in pact.roles[code]:
                pact.by_role.setdefault(role, []).append(place.code)


WEIGHTS: Final = (
    "",
    '{"line": {"price": 25, "proximity": 5}}',
    '{"line": {"fit": 40, "trust": 20, "role": 0.5}, "site": {"wait": 10, "fit": 60}}',
    '{"site": {"role": 20}}',
)


def make_pacts(reference: Path, places: Sequence[Place], count: int, cities: str, rng: Random) -> list[Pact]:
    """`count` alliances; with `seed` cities the reference alliances come first."""
    pacts = seed_pacts(reference)[:count] if cities == "seed" else []
    children = _children(places)
    tops = [place for place in places if not place.row["parent"]]
    while len(pacts) < count:
        number = len(pacts) + 1
        pacts.append(_random_pact(number, rng.choice(tops), places, children, rng))
    for index, pact in enumerate(pacts):
        pact.weights = WEIGHTS[index % len(WEIGHTS)]
        _settle(pact, places)
    return pacts


def travel_rows(pacts: Sequence[Pact], places: Sequence[Place], rng: Random) -> Iterator[list[str]]:
    """Made-up times, marked so: some pairs one way, some both ways and unequal."""
    by_code = {place.code: place for place in places}
    seen: set[tuple[str, str]] = set()
    for pact in pacts:
        for _ in range(TRAVEL_ROWS_PER_ALLIANCE):
            start = pact.lead if rng.random() < 0.4 else rng.choice(pact.members)
            end = rng.choice(pact.members) if rng.random() < 0.8 else rng.choice(places).code
            pairs = [(start, end)] + ([(end, start)] if rng.random() < 0.3 else [])
            for origin, destination in pairs:
                if origin == destination or (origin, destination) in seen:
                    continue
                seen.add((origin, destination))
                km = km_between(by_code[origin], by_code[destination]) * rng.uniform(1.1, 1.5)
                minutes = 15 + km / rng.uniform(0.8, 3.5)
                yield [origin, destination, f"{minutes:.0f}", f"{km:.1f}", "generated"]
