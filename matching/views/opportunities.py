"""机会清单: what robots operators and programmes want; the short form for one; a maker's answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliance.errors import DomainError, NotFoundError
from alliance.http import Column, listing
from alliance.selectors import alliances_of, branch, viewer_of
from alliance.selectors.places import alliance_list
from companies.models import Capability, ComponentType
from companies.selectors import component_type_list
from matching.filters import DemandFilter
from matching.forms.opportunities import AnswerForm, OpportunityForm
from matching.models import DemandLine
from matching.selectors import demand_list, own_pair_rows, own_pairs
from matching.selectors.answers import answer_counts, answers_of
from matching.services.answers import answer, withdraw_answer
from matching.services.demands import write_opportunity
from matching.views.demands import DEMAND_COLUMNS, name_rows
from scenarios.models import Site

#: The branch of the tree that holds whole robots.
ROBOTS = "ROB"


def _robots_text(row: Any) -> str:
    return "; ".join(
        f"{line.component_type} × {line.quantity:g}" if row.quantities_told else str(line.component_type)
        for line in row.robots
    )


def _fit_text(row: Any) -> str:
    if row.fit is None:
        return ""
    return _("fits") if row.fit.fits else str(row.fit.gap)


FIT = Column(gettext_lazy("My fit"), _fit_text, "fit")
ANSWERS = Column(gettext_lazy("Answers"), lambda row: row.answered, "answers", css="num")
OPPORTUNITY_COLUMNS = [
    DEMAND_COLUMNS[0],
    Column(gettext_lazy("Robots"), _robots_text, "robots"),
    *(column for column in DEMAND_COLUMNS[1:] if column.key not in ("covered", "lines", "published")),
]
ACTION = Column(gettext_lazy("Answer"), lambda row: None, "answer", in_files=False)


@require_safe
def opportunities(request: HttpRequest) -> HttpResponseBase:
    """Firms see how their robots fit; the demand's side how many makers answered."""
    viewer = viewer_of(request.user)
    rows = demand_list(request.user).filter(archived_at=None, published=True)
    robots = DemandLine.objects.visible_to(request.user).filter(
        component_type__in=branch(ComponentType, ROBOTS)
    )
    return listing(
        request,
        rows.filter(pk__in=robots.values("demand_id")),
        DemandFilter,
        template="matching/opportunity_list.html",
        columns=[*OPPORTUNITY_COLUMNS, FIT, ACTION] if viewer.firms else [*OPPORTUNITY_COLUMNS, ANSWERS],
        name="opportunities",
        prepare=lambda found: _wanted(request, found, robots),
        extra={"may_add": bool(viewer.editing), "may_ask": _sites(request).exists(), "firm": viewer.firms},
    )


def _wanted(request: HttpRequest, rows: list[Any], robots: Any) -> None:
    """The robots that each one asks for, the best pair of the viewer's, and the answers."""
    name_rows(request, rows)
    by_demand: dict[int, list[Any]] = {row.pk: [] for row in rows}
    lines = robots.filter(demand__in=by_demand).select_related("component_type").order_by("position", "id")
    for line in lines:
        by_demand[line.demand_id].append(line)
    wanted = {line.pk for several in by_demand.values() for line in several}
    fits = _best_pairs(request.user, {row.pk: row for row in rows}, wanted)
    said = answers_of(request.user, [(pair.line.pk, pair.capability.pk) for pair in fits.values()])
    counts = answer_counts(request.user, by_demand)
    for row in rows:
        row.robots, row.fit = by_demand[row.pk], fits.get(row.pk)
        row.said = said.get((row.fit.line.pk, row.fit.capability.pk)) if row.fit else None
        row.answered = counts.get(row.pk, 0)


def _best_pairs(user: Any, demands: dict[int, Any], lines: set[int]) -> dict[int, Any]:
    """Demand → the viewer's pair on one of its robots: one that fits before one that nearly does."""
    if not viewer_of(user).firms:
        return {}
    rows = own_pair_rows(user, demand_id__in=list(demands), line_id__in=list(lines))
    found: dict[int, Any] = {}
    for pair in sorted(own_pairs(user, list(rows), demands), key=lambda pair: not pair.fits):
        found.setdefault(pair.demand.pk, pair)
    return found


# --- the short form --------------------------------------------------------------------------------
def _sites(request: HttpRequest) -> Any:
    return (
        Site.objects.editable_by(request.user)
        .filter(archived_at=None)
        .select_related("organisation", "city")
        .order_by("name", "id")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def opportunity_new(request: HttpRequest) -> HttpResponse:
    """What robot, how many, when, at which own site: a draft, and what it would find."""
    user, sites = request.user, _sites(request)
    if not viewer_of(user).editing:
        raise NotFoundError(_("There is no such firm among yours."))
    form = OpportunityForm(
        request.POST or None,
        robots=component_type_list(user).filter(pk__in=branch(ComponentType, ROBOTS), parent__isnull=False),
        sites=sites,
        alliances=alliance_list(user).filter(pk__in=[row.pk for row in alliances_of(user)]),
        initial={"site": request.GET.get("site", "")},
    )
    if request.method == "POST" and form.is_valid():
        given = form.given()
        try:
            made = write_opportunity(given.site.organisation, given, user=user)
            messages.success(request, _("A draft: this is who could make it. Publish it when it is right."))
            return redirect("demand-preview", made.public_id)
        except DomainError as error:
            for name, words in (error.errors or {"": [error.message]}).items():
                form.add_error(name if name in form.fields else None, words)
    context = {"form": form, "has_sites": sites.exists()}
    status = 400 if request.method == "POST" else 200
    return render(request, "matching/opportunity_form.html", context, status=status)


# --- a maker's answer --------------------------------------------------------------------------------
@require_POST
def answer_pair(request: HttpRequest, line_id: UUID, capability_id: UUID) -> HttpResponse:
    """Say that one wants it, change the words, or take it back."""
    user = request.user
    line = get_object_or_404(DemandLine.objects.visible_to(user).select_related("demand"), public_id=line_id)
    capability = get_object_or_404(Capability.objects.visible_to(user), public_id=capability_id)
    form = AnswerForm(request.POST)
    if "withdraw" in request.POST:
        withdraw_answer(line, capability, user=user)
        messages.success(request, _("Your answer is taken back."))
    elif form.is_valid():
        answer(line, capability, user=user, note=form.cleaned_data["note"])
        messages.success(request, _("Answered: the bureaus see it and may introduce you."))
    else:
        raise DomainError(_("The text is longer than %(limit)d characters.") % {"limit": 500}, field="note")
    return redirect("match", line_id, capability_id)
