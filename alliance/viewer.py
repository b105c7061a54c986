"""Who is asking: what a signed-in person is, as ids that the visibility rules of `alliance.access` ask for."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import QuerySet


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


def _seats(user: Any, acting: Acting | None) -> list[tuple[int, str, str, int]]:
    """(organisation, its kind, role, its city) of every place from which the person, or the token, speaks."""
    if acting is not None and acting.service:
        rows = table("Organisation").filter(pk=acting.organisation_id, suspended=False)
        return [
            (pk, kind, "official" if kind == "bureau" else "editor", city)
            for pk, kind, city in rows.values_list("pk", "kind", "city_id")
        ]
    places = table("Membership").filter(user=user, organisation__suspended=False)
    if acting is not None:
        places = places.filter(organisation=acting.organisation_id)
    return list(places.values_list("organisation_id", "organisation__kind", "role", "organisation__city_id"))


def _load_viewer(user: Any) -> Viewer:
    acting: Acting | None = getattr(user, "acting", None)
    members = _seats(user, acting)
    platform_admin = user.is_superuser and acting is None
    if not members and not platform_admin:
        return NOBODY
    firms = {m[0] for m in members if m[1] == "firm"}
    bureaus = {m[0] for m in members if m[1] == "bureau"}
    reach: dict[int, set[int]] = {}
    for city, alliance in (
        table("AllianceReach").filter(city__in={m[3] for m in members}).values_list("city_id", "alliance_id")
    ):
        reach.setdefault(city, set()).add(alliance)
    care: set[int] = set()
    if bureaus:
        care = set(table("CityCare").filter(bureau__in=bureaus).values_list("city_id", flat=True))
    bureau_alliances = {a for m in members if m[1] == "bureau" for a in reach.get(m[3], ())}
    admins = {m[0] for m in members if m[2] == "admin"}
    admin_alliances: set[int] = set()
    if admins:
        led = table("Alliance").filter(lead_city__caretakers__bureau__in=admins)
        admin_alliances = set(led.values_list("id", flat=True))
    if platform_admin:
        bureau_alliances = set(table("Alliance").values_list("id", flat=True))
        admin_alliances = set()
    return Viewer(
        user_id=None if acting is not None and acting.service else user.pk,
        platform_admin=platform_admin,
        firms=frozenset(firms),
        editing=frozenset(m[0] for m in members if m[1] == "firm" and m[2] in ("owner", "editor")),
        owning=frozenset(m[0] for m in members if m[1] == "firm" and m[2] == "owner"),
        bureaus=frozenset(bureaus),
        care=frozenset(care),
        bureau_alliances=frozenset(bureau_alliances | admin_alliances),
        admin_alliances=frozenset(admin_alliances),
        firm_alliances=frozenset(a for m in members if m[1] == "firm" for a in reach.get(m[3], ())),
    )
