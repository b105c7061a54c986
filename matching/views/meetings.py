"""The bureaus' regular meeting: the list, calling one, agenda, minutes, what was agreed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliance.choices import MeetingState
from alliance.errors import DomainError, NotFoundError
from alliance.http import Column, listing, viewed
from alliance.models import Organisation
from alliance.selectors import viewer_of
from alliance.templatetags._numbers import list_text
from matching.filters import MeetingFilter
from matching.forms.meetings import ActionForm, MeetingForm, PointForm
from matching.models import ActionItem, AgendaItem, Meeting
from matching.selectors import actions_of, agenda, bureaus_of, meeting_list, owners_at
from matching.services import meetings as service


def _bureaus(row: Any) -> str:
    return list_text(str(seat.bureau.city) for seat in row.table)


COLUMNS = [
    Column(gettext_lazy("Meeting"), lambda row: row.title, "title", sort="title"),
    Column(gettext_lazy("Date"), lambda row: row.held_on, "date", sort="latest"),
    Column(gettext_lazy("Place"), lambda row: row.place, "place", shown=False),
    Column(gettext_lazy("Bureaus"), _bureaus, "bureaus"),
    Column(gettext_lazy("Agenda points"), lambda row: row.points, "points", css="num"),
    Column(gettext_lazy("Open items"), lambda row: row.open_actions, "open", css="num"),
    Column(gettext_lazy("State"), lambda row: row.get_state_display(), "state"),
    Column(gettext_lazy("Called by"), lambda row: row.called_by, "caller", shown=False),
]


@require_safe
def meetings(request: HttpRequest) -> HttpResponseBase:
    if not viewer_of(request.user).official:
        raise NotFoundError(_("There is no such page."))
    rows = meeting_list(request.user)
    alliance = viewed(request).alliance
    if alliance is not None:
        rows = rows.filter(alliance=alliance)
    planned = rows.filter(state=MeetingState.PLANNED).order_by("held_on", "id")
    return listing(
        request,
        rows,
        MeetingFilter,
        template="matching/meeting_list.html",
        columns=COLUMNS,
        name="meetings",
        extra={"next": planned.first(), "today": timezone.localdate()},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_new(request: HttpRequest) -> HttpResponse:
    alliance = viewed(request).alliance
    if alliance is None or not viewer_of(request.user).official:
        raise NotFoundError(_("There is no such page."))
    bureaus = bureaus_of(request.user, alliance)
    start = {"title": _("Regular meeting of the bureaus"), "bureaus": bureaus, "minutes_long": 90}
    form = MeetingForm(request.POST or None, bureaus=bureaus, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = service.call_meeting(request.user, alliance, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("The meeting is planned; its agenda was made from what is open."))
            return redirect("meeting", public_id=made.public_id)
    status = 400 if form.errors else 200
    return render(request, "matching/meeting_form.html", {"form": form}, status=status)


def _found(request: HttpRequest, public_id: UUID) -> Meeting:
    return get_object_or_404(meeting_list(request.user), public_id=public_id)


@require_safe
def meeting(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _found(request, public_id)
    owners = owners_at(request.user, found)
    return _page(request, found, PointForm(), ActionForm(owners=owners), owners)


def _page(
    request: HttpRequest,
    found: Meeting,
    point: PointForm,
    action: ActionForm,
    owners: Any,
    status: int = 200,
) -> HttpResponse:
    actions = actions_of(request.user, found)
    context = {
        "meeting": found,
        "points": agenda(request.user, found),
        "actions": actions,
        "open_count": sum(item.done_at is None for item in actions),
        "point_form": point,
        "action_form": action,
        "owners": owners,
        "today": timezone.localdate(),
        "planned": found.state == MeetingState.PLANNED,
    }
    return render(request, "matching/meeting_detail.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _found(request, public_id)
    form = MeetingForm(request.POST or None, initial={name: getattr(found, name) for name in service.FIELDS})
    if request.method == "POST" and form.is_valid():
        try:
            service.change_meeting(
                request.user,
                found,
                version=_version(request),
                **{k: form.cleaned_data[k] for k in service.FIELDS},
            )
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("meeting", public_id=public_id)
    status = 400 if form.errors else 200
    return render(request, "matching/meeting_form.html", {"form": form, "meeting": found}, status=status)


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _step(
    request: HttpRequest, public_id: UUID, step: Callable[[Meeting], object], words: str, anchor: str = ""
) -> HttpResponse:
    """Do it, or say why not; back to the meeting either way."""
    found = _found(request, public_id)
    try:
        step(found)
    except NotFoundError:
        raise
    except DomainError as error:
        messages.error(request, error.message)
    else:
        if words:
            messages.success(request, words)
    return redirect(f"{reverse('meeting', args=[public_id])}{anchor}")


@require_POST
def meeting_close(request: HttpRequest, public_id: UUID) -> HttpResponse:
    state = request.POST.get("state", "")
    if state not in MeetingState.values:
        raise DomainError(_("A meeting is held or cancelled."), field="state")
    if state == MeetingState.PLANNED:
        return _step(
            request,
            public_id,
            lambda found: service.restore_meeting(request.user, found, version=_version(request)),
            _("The meeting takes place after all: it is planned again."),
        )
    return _step(
        request,
        public_id,
        lambda found: service.close_meeting(request.user, found, state, version=_version(request)),
        _("Saved."),
    )


@require_POST
def agenda_renew(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _found(request, public_id)
    try:
        added = service.refresh_agenda(request.user, found)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        words = ngettext("%(count)d point added.", "%(count)d points added.", added) % {"count": added}
        messages.success(request, words if added else _("Nothing new has come up."))
    return redirect("meeting", public_id=public_id)


@require_POST
def agenda_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _found(request, public_id)
    form, owners = PointForm(request.POST), owners_at(request.user, found)
    if not form.is_valid():
        return _page(request, found, form, ActionForm(owners=owners), owners, 400)
    return _step(
        request,
        public_id,
        lambda row: service.add_own_point(request.user, row, form.cleaned_data["text"]),
        "",
        "#agenda",
    )


@require_POST
def agenda_point(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Up, down, or away."""
    rows = AgendaItem.objects.visible_to(request.user).select_related("meeting")
    item = get_object_or_404(rows, public_id=public_id)
    steps: dict[str, Callable[[Meeting], object]] = {
        "up": lambda row: service.move_point(request.user, row, item, -1),
        "down": lambda row: service.move_point(request.user, row, item, 1),
        "away": lambda row: service.drop_point(request.user, row, item),
    }
    step = steps.get(request.POST.get("step", ""))
    if step is None:
        raise DomainError(_("A point moves up or down, or goes away."), field="step")
    return _step(request, item.meeting.public_id, step, "", "#agenda")


