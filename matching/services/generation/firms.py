"""Bureaus, firms, their facilities and capabilities, streamed firm by firm."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from matching.services.generation.credit_codes import credit_code
from matching.services.generation.places import Pact, Place
from matching.services.generation.pools import specs_json
from matching.services.generation.trees import TreeType

BASE_DATE: Final = date(2026, 11, 20)
Write = Callable[[Sequence[Any]], Any]
FACTORS: Final = (0.2, 0.5, 0.8, 1.0, 1.2, 1.6, 1.7)
CERTIFICATES: Final = (
    "ISO9001", "ISO9001", "ISO9001", "ISO14001", "ISO14001", "IATF16949", "CR", "CE", "ISO45001", "CCC", "EX",
    "ISO13485", "ISO10218", "ISO13849", "UL", "GJB9001C",
)  # fmt: skip
UNLISTED_CERTIFICATE: Final = "QC080000"
WORDS_EN: Final = ("Rui", "Xin", "Heng", "Tong", "Jing", "Hua", "Zhi", "Yuan", "Sheng", "Bo", "Kai", "Lian")
WORDS_ZH: Final = ("瑞", "鑫", "恒", "通", "精", "华", "智", "远", "盛", "博", "凯", "联")
TRADES: Final = (
    ("Precision", "精密"),
    ("Transmission", "传动"),
    ("Drive", "驱动"),
    ("Sensing", "传感"),
    ("Robotics", "机器人"),
)
UNCLAIMED_EVERY: Final = 50


def day(offset: int) -> str:
    """ISO date, days after the base date."""
    return (BASE_DATE + timedelta(days=offset)).isoformat()


def flag(value: bool) -> str:
    return "true" if value else "false"


def spread(rng: Random, total: int, parts: int, least: int = 0) -> Iterator[int]:
    """`parts` uneven whole numbers that sum to `total`, each at least `least`; needs no memory."""
    left = total - least * parts
    for remaining in range(parts, 1, -1):
        share = min(left, int(left / remaining * rng.choice(FACTORS) + rng.random()))
        left -= share
        yield least + share
    if parts:
        yield least + left


@dataclass(slots=True)
class Cast:
    """Who can ask and who can host, kept while the firms stream by."""

    labs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    operators: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, people: dict[str, list[tuple[str, str]]], slug: str, organisation: str, city: str) -> None:
        people.setdefault(slug, []).append((organisation, city))


def certificates(rng: Random, chances: Sequence[float]) -> str:
    """Codes joined by `;`, half of them with an expiry date, of which some have passed."""
    codes: dict[str, str] = {}
    for chance in chances:
        if rng.random() < chance:
            code = UNLISTED_CERTIFICATE if rng.random() < 0.005 else rng.choice(CERTIFICATES)
            codes[code] = code if rng.random() < 0.5 else f"{code}@{day(rng.randint(-120, 900))}"
    return ";".join(codes.values())


def _region(place: Place) -> str:
    return place.code if place.code.isdigit() else place.row["parent"]


def write_bureaus(pacts: Sequence[Pact], places: dict[str, Place], write: Write, cast: Cast) -> None:
    """One bureau for each listed city."""
    written: set[str] = set()
    for pact in pacts:
        for code in pact.roles:
            organisation = f"BUREAU-{code}"
            if "sites" in pact.roles[code]:
                cast.add(cast.operators, pact.slug, organisation, code)
            if organisation in written:
                continue
            written.add(organisation)
            row = places[code].row
            write(
                [
                    organisation,
                    "bureau",
                    "",
                    f"{row['name_en']} bureau (generated)",
                    f"{row['name_zh']}经信局（示例）",
                    code,
                    "operator",
                    "true",
                    "true",
                    "false",
                    "true",
                    "generated",
                    "",
                    0,
                    0,
                    "",
                ]
            )


class FirmWriter:
    """Writes firm after firm; every draw comes from one generator in a fixed order."""

    def __init__(
        self,
        rng: Random,
        pacts: Sequence[Pact],
        places: Sequence[Place],
        types: Sequence[TreeType],
        writers: tuple[Write, Write, Write],
    ) -> None:
        self.rng = rng
        self.pacts = pacts
        self.places = places
        self.by_code = {place.code: place for place in places}
        self.leaves = [kind for kind in types if kind.leaf]
        self.groups = [kind for kind in types if not kind.leaf and kind.pools]
        self.organisation, self.facility, self.capability = writers
        self.count = 0
        self.capabilities = 0

    def write(self, firms: int, capabilities: int, cast: Cast) -> None:
        able = firms - firms // UNCLAIMED_EVERY
        shares = spread(self.rng, capabilities, able)
        self.count = firms
        for index in range(firms):
            if index % UNCLAIMED_EVERY == UNCLAIMED_EVERY - 1:
                self._directory_entry(index)
            else:
                self._firm(index, next(shares), cast)

    def _directory_entry(self, index: int) -> None:
        """Known by name only: no code, nobody claimed it, so it offers nothing."""
        place = self.rng.choice(self.places)
        name_en, name_zh = self._names(index, place)
        self.organisation(
            [
                f"F{index:06d}",
                "firm",
                "",
                name_en,
                name_zh,
                place.code,
                "manufacturer",
                "false",
                "false",
                "false",
                "true",
                "generated",
                "",
                0,
                0,
                "",
            ]
        )

    def _names(self, index: int, place: Place) -> tuple[str, str]:
        first, second = self.rng.randrange(12), self.rng.randrange(12)
        trade_en, trade_zh = self.rng.choice(TRADES)
        name_en = f"{place.row['name_en']} {WORDS_EN[first]}{WORDS_EN[second].lower()} {trade_en} {index}"
        return name_en, f"{place.row['name_zh']}{WORDS_ZH[first]}{WORDS_ZH[second]}{trade_zh}{index}有限公司"

    def _place(self, roles: tuple[str, ...]) -> tuple[str, Place]:
        """Most firms sit in a city of an alliance with a fitting role; the rest anywhere."""
        rng = self.rng
        if not self.pacts:
            return "", rng.choice(self.places)
        pact = rng.choice(self.pacts)
        if rng.random() < 0.75 or "rnd" in roles:
            codes = pact.by_role.get(rng.choice(roles)) or pact.members
            return pact.slug, self.by_code[rng.choice(codes)]
        return pact.slug, rng.choice(self.places)

    def _firm(self, index: int, capabilities: int, cast: Cast) -> None:
        rng = self.rng
        organisation = f"F{index:06d}"
        lab, operator = index % 16 == 0, index % 16 == 1
        wanted = (
            ("rnd",)
            if lab
            else ("sites",)
            if operator
            else ("components", "components", "production", "support")
        )
        slug, place = self._place(wanted)
        roles = ["rnd"] if lab else ["operator"] if operator else []
        if capabilities or not roles:
            roles.append("manufacturer" if rng.random() < 0.85 else rng.choice(("integrator", "service")))
        if lab:
            cast.add(cast.labs, slug, organisation, place.code)
        if operator:
            cast.add(cast.operators, slug, organisation, place.code)
        completed = rng.choice((0, 0, 1, 3, 5, 8, 13, 21, 40, 80))
        name_en, name_zh = self._names(index, place)
        suspended = rng.random() < 0.02
        excluded = {f"F{rng.randrange(self.count):06d}" for _ in range(rng.randint(0, 3))} if lab else set()
        self.organisation(
            [
                organisation,
                "firm",
                credit_code(_region(place), index),
                name_en,
                name_zh,
                place.code,
                ";".join(roles),
                flag(rng.random() < 0.75),
                "true",
                flag(suspended),
                "true",
                "generated",
                certificates(rng, (0.75, 0.5, 0.35, 0.2)),
                completed,
                rng.randint(completed // 2, completed),
                ";".join(sorted(excluded - {organisation})),
            ]
        )
        if capabilities:
            self._plants(index, organisation, place, capabilities)

    def _plants(self, index: int, organisation: str, place: Place, capabilities: int) -> None:
        """One to three facilities; one firm in 45 uses names that others use too."""
        rng = self.rng
        local = index % 45 == 7
        facilities = rng.choice((1, 1, 1, 2, 2, 3))
        names = [f"plant-{n + 1}" if local else f"{organisation}-P{n + 1}" for n in range(facilities)]
        for number, name in enumerate(names):
            site = place if number == 0 or rng.random() < 0.7 else rng.choice(self.places)
            latitude = site.latitude + rng.uniform(-0.08, 0.08)
            longitude = site.longitude + rng.uniform(-0.08, 0.08)
            self.facility(
                [
                    name,
                    organisation,
                    f"厂区 {number + 1}",
                    site.code,
                    f"{latitude:.5f}",
                    f"{longitude:.5f}",
                    certificates(rng, (0.15,)),
                ]
            )
        types = rng.sample(self.leaves, min(len(self.leaves), rng.choice((1, 2, 2, 3))))
        for number in range(capabilities):
            kind = rng.choice(self.groups) if rng.random() < 0.004 else rng.choice(types)
            facility = rng.choice(names)
            external = f"item-{number + 1}" if local else f"C{self.capabilities:07d}"
            self.capabilities += 1
            self._capability(external, f"{organisation}/{facility}" if local else facility, kind)

    def _capability(self, external: str, facility: str, kind: TreeType) -> None:
        rng = self.rng
        random = rng.random
        size = random()
        capacity = int(20 * 400 ** random())
        committed = capacity if random() < 0.02 else int(capacity * random() * 0.7)
        price = "" if random() < 0.1 else f"{kind.unit_price * (0.6 + 0.8 * (size + random()) / 2):.2f}"
        self.capability(
            [
                external,
                facility,
                kind.code,
                f"{kind.name} {external}",
                specs_json(rng, kind.pools, size),
                capacity,
                committed,
                int(400 ** random()),
                5 + int(random() * 45),
                15 + int(random() * 170),
                price,
                certificates(rng, (0.08,)) if random() < 0.5 else "",
                day(int(random() * 200) - 50) if random() < 0.12 else "",
                day(int(random() * 900) - 150) if random() < 0.15 else "",
                flag(random() < 0.96),
            ]
        )
