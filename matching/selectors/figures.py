"""The figures of an alliance for its bureaus: coverage, time to market, cities and what flows between them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.utils.translation import pgettext_lazy

from alliance.choices import CityRole
from alliance.models import Organisation
from alliance.selectors import alliance_cities
from alliance.templatetags._numbers import list_text
from alliance.templatetags.charts import Flow, Place
from matching.selectors.desk import Desk
from matching.selectors.flows import city_flows
from matching.selectors.introduced import running_by_cities
from scenarios.models import Site

#: On the map a role has one short word; the table beside it has the long ones.
ROLE_WORDS = {
    "rnd": pgettext_lazy("on the map", "R&D"),
    "components": pgettext_lazy("on the map", "parts"),
    "production": pgettext_lazy("on the map", "volume"),
    "sites": pgettext_lazy("on the map", "sites"),
    "support": pgettext_lazy("on the map", "space"),
}


@dataclass
class CityRow:
    """A listed city of the alliance: its roles, and what the viewer sees there."""

    city: Any
    lead: bool
    roles: list[str]
    firms: int = 0
    lines: int = 0
    sites: int = 0
    running: int = 0

    @property
    def role_names(self) -> str:
        return list_text(CityRole(role).label for role in self.roles)


@dataclass
class Board:
    cities: list[CityRow]
    open_demands: int = 0
    lines: int = 0
    covered: int = 0
    single: int = 0
    near_only: int = 0
    pipelines: int = 0
    days: float | None = None
    baseline: float | None = None
    places: list[Place] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)

    @property
    def uncovered(self) -> int:
        return self.lines - self.covered

    @property
    def share(self) -> float | None:
        return self.covered / self.lines if self.lines else None


def board(desk: Desk, *, work: bool = False) -> Board:
    """Cities, roles and flows, coverage of the open demands, time to market of their best pipelines.

    The flows are lines that could be supplied, or (`work`) introductions under way.
    """
    totals = desk.totals
    found = Board(
        _cities(desk),
        open_demands=len(desk.demands),
        lines=totals.lines,
        covered=totals.covered,
        single=totals.single,
        near_only=totals.near_only,
        pipelines=totals.pipelines,
        days=totals.days,
        baseline=totals.baseline,
    )
    running = running_by_cities(desk.introductions, desk.homes)
    lines = {(flow.lab, flow.plant): flow.lines for flow in city_flows(desk.user, desk.alliance)}
    _count_into(found, lines, running)
    _draw(found, running if work else lines)
    return found


def _cities(desk: Desk) -> list[CityRow]:
    user, alliance = desk.user, desk.alliance
    firms = _counted(Organisation.objects.visible_to(user).filter(kind="firm"), "city_id", desk.homes)
    sites = _counted(Site.objects.visible_to(user).filter(published=True), "city_id", desk.homes)
    return [
        CityRow(
            row.city,
            row.city_id == alliance.lead_city_id,
            list(row.roles),
            firms=firms[row.city_id],
            sites=sites[row.city_id],
        )
        for row in alliance_cities(user, alliance)
    ]


def _counted(rows: Any, name: str, homes: dict[int, int]) -> dict[int, int]:
    """How many rows lie in each listed city, its districts included."""
    counts: dict[int, int] = defaultdict(int)
    for city, count in (
        rows.filter(**{f"{name}__in": list(homes)}).order_by().values_list(name).annotate(n=Count("pk"))
    ):
        counts[homes[city]] += count
    return counts


def _count_into(found: Board, lines: dict[tuple[int, int], int], running: dict[tuple[int, int], int]) -> None:
    """What comes to each city from all labs together."""
    for row in found.cities:
        row.lines = sum(count for (_lab, plant), count in lines.items() if plant == row.city.pk)
        row.running = sum(count for (_lab, plant), count in running.items() if plant == row.city.pk)


def _draw(found: Board, supplied: dict[tuple[int, int], int]) -> None:
    most = max((count for (a, b), count in supplied.items() if a != b), default=1)
    for row in found.cities:
        size = 11.0 if row.lead else 6.0 + min(4.0, row.firms / 20)
        kind = "lead" if row.lead else "city"
        note = " / ".join(str(ROLE_WORDS[role]) for role in row.roles)
        found.places.append(
            Place(str(row.city.pk), str(row.city), row.city.longitude, row.city.latitude, note, kind, size)  # type: ignore[arg-type]
        )
    for (lab, plant), count in sorted(supplied.items(), key=lambda item: item[1]):
        if lab != plant:
            found.flows.append(Flow(str(lab), str(plant), str(count), 1.5 + 4 * count / most))
