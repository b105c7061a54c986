"""An alliance's cities with what stands in each, and its bureaus with the officials the viewer may know."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from alliance.models import (
    AllianceCity,
    AllianceReach,
    AllianceWeights,
    Membership,
    Organisation,
    OrganisationContact,
)
from companies.models import Capability
from matching.models import Demand
from scenarios.models import Site


def cities_of(user: Any, alliance: Any) -> list[Any]:
    """Listed cities, lead first, each with the number of `firms`, `capabilities`, `sites` and `demands` that it
    brings, districts included: what leaves the alliance with it."""
    rows = AllianceCity.objects.visible_to(user).filter(alliance=alliance).select_related("city")
    listed = dict(
        AllianceReach.objects.visible_to(user).filter(alliance=alliance).values_list("city_id", "listed_id")
    )
    firms = Organisation.objects.visible_to(user).filter(kind="firm", listed=True)
    offers = Capability.objects.visible_to(user).filter(published=True)
    sites = Site.objects.visible_to(user).filter(published=True)
    demands = Demand.objects.visible_to(user).filter(alliance=alliance, published=True)
    numbers = {
        "firms": _by_city(firms, "city", listed),
        "capabilities": _by_city(offers, "facility__city", listed),
        "sites": _by_city(sites, "city", listed),
        "demands": _by_city(demands, "lab_city", listed),
    }
    found = list(rows)
    for row in found:
        row.leads = row.city_id == alliance.lead_city_id
        for name, counted in numbers.items():
            setattr(row, name, counted[row.city_id])
    return sorted(found, key=lambda row: (not row.leads, row.city.code))


def _by_city(rows: QuerySet[Any], path: str, listed: dict[int, int]) -> Counter[int]:
    found: Counter[int] = Counter()
    counted = (
        rows.filter(**{f"{path}__in": list(listed)}).order_by().values_list(path).annotate(n=Count("pk"))
    )
    for city, number in counted:
        found[listed[city]] += number
    return found


def bureaus_of(user: Any, alliance: Any) -> list[Any]:
    """Bureaus that look after the alliance's cities, with contacts and people where the viewer may know them."""
    cities = AllianceReach.objects.visible_to(user).filter(alliance=alliance).values("city_id")
    people = Membership.objects.visible_to(user).select_related("user").order_by("role", "user__username")
    rows = Organisation.objects.visible_to(user).filter(kind="bureau", cares_for__city__in=cities)
    return list(
        rows.select_related("city")
        .prefetch_related(
            Prefetch("memberships", people, to_attr="officials"),
            Prefetch("contact", OrganisationContact.objects.visible_to(user), to_attr="reach_at"),
        )
        .distinct()
        .order_by("city__code", "id")
    )


def versions_of(user: Any, alliance: Any) -> list[Any]:
    """The weights as they were set, the newest first."""
    rows = AllianceWeights.objects.visible_to(user).filter(alliance=alliance)
    return list(rows.select_related("set_by").order_by("-number")[:10])
