"""Which rows an export writes: everything, or an alliance with all that belongs to it and all that this refers to."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from alliance.errors import NotFoundError
from alliance.models import (
    Alliance,
    AllianceCity,
    AllianceReach,
    Certification,
    City,
    Exclusion,
    Organisation,
    TravelTime,
)
from companies.models import Capability, Facility
from matching.models import Demand, DemandLine
from scenarios.models import Site, SiteWindow

Ids = list[int]


def _ids(rows: "QuerySet[Any]", *order: str) -> Ids:
    return list(rows.order_by(*(order or ("id",))).values_list("id", flat=True))


@dataclass
class Selection:
    """Ids by file, in the order in which they are written."""

    ids: dict[str, Ids] = field(default_factory=dict)


def everything() -> Selection:
    return Selection(
        {
            "cities.csv": _ids(City.objects.all()),
            "travel_times.csv": _ids(TravelTime.objects.all()),
            "certifications.csv": _ids(Certification.objects.all()),
            "alliances.csv": _ids(Alliance.objects.all()),
            "memberships.csv": _ids(AllianceCity.objects.all()),
            "organisations.csv": _ids(Organisation.objects.filter(merged_into=None)),
            "facilities.csv": _ids(Facility.objects.all()),
            "capabilities.csv": _ids(Capability.objects.all()),
            "sites.csv": _ids(Site.objects.all()),
            "site_windows.csv": _ids(SiteWindow.objects.all(), "site_id", "starts", "ends", "id"),
            "demands.csv": _ids(Demand.objects.all()),
            "demand_lines.csv": _ids(DemandLine.objects.all()),
        }
    )


def of_alliance(slug: str) -> Selection:
    alliance = Alliance.objects.filter(slug=slug).first()
    if alliance is None:
        raise NotFoundError(_("There is no alliance “%(slug)s”.") % {"slug": slug}, field="alliance")
    reached = AllianceReach.objects.filter(alliance=alliance).values("city_id")
    demands = Demand.objects.filter(alliance=alliance)
    facilities = Facility.objects.filter(Q(city__in=reached) | Q(organisation__city__in=reached))
    sites = Site.objects.filter(Q(city__in=reached) | Q(organisation__city__in=reached))
    owners = Organisation.objects.filter(merged_into=None).filter(
        Q(city__in=reached) | Q(demands__in=demands) | Q(facilities__in=facilities) | Q(sites__in=sites)
    )
    organisations = _with_excluded(set(owners.values_list("id", flat=True)))
    cities = _with_ancestors(
        set(reached.values_list("city_id", flat=True))
        | {alliance.lead_city_id}
        | set(Organisation.objects.filter(id__in=organisations).values_list("city_id", flat=True))
        | set(facilities.values_list("city_id", flat=True))
        | set(sites.values_list("city_id", flat=True))
        | set(demands.values_list("lab_city_id", flat=True))
        | set(demands.exclude(deployment_city=None).values_list("deployment_city_id", flat=True))
    )
    return Selection(
        {
            "cities.csv": sorted(cities),
            "travel_times.csv": _ids(TravelTime.objects.filter(origin__in=cities, destination__in=cities)),
            "certifications.csv": _ids(Certification.objects.all()),
            "alliances.csv": [alliance.pk],
            "memberships.csv": _ids(AllianceCity.objects.filter(alliance=alliance)),
            "organisations.csv": sorted(organisations),
            "facilities.csv": _ids(facilities),
            "capabilities.csv": _ids(Capability.objects.filter(facility__in=facilities)),
            "sites.csv": _ids(sites),
            "site_windows.csv": _ids(
                SiteWindow.objects.filter(site__in=sites), "site_id", "starts", "ends", "id"
            ),
            "demands.csv": _ids(demands),
            "demand_lines.csv": _ids(DemandLine.objects.filter(demand__in=demands)),
        }
    )


def _with_excluded(organisations: set[int]) -> set[int]:
    """An organisation's row names those it excludes, and theirs name others."""
    found, fresh = set(organisations), set(organisations)
    while fresh:
        named = Exclusion.objects.filter(organisation__in=fresh).values_list("excluded_id", flat=True)
        fresh = set(named) - found
        found |= fresh
    return found


def _with_ancestors(cities: set[int]) -> set[int]:
    parents = dict(City.objects.values_list("id", "parent_id"))
    found = set(cities)
    for city in cities:
        parent = parents.get(city)
        while parent is not None and parent not in found:
            found.add(parent)
            parent = parents.get(parent)
    return found
