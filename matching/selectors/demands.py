"""Demands as a viewer may know them: who asks and what it is called only where the identity is visible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import OuterRef, Prefetch, Subquery
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from alliance.models.base import GuardedQuerySet
from alliance.selectors.long_lists import Rows, long_list
from alliance.viewer import viewer_of
from matching.models import (
    CurrentResult,
    Demand,
    DemandIdentity,
    DemandLine,
    LineCertificate,
    LinePrice,
    LineRequirement,
    LineResult,
    MatchRun,
    OpenPoint,
    SiteNeed,
    SiteRequirement,
)


def demand_heads(user: Any) -> GuardedQuerySet:
    """Demands with what they may be called (`told`, empty where it is not for the viewer)."""
    rows = Demand.objects.told_to(user).select_related("alliance", "lab_city", "deployment_city")
    return rows.prefetch_related(Prefetch("identity", identities(user), to_attr="told"))


def demand_list(user: Any) -> GuardedQuerySet:
    """The same with their site need (`wants_site`) and what it asks."""
    asked = SiteRequirement.objects.hanging_on("site_need").select_related("key")
    needs = SiteNeed.objects.hanging_on("demand").select_related("scenario_type")
    needs = needs.prefetch_related(Prefetch("requirements", asked, to_attr="asked"))
    return demand_heads(user).prefetch_related(Prefetch("site_need", needs, to_attr="wants_site"))


def demand_rows(user: Any) -> Rows:
    """The same as a long list."""
    return long_list(Demand, demand_list, user)


def identities(user: Any) -> GuardedQuerySet:
    """Titles of a page's demands that the viewer may read; each knows whether it may name the lab too (`asker`)."""
    return DemandIdentity.objects.shown_to(replace(viewer_of(user), few=True))


def demand_detail(user: Any) -> GuardedQuerySet:
    """One demand with its lines, what they ask, and their prices (`asked_price`) for the demand's side."""
    return demand_list(user).prefetch_related(
        Prefetch("lines", _asking(DemandLine.objects.hanging_on("demand")), to_attr="all_lines"),
        # Inside the lines' own prefetch Django would fetch each line's price once more, by itself and unguarded.
        Prefetch("all_lines__price", LinePrice.objects.visible_to(user), to_attr="asked_price"),
        Prefetch("open_points", OpenPoint.objects.hanging_on("demand"), to_attr="points"),
    )


def _asking(lines: GuardedQuerySet) -> GuardedQuerySet:
    asked = LineRequirement.objects.hanging_on("line").select_related("key")
    rows = lines.select_related("component_type").order_by("position", "id")
    return rows.prefetch_related(
        Prefetch("requirements", asked, to_attr="asked"),
        Prefetch("certificates", LineCertificate.objects.hanging_on("line"), to_attr="asked_certificates"),
    )


def line_detail(user: Any) -> GuardedQuerySet:
    """Lines of several demands with what they ask and, for the demand's side, their prices."""
    return _asking(DemandLine.objects.visible_to(user)).prefetch_related(
        Prefetch("price", LinePrice.objects.visible_to(user), to_attr="asked_price")
    )


def heading(demand: Any) -> str:
    """The title, or what may be said without it."""
    if demand.told is not None:
        return str(demand.told.title)
    return _("A robot programme of a lab in %(city)s") % {"city": demand.lab_city}


def lab_name(demand: Any) -> str:
    if demand.told is not None and demand.told.asker is not None:
        return str(demand.told.asker)
    return _("a lab in %(city)s") % {"city": demand.lab_city}


def is_fictitious(demand: Any) -> bool:
    """Whether the demand carries the mark of an invented organisation (only said where the lab may be named)."""
    return bool(demand.told is not None and demand.told.organisation.fictitious)


def days_left(line_or_demand: Any, as_of: date) -> int:
    return (line_or_demand.need_by - as_of).days


@dataclass(frozen=True)
class Counts:
    """What a run counted for a line: capabilities, and the firms behind them (the same in runs of old)."""

    feasible: int = 0
    near: int = 0
    firms: int = 0
    near_firms: int = 0


@dataclass(frozen=True)
class Standing:
    """How the lines of a demand stand in its newest results: (firms, near firms) of each, and all counts by line."""

    lines: list[tuple[int, int]]
    as_of: date
    run_id: int
    counts: dict[int, Counts]

    @property
    def covered(self) -> int:
        return sum(feasible > 0 for feasible, _near in self.lines)

    @property
    def uncovered(self) -> int:
        return len(self.lines) - self.covered

    @property
    def single(self) -> int:
        return sum(feasible == 1 for feasible, _near in self.lines)


