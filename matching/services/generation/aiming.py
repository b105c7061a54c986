"""How picky generated lines must be so that about so many capabilities suit one of them at the median.

While firms stream by, a share of their capabilities is kept; trial lines are then judged against these by the
kernel's own rules, harder or softer, until the median is what was asked for.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from companies.specs import Parameter, offered_values
from companies.specs import requirements as read_requirements
from matching.encoding.vocabulary import Keys, SpecColumns
from matching.kernel import (
    Capabilities,
    Certificates,
    ComponentKeys,
    Demands,
    Lines,
    Lists,
    Organisations,
    Places,
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
from matching.kernel.geo import SAME_CITY
from matching.kernel.lines import judge_line
from matching.kernel.prepare import Prepared
from matching.services.generation.places import Pact, Place

KEPT: Final = 200_000
TRIAL_LINES: Final = 2_000
ROUNDS: Final = 8
NAN: Final = float("nan")
Row = Sequence[Any]
Tables = tuple[list[Row], list[Row]]  # demands and lines as they would be written


@dataclass(frozen=True, slots=True)
class Aim:
    """What was found: how strict to be, and the figures that gives on the trial lines."""

    strictness: float
    quartiles: tuple[float, float, float]
    lines: int
    capabilities: int


@dataclass(slots=True)
class Kept:
    """Every `every`-th capability with its facility and firm; pass the three writers through `watch`."""

    every: int
    capabilities: list[tuple[Row, Row, Row]] = field(default_factory=list)
    seen: int = 0
    _firm: Row = ()
    _facilities: dict[str, Row] = field(default_factory=dict)

    def organisation(self, row: Row) -> None:
        self._firm = row
        self._facilities.clear()

    def facility(self, row: Row) -> None:
        self._facilities[row[0]] = row

    def capability(self, row: Row) -> None:
        if self.seen % self.every == 0:
            name = str(row[1]).rpartition("/")[2]
            self.capabilities.append((row, self._facilities[name], self._firm))
        self.seen += 1


def both(one: Callable[[Row], Any], other: Callable[[Row], Any]) -> Callable[[Row], None]:
    def write(row: Row) -> None:
        one(row)
        other(row)

    return write


class Range:
    """Judges trial lines against the capabilities kept."""

    def __init__(
        self, kept: Kept, reference: Path, places: Sequence[Place], pacts: Sequence[Pact], as_of: date
    ):
        self.kept, self.as_of = kept, as_of
        rows = json.loads((reference / "component_types.json").read_text(encoding="utf-8"))["types"]
        self.types = {row["code"]: place for place, row in enumerate(rows)}
        self.parents = [self.types.get(row["parent"], -1) for row in rows]
        found = {param["key"]: param for row in rows for param in row["params"]}
        self.parameters = {
            key: Parameter(key, p["unit"], p["kind"], tuple(p.get("choices", ())), bool(p.get("ordered")))
            for key, p in found.items()
        }
        self.keys = Keys(
            (number, p.key, p.kind, list(p.choices), p.ordered)
            for number, p in enumerate(self.parameters.values())
        )
        self.key_ids = {key: number for number, key in enumerate(self.parameters)}
        self.cities = {place.code: number for number, place in enumerate(places)}
        self.members = {pact.slug: self._member(pact.members) for pact in pacts}
        self.firms = {
            name: n for n, name in enumerate(dict.fromkeys(firm[0] for _, _, firm in kept.capabilities))
        }
        self.codes: dict[str, int] = {}
        self.capabilities = self._capabilities()

    def _member(self, codes: Sequence[str]) -> npt.NDArray[np.bool_]:
        member = np.zeros(len(self.cities), bool)
        member[[self.cities[code] for code in codes]] = True
        return member

    def feasible(self, tables: Tables) -> npt.NDArray[np.float64]:
        """How many capabilities of the whole region suit each trial line of a published demand."""
        demands, lines = tables
        shown = [row for row in demands if row[16] == "true"]
        named = {name: n for n, row in enumerate(shown) for name in (row[0], f"{row[1]}/{row[0]}")}
        asked = [(row, named[row[1]]) for row in lines if row[1] in named]
        prepared = Prepared(self._problem(shown, asked))
        counts = []
        for number, (_line, demand) in enumerate(asked):
            judged = judge_line(prepared, number, demand)
            fits = judged.others.copy()
            for rule in judged.rules:
                fits &= ~rule.fails
            if shown[demand][5] != "open":
                fits &= self.members[shown[demand][2]][judged.block.city]
            counts.append(np.count_nonzero(fits) * self.kept.every)
        return np.array(counts, np.float64)

    # --- the problem -------------------------------------------------------------------------------
    def _problem(self, demands: list[Row], lines: list[tuple[Row, int]]) -> Any:
        cities, organisations = len(self.cities), len(self.firms) + 1
        nothing = np.zeros(0, np.int32)
        return problem(
            as_of=self.as_of.toordinal(),
            places=Places(
                np.full((cities, cities), SAME_CITY), np.ones(cities, bool), np.zeros(cities, np.uint8)
            ),
            component_keys=ComponentKeys(self.keys.kind, self.keys.n_choices),
            site_keys=SiteKeys(nothing.astype(np.uint8), nothing),
            types=Types(
                np.array(self.parents, np.int32),
                np.zeros(len(self.types), np.uint8),
                np.ones((len(self.types), len(self.keys.names)), bool),
            ),
            scenario_types=ScenarioTypes(nothing),
            organisations=Organisations(
                np.zeros(organisations, bool),
                np.zeros(organisations, np.int32),
                np.zeros(organisations, np.int32),
            ),
            capabilities=self.capabilities,
            demands=self._demands(demands),
            lines=self._lines(demands, lines),
            sites=_no_sites(),
            weights=Weights.default(),
        )

    def _capabilities(self) -> Capabilities:
        rows = self.kept.capabilities
        held: list[tuple[int, int, int]] = []
        specs = SpecColumns(self.keys)
        for number, (row, facility, firm) in enumerate(rows):
            specs.add(number, offered_values(self.parameters, json.loads(row[4])))
            for cell in (row[11], facility[6], firm[12]):
                held += [(number, *certificate) for certificate in self._held(cell)]
        return Capabilities(
            type=np.array([self.types[row[2]] for row, _, _ in rows], np.int32),
            firm=np.array([self.firms[firm[0]] for _, _, firm in rows], np.int32),
            city=np.array([self.cities[facility[3]] for _, facility, _ in rows], np.int32),
            active=np.array([row[14] == "true" and firm[9] != "true" for row, _, firm in rows]),
            valid_until=_days(row[13] for row, _, _ in rows),
            available_from=_days(row[12] for row, _, _ in rows),
            free=np.array([float(row[5] - row[6]) for row, _, _ in rows]),
            moq=np.array([float(row[7]) for row, _, _ in rows]),
            prototype_days=np.array([row[8] for row, _, _ in rows], np.int32),
            volume_days=np.array([row[9] for row, _, _ in rows], np.int32),
            price=_prices(row[10] for row, _, _ in rows),
            specs=specs.specs() if rows else Specs.of([], [], [], [], []),
            certificates=Certificates.of(*zip(*held, strict=True)) if held else Certificates.of([], [], []),
        )

    def _held(self, cell: str) -> list[tuple[int, int]]:
        parts = [part.partition("@") for part in cell.split(";") if part]
        return [
            (
                self.codes.setdefault(code, len(self.codes)),
                date.fromisoformat(ends).toordinal() if ends else 0,
            )
            for code, _, ends in parts
        ]

    def _demands(self, rows: list[Row]) -> Demands:
        count = len(rows)
        none = np.full(count, -1, np.int32)
        return Demands(
            # A firm without a capability here is none that anybody could be excluded for.
            organisation=np.array([self.firms.get(row[1], len(self.firms)) for row in rows], np.int32),
            lab=np.array([self.cities[row[4]] for row in rows], np.int32),
            open_scope=np.ones(count, bool),  # reach is judged here, for many alliances at once
            start=_days(row[7] for row in rows),
            need_by=_days(row[8] for row in rows),
            iterations=np.ones(count, np.int32),
            deployment=none,
            scenario=none,
            fleet=np.zeros(count),
            trial_days=np.zeros(count, np.int32),
            site_requirements=Requirements.of([[]] * count),
            excluded=Lists.of([[]] * count),
        )

    def _lines(self, demands: list[Row], rows: list[tuple[Row, int]]) -> Lines:
        return Lines(
            demand=np.array([demand for _, demand in rows], np.int32),
            type=np.array([self.types[row[2]] for row, _ in rows], np.int32),
            quantity=np.array([float(row[3]) for row, _ in rows]),
            rate=np.array([float(row[4]) for row, _ in rows]),
            need_by=_days(row[5] or demands[demand][8] for row, demand in rows),
            target=_prices(row[6] for row, _ in rows),
            ceiling=_prices(row[7] for row, _ in rows),
            certificates=Lists.of(
                [self.codes.setdefault(code, len(self.codes)) for code in row[8].split(";") if code]
                for row, _ in rows
            ),
            requirements=Requirements.of([self._asked(row[9]) for row, _ in rows]),
        )

    def _asked(self, cell: str) -> list[Any]:
        rows = read_requirements(self.parameters, json.loads(cell)) if cell else []
        return [
            self.keys.requirement(
                self.key_ids[r["key"]],
                r["op"],
                r["value"],
                r["hard"],
                float(r["weight"]),
                float(r["tolerance"]),
            )
            for r in rows
        ]


def _days(cells: Any) -> npt.NDArray[np.int32]:
    return np.array([date.fromisoformat(cell).toordinal() if cell else 0 for cell in cells], np.int32)


def _prices(cells: Any) -> npt.NDArray[np.float64]:
    return np.array([float(cell) if cell else NAN for cell in cells])


def _no_sites() -> Sites:
    none, numbers = np.zeros(0, np.int32), np.zeros(0)
    return Sites(
        scenario=none,
        city=none,
        organisation=none,
        active=np.zeros(0, bool),
        fleet_capacity=numbers,
        windows=Windows.of([]),
        params=Specs.of([], [], [], [], []),
        conditions=Requirements.of([]),
    )


def take_aim(against: Range, trial: Callable[[float], Tables], median: float) -> Aim:
    """The strictness whose trial lines come nearest to that median; fewer capabilities suit stricter lines."""
    low, high = -1.0, 1.0
    best: Aim | None = None
    for _ in range(ROUNDS):
        strictness = (low + high) / 2
        counts = against.feasible(trial(strictness))
        if not len(counts):
            return Aim(0.0, (0.0, 0.0, 0.0), 0, len(against.kept.capabilities))
        first, middle, last = np.percentile(counts, (25, 50, 75)).tolist()
        found = Aim(strictness, (first, middle, last), len(counts), len(against.kept.capabilities))
        if best is None or abs(middle - median) < abs(best.quartiles[1] - median):
            best = found
        low, high = (strictness, high) if middle > median else (low, strictness)
    if best is None:
        raise RuntimeError("no round was made")
    return best
