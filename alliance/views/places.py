"""Pages of the alliance app: cities, and which alliance is looked at."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from alliance.choices import CityRole
from alliance.filters import PlaceFilter
from alliance.http import Column, listing
from alliance.models import AllianceReach, User
from alliance.selectors import city_list, organisation_list
from alliance.services.people import choose_alliance
from alliance.templatetags._numbers import list_text

CITY_COLUMNS = [
    Column(_("Chinese name"), lambda city: city.name_zh, "name", short=_("City")),
    Column(_("Code"), lambda city: city.code, "code", sort="code"),
    Column(_("English name"), lambda city: city.name_en, "name_en", sort="name", shown=False),
    Column(_("Lies in"), lambda city: city.parent or "", "parent"),
    Column(_("Longitude"), lambda city: city.longitude, "longitude", css="num"),
    Column(_("Latitude"), lambda city: city.latitude, "latitude", css="num"),
]


@require_safe
def cities(request: HttpRequest) -> HttpResponseBase:
    return listing(
        request,
        city_list(request.user),
        PlaceFilter,
        template="alliance/city_list.html",
        columns=CITY_COLUMNS,
        name="cities",
    )


@require_safe
def city(request: HttpRequest, code: str) -> HttpResponse:
    """A city: what it does in each alliance, the bureau that looks after it, its districts."""
    found = get_object_or_404(city_list(request.user), code=code)
    reach = (
        AllianceReach.objects.visible_to(request.user).filter(city=found).select_related("alliance", "listed")
    )
    roles = [
        {
            "alliance": row.alliance,
            "listed": row.listed,
            "roles": list_text(CityRole(r).label for r in row.roles),
        }
        for row in reach
    ]
    bureaus = organisation_list(request.user).filter(cares_for__city=found)
    context = {
        "city": found,
        "roles": roles,
        "bureaus": bureaus,
        "districts": city_list(request.user).filter(parent=found),
    }
    return render(request, "alliance/city_detail.html", context)


@require_POST
def switch_alliance(request: HttpRequest) -> HttpResponse:
    """Look at another of one's alliances from now on."""
    choose_alliance(cast(User, request.user), request.POST.get("alliance", ""))
    target = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if safe else "/")
