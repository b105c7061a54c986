"""Pipelines (a team of suppliers and a site) with the way to market stage by stage, in words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from alliance.selectors import Roads, homes_in
from alliance.templatetags._numbers import date_text, days_text, minutes_text, number_text
from alliance.templatetags.charts import Chart, Slot, Stage
from companies.selectors import ParameterBook, component_book
from matching.models import CurrentResult, Pipeline
from matching.selectors.demands import demand_list, pointer_of
from matching.selectors.offers import offers
from scenarios.selectors import condition_text, site_list

STAGES = ("prototype", "wait", "trial", "volume", "delivery")
DAY = 480  # minutes on the road that cost a working day
TEAM_WEIGHT, SITE_WEIGHT, DISTANCE_WEIGHT = 60.0, 25.0, 15.0


def pipeline_list(user: Any) -> Any:
    return Pipeline.objects.visible_to(user).current()


def best_pipelines(user: Any, demand: Any, places: dict[int, Any], most: int) -> list[Any]:
    """The best ones of a demand on whose side the viewer stands (`standing`). `places`: sites that were read."""
    rows = list(Pipeline.objects.of_runs(pointer_of(demand)).order_by("rank")[:most])
    attach_pipeline_parts(user, rows, {demand.pk: demand}, places, {demand.pk: demand.standing.as_of})
    return rows


def attach_pipeline_parts(
    user: Any,
    rows: Sequence[Any],
    known: dict[int, Any] | None = None,
    places: dict[int, Any] | None = None,
    days: dict[int, date] | None = None,
) -> None:
    """`demand` and `site` of each row of a list, who was chosen, and when it could be on the market. `known`: the
    demands, where they were read already; `places`: sites, `days`: of which day the demands' results are."""
    keys = {row.demand_id for row in rows}
    demands = {d.pk: d for d in demand_list(user).filter(pk__in=keys)} if known is None else known
    dates = _days_of(user, keys) if days is None else days
    sites = dict(places or {})
    wanted = {row.site_id for row in rows if row.site_id} - sites.keys()
    sites |= {site.pk: site for site in site_list(user).filter(pk__in=wanted)}
    for row in rows:
        row.demand = demands.get(row.demand_id)
        row.site = sites.get(row.site_id)
        row.chosen = sum(member["capability"] is not None for member in row.team)
        row.share_words = f"{row.chosen} / {len(row.team)}"
        row.market = market_date(row, dates.get(row.demand_id))


def _days_of(user: Any, demands: set[int]) -> dict[int, date]:
    rows = CurrentResult.objects.visible_to(user).filter(demand__in=demands)
    return dict(rows.values_list("demand_id", "as_of"))


def market_date(row: Any, as_of: date | None) -> date | None:
    """The first whole day on which everything is delivered."""
    if row.total_days is None or as_of is None:
        return None
    return day_after(as_of, row.total_days)


def day_after(day: date, days: float) -> date:
    """The first whole day that many days later; the calendar's last where what people have typed leads further."""
    whole = min(math.ceil(round(days, 9)), (date.max - day).days)
    return day + timedelta(days=whole)


@dataclass(frozen=True)
class RuledOut:
    condition: str
    count: int


@dataclass
class Member:
    """A line of the team: who makes it, how far away, how long it takes, whom the site's conditions excluded."""

    line: Any
    capability: Any
    score: float
    feasible: int
    usable: int
    ruled_out: list[RuledOut] = field(default_factory=list)
    to_lab: float | None = None
    to_site: float | None = None
    prototype: float | None = None
    volume: float | None = None
    slack: float | None = None
    critical: list[str] = field(default_factory=list)

    @property
    def excluded(self) -> int:
        return self.feasible - self.usable


@dataclass(frozen=True)
class StageRow:
    """A stage with the same stage in one city, and what decides it."""

    label: str
    days: float
    baseline: float | None
    why: str

    @property
    def difference(self) -> float | None:
        return None if self.baseline is None else self.days - self.baseline


@dataclass
class PipelineView:
    row: Any
    demand: Any
    site: Any
    as_of: date
    members: list[Member]
    slots: list[Slot] = field(default_factory=list)
    stages: list[StageRow] = field(default_factory=list)
    chart: Chart | None = None
    conditions: list[str] = field(default_factory=list)
    help: str = ""
    homes: dict[int, Any] = field(default_factory=dict)

    @property
    def market(self) -> date | None:
        return market_date(self.row, self.as_of)

    @property
    def distance_cost(self) -> float | None:
        if self.row.total_days is None or self.row.baseline_days is None:
            return None
        return float(self.row.total_days - self.row.baseline_days)

    @property
    def chosen(self) -> list[Member]:
        return [member for member in self.members if member.capability is not None]

    @property
    def excluded(self) -> int:
        return sum(member.excluded for member in self.members)

    @property
    def excluded_lines(self) -> int:
        return sum(member.excluded > 0 for member in self.members)

    @property
    def spare_days(self) -> int | None:
        return (self.demand.need_by - self.market).days if self.market else None

    @property
    def decisive(self) -> Member | None:
        """The member that decides the volume stage, else the prototype."""
        for stage in ("volume", "prototype"):
            for member in self.members:
                if stage in member.critical:
                    return member
        return None


