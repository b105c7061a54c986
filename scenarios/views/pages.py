"""Pages of application sites."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from alliance.http import Column, listing
from alliance.selectors import attach_seen, viewer_of
from alliance.templatetags._numbers import list_text
from companies.selectors import component_book
from scenarios.filters import SiteFilter
from scenarios.models import Site
from scenarios.selectors import condition_text, keeps_site, lapse_of, site_detail, site_params, site_rows

SITE_COLUMNS = [
    Column(_("Name"), lambda row: row.name, "name", sort="name", short=_("Site")),
    Column(_("Scenario type"), lambda row: row.scenario_type, "scenario", sort="scenario"),
    Column(_("Operator"), lambda row: row.organisation, "operator", shown=False),
    Column(_("City"), lambda row: row.city, "city", sort="city"),
    Column(_("Fictitious"), lambda row: row.organisation.fictitious, "fictitious", shown=False),
    Column(
        _("Fleet capacity"),
        lambda row: row.fleet_capacity,
        "fleet",
        sort="fleet",
        css="num",
        short=_("Fleet"),
    ),
    Column(
        _("Windows"),
        lambda row: "; ".join(f"{w.starts}/{w.ends}" for w in row.open_windows),
        "windows",
        short=_("Open windows"),
    ),
    Column(
        _("Part conditions"),
        lambda row: list_text(row.condition_texts),
        "conditions",
        short=_("Parts must meet"),
    ),
]


@require_safe
def sites(request: HttpRequest) -> HttpResponseBase:
    return listing(
        request,
        site_rows(request.user).filter(archived_at__isnull=request.GET.get("state") != "archived"),
        SiteFilter,
        template="scenarios/site_list.html",
        columns=SITE_COLUMNS,
        name="sites",
        prepare=lambda rows: _name_conditions(request, rows),
        extra={"may_add": bool(viewer_of(request.user).editing)},
    )


def _name_conditions(request: HttpRequest, rows: list[Site]) -> None:
    attach_seen(request.user, [row.organisation for row in rows])
    book = component_book()
    for row in rows:
        row.condition_texts = [condition_text(book, condition) for condition in row.conditions]  # type: ignore[attr-defined]


@require_safe
def site(request: HttpRequest, public_id: UUID) -> HttpResponse:
    found = get_object_or_404(site_detail(request.user), public_id=public_id)
    _name_conditions(request, [found])
    may_write = Site.objects.editable_by(request.user).filter(pk=found.pk).exists()
    cares = keeps_site(request.user, found)
    context = {
        "site": found,
        "params": site_params(found),
        "may_write": may_write,
        # Who keeps the site reads how many demands it suits, from the part that knows of demands.
        "cares": cares,
        "lapse": lapse_of(found.open_windows, timezone.localdate()) if found.published and cares else None,
    }
    return render(request, "scenarios/site_detail.html", context)
