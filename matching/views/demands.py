"""The list of demands and the page of one: line by line who can make it, and why."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from alliance.http import Column, listing, viewed
from alliance.selectors import attach_records, viewer_of
from companies.selectors import asked_text, component_book
from matching.filters import DemandFilter
from matching.models import Demand, may_ask_for_run
from matching.selectors import (
    LineReader,
    LineView,
    attach_standing,
    best_pipelines,
    demand_detail,
    demand_list,
    heading,
    is_fictitious,
    lab_name,
    lacking_a_supplier,
    mark_of_results,
    open_run_of,
    own_pair_rows,
    own_pairs,
    scales,
    site_rows,
    suiting,
)
from matching.selectors.answers import answers_of
from matching.selectors.introductions import open_introductions_of
from scenarios.selectors import scenario_book

#: Pipelines on the page of a demand.
PIPELINES = 5

DEMAND_COLUMNS = [
    Column(_("Title"), heading, "title", short=_("Demand")),
    Column(_("Lab"), lab_name, "lab", shown=False),
    Column(_("Lab city"), lambda row: row.lab_city, "city", sort="city"),
    Column(_("Start"), lambda row: row.start_date, "start", sort="start", shown=False, css="num"),
    Column(_("Need by"), lambda row: row.need_by, "need_by", sort="need_by", css="num"),
    Column(_("Scope"), lambda row: row.get_scope_display(), "scope", shown=False),
    Column(_("Visible to"), lambda row: row.get_confidentiality_display(), "visible"),
    Column(_("Scenario"), lambda row: row.wants_site.scenario_type if row.wants_site else "", "scenario"),
    Column(_("Lines"), lambda row: row.line_count, "lines", css="num"),
    Column(
        _("Lines with a supplier"),
        lambda row: row.standing.covered if row.standing else None,
        "covered",
        css="covcol",
        short=_("Supply"),
    ),
    Column(_("Published"), lambda row: row.published, "published", shown=False),
    Column(_("Fictitious"), is_fictitious, "fictitious", shown=False),
]


@require_safe
def demands(request: HttpRequest) -> HttpResponseBase:
    rows = demand_list(request.user)
    if request.GET.get("closed") != "true":
        rows = rows.filter(archived_at=None)
    alliance = viewed(request).alliance
    if alliance is not None:
        rows = rows.filter(alliance=alliance)
    return listing(
        request,
        rows,
        DemandFilter,
        template="matching/demand_list.html",
        columns=DEMAND_COLUMNS,
        name="demands",
        summary=lambda found: {"lacking": lacking_a_supplier(request.user, found)},
        prepare=lambda found: name_rows(request, found),
        extra={"may_add": bool(viewer_of(request.user).editing)},
    )


def name_rows(request: HttpRequest, rows: list[Any]) -> None:
    attach_standing(request.user, rows)
    for row in rows:
        row.heading, row.lab, row.fictitious = heading(row), lab_name(row), is_fictitious(row)


def _far(value: float | None) -> float:
    return math.inf if value is None else value


#: key → (words, what the ranked rows are sorted by); the score first, as the ranking is.
ORDERS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "score": (_("by score"), lambda row: row.match.rank),
    "price": (_("by price"), lambda row: _far(row.capability.told and row.capability.told.unit_price)),
    "lead": (_("by lead time"), lambda row: row.capability.volume_lead_days),
    "capacity": (
        _("by free capacity"),
        lambda row: -(row.capability.told.free_per_month if row.capability.told else 0),
    ),
    "distance": (_("by distance"), lambda row: row.minutes),
}


@require_safe
def demand(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The demand's side sees ranked capabilities; a supplier its own verdicts; others what is asked."""
    if request.headers.get("HX-Target") == "run-banner":
        return _news(request, public_id)
    found = get_object_or_404(demand_detail(request.user), public_id=public_id)
    name_rows(request, [found])
    line = chosen_line(found, request.GET.get("line", ""))
    if found.standing is None:
        return render(request, "matching/demand_supplier.html", _supplier_side(request, found, line))
    return render(request, "matching/demand_detail.html", _demand_side(request, found, line))


