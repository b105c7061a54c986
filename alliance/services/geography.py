"""Derived geography: which cities an alliance reaches, and which bureaus look after a city.

A city that is not itself listed has the membership and roles of its nearest listed ancestor. A city
without a bureau of its own belongs to the nearest bureau above it, else to the lead bureaus of its alliances.
"""

from collections import defaultdict
from collections.abc import Iterator

from alliance.models import Alliance, AllianceCity, AllianceReach, City, CityCare, Organisation

Parents = dict[int, int | None]


def rebuild_geography() -> None:
    """Bring `AllianceReach` and `CityCare` up to date; call it in the transaction that changes what they follow."""
    parents: Parents = dict(City.objects.values_list("id", "parent_id"))
    _rebuild_reach(parents)
    _rebuild_care(parents)


def _upwards(city: int | None, parents: Parents) -> Iterator[int]:
    """The city and what it lies in, nearest first."""
    seen: set[int] = set()
    while city is not None and city not in seen:
        seen.add(city)
        yield city
        city = parents.get(city)


def _rebuild_reach(parents: Parents) -> None:
    wanted: dict[tuple[int, int], tuple[int, list[str]]] = {}
    listed: dict[int, dict[int, list[str]]] = defaultdict(dict)
    for row in AllianceCity.objects.all():
        listed[row.alliance_id][row.city_id] = list(row.roles)
    for alliance, cities in listed.items():
        for city in parents:
            nearest = next((c for c in _upwards(city, parents) if c in cities), None)
            if nearest is not None:
                wanted[alliance, city] = (nearest, cities[nearest])
    present = {(r.alliance_id, r.city_id): r for r in AllianceReach.objects.all()}
    stale = [r.pk for key, r in present.items() if wanted.get(key) != (r.listed_id, list(r.roles))]
    AllianceReach.objects.filter(pk__in=stale).delete()
    kept = {key for key, r in present.items() if wanted.get(key) == (r.listed_id, list(r.roles))}
    AllianceReach.objects.bulk_create(
        AllianceReach(alliance_id=alliance, city_id=city, listed_id=nearest, roles=roles)
        for (alliance, city), (nearest, roles) in wanted.items()
        if (alliance, city) not in kept
    )


def _rebuild_care(parents: Parents) -> None:
    seated: dict[int, list[int]] = defaultdict(list)
    for bureau, city in (
        Organisation.objects.filter(kind="bureau").order_by("id").values_list("id", "city_id")
    ):
        seated[city].append(bureau)

    def nearest(city: int) -> list[int]:
        return next((seated[c] for c in _upwards(city, parents) if c in seated), [])

    leads = dict(Alliance.objects.values_list("id", "lead_city_id"))
    alliances: dict[int, list[int]] = defaultdict(list)
    for alliance, city in AllianceReach.objects.values_list("alliance_id", "city_id"):
        alliances[city].append(alliance)
    wanted = set()
    for city in parents:
        bureaus = nearest(city) or [b for a in alliances[city] for b in nearest(leads[a])]
        wanted |= {(city, bureau) for bureau in bureaus}
    present = {(r.city_id, r.bureau_id): r.pk for r in CityCare.objects.all()}
    CityCare.objects.filter(pk__in=[pk for key, pk in present.items() if key not in wanted]).delete()
    CityCare.objects.bulk_create(CityCare(city_id=c, bureau_id=b) for c, b in sorted(wanted - present.keys()))
