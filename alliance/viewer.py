"""Who is asking: what a signed-in person is, as ids that the visibility rules of `alliance.access` ask for."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import OuterRef, QuerySet


@dataclass(frozen=True)
class Viewer:
    """What a signed-in person is: ids of the organisations, cities and alliances the rules ask for."""

    user_id: int | None = None
    platform_admin: bool = False
    firms: frozenset[int] = frozenset()
    editing: frozenset[int] = frozenset()
    owning: frozenset[int] = frozenset()
    bureaus: frozenset[int] = frozenset()
    care: frozenset[int] = frozenset()
    bureau_alliances: frozenset[int] = frozenset()
    admin_alliances: frozenset[int] = frozenset()
    firm_alliances: frozenset[int] = frozenset()
    #: The rules are asked about a few known rows (`GuardedQuerySet.visible_few`), or some thousand (`visible_some`).
    few: bool = False
    some: bool = False

    @property
    def known(self) -> bool:
        return self.platform_admin or bool(self.firms or self.bureaus)

    @property
    def alliances(self) -> frozenset[int]:
        return self.bureau_alliances | self.firm_alliances

    @property
    def official(self) -> bool:
        return bool(self.bureaus)


NOBODY = Viewer()


@dataclass(frozen=True)
class Acting:
    """How a token narrows its person: to one organisation; `service`: it is the organisation itself that acts."""

    organisation_id: int
    service: bool


def viewer_of(user: Any) -> Viewer:
    """The viewer behind a user; asked of the database once per user object (once per request)."""
    if isinstance(user, Viewer):
        return user
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return NOBODY
    cached: Viewer | None = getattr(user, "_viewer", None)
    if cached is None:
        cached = _load_viewer(user)
        user._viewer = cached
    return cached


def viewer_of_organisation(organisation_id: int) -> Viewer:
    """The eyes of an organisation itself, as its service tokens have them."""
    return _load_viewer(_Nobody(Acting(organisation_id, service=True)))


@dataclass(frozen=True)
class _Nobody:
    """Where no person asks."""

    acting: Acting
    is_superuser: bool = False
    pk: None = None


def table(model: str) -> QuerySet[Any]:
    """All rows of a model of this app, by name: models import the rules, not the other way round."""
    rows: QuerySet[Any] = apps.get_model("alliance", model)._base_manager.all()
    return rows


@dataclass(frozen=True)
class Seat:
    """A place from which a person, or a token, speaks. Ids: the alliances that the organisation's city belongs to, the
    cities that it cares for, the alliances that it leads."""

    organisation: int
    kind: str
    role: str
    alliances: frozenset[int]
    care: frozenset[int]
    led: frozenset[int]


#: Stand in for the person and the organisation in a statement that is written once.
PERSON, PLACE = -1, -2


def _seats(user: Any, acting: Acting | None) -> list[Seat]:
    """Asked in one statement, which every request waits for."""
    service = acting is not None and acting.service
    place = None if acting is None else acting.organisation_id
    sql, params = _seats_asked(service=service, narrowed=place is not None)
    ids = {PERSON: user.pk, PLACE: place}
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql, [ids.get(param, param) for param in params])
        rows = cursor.fetchall()
    if service:
        rows = [(pk, kind, "official" if kind == "bureau" else "editor", *sets) for pk, kind, *sets in rows]
    return [Seat(pk, kind, role, *map(frozenset, sets)) for pk, kind, role, *sets in rows]


@cache
def _seats_asked(*, service: bool, narrowed: bool) -> tuple[str, tuple[Any, ...]]:
    """The statement and what it is given, PERSON and PLACE where the ids belong: to write it takes milliseconds."""
    if service:
        own = table("Organisation").filter(suspended=False, pk=PLACE)
        rows = own.values_list("pk", "kind", *_surroundings("pk", "city"))
    else:
        places = table("Membership").filter(user=PERSON, organisation__suspended=False)
        places = places.filter(organisation=PLACE) if narrowed else places
        around = _surroundings("organisation", "organisation__city")
        rows = places.values_list("organisation_id", "organisation__kind", "role", *around)
    sql, params = rows.query.sql_with_params()
    return sql, tuple(params)


def _surroundings(organisation: str, city: str) -> tuple[ArraySubquery, ...]:
    """The three sets of ids of a seat, each as an array; `organisation`, `city`: the paths that lead to both."""
    reach = table("AllianceReach").filter(city=OuterRef(city))
    care = table("CityCare").filter(bureau=OuterRef(organisation))
    led = table("Alliance").filter(lead_city__caretakers__bureau=OuterRef(organisation))
    return (
        ArraySubquery(reach.order_by().values("alliance_id")),
        ArraySubquery(care.order_by().values("city_id")),
        ArraySubquery(led.order_by().values("pk")),
    )


def _load_viewer(user: Any) -> Viewer:
    acting: Acting | None = getattr(user, "acting", None)
    seats = _seats(user, acting)
    platform_admin = user.is_superuser and acting is None
    if not seats and not platform_admin:
        return NOBODY
    firms = [seat for seat in seats if seat.kind == "firm"]
    bureaus = [seat for seat in seats if seat.kind == "bureau"]
    admin_alliances = _all_of(seat.led for seat in seats if seat.role == "admin")
    bureau_alliances = _all_of(seat.alliances for seat in bureaus) | admin_alliances
    if platform_admin:
        bureau_alliances = frozenset(table("Alliance").values_list("pk", flat=True))
        admin_alliances = frozenset()
    return Viewer(
        user_id=None if acting is not None and acting.service else user.pk,
        platform_admin=platform_admin,
        firms=frozenset(seat.organisation for seat in firms),
        editing=frozenset(seat.organisation for seat in firms if seat.role in ("owner", "editor")),
        owning=frozenset(seat.organisation for seat in firms if seat.role == "owner"),
        bureaus=frozenset(seat.organisation for seat in bureaus),
        care=_all_of(seat.care for seat in bureaus),
        bureau_alliances=bureau_alliances,
        admin_alliances=admin_alliances,
        firm_alliances=_all_of(seat.alliances for seat in firms),
    )


def _all_of(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*sets)
