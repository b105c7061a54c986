"""Supply gaps: component type × city, whom to develop, and what is found only outside the alliance.

Bureaus read every figure. Firms read figures over at least three firms, of whole types only: with a city or a
branch to choose, the difference of two figures could tell the one that was left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from alliance.models import Alliance, City
from alliance.selectors import branch, viewer_of
from companies.models import ComponentType
from companies.selectors import component_book
from matching.models import Match
from matching.selectors.demands import demand_list, firm_counts, heading, line_detail
from matching.selectors.flows import FEWEST, reference_day, remembered
from matching.selectors.offers import offers
from matching.selectors.rules import Rule, rule_name, rules_of

STATES = ("bare", "single", "near", "outside")
MOST_LINES, MOST_FIRMS = 200, 20

# One row for each open line, with how it stands in the results that count. A line whose best maker has no home
# in the alliance is bought outside.
LINES = """
    WITH line AS (
        SELECT l.id, l.demand_id, r.run_id, l.component_type_id AS type, l.monthly_rate AS rate, d.owner_id AS lab,
               home.listed_id AS city, lr.feasible,
               coalesce(lr.firms, lr.feasible) AS firms, coalesce(lr.near_firms, lr.near) AS near,
               best.id IS NOT NULL AND plant.listed_id IS NULL AS outside
        FROM matching_demand d
        JOIN matching_demandline l ON l.demand_id = d.id
        JOIN alliance_alliancereach home ON home.city_id = d.lab_city_id AND home.alliance_id = d.alliance_id
        LEFT JOIN matching_currentresult r ON r.demand_id = d.id
        LEFT JOIN matching_lineresult lr
               ON lr.demand_id = d.id AND lr.run_id = r.run_id AND lr.line_id = l.id
        LEFT JOIN matching_linematches best
               ON best.demand_id = d.id AND best.run_id = r.run_id AND best.line_id = l.id
        LEFT JOIN companies_capability c ON c.id = best.capabilities[1]
        LEFT JOIN companies_facility f ON f.id = c.facility_id
        LEFT JOIN alliance_alliancereach plant
               ON plant.city_id = f.city_id AND plant.alliance_id = d.alliance_id
        WHERE d.alliance_id = %(alliance)s AND d.published AND d.need_by >= %(as_of)s
          AND (%(types)s::bigint[] IS NULL OR l.component_type_id = ANY(%(types)s))
          AND (%(city)s::bigint IS NULL OR home.listed_id = %(city)s)
    )
"""
NEEDS = f"""{LINES}
    SELECT type, city, count(*), sum(rate), count(DISTINCT lab), count(*) FILTER (WHERE feasible = 0),
           count(*) FILTER (WHERE firms = 1), count(*) FILTER (WHERE feasible = 0 AND near > 0),
           count(*) FILTER (WHERE outside), count(*) FILTER (WHERE feasible IS NULL)
    FROM line GROUP BY type, city
"""  # noqa: S608 -- constants put together, values are parameters
LABS = f"{LINES} SELECT type, count(DISTINCT lab) FROM line GROUP BY type"  # noqa: S608
OFFERS = """
    SELECT c.component_type_id, home.listed_id,
           sum(greatest(t.capacity_per_month - t.committed_per_month, 0)), count(DISTINCT c.organisation_id)
    FROM companies_capability c
    JOIN companies_capabilityterms t ON t.capability_id = c.id
    JOIN alliance_organisation o ON o.id = c.organisation_id AND o.listed AND NOT o.suspended
    JOIN companies_facility f ON f.id = c.facility_id
    JOIN alliance_alliancereach home ON home.city_id = f.city_id AND home.alliance_id = %(alliance)s
    WHERE c.published AND c.component_type_id = ANY(%(asked)s)
      AND (c.valid_until IS NULL OR c.valid_until >= %(as_of)s)
      AND (%(city)s::bigint IS NULL OR home.listed_id = %(city)s)
    GROUP BY GROUPING SETS ((c.component_type_id, home.listed_id), (c.component_type_id))
