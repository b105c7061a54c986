"""An operator writes its sites: the place, the conditions, the windows on a calendar."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.forms.clashes import Clash, chosen, take_theirs
from alliance.models import Organisation
from alliance.selectors import viewer_of
from alliance.selectors.joining import city_names
from alliance.templatetags._numbers import date_text, list_text
from scenarios.forms import (
    BOXES,
    OPERATORS,
    ROWS,
    ConditionRow,
    ParamRow,
    SiteForm,
    WindowForm,
    condition_keys,
    fill_params,
    param_rows,
    read_conditions,
    read_params,
    site_clashes,
    stored_conditions,
    stored_data,
)
from scenarios.models import PartCondition, ScenarioType, SiteWindow
from scenarios.selectors import lapse_of, scenario_book, scenario_type_list
from scenarios.services import (
    SiteInput,
    add_window,
    archive_site,
    book_days,
    create_site,
    differences,
    publish_site,
    remove_window,
    restore_site,
    site_named,
    update_site,
    withdraw_site,
)

MONTHS = 6


def _firm(request: HttpRequest) -> Organisation:
    """The viewer's firm that runs sites: the first operator, else the first."""
    mine = Organisation.objects.visible_to(request.user).filter(
        pk__in=viewer_of(request.user).editing, kind="firm"
    )
    found = sorted(mine, key=lambda row: ("operator" not in row.roles, row.pk))
    if not found:
        raise NotFoundError(_("There is no such firm among yours."))
    return found[0]


def _type(request: HttpRequest) -> ScenarioType | None:
    code = request.POST.get("type") or request.GET.get("type", "")
    found: ScenarioType | None = scenario_type_list(request.user).filter(code=code[:64]).first()
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def site_new(request: HttpRequest) -> HttpResponse:
    firm, type_ = _firm(request), _type(request)
    if type_ is None:
        context = {"types": scenario_type_list(request.user).order_by("code"), "firm": firm}
        return render(request, "scenarios/site_type.html", context)
    return _form(request, firm, None, type_)


@require_http_methods(["GET", "HEAD", "POST"])
def site_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = site_named(request.user, public_id)
    return _form(request, found.organisation, found, found.scenario_type)


@dataclass
class Boxes:
    """What the page shows: typed or stored. `given` is None where a box cannot be read."""

    type_: ScenarioType
    form: Any
    rows: list[ParamRow]
    conditions: list[ConditionRow]
    given: SiteInput | None = None
    clashes: list[Clash] = field(default_factory=list)


def _form(request: HttpRequest, firm: Organisation, site: Any, type_: ScenarioType) -> HttpResponse:
    status = 200
    if request.method == "POST":
        data: QueryDict = request.POST
        if site is not None and chosen(data):
            data = take_theirs(data, _stored(request, site), BOXES)
        boxes = _typed(type_, data)
        try:
            status, saved = 400, _save(request, firm, site, boxes)
        except ConflictError as error:
            status, boxes, saved = 409, _compared(request, site, data, error), None
        if saved is not None:
            messages.success(request, _("Saved."))
            return redirect("site-edit", saved.public_id)
    else:
        boxes = _filled(request, firm, site, type_)
    context = {
        "site": site,
        "firm": firm,
        "type": boxes.type_,
        "form": boxes.form,
        "rows": boxes.rows,
        "clashes": boxes.clashes,
        "conditions": [
            *boxes.conditions,
            *(ConditionRow() for _n in range(max(2, ROWS - len(boxes.conditions)))),
        ],
        "keys": condition_keys(),
        "operators": OPERATORS,
        "cities": city_names(),
        **(_windows(request, site) if site else {}),
    }
    return render(request, "scenarios/site_form.html", context, status=status)


def _filled(request: HttpRequest, firm: Organisation, site: Any, type_: ScenarioType) -> Boxes:
    rows = param_rows(scenario_book().of(type_.pk))
    fill_params(rows, site.params if site else {})
    stored = PartCondition.objects.visible_to(request.user).filter(site=site) if site else []
    return Boxes(type_, SiteForm(initial=_initial(firm, site)), rows, stored_conditions(stored))


def _stored(request: HttpRequest, site: Any) -> QueryDict:
    boxes = _filled(request, site.organisation, site, site.scenario_type)
    return stored_data(_initial(site.organisation, site), boxes.rows, boxes.conditions)


def _typed(type_: ScenarioType, data: QueryDict) -> Boxes:
    rows = param_rows(scenario_book().of(type_.pk))
    form = SiteForm(data)
    params, (conditions, raw) = read_params(rows, data), read_conditions(data)
    boxes = Boxes(type_, form, rows, conditions)
    if form.is_valid():
        told = form.cleaned_data
        boxes.given = SiteInput(told["name"], told["city"], type_, told["fleet_capacity"], params, raw)
    return boxes


def _save(request: HttpRequest, firm: Organisation, site: Any, boxes: Boxes) -> Any:
    """The saved site; None where something is wrong, which then stands beside its box."""
    if boxes.given is None:
        return None
    try:
        if site is None:
            return create_site(firm, boxes.given, user=request.user)
        version = boxes.form.cleaned_data["version"] or 0
        return update_site(site, boxes.given, user=request.user, version=version)
    except ConflictError:
        raise
    except DomainError as error:
        _tell(boxes.form, error, boxes.rows, boxes.conditions)
    return None


