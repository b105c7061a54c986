"""A lab writes a demand step by step: the programme, its parts, the site, what it would find, and publishes it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.models import Organisation
from alliance.selectors import alliances_of, attach_records, viewer_of
from alliance.selectors.joining import city_names
from alliance.selectors.places import alliance_list
from alliance.templatetags._numbers import is_chinese
from companies.selectors import component_book, search_types
from matching.forms.demands import (
    AskedRow,
    CloseForm,
    DemandForm,
    LineForm,
    NeedForm,
    TypeChoice,
    asked_rows,
    fill_from_post,
    fill_from_stored,
)
from matching.models import Demand, DemandLine, SiteRequirement
from matching.selectors import (
    Counts,
    LineReader,
    attach_pipeline_parts,
    attach_standing,
    demand_detail,
    heading,
    pipeline_list,
    scales,
    site_rows,
    suiting,
)
from matching.services.demands import (
    archive_demand,
    clone_demand,
    close_demand,
    create_demand,
    preview_demand,
    publish_demand,
    remove_line,
    remove_need,
    reopen_demand,
    save_line,
    save_need,
    update_demand,
    withdraw_demand,
)
from matching.services.demands.inputs import component_parameters, site_parameters
from scenarios.models import ScenarioType
from scenarios.selectors import scenario_book


def _firm(request: HttpRequest) -> Organisation:
    """The viewer's firm that asks: the only one, or the first that does research."""
    mine = Organisation.objects.visible_to(request.user).filter(
        pk__in=viewer_of(request.user).editing, kind="firm"
    )
    found = sorted(mine, key=lambda row: ("rnd" not in row.roles, row.pk))
    if not found:
        raise NotFoundError(_("There is no such firm among yours."))
    return found[0]


def _own(request: HttpRequest, public_id: UUID) -> Any:
    """A demand that this person may change, with everything on it."""
    rows = Demand.objects.editable_by(request.user).values("pk")
    return get_object_or_404(demand_detail(request.user), public_id=public_id, pk__in=rows)


def _told(form: Any, error: DomainError, rows: list[AskedRow] | None = None) -> None:
    """Each error beside its box."""
    by_key = {row.key: row for row in rows or []}
    for name, words in (error.errors or {"": [error.message]}).items():
        key = name.removeprefix("requirements.")
        if name != key and key in by_key:
            by_key[key].errors += words
        else:
            form.add_error(name if name in form.fields else None, words)


# --- step 1: the programme ----------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def demand_new(request: HttpRequest) -> HttpResponse:
    firm = _firm(request)
    alliances = alliance_list(request.user).filter(pk__in=[a.pk for a in alliances_of(request.user)])
    city = f"{firm.city} ({firm.city.code})"
    form = DemandForm(request.POST or None, alliances=alliances, initial={"lab_city": city})
    if request.method == "POST" and form.is_valid():
        try:
            made = create_demand(firm, form.given(), user=request.user)
            return redirect("line-new", made.public_id)
        except DomainError as error:
            _told(form, error)
    context = {"form": form, "firm": firm, "cities": city_names(), "demand": None}
    return render(request, "matching/demand_form.html", context, status=_status(request))


def _status(request: HttpRequest) -> int:
    return 400 if request.method == "POST" else 200


