"""Reading: lists and pages of firms and of what they can make."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alliance.choices import OrganisationRole
from alliance.http import Column, counted, listing
from alliance.models import Membership, Organisation
from alliance.selectors import attach_seen, firm_detail, firm_list, viewer_of
from alliance.selectors.organisations import survivor_of, suspension_of
from alliance.selectors.paging import cut
from alliance.templatetags._numbers import list_text
from companies.filters import CapabilityFilter, FirmFilter
from companies.models import Capability
from companies.selectors import (
    capability_detail,
    capability_list,
    capability_rows,
    capability_specs,
    certificates_of,
    facility_list,
)
from companies.selectors.evidence import VERIFIED
from companies.services import may_verify, why_not_publish

CAPABILITY_COLUMNS = [
    Column(
        gettext_lazy("Name"), lambda row: row.title, "title", sort="title", short=gettext_lazy("Capability")
    ),
    Column(gettext_lazy("Component type"), lambda row: row.component_type, "type", sort="type"),
    Column(gettext_lazy("Type code"), lambda row: row.component_type.code, "code", shown=False),
    Column(gettext_lazy("Firm"), lambda row: row.organisation, "firm", sort="firm"),
    Column(gettext_lazy("City"), lambda row: row.facility.city, "city", sort="city"),
    Column(gettext_lazy("Verified"), lambda row: row.organisation.verified, "verified", shown=False),
    Column(gettext_lazy("Fictitious"), lambda row: row.organisation.fictitious, "fictitious", shown=False),
    Column(
        gettext_lazy("Minimum order"), lambda row: row.min_order_quantity, "order", sort="order", css="num"
    ),
    Column(
        gettext_lazy("Prototype lead time (days)"),
        lambda row: row.prototype_lead_days,
        "prototype",
        sort="prototype",
        css="num",
        short=gettext_lazy("Prototype"),
    ),
    Column(
        gettext_lazy("Volume lead time (days)"),
        lambda row: row.volume_lead_days,
        "volume",
        sort="volume",
        css="num",
        short=gettext_lazy("Volume"),
    ),
    Column(
        gettext_lazy("Unit price (CNY)"),
        lambda row: row.told.unit_price if row.told else None,
        "price",
        css="num",
        short=gettext_lazy("Price"),
    ),
    Column(
        gettext_lazy("Free capacity a month"),
        lambda row: row.told.free_per_month if row.told else None,
        "free",
        css="num",
        short=gettext_lazy("Free a month"),
    ),
]
FIRM_COLUMNS = [
    Column(
        gettext_lazy("Chinese name"), lambda row: row.name_zh, "name", sort="name", short=gettext_lazy("Firm")
    ),
    Column(gettext_lazy("City"), lambda row: row.city, "city", sort="city"),
    Column(gettext_lazy("Roles"), lambda row: list_text(row.role_names), "roles"),
    Column(gettext_lazy("Verified"), lambda row: row.verified, "verified", short=gettext_lazy("State")),
    Column(gettext_lazy("Credit code"), lambda row: row.uscc, "uscc", css="mono"),
    Column(gettext_lazy("English name"), lambda row: row.name_en, "name_en", shown=False),
    Column(gettext_lazy("Claimed"), lambda row: row.claimed, "claimed", shown=False),
    Column(gettext_lazy("Fictitious"), lambda row: row.fictitious, "fictitious", shown=False),
]


@require_safe
def capabilities(request: HttpRequest) -> HttpResponseBase:
    return listing(
        request,
        capability_rows(request.user, archived=request.GET.get("state") == "archived"),
        CapabilityFilter,
        template="companies/capability_list.html",
        columns=CAPABILITY_COLUMNS,
        name="capabilities",
        prepare=lambda rows: attach_seen(request.user, [row.organisation for row in rows]),
        extra={"may_add": bool(viewer_of(request.user).editing)},
    )


@require_safe
def capability(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = get_object_or_404(capability_detail(request.user), public_id=public_id)
    attach_seen(request.user, [found.organisation])
    specs = capability_specs(found, request.user)
    holders = (_("this capability"), str(found.facility), str(found.organisation))
    context = {
        "capability": found,
        "specs": specs,
        "verified": sum(row.standing.state == VERIFIED for row in specs),
        "certificates": certificates_of(found, holders),
        "may_edit": Capability.objects.editable_by(request.user).filter(pk=found.pk).exists(),
        "may_verify": may_verify(found, request.user),
        "of_mine": found.organisation_id in viewer_of(request.user).firms,
        "why_not": why_not_publish(found.organisation),
    }
    return render(request, "companies/capability_detail.html", context)


@require_safe
def firms(request: HttpRequest) -> HttpResponseBase:
    return listing(
        request,
        firm_list(request.user),
        FirmFilter,
        template="companies/firm_list.html",
        columns=FIRM_COLUMNS,
        name="firms",
        summary=lambda rows: counted(rows.filter(verified=True), "verified"),
        prepare=_name_roles,
    )


def _name_roles(rows: list[Organisation]) -> None:
    for row in rows:
        row.role_names = [OrganisationRole(role).label for role in row.roles]  # type: ignore[attr-defined]


@require_safe
def firm(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A firm with its plants and what each can make; contacts only where the viewer may read them."""
    found = firm_detail(request.user).filter(public_id=public_id).first()
    if found is None:
        survivor = survivor_of(request.user, public_id)
        if survivor is None:
            raise Http404
        return redirect("firm", survivor.public_id)
    _name_roles([found])
    offers = capability_list(request.user, few=True).filter(organisation=found)
    page = cut(offers, ("id",), request.GET.get("cursor", ""), 50)
    people = Membership.objects.visible_to(request.user).filter(organisation=found).select_related("user")
    context = {
        "firm": found,
        "facilities": facility_list(request.user).filter(organisation=found, archived_at=None),
        "in_care": Organisation.objects.cared_by(request.user).filter(pk=found.pk).exists(),
        "may_merge": Organisation.objects.mergeable_by(request.user).filter(pk=found.pk).exists(),
        "suspension": suspension_of(request.user, found),
        "may_add": found.pk in viewer_of(request.user).editing,
        "page": page,
        "rows": page.rows,
        "shown": len(page.rows),
        "people": people,
    }
    return render(request, "companies/firm_detail.html", context)
