"""A firm's plants: what is there, and writing them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.models import City, Organisation
from alliance.selectors import attach_seen, viewer_of
from alliance.selectors.paging import cut
from companies.models import Facility
from companies.selectors import capability_list, facility_detail
from companies.services import (
    CertificateInput,
    FacilityInput,
    InputError,
    archive_facility,
    create_facility,
    may_edit_facility,
    restore_facility,
    update_facility,
)
from companies.views.editing import writing_firm

STEPS = {"archive": archive_facility, "restore": restore_facility}
BOXES = ("name", "city", "external_id", "latitude", "longitude")


@require_safe
def facility(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _found(request, public_id)
    attach_seen(request.user, [found.organisation])
    offers = capability_list(request.user, few=True).filter(facility=found)
    page = cut(offers, ("id",), request.GET.get("cursor", ""), 50)
    context = {
        "facility": found,
        "page": page,
        "rows": page.rows,
        "shown": len(page.rows),
        "may_edit": Facility.objects.editable_by(request.user).filter(pk=found.pk).exists(),
        "may_add": found.organisation_id in viewer_of(request.user).editing,
    }
    return render(request, "companies/facility_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def facility_new(request: HttpRequest) -> HttpResponse:
    firm = writing_firm(request)
    if request.method != "POST":
        return _page(request, firm, {"city": firm.city.code}, None)
    type_ = request.POST.get("type", "")[:64]
    try:
        made = create_facility(firm, _read(request), user=request.user)
    except InputError as error:
        return _page(request, firm, request.POST, error)
    messages.success(request, _("Saved. Now say what is made here."))
    if type_:
        # Who came from the form of a capability goes on with it.
        return redirect(reverse("capability-new", query={"firm": str(firm.public_id), "type": type_}))
    return redirect("facility", public_id=made.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def facility_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = _found(request, public_id)
    may_edit_facility(found, request.user)
    if request.method != "POST":
        return _page(request, found.organisation, _stored(found), None, found)
    version = request.POST.get("version", "")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    try:
        update_facility(found, _read(request), user=request.user, version=number)
    except (InputError, ConflictError) as error:
        found.refresh_from_db()
        return _page(request, found.organisation, request.POST, error, found)
    messages.success(request, _("Saved."))
    return redirect("facility", public_id=public_id)


@require_POST
def facility_step(request: HttpRequest, public_id: UUID, step: str) -> HttpResponse:
    found = _found(request, public_id)
    if step not in STEPS:
        raise NotFoundError(_("There is no such step."))
    try:
        STEPS[step](found, user=request.user)
    except ConflictError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Archived.") if step == "archive" else _("Restored."))
    return redirect("facility", public_id=public_id)


def _found(request: HttpRequest, public_id: UUID) -> Any:
    return get_object_or_404(facility_detail(request.user), public_id=public_id)


def _read(request: HttpRequest) -> FacilityInput:
    data = request.POST
    days = data.getlist("cert-until")
    held = [
        CertificateInput(code, days[place] if place < len(days) else "")
        for place, code in enumerate(data.getlist("cert-code")[:60])
    ]
    boxes: dict[str, Any] = {name: data.get(name, "") for name in BOXES}
    return FacilityInput(**boxes, certificates=held)


def _stored(found: Any) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in BOXES if name != "city"}
    return {name: "" if value is None else value for name, value in values.items()} | {
        "city": found.city.code
    }


def _page(
    request: HttpRequest, firm: Organisation, values: Any, error: DomainError | None, found: Any = None
) -> HttpResponse:
    """What somebody else has saved meanwhile stands beside the boxes: the next press of the button decides."""
    if request.method == "POST":
        held = list(zip(values.getlist("cert-code"), values.getlist("cert-until"), strict=False))[:60]
    else:
        held = (
            [
                (row.code, row.expires_on.isoformat() if row.expires_on else "")
                for row in found.plant_certificates
            ]
            if found
            else []
        )
    conflict = isinstance(error, ConflictError)
    context = {
        "firm": firm,
        "facility": found,
        "values": {name: values.get(name, "") for name in BOXES},
        "held": [*held, ("", ""), ("", "")],
        "errors": error.errors if error is not None else {},
        "type": request.POST.get("type", "") or request.GET.get("type", ""),
        "theirs": _stored(found) if conflict and found is not None else None,
        "cities": City.objects.visible_to(request.user).order_by("code"),
    }
    return render(request, "companies/facility_form.html", context, status=error.status if error else 200)
