"""What a firm reads beside its capability: what it would match as it is typed, and what it matches now."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alliance.errors import NotFoundError
from alliance.selectors import viewer_of
from companies.forms import read_form
from companies.models import Capability
from companies.services import CapabilityChecker, may_edit
from companies.views.editing import type_named, writing_firm
from matching.selectors import heading, own_pair_rows, own_pairs
from matching.services.preview.capabilities import preview_capability
from matching.services.preview.sites import site_hint
from scenarios.selectors import keeps_site, site_list


@require_POST
def capability_preview(request: HttpRequest) -> HttpResponse:
    """The form as it stands, against the open lines that the viewer's alliances have for its type."""
    capability = _capability(request)
    firm = capability.organisation if capability is not None else writing_firm(request)
    type_ = type_named(request.POST.get("component_type"), request.user)
    checker = CapabilityChecker(firm)
    checked = checker.check(
        read_form(request.POST, type_, checker),
        now_at=capability.facility if capability is not None else None,
    )
    preview = preview_capability(checked, firm, user=request.user, capability=capability)
    return render(request, "matching/_capability_preview.html", {"preview": preview})


def _capability(request: HttpRequest) -> Capability | None:
    """The stored row that is being changed, if any; only its editors may ask about it."""
    name = request.POST.get("capability", "")
    if not name:
        return None
    rows = Capability.objects.visible_to(request.user)
    try:
        rows = rows.filter(public_id=UUID(name))
    except ValueError:
        rows = rows.none()
    found = rows.select_related("organisation", "facility__city", "component_type").first()
    if found is None:
        raise NotFoundError(_("There is no such capability."))
    may_edit(found, request.user)
    return found


@require_safe
def capability_matches(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The lines that one of the viewer's own capabilities fits or nearly fits, verdicts only."""
    mine = Capability.objects.visible_to(request.user).filter(organisation__in=viewer_of(request.user).firms)
    found = get_object_or_404(mine, public_id=public_id)
    pairs = own_pairs(request.user, list(own_pair_rows(request.user, capability_id=found.pk)[:50]))
    context = {"pairs": [(pair, heading(pair.demand)) for pair in pairs], "one": True}
    return render(request, "matching/_own_pairs.html", context)


@require_safe
def site_hint_of(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """How many open demands a site suits, and what keeps most away; inside the site's page (htmx) only the card."""
    found = get_object_or_404(site_list(request.user), public_id=public_id)
    if not keeps_site(request.user, found):
        raise Http404("not this person's business")
    hint = site_hint(found, user=request.user)
    template = "matching/_site_hint.html" if request.headers.get("HX-Request") else "matching/site_hint.html"
    return render(request, template, {"site": found, "hint": hint})
