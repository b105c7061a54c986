"""What demands and offers stand in: type trees, places, organisations, weights."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from alliance.models import AllianceWeights, City, Exclusion
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

MOST_CITIES = 1500
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


def rounded_cities(cities: Array) -> Array:
    """All cities there are where half of them occur: then most problems have the same ones, and the same distances."""
    if len(cities) < 20:
        return cities
    every = np.array(sorted(City.objects.values_list("id", flat=True)), np.int64)
    return every if len(every) < 2 * len(cities) and len(every) <= MOST_CITIES else cities


def read_places(alliance: int, cities: Array) -> Places:
    """The cities where something lies, as the alliance sees them."""
    return Places(read_travel(cities), *read_members(alliance, cities))


def read_travel(cities: Array) -> Array:
    """Minutes between them."""
    params = {"ids": cities.tolist()}
    at = np.array(_fetch(POINTS, params), np.float64).reshape(len(cities), 2)
    rows = _fetch(ROADS, params)
    ends = [positions(cities, np.array([row[end] for row in rows], np.int64)) for end in (0, 1)]
    return travel_minutes(
        at[:, 0], at[:, 1], ends[0], ends[1], np.array([row[2] for row in rows], np.float64)
    )


def read_members(alliance: int, cities: Array) -> tuple[Array, Array]:
    """Which of them belong to the alliance, and with what roles."""
    return members_of([alliance], cities)[alliance]


def members_of(alliances: Collection[int], cities: Array) -> dict[int, tuple[Array, Array]]:
    """``read_members`` for several."""
    count = len(cities)
    found = {alliance: (np.zeros(count, bool), np.zeros(count, np.uint8)) for alliance in alliances}
    for alliance, city, its_roles in _fetch(REACHED, {"ids": cities.tolist(), "alliances": list(alliances)}):
        place = np.searchsorted(cities, city)
        member, roles = found[alliance]
        member[place] = True
        roles[place] = sum(ROLES[role] for role in set(its_roles))
    return found


# Keys as one array: hundreds of parameters take longer to write down than to look up.
POINTS = "SELECT latitude, longitude FROM alliance_city WHERE id = ANY(%(ids)s) ORDER BY id"
ROADS = """
    SELECT origin_id, destination_id, minutes FROM alliance_traveltime
    WHERE origin_id = ANY(%(ids)s) AND destination_id = ANY(%(ids)s)
"""
REACHED = """
    SELECT alliance_id, city_id, roles FROM alliance_alliancereach
    WHERE alliance_id = ANY(%(alliances)s) AND city_id = ANY(%(ids)s)
"""


def _fetch(query: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


def complete_organisations(ids: Array, known: Array, told: Mapping[str, Array]) -> Organisations:
    """`read_organisations` where something is known of most of them already (`known`: ascending keys)."""
    at = np.minimum(np.searchsorted(known, ids), max(len(known) - 1, 0))
    there = known[at] == ids if len(known) else np.zeros(len(ids), bool)
    rest = read_organisations(ids[~there])
    columns_ = {}
    for name in ("verified", "completed", "on_time"):
        others = getattr(rest, name)
        column = np.zeros(len(ids), others.dtype)
        if there.any():
            column[there] = told[name][at[there]]
        column[~there] = others
        columns_[name] = column
    return Organisations(**columns_)


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
    """For each demand's organisation those it excludes, among the ones in the problem (ascending keys)."""
    pairs = Exclusion.objects.filter(organisation_id__in=owners.tolist()).values_list(
        "organisation_id", "excluded_id"
    )
    excluded: dict[int, list[int]] = {}
    for owner, other in pairs:
        place = int(np.searchsorted(organisations, other))
        if place < len(organisations) and organisations[place] == other:
            excluded.setdefault(owner, []).append(place)
    return Lists.of(excluded.get(owner, []) for owner in owners.tolist())


def default_weights() -> Weights:
    """What counts where an alliance has not said otherwise."""
    return Weights(_terms({}, LINE_TERMS, LINE_WEIGHTS), _terms({}, SITE_TERMS, SITE_WEIGHTS))


def read_weights(alliance: int) -> Weights:
    """The newest version of the alliance's own weights; a missing term keeps its default."""
    return weights_of([alliance])[alliance]


def weights_of(alliances: Collection[int]) -> dict[int, Weights]:
    """``read_weights`` for several."""
    rows = AllianceWeights.objects.filter(alliance_id__in=alliances).order_by("alliance_id", "-number")
    newest = {row.alliance_id: (row.line, row.site) for row in rows.distinct("alliance_id")}
    found = {}
    for alliance in alliances:
        line, site = newest.get(alliance, ({}, {}))
        found[alliance] = Weights(
            _terms(line, LINE_TERMS, LINE_WEIGHTS), _terms(site, SITE_TERMS, SITE_WEIGHTS)
        )
    return found


def _terms(own: Mapping[str, float], terms: tuple[str, ...], defaults: tuple[float, ...]) -> Array:
    given = zip(terms, defaults, strict=True)
    return np.array([default if own.get(term) is None else own[term] for term, default in given], np.float64)
