"""Runs: the list, a page that follows one, and the few steps a person may take."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from alliance.errors import ForbiddenError, NotFoundError
from alliance.http import Column, counted, listing, viewed
from alliance.models import User
from alliance.templatetags._numbers import minutes_text
from matching.filters import RunFilter
from matching.models import Demand, MatchRun
from matching.selectors import may_steer, run_list
from matching.services.runs import ask_for_run, cancel_run, retry_run

CAUSES = {
    "change": gettext_lazy("something changed"),
    "nightly": gettext_lazy("nightly run"),
    "asked": gettext_lazy("asked for"),
    "retry": gettext_lazy("tried again"),
    "import": gettext_lazy("import"),
}
COUNTS = {
    "matches": gettext_lazy("Matches"),
    "near_misses": gettext_lazy("Near misses"),
    "relaxations": gettext_lazy("Relaxations"),
    "sites": gettext_lazy("Site matches"),
    "pipelines": gettext_lazy("Pipelines"),
    "lines": gettext_lazy("Lines"),
}
RUN_COLUMNS = [
    Column(gettext_lazy("Id"), lambda row: row.public_id, "run", short=gettext_lazy("Run")),
    Column(gettext_lazy("State"), lambda row: row.get_state_display(), "state"),
    Column(gettext_lazy("Cause"), lambda row: CAUSES.get(row.cause, row.cause), "cause"),
    Column(gettext_lazy("As of"), lambda row: row.as_of, "as_of", css="num"),
    Column(
        gettext_lazy("Created"),
        lambda row: row.created_at,
        "created",
        sort="newest",
        css="num",
        short=gettext_lazy("Started"),
    ),
    Column(gettext_lazy("Finished"), lambda row: row.finished_at, "finished", shown=False, css="num"),
    Column(gettext_lazy("Demands"), lambda row: row.demands_total, "demands", sort="size", css="num"),
    Column(gettext_lazy("Demands done"), lambda row: row.demands_done, "done", shown=False, css="num"),
]


@require_safe
def runs(request: HttpRequest) -> HttpResponseBase:
    rows, alliance = run_list(request.user), viewed(request).alliance
    if alliance is not None:
        rows = rows.filter(alliance=alliance)
    return listing(
        request,
        rows,
        RunFilter,
        template="matching/run_list.html",
        columns=RUN_COLUMNS,
        name="runs",
        summary=lambda rows: counted(rows.filter(state__in=["failed", "partial"]), "failed"),
        prepare=_tell_cause,
    )


def _tell_cause(rows: list[MatchRun]) -> None:
    for row in rows:
        row.cause_words = CAUSES.get(row.cause, row.cause)  # type: ignore[attr-defined]


@require_safe
def run(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The page, or (htmx, every two seconds) only what moves on it."""
    found = get_object_or_404(run_list(request.user), public_id=public_id)
    _tell_cause([found])
    found.told_counts = [
        (words, found.counts[kind]) for kind, words in COUNTS.items() if kind in found.counts
    ]
    if found.started_at and found.finished_at:
        found.took = _span((found.finished_at - found.started_at).total_seconds())
    context = {"run": found, "may_steer": may_steer(request.user, found)}
    template = (
        "matching/_run_progress.html" if request.headers.get("HX-Request") else "matching/run_detail.html"
    )
    return render(request, template, context)


def _span(seconds: float) -> str:
    if seconds < 120:
        return ngettext("%(count)d second", "%(count)d seconds", round(seconds)) % {"count": round(seconds)}
    return minutes_text(seconds / 60)


@require_POST
def rematch_alliance(request: HttpRequest) -> HttpResponse:
    alliance = viewed(request).alliance
    if alliance is None:
        raise NotFoundError(_("There is no alliance to match."))
    started = ask_for_run(request.user, alliance)
    messages.success(request, _("The run is queued."))
    return redirect("run", public_id=started.public_id)


@require_POST
def rematch_demand(request: HttpRequest, public_id: UUID) -> HttpResponse:
    demand = get_object_or_404(
        Demand.objects.visible_to(request.user).select_related("alliance"), public_id=public_id
    )
    started = ask_for_run(request.user, demand.alliance, demand=demand)
    messages.success(request, _("The run is queued."))
    return redirect("run", public_id=started.public_id)


def _steered(request: HttpRequest, public_id: UUID) -> MatchRun:
    found: MatchRun = get_object_or_404(run_list(request.user), public_id=public_id)
    if not may_steer(request.user, found):
        raise ForbiddenError(_("You see this run, but may not cancel or retry it."))
    return found


@require_POST
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    cancel_run(_steered(request, public_id))
    messages.success(request, _("The run is cancelled; earlier results stay."))
    return redirect("run", public_id=public_id)


@require_POST
def retry(request: HttpRequest, public_id: UUID) -> HttpResponse:
    again = retry_run(_steered(request, public_id), requested_by=cast(User, request.user))
    messages.success(request, _("A new run is queued."))
    return redirect("run", public_id=again.public_id)