def _plain(text: str) -> str:
    """What a database takes: no NUL."""
    return text.replace("\x00", "")


@require_POST
def meeting_minutes(request: HttpRequest, public_id: UUID) -> HttpResponse:
    outcomes = {
        name.removeprefix("outcome-"): _plain(str(text))[:4000]
        for name, text in request.POST.items()
        if name.startswith("outcome-")
    }
    text = _plain(request.POST.get("minutes", ""))[:20_000]
    return _step(
        request,
        public_id,
        lambda found: service.write_minutes(request.user, found, text, outcomes, version=_version(request)),
        _("The minutes are saved."),
    )


@require_POST
def action_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _found(request, public_id)
    owners = owners_at(request.user, found)
    form = ActionForm(request.POST, owners=owners)
    if not form.is_valid():
        return _page(request, found, PointForm(), form, owners, 400)
    bureau: Organisation = form.bureau
    return _step(
        request,
        public_id,
        lambda row: service.agree(
            request.user,
            row,
            form.cleaned_data["text"],
            bureau,
            person=form.person,
            due_on=form.cleaned_data["due_on"],
        ),
        "",
        "#actions",
    )


@require_POST
def action_done(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    item = get_object_or_404(
        ActionItem.objects.visible_to(request.user).select_related("meeting"), public_id=public_id
    )
    service.finish_action(request.user, item, done=request.POST.get("done") != "no")
    return redirect("meeting", public_id=item.meeting.public_id)