def _news(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What an open page asks for every few seconds: 304, or which results count now and how the next run goes."""
    found = get_object_or_404(Demand.objects.visible_to(request.user), public_id=public_id)
    mark, run = mark_of_results(request.user, found), open_run_of(request.user, found)
    tag = f'"{mark}-{run.demands_done if run else ""}-{bool(run)}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        context = {"demand": found, "open_run": run, "mark": mark}
        response = render(request, "matching/_run_banner.html", context)
    response["ETag"] = tag
    response["Cache-Control"] = "no-cache, private"
    return response


def chosen_line(found: Any, asked: str) -> Any:
    """The line named in the address, else the first; a foreign or broken id is a 404."""
    if not found.all_lines:
        return None
    if not asked:
        return found.all_lines[0]
    line = next((line for line in found.all_lines if str(line.public_id) == asked), None)
    if line is None:
        raise Http404("no such line")
    return line


def _demand_side(request: HttpRequest, found: Any, line: Any) -> dict[str, Any]:
    user = request.user
    weights, suit = scales(found.alliance_id), suiting(user, found)
    places = [site for _match, site in suit]
    reader = LineReader(user, found, line, weights, places) if line is not None else None
    if reader is None:
        attach_records(user, [site.organisation for site in places])
    sites = site_rows(found, suit, weights, reader.roles if reader else None)
    context: dict[str, Any] = {
        "demand": found,
        "lines": [(row, *each) for row, each in zip(found.all_lines, found.standing.lines, strict=True)],
        "line": line,
        "sites": sites,
        "site_asks": site_asks(user, found),
        "pipelines": best_pipelines(user, found, {row.site.pk: row.site for row in sites}, PIPELINES),
        "open_run": open_run_of(user, found),
        "mark": mark_of_results(user, found),
        "may_introduce": viewer_of(user).official,
        "may_write": Demand.objects.editable_by(user).filter(pk=found.pk).exists(),
        "may_run": may_ask_for_run(user, found.alliance, found),
    }
    if reader is not None:
        view = reader.view(found.standing.counts[line.pk])
        context["view"] = view
        context |= _narrowed(request, view)
        _attach_introductions(user, view)
        context["number"] = found.all_lines.index(line) + 1
        context["points"] = [point for point in found.points if point.line_id in (None, line.pk)]
        if view.ranked:
            context["first"] = reader.explain(view.ranked[0].capability.pk)
    return context


def _narrowed(request: HttpRequest, view: LineView) -> dict[str, Any]:
    """The ranking in another order, the near misses of one requirement only: as the address says."""
    order = request.GET.get("order", "")
    if order in ORDERS:
        view.ranked.sort(key=ORDERS[order][1])
    code = request.GET.get("miss", "")
    if code:
        view.near = [row for row in view.near if row.miss.code == code]
    named = next((row.name for row in view.relaxations if row.code == code), "")
    orders = [(key, words) for key, (words, _key) in ORDERS.items()]
    return {
        "orders": orders,
        "order": order if order in ORDERS else "score",
        "miss": code,
        "miss_name": named,
    }


def _attach_introductions(user: Any, view: LineView) -> None:
    """`introduction` of each row: the newest of this pair that the viewer sees; `answer`: what its maker said."""
    rows: list[Any] = [*view.ranked, *view.near]
    pairs = [(view.line.pk, row.capability.pk) for row in rows]
    found, said = open_introductions_of(user, pairs), answers_of(user, pairs)
    for row in rows:
        row.introduction = found.get((view.line.pk, row.capability.pk))
        row.answer = said.get((view.line.pk, row.capability.pk))


def site_asks(user: Any, found: Any) -> list[tuple[str, str, bool]]:
    """(parameter, what is asked of the site, hard) of the site need."""
    if found.wants_site is None:
        return []
    book = scenario_book()
    return [
        (book.name(r.key.key, found.wants_site.scenario_type_id), asked_text(r.key, r.op, r.value), r.hard)
        for r in found.wants_site.asked
    ]


def _supplier_side(request: HttpRequest, found: Any, line: Any) -> dict[str, Any]:
    """What is asked, and the viewer's own pairs with this demand: verdicts only."""
    user = request.user
    book = component_book()
    asked = [
        (
            row,
            [
                (book.name(r.key.key, row.component_type_id), asked_text(r.key, r.op, r.value), r.hard)
                for r in row.asked
            ],
        )
        for row in found.all_lines
    ]
    pairs = own_pairs(user, list(own_pair_rows(user, demand_id=found.pk)))
    may_write = Demand.objects.editable_by(user).filter(pk=found.pk).exists()
    return {
        "may_write": may_write,
        "open_run": open_run_of(user, found) if may_write else None,
        "supplies": bool(pairs) or (bool(viewer_of(user).firms) and not may_write),
        "demand": found,
        "asked": asked,
        "line": line,
        "pairs": pairs,
        "site_asks": site_asks(user, found),
    }
