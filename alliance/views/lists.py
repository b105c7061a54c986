"""What a person keeps of a list: columns and filters by name. Written here, shown on the list itself."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.errors import DomainError, NotFoundError
from alliance.models import SavedFilter
from alliance.services.lists import (
    choose_columns,
    delete_filter,
    open_plainly,
    open_with,
    rename_filter,
    save_filter,
)


def back(request: HttpRequest) -> str:
    """The list that the person came from; an address of another host is not followed."""
    target = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe and target.startswith("/") else "/"


@require_POST
def list_columns(request: HttpRequest, name: str) -> HttpResponse:
    """Remember the ticked columns; without a tick the list shows what it proposes."""
    reset = request.POST.get("do") == "reset"
    choose_columns(request.user, name, [] if reset else request.POST.getlist("column")[:100])
    return redirect(back(request))


@require_POST
def filter_save(request: HttpRequest, name: str) -> HttpResponse:
    """Keep the filters of the address under a name. What is wrong is said on the list."""
    try:
        save_filter(
            request.user,
            name,
            title=request.POST.get("title", ""),
            query=request.POST.get("query", "")[:4000],
            share_with=_uuid(request.POST.get("organisation", "")),
            opens=bool(request.POST.get("opens")),
        )
    except NotFoundError:
        raise
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The filter is kept."))
    return redirect(back(request))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise DomainError(_("You can share it with an organisation of yours only.")) from None


@require_POST
def filter_step(request: HttpRequest, public_id: UUID, step: str) -> HttpResponse:
    """Rename it, delete it, open the list with it, or no longer."""
    row = get_object_or_404(SavedFilter.objects.visible_to(request.user), public_id=public_id)
    try:
        if step == "rename":
            rename_filter(row, request.POST.get("title", ""), user=request.user)
        elif step == "delete":
            delete_filter(row, user=request.user)
        elif step == "open":
            open_with(request.user, row)
        elif step == "close":
            open_plainly(request.user, row.list_name)
        else:
            raise NotFoundError(_("There is no such step."))
    except NotFoundError:
        raise
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(back(request))
