"""Alliances, cities and the road between them, as pages and explanations read them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from alliance.models import Alliance, AllianceCity, AllianceReach, City, TravelTime
from alliance.models.base import GuardedQuerySet
from alliance.selectors.rights import viewer_of

SAME_CITY = 30.0
_EARTH_KM = 6371.0088
_MINUTES_PER_KM = 1.3


def alliance_list(user: Any) -> GuardedQuerySet:
    return Alliance.objects.visible_to(user).select_related("lead_city")


def alliances_of(user: Any) -> list[Alliance]:
    """The alliances a person works in: what the switcher offers."""
    return list(alliance_list(user).filter(pk__in=viewer_of(user).alliances))


def city_list(user: Any) -> GuardedQuerySet:
    return City.objects.visible_to(user).select_related("parent")


def alliance_cities(user: Any, alliance: Alliance) -> list[AllianceCity]:
    """The listed cities with their roles, the lead city first."""
    rows = AllianceCity.objects.visible_to(user).filter(alliance=alliance).select_related("city")
    return sorted(rows, key=lambda row: (row.city_id != alliance.lead_city_id, row.pk))


def roles_in(alliance_id: int, cities: Iterable[int]) -> dict[int, frozenset[str]]:
    """What each city does in an alliance, its listed ancestor's roles included."""
    rows = AllianceReach.objects.filter(alliance_id=alliance_id, city_id__in=set(cities))
    return {city: frozenset(roles) for city, roles in rows.values_list("city_id", "roles")}


def homes_in(alliance_id: int, cities: Iterable[int]) -> dict[int, City]:
    """Each city's listed city in the alliance, for maps; a city outside it is its own."""
    wanted = set(cities)
    rows = AllianceReach.objects.filter(alliance_id=alliance_id, city_id__in=wanted).select_related("listed")
    homes = {row.city_id: row.listed for row in rows}
    return homes | {city.pk: city for city in City.objects.filter(pk__in=wanted - set(homes))}


class Roads:
    """Minutes between cities, section 1 of docs/matching.md; loaded in two queries for all the cities at once."""

    def __init__(self, cities: Iterable[int]) -> None:
        wanted = {city for city in cities if city is not None}
        points = City.objects.filter(pk__in=wanted).values_list("id", "latitude", "longitude")
        self._points = {city: (latitude, longitude) for city, latitude, longitude in points}
        rows = TravelTime.objects.filter(origin__in=wanted, destination__in=wanted)
        self._table = {
            (a, b): minutes for a, b, minutes in rows.values_list("origin_id", "destination_id", "minutes")
        }

    def minutes(self, origin: int, destination: int) -> float:
        if origin == destination:
            return SAME_CITY
        listed = self._table.get((origin, destination), self._table.get((destination, origin)))
        if listed is not None:
            return listed
        return max(SAME_CITY, self._km(origin, destination) * _MINUTES_PER_KM)

    def proximity(self, origin: int, destination: int) -> float:
        return float(2 ** (-self.minutes(origin, destination) / 180))

    def _km(self, origin: int, destination: int) -> float:
        (lat_a, lon_a), (lat_b, lon_b) = self._points[origin], self._points[destination]
        phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
        half_phi, half_lambda = (phi_b - phi_a) / 2, math.radians(lon_b - lon_a) / 2
        h = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
        return 2 * _EARTH_KM * math.asin(math.sqrt(min(h, 1.0)))