@require_http_methods(["GET", "HEAD", "POST"])
def demand_programme(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _own(request, public_id)
    alliances = alliance_list(request.user).filter(
        pk__in=[*(a.pk for a in alliances_of(request.user)), found.alliance_id]
    )
    form = DemandForm(request.POST or None, alliances=alliances, initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        try:
            update_demand(found, form.given(), user=request.user, version=form.cleaned_data["version"] or 0)
            messages.success(request, _("Saved."))
            return redirect("demand-edit", public_id)
        except DomainError as error:
            _told(form, error)
    context = {"form": form, "firm": found.owner, "cities": city_names(), "demand": found}
    return render(request, "matching/demand_form.html", context, status=_status(request))


def _initial(found: Any) -> dict[str, Any]:
    def city(row: Any) -> str:
        return f"{row} ({row.code})" if row else ""

    names = ("start_date", "need_by", "iterations", "scope", "confidentiality", "version")
    points = [point.text for point in found.points if point.line_id is None]
    return {name: getattr(found, name) for name in names} | {
        "title": heading(found),
        "alliance": found.alliance.slug,
        "lab_city": city(found.lab_city),
        "deployment_city": city(found.deployment_city),
        "open_points": "\n".join(points),
    }


@require_safe
def demand_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The steps, how far each is, and what comes next."""
    return _wizard(request, public_id)


def _wizard(request: HttpRequest, public_id: UUID, error: str = "") -> HttpResponse:
    """`error`: why a step was not done; the page shows the demand as it is now."""
    found = _own(request, public_id)
    found.heading = heading(found)
    context = {
        "demand": found,
        "close": CloseForm(),
        "running": found.introductions.exists(),
        "error": error,
    }
    return render(request, "matching/demand_wizard.html", context, status=409 if error else 200)


def _version(request: HttpRequest) -> int:
    """Which state of the demand the sender had before the eyes; 0, which no row has, without one."""
    told = request.POST.get("version", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0


# --- step 2: a line ----------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def line_new(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _own(request, public_id)
    asked = request.POST.get("type") or request.GET.get("type", "")
    if not asked:
        text = request.GET.get("q", "")
        types = search_types(text, request.user)
        context = {"demand": found, "q": text, "types": types[:40] if text else types}
        return render(request, "matching/line_type.html", context)
    try:
        type_ = TypeChoice(user=request.user).clean(asked[:100])
    except ValidationError as error:
        raise Http404("no such type") from error
    return _line(request, found, type_, None)


@require_http_methods(["GET", "HEAD", "POST"])
def line_edit(request: HttpRequest, public_id: UUID, line_id: UUID) -> HttpResponse:
    found = _own(request, public_id)
    line = next((row for row in found.all_lines if row.public_id == line_id), None)
    if line is None:
        raise Http404("no such line")
    return _line(request, found, line.component_type, line)


def _line(request: HttpRequest, found: Any, type_: Any, line: Any) -> HttpResponse:
    rows = asked_rows(
        component_parameters(type_), component_book().of(type_.pk), is_chinese(), ranges="covers"
    )
    if request.method == "POST":
        form = LineForm(request.POST)
        asked = fill_from_post(rows, request.POST)
        if form.is_valid():
            try:
                version = form.cleaned_data["version"] or 0
                save_line(found, form.given(type_, asked), user=request.user, version=version, line=line)
                messages.success(request, _("Saved."))
                return redirect("demand-edit", found.public_id)
            except DomainError as error:
                _told(form, error, rows)
    else:
        form = LineForm(initial=_line_initial(found, line))
        fill_from_stored(rows, line.asked if line is not None else [])
    context = {
        "demand": found,
        "line": line,
        "type": type_,
        "form": form,
        "rows": rows,
        "heading": heading(found),
    }
    return render(request, "matching/line_form.html", context, status=_status(request))


def _plain(value: float | None) -> str:
    """A number as one would type it: 2300, not 2300.0."""
    return "" if value is None else f"{value:.12g}"


def _line_initial(found: Any, line: Any) -> dict[str, Any]:
    if line is None:
        return {"version": found.version}
    price = line.asked_price
    return {
        "version": found.version,
        "quantity": f"{line.quantity:.12g}",
        "monthly_rate": f"{line.monthly_rate:.12g}",
        "need_by": line.need_by,
        "target_unit_price": _plain(price and price.target_unit_price),
        "ceiling_unit_price": _plain(price and price.ceiling_unit_price),
        "certificates": "; ".join(held.code for held in line.asked_certificates),
        "open_points": "\n".join(point.text for point in found.points if point.line_id == line.pk),
    }


@require_POST
def line_remove(request: HttpRequest, public_id: UUID, line_id: UUID) -> HttpResponse:
    found = _own(request, public_id)
    line = get_object_or_404(DemandLine.objects.visible_to(request.user), demand=found, public_id=line_id)
    try:
        remove_line(found, line, user=request.user, version=_version(request))
    except ConflictError as error:
        return _wizard(request, public_id, error.message)
    messages.success(request, _("The line is gone."))
    return redirect("demand-edit", public_id)


# --- step 3: the site ----------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def need_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _own(request, public_id)
    stored = found.wants_site
    code = (
        request.POST.get("type") or request.GET.get("type") or (stored.scenario_type.code if stored else "")
    )
    types = list(ScenarioType.objects.visible_to(request.user).order_by("code"))
    type_ = next((row for row in types if row.code == code), None)
    if type_ is None:
        return render(
            request, "matching/need_type.html", {"demand": found, "types": types, "heading": heading(found)}
        )
    rows = asked_rows(site_parameters(type_), scenario_book().of(type_.pk), is_chinese())
    if request.method == "POST":
        form = NeedForm(request.POST)
        asked = fill_from_post(rows, request.POST)
        if form.is_valid():
            try:
                save_need(
                    found,
                    form.given(type_, asked),
                    user=request.user,
                    version=form.cleaned_data["version"] or 0,
                )
                messages.success(request, _("Saved."))
                return redirect("demand-edit", public_id)
            except DomainError as error:
                _told(form, error, rows)
    else:
        same = stored is not None and stored.scenario_type_id == type_.pk
        form = NeedForm(
            initial={
                "version": found.version,
                "fleet_size": f"{stored.fleet_size:.12g}" if stored else None,
                "trial_days": stored.trial_days if stored else 30,
            }
        )
        asked_of = SiteRequirement.objects.visible_to(request.user).filter(site_need=stored if same else None)
        fill_from_stored(rows, asked_of.select_related("key"))
    context = {"demand": found, "type": type_, "form": form, "rows": rows, "heading": heading(found)}
    return render(request, "matching/need_form.html", context, status=_status(request))


@require_POST
def need_remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    try:
        remove_need(_own(request, public_id), user=request.user, version=_version(request))
    except ConflictError as error:
        return _wizard(request, public_id, error.message)
    return redirect("demand-edit", public_id)


# --- step 4: what it would find, and the rest of its life ----------------------------------------
@require_safe
def demand_preview(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Line by line who could supply it and which requirement costs most, before anybody else sees it."""
    found = _own(request, public_id)
    preview = preview_demand(found, user=request.user, look=lambda copy: _look(request, copy))
    if preview.seen:
        # The copy's lines are gone: the page leads to the demand's own, which are in the same order.
        preview.seen["lines"] = [
            (line, *told) for line, told in zip(found.all_lines, preview.seen["lines"], strict=False)
        ]
    context = {"demand": found, "heading": heading(found), "preview": preview}
    return render(request, "matching/demand_preview.html", context)


def _look(request: HttpRequest, row: Demand) -> dict[str, Any]:
    """Read as the demand's own page does, and put into plain values: the rows are gone afterwards."""
    user = request.user
    found = demand_detail(user).get(pk=row.pk)
    attach_standing(user, [found])
    weights = scales(found.alliance_id)
    counts = found.standing.counts if found.standing else {}
    lines = []
    for line in found.all_lines:
        view = LineReader(user, found, line, weights).view(counts.get(line.pk, Counts()))
        lines.append(((view.firms, view.near_firms), view.ranked[:3], view.near[:2], view.relaxations[:2]))
    suit = suiting(user, found)
    attach_records(user, [site.organisation for _match, site in suit])
    pipelines = list(pipeline_list(user).filter(demand_id=found.pk).order_by("rank")[:3])
    attach_pipeline_parts(user, pipelines)
    return {"lines": lines, "sites": site_rows(found, suit, weights), "pipelines": pipelines}


STEPS: dict[str, tuple[Any, Any]] = {
    "publish": (publish_demand, gettext_lazy("Published: the results are on their way.")),
    "withdraw": (withdraw_demand, gettext_lazy("Withdrawn: a draft again.")),
    "archive": (archive_demand, gettext_lazy("In the archive: open it again whenever you like.")),
    "reopen": (reopen_demand, gettext_lazy("Open again, as a draft.")),
}


@require_POST
def demand_step(request: HttpRequest, public_id: UUID, step: str) -> HttpResponse:
    """Who was second is told, and sees the demand as it is now."""
    found = _own(request, public_id)
    if step == "clone":
        made = clone_demand(found, user=request.user)
        messages.success(request, _("A copy, as a draft."))
        return redirect("demand-edit", made.public_id)
    try:
        if step == "close":
            _close(request, found)
        elif step in STEPS:
            service, words = STEPS[step]
            service(found, user=request.user, version=_version(request))
            messages.success(request, words)
        else:
            raise Http404("no such step")
    except ConflictError as error:
        return _wizard(request, public_id, error.message)
    return redirect("demand" if step == "publish" else "demand-edit", public_id)


def _close(request: HttpRequest, found: Any) -> None:
    form = CloseForm(request.POST)
    if not form.is_valid():
        raise DomainError(_("Say how it ended."), field="outcome")
    close_demand(found, user=request.user, outcome=form.cleaned_data["outcome"], version=_version(request))
    messages.success(request, _("Closed. It is kept with everything that hangs on it."))
