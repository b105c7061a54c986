"""One step on several rows: a preview of what happens to each, then all of it, then perhaps back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.errors import DomainError, NotFoundError
from alliance.http.several import ACTIONS, MOST, Action
from alliance.services.several import (
    NotAllError,
    Outcome,
    Wanted,
    do_all,
    versions_of,
    what_would_happen,
)
from alliance.views.lists import back

SALT = "several.2"
#: How long a step can be taken back, in seconds.
UNDO = 3600


@require_POST
def several(request: HttpRequest, name: str) -> HttpResponse:
    """Without `confirmed` nothing is changed: the services are asked and their work is rolled back."""
    if request.POST.get("undo"):
        return _undo(request, name)
    action = _action(request, name, request.POST.get("action", ""))
    wanted = _wanted(request, action)
    if not wanted:
        messages.error(request, _("Tick the rows first."))
        return redirect(back(request))
    form = action.form(request.POST if "asked" in request.POST else None) if action.form else None
    if form is not None and not form.is_valid():
        status = 400 if form.is_bound else 200
        return _page(request, name, action, form, [Outcome(each.row) for each in wanted], status=status)
    values = form.cleaned_data if form is not None else {}
    if request.POST.get("confirmed"):
        return _do(request, name, action, form, wanted, values)
    outcomes = what_would_happen(wanted, lambda each: action.act(request.user, each, values))
    return _page(request, name, action, form, outcomes, ready=True)


def _action(request: HttpRequest, name: str, key: str, *, quiet: bool = False) -> Action:
    found = ACTIONS[name].actions.get(key) if name in ACTIONS else None
    if found is None or (found.quiet and not quiet) or not found.offered(request.user):
        raise NotFoundError(_("There is no such step."))
    return found


def _wanted(request: HttpRequest, action: Action) -> list[Wanted]:
    """The ticked rows that the person sees, in the order of the list; a version behind the id is what was seen."""
    asked: dict[UUID, int | None] = {}
    for text in request.POST.getlist("row")[:MOST]:
        key, _colon, version = text.partition(":")
        try:
            asked[UUID(key)] = int(version[:9]) if version else None
        except ValueError:
            continue
    return _rows(request, action, {key: ({}, version) for key, version in asked.items()})


def _rows(
    request: HttpRequest, action: Action, asked: dict[UUID, tuple[dict[str, Any], int | None]]
) -> list[Wanted]:
    found = {row.public_id: row for row in action.rows(request.user).filter(public_id__in=asked)}
    action.prepare(request.user, list(found.values()))
    for row in found.values():
        # A step that is rolled back leaves its marks on the row in hand.
        row.seen_version = row.version
    return [Wanted(found[key], *told) for key, told in asked.items() if key in found]


def _do(
    request: HttpRequest, name: str, action: Action, form: Any, wanted: list[Wanted], values: dict[str, Any]
) -> HttpResponse:
    def act(each: Wanted) -> Outcome:
        return action.act(request.user, each, values)

    try:
        outcomes = do_all(wanted, act)
    except NotAllError:
        messages.error(request, _("Nothing was done: a row has changed meanwhile. Look again."))
        fresh = [Wanted(each.row) for each in _wanted(request, action)]
        return _page(request, name, action, form, what_would_happen(fresh, act), ready=True, status=409)
    return _done(request, name, action, outcomes)


def _undo(request: HttpRequest, name: str) -> HttpResponse:
    """Only what this person was offered to take back, within the hour, and what nobody has changed since."""
    try:
        told = signing.loads(request.POST["undo"], salt=SALT, max_age=UNDO)
    except signing.BadSignature:
        raise DomainError(_("This can no longer be taken back here.")) from None
    if (told["user"], told["list"]) != (request.user.pk, name):
        raise NotFoundError(_("There is no such step."))
    action = _action(request, name, told["action"], quiet=True)
    wanted = _rows(request, action, {UUID(key): (values, seen) for key, values, seen in told["rows"]})
    try:
        outcomes = do_all(wanted, lambda each: action.act(request.user, each, {}))
    except NotAllError as error:
        messages.error(request, _("Nothing was taken back: a row has changed meanwhile."))
        return _page(request, name, action, None, error.outcomes, status=409)
    return _done(request, name, action, outcomes)


def _done(request: HttpRequest, name: str, action: Action, outcomes: list[Outcome]) -> HttpResponse:
    token = ""
    if action.undo:
        now = versions_of([outcome.row for outcome in outcomes])
        rows = [(str(each.row.public_id), each.before, now[each.row.pk]) for each in outcomes]
        told = {"user": request.user.pk, "list": name, "action": action.undo, "rows": rows}
        token = signing.dumps(told, salt=SALT, compress=True)
    return _page(request, name, action, None, outcomes, undo=token, done=True)


def _page(
    request: HttpRequest,
    name: str,
    action: Action,
    form: Any,
    outcomes: list[Outcome],
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """`ready`: the preview, with a button that does it; `done`: it has been done."""
    rows = [(outcome, action.name(outcome.row)) for outcome in outcomes]
    fine = sum(not outcome.refused for outcome in outcomes)
    context = {"name": name, "action": action, "form": form, "rows": rows, "fine": fine}
    context |= {"left_out": len(outcomes) - fine, "back": back(request), "ready": False, "done": False}
    return render(request, "alliance/several.html", context | more, status=status)
