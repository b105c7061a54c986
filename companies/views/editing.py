"""A firm writes what it can make; its bureau says which values it has seen proven."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.models import Organisation
from alliance.selectors import viewer_of
from companies.forms import CapabilityForm, stored_data, take_theirs
from companies.models import Capability, ComponentType
from companies.selectors import capability_detail, search_types
from companies.services import (
    InputError,
    archive_capability,
    clone_capability,
    may_edit,
    may_write_for,
    publish_capability,
    restore_capability,
    store_changed,
    store_new,
    verify_values,
    why_not_publish,
    withdraw_capability,
    withdraw_evidence,
)

STEPS: dict[str, Callable[..., Capability]] = {
    "publish": publish_capability,
    "withdraw": withdraw_capability,
    "archive": archive_capability,
    "restore": restore_capability,
}


def writing_firm(request: HttpRequest) -> Organisation:
    """The viewer's firm that is written for: the one named, else the only or first one."""
    mine = Organisation.objects.visible_to(request.user).filter(pk__in=viewer_of(request.user).editing)
    named = request.POST.get("firm") or request.GET.get("firm")
    if named:
        try:
            mine = mine.filter(public_id=UUID(named))
        except ValueError:
            mine = mine.none()
    found = mine.filter(kind="firm").order_by("pk").first()
    if found is None:
        raise NotFoundError(_("There is no such firm among yours."))
    may_write_for(found, request.user)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def capability_new(request: HttpRequest) -> HttpResponse:
    """First the type, by any of its names; then its parameters."""
    firm = writing_firm(request)
    type_ = type_named(request.POST.get("component_type") or request.GET.get("type"), request.user)
    if type_ is None:
        return _choose_type(request, firm, None)
    data = request.POST if request.method == "POST" else None
    form = CapabilityForm(firm, type_, user=request.user, data=data)
    if data is None:
        return _page(request, form)
    publish = data.get("do") == "publish"
    try:
        made = store_new(firm, form.checked, publish=publish)
    except DomainError as error:
        return _refused(request, form, error)
    words = _("Published. The next run matches it.") if publish else _("Saved as a draft.")
    messages.success(request, words)
    return redirect("capability" if publish else "capability-edit", public_id=made.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def capability_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _found(request, public_id)
    may_edit(found, request.user)
    if request.method != "POST":
        return _edit(request, found)
    data: QueryDict = request.POST
    if any(name.startswith("pick-") for name in data):
        data = take_theirs(request.POST, stored_data(found))
    type_ = type_named(data.get("component_type"), request.user) or found.component_type
    form = CapabilityForm(found.organisation, type_, user=request.user, capability=found, data=data)
    do = data.get("do")
    try:
        saved = store_changed(
            found, form.checked, version=version_in(data), publish=True if do == "publish" else None
        )
    except ConflictError as error:
        found.refresh_from_db()
        return _refused(request, form, error)
    except DomainError as error:
        return _refused(request, form, error)
    words = _("Published. The next run matches it.") if do == "publish" else _("Saved.")
    messages.success(request, words)
    return redirect("capability" if saved.published else "capability-edit", public_id=saved.public_id)


def _edit(request: HttpRequest, found: Capability) -> HttpResponse:
    """`?type=`: the same values under another type; without a known one the search for it."""
    if "type" not in request.GET:
        form = CapabilityForm(found.organisation, found.component_type, user=request.user, capability=found)
        return _page(request, form)
    type_ = type_named(request.GET.get("type"), request.user)
    if type_ is None:
        return _choose_type(request, found.organisation, found)
    return _page(request, CapabilityForm(found.organisation, type_, user=request.user, capability=found))


def version_in(data: QueryDict) -> int:
    """Which state of the row the sender had before the eyes; 0, which no row has, without one."""
    text = data.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def type_named(code: str | None, user: Any) -> ComponentType | None:
    if not code or not code.isprintable():
        return None
    return ComponentType.objects.visible_to(user).filter(code=code).first()


def _found(request: HttpRequest, public_id: UUID) -> Any:
    return get_object_or_404(capability_detail(request.user), public_id=public_id)


def _choose_type(request: HttpRequest, firm: Organisation, capability: Capability | None) -> HttpResponse:
    """The search for a type: a page, or only its results while somebody types."""
    text = request.GET.get("q", "")[:60]
    context = {"firm": firm, "capability": capability, "q": text, "types": search_types(text, request.user)}
    part = request.headers.get("HX-Request") == "true"
    return render(request, "companies/_types.html" if part else "companies/type_search.html", context)


def _refused(request: HttpRequest, form: CapabilityForm, error: DomainError) -> HttpResponse:
    """The page again with everything that was typed, and why it was not saved."""
    refusal, clashes = "", form.clashes() if isinstance(error, ConflictError) else []
    if isinstance(error, InputError):
        form.refuse(error.errors)
    elif not clashes:
        refusal = error.message
    return _page(request, form, status=error.status, refusal=refusal, clashes=clashes)


def _page(request: HttpRequest, form: CapabilityForm, status: int = 200, **more: Any) -> HttpResponse:
    seats = viewer_of(request.user).editing
    context = {
        "form": form,
        "capability": form.capability,
        "firm": form.organisation,
        "several_firms": len(seats) > 1,
        "why_not": why_not_publish(form.organisation),
        **more,
    }
    return render(request, "companies/capability_form.html", context, status=status)


# --- one button each -----------------------------------------------------------------------------------------
@require_POST
def capability_step(request: HttpRequest, public_id: UUID, step: str) -> HttpResponse:
    """Publish, withdraw, archive, restore, clone."""
    found = _found(request, public_id)
    if step == "clone":
        copy = clone_capability(found, user=request.user)
        messages.success(request, _("This is the copy, a draft. Verified values stay with the original."))
        return redirect("capability-edit", public_id=copy.public_id)
    if step not in STEPS:
        raise NotFoundError(_("There is no such step."))
    try:
        STEPS[step](found, user=request.user, version=_optional_version(request))
    except (ConflictError, InputError) as error:
        messages.error(request, error.message)
        return redirect(
            "capability-edit" if isinstance(error, InputError) else "capability", public_id=public_id
        )
    done = {
        "publish": _("Published. The next run matches it."),
        "withdraw": _("Withdrawn: a draft again."),
        "archive": _("Archived."),
        "restore": _("Restored, as a draft."),
    }
    messages.success(request, done[step])
    return redirect("capability", public_id=public_id)


def _optional_version(request: HttpRequest) -> int | None:
    return version_in(request.POST) if request.POST.get("version") else None


@require_POST
def capability_verify(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The bureau ticks values: verified on this evidence, or its word taken back."""
    found = _found(request, public_id)
    keys = request.POST.getlist("key")[:200]
    try:
        if request.POST.get("do") == "withdraw":
            withdraw_evidence(found, keys, user=request.user, reason=request.POST.get("basis", ""))
            messages.success(request, _("Your word is taken back: these values are declared again."))
        else:
            verify_values(
                found,
                keys,
                user=request.user,
                basis=request.POST.get("basis", ""),
                valid_until=request.POST.get("valid_until", ""),
                version=_optional_version(request),
            )
            messages.success(request, _("Verified."))
    except InputError as error:
        words = " ".join(text for texts in error.errors.values() for text in texts)
        messages.error(request, words)
    except ConflictError as error:
        messages.error(request, error.message)
    return redirect("capability", public_id=public_id)