class PipelineReader:
    """Reads one pipeline for one viewer; a fixed number of queries."""

    def __init__(self, user: Any, demand: Any, row: Any) -> None:
        self.user, self.demand, self.row = user, demand, row
        self.book: ParameterBook[Any] = component_book()
        self.lines = {line.pk: line for line in demand.all_lines}
        self.capabilities = offers(user, [m["capability"] for m in row.team if m["capability"] is not None])
        self.site = site_list(user).filter(pk=row.site_id).first() if row.site_id else None
        cities = {c.facility.city_id for c in self.capabilities.values()}
        ends = [demand.lab_city_id, demand.deployment_city_id, self.site.city_id if self.site else None]
        self.roads = Roads([*cities, *(end for end in ends if end is not None)])

    def view(self) -> PipelineView:
        members = self._members()
        view = PipelineView(self.row, self.demand, self.site, self.demand.standing.as_of, members)
        view.conditions = (
            [condition_text(self.book, row) for row in self.site.conditions] if self.site else []
        )
        view.slots = self._slots(members)
        view.stages = self._stages(view)
        view.chart = self._chart(view)
        view.help = self._help(members)
        view.homes = homes_in(self.demand.alliance_id, self._shown_cities(members))
        return view

    def _shown_cities(self, members: list[Member]) -> set[int]:
        cities = {m.capability.facility.city_id for m in members if m.capability is not None}
        return cities | {self.demand.lab_city_id} | ({self.site.city_id} if self.site else set())

    def _members(self) -> list[Member]:
        excluded = defaultdict(list)
        texts = [condition_text(self.book, row) for row in self.site.conditions] if self.site else []
        for entry in self.row.ruled_out:
            if entry["condition"] < len(texts):
                excluded[entry["line"]].append(RuledOut(texts[entry["condition"]], entry["count"]))
        members = []
        for entry in self.row.team:
            line = self.lines.get(entry["line"])
            if line is None:
                continue
            capability = self.capabilities.get(entry["capability"])
            member = Member(
                line, capability, entry["score"], entry["feasible"], entry["usable"], excluded[line.pk]
            )
            self._measure(member)
            members.append(member)
        self._mark_critical(members)
        return members

    def _measure(self, member: Member) -> None:
        if member.capability is None:
            return
        city = member.capability.facility.city_id
        member.to_lab = self.roads.minutes(self.demand.lab_city_id, city)
        member.prototype = self.demand.iterations * (
            member.capability.prototype_lead_days + 2 * member.to_lab / DAY
        )
        if self.site is not None:
            member.to_site = self.roads.minutes(city, self.site.city_id)
        told = member.capability.told
        if told is not None and told.free_per_month > 0:
            member.volume = (
                member.capability.volume_lead_days + 30 * member.line.quantity / told.free_per_month
            )

    def _mark_critical(self, members: list[Member]) -> None:
        names = {"prototype": _("prototype"), "volume": _("volume"), "delivery": _("delivery")}
        for member in members:
            if self.row.volume_days is not None and member.volume is not None:
                member.slack = max(0.0, self.row.volume_days - member.volume)
            member.critical = [stage for stage in names if self.row.critical.get(stage) == member.line.pk]

    def _slots(self, members: list[Member]) -> list[Slot]:
        """The score's three parts; the site's share is what is left, so that the parts always add up."""
        if not members:
            return []
        team = sum(member.score for member in members) / len(members)
        words = _("mean score of %(count)d makers") % {
            "count": sum(m.capability is not None for m in members)
        }
        if self.site is None:
            return [Slot(_("Team"), self.row.score, 100.0, words)]
        lab = self.roads.proximity(self.demand.lab_city_id, self.site.city_id)
        near = [
            self.roads.proximity(m.capability.facility.city_id, self.site.city_id) if m.capability else 0.0
            for m in members
        ]
        distance = 0.5 * lab + 0.5 * sum(near) / len(near)
        site = (self.row.score - 0.60 * team - 0.15 * distance) / 0.25
        travel = minutes_text(self.roads.minutes(self.demand.lab_city_id, self.site.city_id))
        return [
            Slot(_("Team"), team, TEAM_WEIGHT, words),
            Slot(_("Site"), min(1.0, max(0.0, site)), SITE_WEIGHT, _("how well the site suits the demand")),
            Slot(
                _("Proximity"),
                distance,
                DISTANCE_WEIGHT,
                _("lab to site %(travel)s; makers to site") % {"travel": travel},
            ),
        ]

    def _member(self, stage: str, members: list[Member]) -> Member | None:
        line = self.row.critical.get(stage)
        return next((m for m in members if m.line.pk == line and m.capability is not None), None)

    def _stages(self, view: PipelineView) -> list[StageRow]:
        row, rows = self.row, []
        labels = {
            "prototype": _("Prototype (%(count)d rounds)") % {"count": self.demand.iterations},
            "wait": _("Wait for window"),
            "trial": _("Trial"),
            "volume": _("Volume"),
            "delivery": _("Delivery"),
        }
        for stage in STAGES:
            days = getattr(row, f"{stage}_days")
            if days is None or (self.site is None and stage in ("wait", "trial")):
                continue
            rows.append(StageRow(labels[stage], days, row.baseline.get(stage), self._why(stage, view)))
        return rows

    def _why(self, stage: str, view: PipelineView) -> str:
        if stage == "wait":
            window = {"start": date_text(self.row.window_starts), "end": date_text(self.row.window_ends)}
            return _("window %(start)s to %(end)s") % window if self.row.window_starts else ""
        if stage == "trial":
            return _("asked for by the demand")
        member = self._member(stage, view.members)
        if member is None:
            return ""
        part = {"part": member.line.component_type, "city": member.capability.facility.city}
        if stage == "prototype":
            lead = days_text(member.capability.prototype_lead_days)
            road = minutes_text(2 * (member.to_lab or 0))
            return _("%(part)s · %(city)s (%(lead)s a round + %(road)s on the road)") % {
                **part,
                "lead": lead,
                "road": road,
            }
        if stage == "volume":
            told = member.capability.told
            figures = {
                "lead": days_text(member.capability.volume_lead_days),
                "quantity": number_text(member.line.quantity),
                "free": number_text(told.free_per_month) if told else "—",
            }
            return _("%(part)s · %(city)s: first batch %(lead)s, then %(quantity)s at %(free)s a month") % {
                **part,
                **figures,
            }
        return _("%(part)s · from %(city)s") % part

    def _chart(self, view: PipelineView) -> Chart | None:
        if not view.stages:
            return None
        short = {
            "prototype": _("Prototype"),
            "wait": _("Wait"),
            "trial": _("Trial"),
            "volume": _("Volume"),
            "delivery": _("Delivery"),
        }
        stages, at, base_at = [], 0.0, 0.0
        for stage in STAGES:
            days, base = getattr(self.row, f"{stage}_days"), self.row.baseline.get(stage)
            if days is None:
                # What comes after a missing window has no date: the bars stop here.
                if stage in ("wait", "trial"):
                    break
                continue
            if self.site is None and stage in ("wait", "trial"):
                continue
            member = self._member(stage, view.members) if stage in ("prototype", "volume") else None
            note = _("critical line: %(part)s") % {"part": member.line.component_type} if member else ""
            window = (
                (self.row.window_starts, self.row.window_ends)
                if stage == "trial" and self.row.window_starts
                else None
            )
            stages.append(
                Stage(
                    short[stage],
                    at,
                    days,
                    base_at if base is not None else None,
                    base,
                    note=note,
                    waiting=stage == "wait",
                    window=window,
                )
            )
            at += days
            base_at += base or 0.0
        end = _("on the market %(date)s") % {"date": date_text(view.market)} if view.market else ""
        return Chart(view.as_of, stages, self.demand.need_by, end, complete=view.market is not None)

    def _help(self, members: list[Member]) -> str:
        """What would shorten the longest stage: the free capacity at which the second longest line decides."""
        timed = sorted((m for m in members if m.volume is not None), key=lambda m: -(m.volume or 0))
        if len(timed) < 2 or self.row.total_days is None:
            return ""
        first, second = timed[0], timed[1]
        room = (second.volume or 0) - first.capability.volume_lead_days
        gain = (first.volume or 0) - (second.volume or 0)
        if room <= 0 or gain < 1:
            return ""
        figures = {
            "free": number_text(first.capability.told.free_per_month),
            "more": number_text(math.ceil(30 * first.line.quantity / room)),
            "gain": days_text(math.floor(gain)),
        }
        return _("%(free)s a month; raised to %(more)s it saves %(gain)s") % figures
