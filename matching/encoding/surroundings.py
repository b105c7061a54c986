"""What demands and offers stand in: type trees, places, organisations, weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from alliance.models import AllianceReach, AllianceWeights, City, Exclusion, TravelTime
from companies.models import ComponentKey, ComponentParameter, ComponentType
from matching.encoding.columns import Array, columns, positions
from matching.encoding.vocabulary import Keys
from matching.kernel import (
    LINE_TERMS,
    LINE_WEIGHTS,
    SITE_TERMS,
    SITE_WEIGHTS,
    Lists,
    Organisations,
    Places,
    Role,
    ScenarioTypes,
    Types,
    Weights,
)
from matching.kernel.geo import travel_minutes
from scenarios.models import ScenarioKey, ScenarioType

ROLES = {role.name.lower(): int(role) for role in Role if role.name}


@dataclass(frozen=True)
class Tree:
    """A type tree by id."""

    ids: Array
    parent: Array  # positions, -1 for a root

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int | None]]) -> "Tree":
        pairs = sorted(rows)
        ids = np.array([row[0] for row in pairs], np.int64)
        return cls(ids, positions(ids, np.array([row[1] or -1 for row in pairs], np.int64)))

    def at_or_below(self, wanted: Array) -> list[int]:
        """Ids of the wanted types and of everything below them."""
        chosen = np.isin(self.ids, wanted)
        reached = chosen.copy()
        above = self.parent
        while (above >= 0).any():
            reached |= (above >= 0) & chosen[above]
            above = np.where(above >= 0, self.parent[above], -1)
        return [int(i) for i in self.ids[reached]]


def component_tree() -> Tree:
    return Tree.of(ComponentType.objects.order_by("id").values_list("id", "parent_id"))


def scenario_tree() -> Tree:
    return Tree.of(ScenarioType.objects.order_by("id").values_list("id", "parent_id"))


KEY_FIELDS = ("id", "key", "kind", "choices", "ordered")


def component_keys(ids: Iterable[int]) -> Keys:
    return Keys(ComponentKey.objects.filter(id__in=set(ids)).values_list(*KEY_FIELDS))


def scenario_keys(ids: Iterable[int]) -> Keys:
    return Keys(ScenarioKey.objects.filter(id__in=set(ids)).values_list(*KEY_FIELDS))


def component_types(tree: Tree, keys: Keys) -> Types:
    supplied = dict(ComponentType.objects.values_list("id", "supplied_by"))
    own = np.zeros((len(tree.ids), len(keys.names)), bool)
    listed = ComponentParameter.objects.filter(key_id__in=keys.by_id).values_list("type_id", "key_id")
    for type_id, key_id in listed:
        own[np.searchsorted(tree.ids, type_id), keys.by_id[key_id]] = True
    has, above = own.copy(), tree.parent
    while (above >= 0).any():
        has |= own[above] & (above >= 0)[:, None]
        above = np.where(above >= 0, tree.parent[above], -1)
    role = np.array([ROLES.get(supplied[i], 0) for i in tree.ids.tolist()], np.uint8)
    return Types(tree.parent, role, has)


def scenario_types(tree: Tree) -> ScenarioTypes:
    return ScenarioTypes(tree.parent)


def read_places(alliance: int, cities: Array) -> Places:
    """The cities where something lies, as the alliance sees them."""
    ids = cities.tolist()
    points = {
        row[0]: row[1:] for row in City.objects.filter(id__in=ids).values_list("id", "latitude", "longitude")
    }
    at = np.array([points[city] for city in ids], np.float64).reshape(len(ids), 2)
    roads = TravelTime.objects.filter(origin_id__in=ids, destination_id__in=ids)
    rows = list(roads.values_list("origin_id", "destination_id", "minutes"))
    ends = [positions(cities, np.array([row[end] for row in rows], np.int64)) for end in (0, 1)]
    travel = travel_minutes(
        at[:, 0], at[:, 1], ends[0], ends[1], np.array([row[2] for row in rows], np.float64)
    )
    member, roles = np.zeros(len(ids), bool), np.zeros(len(ids), np.uint8)
    reached = AllianceReach.objects.filter(alliance_id=alliance, city_id__in=ids).values_list(
        "city_id", "roles"
    )
    for city, its_roles in reached:
        place = np.searchsorted(cities, city)
        member[place] = True
        roles[place] = sum(ROLES[role] for role in set(its_roles))
    return Places(travel, member, roles)


def read_organisations(ids: Array) -> Organisations:
    select = {
        "id": ("o.id", "int8"),
        "verified": ("o.verified", "bool"),
        "completed": ("coalesce(r.completed, 0)", "int4"),
        "on_time": ("coalesce(r.on_time, 0)", "int4"),
    }
    rest = """
        FROM alliance_organisation o LEFT JOIN alliance_deliveryrecord r ON r.organisation_id = o.id
        WHERE o.id = ANY(%s) ORDER BY o.id
    """
    found = columns(select, rest, [ids.tolist()])
    return Organisations(found["verified"], found["completed"], found["on_time"])


def read_exclusions(owners: Array, organisations: Array) -> Lists:
    """For each demand's organisation those it excludes, among the ones in the problem."""
    pairs = Exclusion.objects.filter(organisation_id__in=owners.tolist()).values_list(
        "organisation_id", "excluded_id"
    )
    place = {identity: index for index, identity in enumerate(organisations.tolist())}
    excluded: dict[int, list[int]] = {}
    for owner, other in pairs:
        if other in place:
            excluded.setdefault(owner, []).append(place[other])
    return Lists.of(excluded.get(owner, []) for owner in owners.tolist())


def default_weights() -> Weights:
    """What counts where an alliance has not said otherwise."""
    return Weights(_terms({}, LINE_TERMS, LINE_WEIGHTS), _terms({}, SITE_TERMS, SITE_WEIGHTS))


def read_weights(alliance: int) -> Weights:
    """The newest version of the alliance's own weights; a missing term keeps its default."""
    newest = AllianceWeights.objects.filter(alliance_id=alliance).order_by("-number").first()
    line, site = (newest.line, newest.site) if newest else ({}, {})
    return Weights(_terms(line, LINE_TERMS, LINE_WEIGHTS), _terms(site, SITE_TERMS, SITE_WEIGHTS))


def _terms(own: Mapping[str, float], terms: tuple[str, ...], defaults: tuple[float, ...]) -> Array:
    given = zip(terms, defaults, strict=True)
    return np.array([default if own.get(term) is None else own[term] for term, default in given], np.float64)