"""
CHOSEN = f"""{LINES}
    SELECT id FROM line
    WHERE CASE %(state)s WHEN 'bare' THEN feasible = 0 WHEN 'single' THEN firms = 1
          WHEN 'near' THEN feasible = 0 AND near > 0 WHEN 'outside' THEN outside ELSE true END
    ORDER BY feasible = 0 DESC NULLS LAST, rate DESC, id LIMIT %(most)s
"""  # noqa: S608
DEVELOP = f"""{LINES}
    SELECT n.supplier_id, line.type, n.code, count(DISTINCT line.id), sum(line.rate), min(n.shortfall),
           (array_agg(line.id ORDER BY n.shortfall, line.id))[1],
           (array_agg(n.capability_id ORDER BY n.shortfall, line.id))[1]
    FROM line
    JOIN matching_nearmiss n ON n.demand_id = line.demand_id AND n.run_id = line.run_id AND n.line_id = line.id
    WHERE line.feasible = 0
    GROUP BY 1, 2, 3 ORDER BY 4 DESC, 6, 1 LIMIT %(most)s
"""  # noqa: S608


@dataclass
class Figures:
    """Of one type, perhaps in one city. None: not for this viewer, too few firms stand behind it."""

    lines: int | None = 0
    rate: float | None = 0
    labs: int = 0
    bare: int | None = 0
    single: int | None = 0
    near: int | None = 0
    outside: int | None = 0
    waiting: int | None = 0
    free: float | None = 0
    makers: int | None = 0

    def add(self, other: Figures) -> None:
        for column in fields(self):
            setattr(self, column.name, getattr(self, column.name) + getattr(other, column.name))

    @property
    def short(self) -> bool:
        """Less free capacity than is asked for a month."""
        return self.free is not None and self.rate is not None and self.free < self.rate


@dataclass
class TypeGap:
    type: Any
    total: Figures = field(default_factory=Figures)
    cities: list[tuple[Any, Figures]] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """What was chosen: a branch of types, a listed city, a state of lines."""

    type: ComponentType | None = None
    city: City | None = None
    state: str = ""


@dataclass(frozen=True)
class Developed:
    """A firm that one requirement keeps out of lines which nobody can supply."""

    firm: Any
    capability: Any
    type: Any
    line: Any
    demand: Any
    name: str
    rule: Rule | None
    lines: int
    rate: float
    shortfall: float


@dataclass(frozen=True)
class GapLine:
    line: Any
    demand: Any
    firms: int
    near: int
    best: Any


@dataclass
class Gaps:
    """The whole report. `told` is false for a firm: it reads only what is over enough firms."""

    rows: list[TypeGap]
    total: Figures
    told: bool
    hidden: int = 0


def gaps(user: Any, alliance: Alliance, asked: Asked) -> Gaps:
    """Every type that open demands ask for, the worst off first; five queries however large the region."""
    viewer = viewer_of(user)
    told = alliance.pk in viewer.bureau_alliances
    if alliance.pk not in viewer.alliances:
        return Gaps([], Figures(), False)
    values = _values(alliance, asked if told else Asked())
    by_type: dict[int, dict[int, Figures]] = defaultdict(lambda: defaultdict(Figures))
    for type_, city, lines, rate, labs, bare, single, near, outside, waiting in remembered(
        alliance, NEEDS, values
    ):
        by_type[type_][city] = Figures(lines, rate, labs, bare, single, near, outside, waiting)
    values |= {"asked": list(by_type)}
    every: dict[int, int] = {}
    for type_, city, free, makers in remembered(alliance, OFFERS, values):
        if city is None:
            every[type_] = makers
        else:
            by_type[type_][city].free, by_type[type_][city].makers = free, makers
    found = _named(by_type)
    _count_firms(found, dict(remembered(alliance, LABS, values)), every)
    total = Figures()
    for row in found:
        total.add(row.total)
    if told:
        return Gaps(found, total, True)
    return _for_firms(found)


def _values(alliance: Alliance, asked: Asked) -> dict[str, Any]:
    types = None
    if asked.type is not None:
        types = list(branch(ComponentType, asked.type.code))
    return {
        "alliance": alliance.pk,
        "as_of": reference_day(alliance),
        "types": types,
        "city": asked.city.pk if asked.city else None,
    }


def _named(by_type: dict[int, dict[int, Figures]]) -> list[TypeGap]:
    types = ComponentType.objects.in_bulk(list(by_type))
    cities = City.objects.in_bulk({city for found in by_type.values() for city in found})
    rows = []
    for key, found in by_type.items():
        row = TypeGap(types[key])
        for city, figures in sorted(found.items(), key=lambda item: (-(item[1].lines or 0), item[0])):
            row.total.add(figures)
            row.cities.append((cities[city], figures))
        rows.append(row)
    return sorted(
        rows, key=lambda r: (-(r.total.bare or 0), -(r.total.single or 0), -(r.total.lines or 0), r.type.code)
    )


def _count_firms(rows: Iterable[TypeGap], labs: dict[int, int], makers: dict[int, int]) -> None:
    """A lab with programmes in two cities is one lab, a maker with two plants one maker."""
    for row in rows:
        row.total.labs, row.total.makers = labs.get(row.type.pk, 0), makers.get(row.type.pk, 0)


def _for_firms(rows: Sequence[TypeGap]) -> Gaps:
    """Needs over at least three labs, capacity over at least three makers; no cities, no sums."""
    shown = []
    for row in rows:
        total = row.total
        if total.labs < FEWEST:
            total.lines = total.rate = total.bare = total.single = total.near = total.outside = None
            total.waiting = None
        if (total.makers or 0) < FEWEST:
            total.free = total.makers = None
        if total.lines is not None or total.free is not None:
            shown.append(TypeGap(row.type, total))
    shown.sort(key=lambda row: (-(row.total.bare or 0), -(row.total.lines or 0), row.type.code))
    return Gaps(shown, Figures(), False, hidden=len(rows) - len(shown))


def gap_lines(user: Any, alliance: Alliance, asked: Asked) -> list[GapLine]:
    """The lines behind the figures, those nobody can supply first; for bureaus."""
    if alliance.pk not in viewer_of(user).bureau_alliances:
        return []
    values = _values(alliance, asked) | {"state": asked.state, "most": MOST_LINES}
    keys = [row[0] for row in remembered(alliance, CHOSEN, values)]
    lines = {line.pk: line for line in line_detail(user).filter(pk__in=keys)}
    demands = {d.pk: d for d in demand_list(user).filter(pk__in={line.demand_id for line in lines.values()})}
    best = Match.objects.visible_to(user).current().filter(line_id__in=keys, rank=1)
    makers = {row.line_id: row.capability_id for row in best}
    found = offers(user, makers.values())
    counts = firm_counts(user, demands)
    rows = []
    for key in keys:
        line = lines.get(key)
        if line is not None and line.demand_id in demands:
            demands[line.demand_id].heading = heading(demands[line.demand_id])
            firms, near = counts.get(key, (0, 0))
            rows.append(GapLine(line, demands[line.demand_id], firms, near, found.get(makers.get(key, 0))))
    return rows


def whom_to_develop(user: Any, alliance: Alliance, asked: Asked) -> list[Developed]:
    """Which firm, which requirement, by how much: those that would cover most lines first; for bureaus."""
    if alliance.pk not in viewer_of(user).bureau_alliances:
        return []
    rows = remembered(alliance, DEVELOP, _values(alliance, asked) | {"most": MOST_FIRMS})
    lines = {line.pk: line for line in line_detail(user).filter(pk__in=[row[6] for row in rows])}
    demands = {d.pk: d for d in demand_list(user).filter(pk__in={line.demand_id for line in lines.values()})}
    found = offers(user, [row[7] for row in rows])
    book = component_book({row[1] for row in rows})
    told = []
    for _firm, type_, code, count, rate, shortfall, line_id, capability_id in rows:
        line, offer = lines.get(line_id), found.get(capability_id)
        demand = demands.get(line.demand_id) if line is not None else None
        if line is None or offer is None or demand is None:
            continue
        rules = rules_of(line, demand, offer, book, reference_day(alliance))
        failed = next((rule for rule in rules if rule.code == code and rule.hard and not rule.met), None)
        name = rule_name(code, book, type_)
        told.append(
            Developed(
                offer.organisation,
                offer,
                line.component_type,
                line,
                demand,
                name,
                failed,
                count,
                rate,
                shortfall,
            )
        )
    return told