def _compared(request: HttpRequest, site: Any, data: QueryDict, error: ConflictError) -> Boxes:
    """What is typed stays; what somebody else has saved stands beside it, and the next press of the button decides."""
    site.refresh_from_db()
    again = data.copy()
    again["version"] = str(site.version)
    boxes = _typed(site.scenario_type, again)
    if boxes.given is not None:
        names = differences(site, boxes.given)
        boxes.clashes = site_clashes(names, boxes.rows, again, _stored(request, site))
    if not boxes.clashes:
        boxes.form.add_error(None, error.message)
    return boxes


def _initial(firm: Organisation, site: Any) -> dict[str, Any]:
    city = site.city if site else firm.city
    told: dict[str, Any] = {"city": f"{city} ({city.code})"}
    if site:
        told |= {"name": site.name, "fleet_capacity": f"{site.fleet_capacity:.12g}", "version": site.version}
    return told


def _tell(form: Any, error: DomainError, rows: list[Any], conditions: list[ConditionRow]) -> None:
    """Each error beside its box."""
    by_key = {row.key: row for row in rows}
    for name, words in (error.errors or {"": [error.message]}).items():
        kind, _dot, place = name.partition(".")
        if kind == "params" and place in by_key:
            by_key[place].errors += words
        elif kind == "conditions" and place.isdigit() and int(place) < len(conditions):
            conditions[int(place)].errors += words
        else:
            form.add_error(name if name in form.fields else None, words)


# --- windows on a calendar ------------------------------------------------------------------------------------------
def _windows(request: HttpRequest, site: Any) -> dict[str, Any]:
    """The windows, and six months with the open days marked."""
    windows = list(SiteWindow.objects.visible_to(request.user).filter(site=site))
    first = _month(request.GET.get("month", ""))
    months = [_shifted(first, number) for number in range(MONTHS)]
    today = timezone.localdate()
    return {
        "windows": [(row, (row.ends - row.starts).days + 1, row.ends < today) for row in windows],
        "window_form": WindowForm(),
        "lapse": lapse_of(windows, today),
        "months": [(month, _weeks(month, windows, today)) for month in months],
        "earlier": _shifted(first, -MONTHS),
        "later": _shifted(first, MONTHS),
    }


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return timezone.localdate().replace(day=1)


def _shifted(month: date, by: int) -> date:
    number = month.year * 12 + month.month - 1 + by
    return date(min(max(number // 12, 1), 9998), number % 12 + 1, 1)


def _weeks(month: date, windows: list[Any], today: date) -> list[list[tuple[date, bool, bool, bool]]]:
    """Weeks of (day, in this month, open, today)."""
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    return [
        [
            (day, day.month == month.month, any(w.starts <= day <= w.ends for w in windows), day == today)
            for day in week
        ]
        for week in weeks
    ]


def _version(request: HttpRequest) -> int:
    """Which state of the site the sender had before the eyes; 0, which no row has, without one."""
    told = request.POST.get("version", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0


@require_POST
def window_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Open days, or (`booked`) take days out of a window that somebody has booked."""
    found = site_named(request.user, public_id)
    form = WindowForm(request.POST)
    told: dict[str, Any] = {"user": request.user, "version": _version(request)}
    if form.is_valid():
        try:
            if "booked" in request.POST:
                left = book_days(found, *form.days(), **told, note=form.cleaned_data["note"])
                messages.success(request, _booked_words(left))
            else:
                add_window(found, *form.days(), **told)
                messages.success(request, _("The window is open."))
        except DomainError as error:
            messages.error(request, error.message)
    else:
        messages.error(request, _("Write the date as year-month-day, for example 2027-06-30."))
    return redirect("site-edit", public_id)


def _booked_words(left: list[Any]) -> str:
    if not left:
        return _("Booked: nothing is left of that window.")
    spans = list_text(f"{date_text(row.starts)} – {date_text(row.ends)}" for row in left)
    return _("Booked. Still open: %(spans)s.") % {"spans": spans}


@require_POST
def window_remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = site_named(request.user, public_id)
    form = WindowForm(request.POST)
    if not form.is_valid():
        raise NotFoundError(_("There is no such window."))
    try:
        remove_window(found, *form.days(), user=request.user, version=_version(request))
        messages.success(request, _("The window is gone."))
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect("site-edit", public_id)


STEPS: dict[str, tuple[Any, Any]] = {
    "publish": (publish_site, gettext_lazy("Published: the results are on their way.")),
    "withdraw": (withdraw_site, gettext_lazy("Withdrawn: a draft again.")),
    "archive": (archive_site, gettext_lazy("In the archive.")),
    "restore": (restore_site, gettext_lazy("Open again, as a draft.")),
}


@require_POST
def site_step(request: HttpRequest, public_id: UUID, step: str) -> HttpResponse:
    if step not in STEPS:
        raise Http404("no such step")
    service, words = STEPS[step]
    try:
        service(site_named(request.user, public_id), user=request.user, version=_version(request))
        messages.success(request, words)
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect("site-edit", public_id)
