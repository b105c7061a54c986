"""The list of pipelines and the page of one: the date, what distance costs, and what decides."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from alliance.http import Column, counted, listing, viewed
from alliance.selectors import viewer_of
from alliance.templatetags.charts import Flow, Kind, Place
from matching.filters import PipelineFilter
from matching.models import Demand
from matching.selectors import (
    PipelineReader,
    PipelineView,
    attach_pipeline_parts,
    attach_standing,
    demand_detail,
    heading,
    is_fictitious,
    lab_name,
    pipeline_list,
    project_of,
)
from scenarios.models import Site

PIPELINE_COLUMNS = [
    Column(_("Demand"), lambda row: row.heading, "demand", sort="demand", short=_("Demand and site")),
    Column(_("Rank"), lambda row: row.rank, "rank", css="num"),
    Column(_("Site"), lambda row: row.site or "", "site", shown=False),
    Column(_("Score"), lambda row: row.score, "score", sort="score", css="num"),
    Column(_("Complete"), lambda row: row.complete, "complete", shown=False),
    Column(_("Lines with a maker"), lambda row: row.chosen, "makers", shown=False, css="num"),
    Column(_("Lines"), lambda row: len(row.team), "lines", css="num"),
    Column(_("Days to market"), lambda row: row.total_days, "days", css="num", short=_("To market")),
    Column(
        _("Days with all in one city"),
        lambda row: row.baseline_days,
        "baseline",
        css="num",
        short=_("All in one city"),
    ),
    Column(_("Days late"), lambda row: row.late_days, "late", shown=False, css="num"),
    Column(_("On the market"), lambda row: row.market, "market"),
]


@require_safe
def pipelines(request: HttpRequest) -> HttpResponseBase:
    rows = pipeline_list(request.user)
    alliance = viewed(request).alliance
    if alliance is not None:
        rows = rows.filter(demand_id__in=Demand.objects.filter(alliance=alliance).values("pk"))
    return listing(
        request,
        rows,
        PipelineFilter,
        template="matching/pipeline_list.html",
        columns=PIPELINE_COLUMNS,
        name="pipelines",
        summary=lambda rows: counted(rows.filter(complete=True), "complete"),
        prepare=lambda found: _attach(request.user, found),
    )


def _attach(user: Any, rows: list[Any]) -> None:
    attach_pipeline_parts(user, rows)
    for row in rows:
        row.heading = heading(row.demand) if row.demand else ""


@require_safe
def pipeline(request: HttpRequest, demand_id: UUID, site_id: UUID | None = None) -> HttpResponse:
    user = request.user
    demand = get_object_or_404(demand_detail(user), public_id=demand_id)
    attach_standing(user, [demand])
    if demand.standing is None:
        raise Http404("only the demand's side sees pipelines")
    demand.heading, demand.lab, demand.fictitious = heading(demand), lab_name(demand), is_fictitious(demand)
    rows = list(pipeline_list(user).filter(demand_id=demand.pk).order_by("rank"))
    attach_pipeline_parts(user, rows)
    row = _chosen(user, rows, site_id)
    view = PipelineReader(user, demand, row).view()
    places, flows = _map(view)
    context = {
        "demand": demand,
        "view": view,
        "row": row,
        "alternatives": rows,
        "places": places,
        "flows": flows,
        "run": demand.standing.run_id,
        "may_introduce": viewer_of(user).official,
        "project": project_of(user, demand, row.site_id),
        "asks": len(view.chosen) + (1 if view.site else 0),
    }
    return render(request, "matching/pipeline_detail.html", context)


def _chosen(user: Any, rows: list[Any], site_id: UUID | None) -> Any:
    wanted = None
    if site_id is not None:
        wanted = get_object_or_404(Site.objects.visible_to(user), public_id=site_id).pk
    row = next((row for row in rows if row.site_id == wanted), None)
    if row is None:
        raise Http404("no such pipeline")
    return row


def _map(view: PipelineView) -> tuple[list[Place], list[Flow]]:
    """Lab, makers and site by the alliance's cities; minutes to the site in full lines, from the lab dashed."""
    homes = view.homes
    lab = homes[view.demand.lab_city_id]
    site = homes[view.site.city_id] if view.site else None
    makers: dict[int, list[Any]] = {}
    for member in view.chosen:
        makers.setdefault(homes[member.capability.facility.city_id].pk, []).append(member)
    points = {city.pk: city for city in homes.values()}
    places = [_place(city, lab, site, len(makers.get(city.pk, ()))) for city in points.values()]
    flows = []
    for key, members in makers.items():
        if site is not None and key != site.pk:
            flows.append(_road(key, site.pk, [member.to_site for member in members], main=True))
        # Lab and site in one city: the road to the site says it. Site and maker in one: the lab's own does.
        shown = site is not None and (lab == site or (key == site.pk and lab.pk in makers))
        if key != lab.pk and not shown:
            flows.append(_road(lab.pk, key, [member.to_lab for member in members], main=site is None))
    return places, flows


def _road(origin: int, destination: int, minutes: list[float], *, main: bool) -> Flow:
    """From the shortest to the longest drive between two cities."""
    low, high = round(min(minutes)), round(max(minutes))
    words = _("%(low)d–%(high)d min") if low != high else _("%(low)d min")
    return Flow(
        str(origin), str(destination), str(words) % {"low": low, "high": high}, 2.2 if main else 1.4, main
    )


def _place(city: Any, lab: Any, site: Any, parts: int) -> Place:
    notes = [str(_("lab"))] if city == lab else []
    if city == site:
        notes.append(str(_("site")))
    if parts:
        notes.append(ngettext("%(count)d part", "%(count)d parts", parts) % {"count": parts})
    kind: Kind = "lab" if city == lab else "site" if city == site else "city"
    size = 10.0 if city in (lab, site) else 7.0
    return Place(str(city.pk), str(city), city.longitude, city.latitude, " · ".join(notes), kind, size)
