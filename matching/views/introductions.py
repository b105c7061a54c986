"""Introductions: proposing, the list, one with its next step, and projects."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliance.choices import IntroductionState as State
from alliance.errors import DomainError
from alliance.http import Column, listing, viewed
from alliance.models import User
from alliance.selectors import viewer_of
from alliance.services.viewings import note_viewing
from companies.models import Capability
from matching.filters import IntroductionFilter
from matching.forms.introductions import MilestoneForm, ProposalForm, StepForm
from matching.models import DemandLine
from matching.selectors import attach_standing, demand_detail, demand_list, heading, lab_name, pipeline_list
from matching.selectors.declined import since_declined
from matching.selectors.introduction_board import introduction_board
from matching.selectors.introductions import (
    TRACK,
    attach_introduction_parts,
    contacts_of,
    counts_by_state,
    introduction_detail,
    introduction_list,
    miss_of,
    opened_to,
    pair_of,
    project_detail,
    slowest,
    viewings_of,
)
from matching.services.introductions import (
    MOVES,
    introduce,
    introduce_pipeline,
    legal_moves,
    party_of,
    set_milestone,
    take_step,
)
from matching.services.introductions.moves import ALL
from matching.services.introductions.proposing import ANSWER_DAYS, open_pairs
from scenarios.models import Site

COLUMNS = [
    Column(gettext_lazy("Part or site"), lambda row: row.part, "part"),
    Column(gettext_lazy("Demand"), lambda row: row.heading, "demand", shown=False),
    Column(gettext_lazy("Both sides"), lambda row: f"{row.lab_told} ↔ {row.supplier}", "sides"),
    Column(gettext_lazy("Lab"), lambda row: row.lab_told, "lab", shown=False),
    Column(gettext_lazy("Supplier"), lambda row: row.supplier, "supplier", sort="supplier", shown=False),
    Column(gettext_lazy("State"), lambda row: row.get_state_display(), "state"),
    Column(gettext_lazy("Whose turn"), lambda row: row.turn_told, "turn"),
    Column(gettext_lazy("Due by"), lambda row: row.due_on, "due", sort="due"),
    Column(
        gettext_lazy("Days overdue"), lambda row: row.late_days or None, "overdue", shown=False, css="num"
    ),
    Column(
        gettext_lazy("Bureau of the lab"),
        lambda row: row.lab_bureau,
        "lab_bureau",
        short=gettext_lazy("The two bureaus"),
    ),
    Column(
        gettext_lazy("Bureau of the supplier"),
        lambda row: row.supplier_bureau,
        "supplier_bureau",
        shown=False,
    ),
    Column(gettext_lazy("Reason"), lambda row: row.declined_reason, "reason", shown=False),
    Column(gettext_lazy("Last moved"), lambda row: row.updated_at, "moved", sort="moved", shown=False),
]


@require_safe
def introductions(request: HttpRequest) -> HttpResponseBase:
    """What is overdue and whose turn it is."""
    rows = introduction_list(request.user)
    alliance = viewed(request).alliance
    if alliance is not None and viewer_of(request.user).official:
        rows = rows.filter(demand__alliance=alliance)
    counts = counts_by_state(rows)
    board = request.GET.get("look") == "board"
    return listing(
        request,
        rows,
        IntroductionFilter,
        template="matching/introduction_board.html" if board else "matching/introduction_list.html",
        summary=lambda found: {"board": introduction_board(request.user, found)} if board else {},
        columns=COLUMNS,
        name="introductions",
        prepare=lambda found: attach_introduction_parts(request.user, found),
        extra={
            "officials": viewer_of(request.user).official or viewer_of(request.user).platform_admin,
            "states": [(state, counts.get(state, 0)) for state in State],
            "running": sum(n for state, n in counts.items() if state not in ("delivered", "declined")),
            "overdue": rows.filter(IntroductionFilter.overdue()).count(),
        },
    )


# --- proposing -----------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """A preview of who would be written to, and the proposal itself. The address names the pair or the pipeline."""
    if request.method != "POST" and not request.GET:
        return render(request, "matching/introduction_none.html")
    answer_by = timezone.localdate() + timedelta(days=ANSWER_DAYS)
    form = ProposalForm(request.POST or None, initial={"due_on": answer_by})
    pair = _pair(request)
    if request.method == "POST" and form.is_valid():
        try:
            return _proposed(request, pair, form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    status = 400 if request.method == "POST" else 200
    return render(request, "matching/introduction_new.html", {"form": form, **pair}, status=status)


def _proposed(request: HttpRequest, pair: dict[str, Any], told: dict[str, Any]) -> HttpResponse:
    words = {"user": cast(User, request.user), "note": told["note"], "due_on": told["due_on"]}
    if pair["team"]:
        project = introduce_pipeline(demand=pair["demand"], site=pair["site"], **words)
        messages.success(request, _("The project is proposed: every firm can answer now."))
        return redirect("project", project.public_id)
    row = introduce(
        line=pair["line"], capability=pair["capability"], demand=pair["demand"], site=pair["site"], **words
    )
    messages.success(request, _("Both firms can answer now."))
    return redirect("introduction", row.public_id)


def _pair(request: HttpRequest) -> dict[str, Any]:
    """What the address names; whatever the viewer does not see is missing."""
    user, asked = request.user, request.GET
    found: dict[str, Any] = {"line": None, "capability": None, "site": None, "team": [], "existing": None}
    found |= {"since": None, "miss": ""}
    line = _named(
        DemandLine.objects.visible_to(user).select_related("demand__owner", "component_type"), asked, "line"
    )
    found["capability"] = _named(
        Capability.objects.visible_to(user).select_related("organisation", "facility__city"),
        asked,
        "capability",
    )
    found["site"] = _named(
        Site.objects.visible_to(user).select_related("organisation", "city"), asked, "site"
    )
    demand_key = line.demand_id if line is not None else None
    rows = demand_detail(user).select_related("owner")
    demand = rows.filter(pk=demand_key).first() if demand_key else _named(rows, asked, "demand")
    if demand is None or (line is not None and found["capability"] is None):
        raise Http404("no such pair")
    attach_standing(user, [demand])
    if demand.standing is None:
        raise Http404("no such pair")
    demand.heading, demand.lab = heading(demand), lab_name(demand)
    found |= {"demand": demand, "line": line}
    if line is None:
        found["team"] = _team(user, demand, found["site"])
    else:
        found["existing"] = pair_of(user, line.public_id, found["capability"].public_id)
        found["since"] = since_declined(found["existing"], demand, found["capability"])
        found["miss"] = miss_of(user, line, found["capability"])
    return found


def _named(rows: Any, asked: Any, name: str) -> Any:
    text = asked.get(name, "")
    if not text:
        return None
    try:
        return get_object_or_404(rows, public_id=UUID(text))
    except ValueError as error:
        raise Http404("no such row") from error


def _team(user: Any, demand: Any, site: Any) -> list[dict[str, Any]]:
    row = pipeline_list(user).filter(demand_id=demand.pk, site_id=site.pk if site else None).first()
    if row is None:
        raise Http404("no such pipeline")
    return open_pairs(demand, row, site)


# --- one -------------------------------------------------------------------------------------------------------
@require_safe
def introduction(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _shown(request, public_id)


def _shown(
    request: HttpRequest, public_id: UUID, form: StepForm | None = None, move: str = "", status: int = 200
) -> HttpResponse:
    user = request.user
    found = get_object_or_404(introduction_detail(user), public_id=public_id)
    attach_introduction_parts(user, [found])
    contacts = contacts_of(user, found)
    for contact in contacts:
        if contact.organisation_id not in viewer_of(user).firms:
            side = "lab" if contact.organisation_id == found.lab_id else "supplier"
            note_viewing(user, "introduction", found.public_id, f"contact of the {side}")
    stages = {opened.organisation: opened.stage for opened in opened_to(found)}
    context = {
        "row": found,
        "track": [(state, i, i < found.place, i == found.place) for i, state in enumerate(TRACK)],
        "forms": _step_forms(request, found, form, move),
        "contacts": contacts,
        "viewings": viewings_of(user, found),
        "supplier_stage": stages.get(found.supplier_id, 0),
        "lab_stage": stages.get(found.lab_id, 0),
        "basis": found.basis_told,
    }
    if request.headers.get("HX-Request"):
        # Beside the list: htmx shows only what it is told went well, so the words on the page say what did not.
        return render(request, "matching/_introduction_drawer.html", context)
    return render(request, "matching/introduction_detail.html", context, status=status)


def _parties(found: Any) -> dict[str, str]:
    return {party: str(found.lab_told if party == "lab" else getattr(found, party)) for party in ALL}


def _step_forms(
    request: HttpRequest, found: Any, form: StepForm | None, named: str
) -> list[tuple[Any, StepForm]]:
    """A form for each step that this person may do now; the one with errors as it was sent."""
    forms = []
    for move in legal_moves(found, request.user):
        empty = StepForm(
            initial={"version": found.version}, move=move, parties=_parties(found), auto_id=f"{move.name}_%s"
        )
        forms.append((move, form if form is not None and move.name == named else empty))
    return forms


@require_POST
def step(request: HttpRequest, public_id: UUID, name: str) -> HttpResponse:
    """Do the next step; a lost race or a missing reason is said on the page as it is now."""
    found = get_object_or_404(introduction_list(request.user), public_id=public_id)
    move = MOVES.get(name)
    if move is None:
        raise Http404("no such step")
    attach_introduction_parts(request.user, [found])
    form = StepForm(request.POST, move=move, parties=_parties(found), auto_id=f"{name}_%s")
    if not form.is_valid():
        return _shown(request, public_id, form, name, 400)
    try:
        fresh = take_step(
            found, name, user=request.user, version=form.cleaned_data["version"], step=form.step()
        )
    except DomainError as error:
        if error.field in form.fields and party_of(found, request.user, move):
            form.add_error(error.field, error.message)
            return _shown(request, public_id, form, name, error.status)
        messages.error(request, error.message)
        return _shown(request, public_id, status=error.status)
    messages.success(request, _("Done: %(state)s.") % {"state": fresh.get_state_display()})
    return redirect("introduction", public_id)


# --- projects --------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def project(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A pipeline on its way: each introduction's state, the slowest, and the milestones of the pilot."""
    user = request.user
    found = get_object_or_404(project_detail(user), public_id=public_id)
    status, broken = 200, None
    if request.method == "POST":
        broken = MilestoneForm(request.POST)
        if broken.is_valid():
            set_milestone(found, user=user, **broken.cleaned_data)
            return redirect("project", public_id)
        status = 400
    attach_introduction_parts(user, found.team)
    demand = get_object_or_404(demand_list(user), pk=found.demand_id)
    demand.heading, demand.lab = heading(demand), lab_name(demand)
    viewer = viewer_of(user)
    may = viewer.official or found.demand.owner_id in viewer.editing
    forms = [(row, _milestone_form(row, broken)) for row in found.passed]
    context = {"project": found, "demand": demand, "slowest": slowest(found.team), "forms": forms, "may": may}
    return render(request, "matching/project_detail.html", context, status=status)


def _milestone_form(row: Any, broken: MilestoneForm | None) -> MilestoneForm:
    if broken is not None and broken.data.get("kind") == row.kind:
        return broken
    told = {"kind": row.kind, "planned_on": row.planned_on, "actual_on": row.actual_on}
    return MilestoneForm(initial=told, auto_id=f"{row.kind}_%s")