def _lines_in_order(user: Any, demands: Sequence[Any]) -> dict[int, list[int]]:
    order: dict[int, list[int]] = defaultdict(list)
    rows = DemandLine.objects.visible_to(user).filter(demand__in=[demand.pk for demand in demands])
    for demand_id, line_id in rows.order_by("position", "id").values_list("demand_id", "pk"):
        order[demand_id].append(line_id)
    return order


def standings(
    user: Any, demands: Sequence[Any], order: dict[int, list[int]] | None = None
) -> dict[int, Standing]:
    """For demands on whose side the viewer stands: (firms, near firms) of each line, in the lines' order."""
    keys = [demand.pk for demand in demands]
    pointers = {row.demand_id: row for row in CurrentResult.objects.visible_to(user).filter(demand__in=keys)}
    counts = _counts(LineResult.objects.of_runs({key: pointer.run_id for key, pointer in pointers.items()}))
    order = _lines_in_order(user, demands) if order is None else order
    found = {}
    for key, pointer in pointers.items():
        own = {line: counts.get(line, Counts()) for line in order.get(key, ())}
        lines = [(row.firms, row.near_firms) for row in own.values()]
        found[key] = Standing(lines, pointer.as_of, pointer.run_id, own)
    return found


def pointer_of(demand: Any) -> dict[int, int]:
    """Demand → run: the results that count, for a viewer who stands on its side (`attach_standing` came before)."""
    return {demand.pk: demand.standing.run_id} if demand.standing is not None else {}


def _counts(rows: Any) -> dict[int, Counts]:
    """Line → its counts, of these results."""
    names = ("line_id", "feasible", "near", "firms", "near_firms")
    return {
        line: Counts(
            feasible, near, feasible if firms is None else firms, near if near_firms is None else near_firms
        )
        for line, feasible, near, firms, near_firms in rows.values_list(*names)
    }


def mark_of_results(user: Any, demand: Demand) -> str:
    """Another word for each state of a demand's results, "" where the viewer sees none; it tells nothing else."""
    rows = CurrentResult.objects.visible_to(user).filter(demand=demand.pk)
    named = Subquery(MatchRun.objects.filter(pk=OuterRef("run_id")).values("public_id"))
    run = rows.values_list(named, flat=True).first()
    return salted_hmac("matching.results", f"{demand.public_id} {run}").hexdigest()[:16] if run else ""


def line_results(user: Any, demands: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Line -> (feasible, near misses) in the current results."""
    rows = LineResult.objects.visible_to(user).current().filter(demand_id__in=list(demands))
    return {line: (row.feasible, row.near) for line, row in _counts(rows).items()}


def firm_counts(user: Any, demands: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Line -> how many firms can supply it, how many miss it by one requirement (offers in runs of old)."""
    rows = LineResult.objects.visible_to(user).current().filter(demand_id__in=list(demands))
    return {line: (row.firms, row.near_firms) for line, row in _counts(rows).items()}


def lacking_a_supplier(user: Any, demands: Any) -> int:
    """How many of these demands have a line that nobody can supply; only results the viewer may read count."""
    bare = LineResult.objects.visible_to(user).current().filter(feasible=0)
    return int(demands.order_by().filter(pk__in=bare.values("demand_id")).count())


def attach_standing(user: Any, demands: Sequence[Any]) -> None:
    """`standing` of each demand of a page: None for a demand on whose side the viewer does not stand."""
    order = _lines_in_order(user, demands)
    found = standings(user, demands, order)
    for demand in demands:
        demand.standing = found.get(demand.pk)
        demand.line_count = len(order.get(demand.pk, ()))


def attach_api_parts(user: Any, demands: Sequence[Any], *, detailed: bool) -> None:
    """What an endpoint says of demands beside their rows: how many where told, names where told, results."""
    results = line_results(user, [demand.pk for demand in demands]) if detailed else {}
    for demand in demands:
        names = demand.told is not None and demand.told.asker is not None
        demand.told_external_id = demand.told.external_id if names else None
        if demand.wants_site is not None:
            demand.wants_site.told_fleet = demand.wants_site.fleet_size if demand.quantities_told else None
        if detailed:
            _attach_lines(demand, names, results)


def _attach_lines(demand: Any, names: bool, results: dict[int, tuple[int, int]]) -> None:
    demand.general_points = [point for point in demand.points if point.line_id is None]
    for line in demand.all_lines:
        line.told_external_id = line.external_id if names else None
        line.told_quantity = line.quantity if demand.quantities_told else None
        line.told_rate = line.monthly_rate if demand.quantities_told else None
        line.points = [point for point in demand.points if point.line_id == line.pk]
        found = results.get(line.pk)
        line.result = {"feasible": found[0], "near": found[1]} if found else None
