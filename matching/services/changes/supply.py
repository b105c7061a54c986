"""Capabilities that changed, held against the lines of their types: whom the change concerns, and nobody else.

A demand is concerned when the capability is or was feasible for one of its lines, or fails one rule alone, or has
come to or left the candidates that are counted. What fails two rules before and after is in no result. Where only
figures have changed, ``figures`` looks closer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

import numpy as np
from django.db import connection

from alliance.models import AllianceReach, Exclusion, OrganisationCertificate
from companies.models import CapabilityCertificate, ComponentKey, ComponentType, FacilityCertificate
from matching.encoding import surroundings as around
from matching.encoding.columns import Array, columns, ordinal
from matching.services.changes.figures import differ_in_figures_only, shown
from matching.services.changes.former import Row, distinct, former_rows, variants
from matching.services.changes.naming import naming_capabilities
from matching.services.changes.nearness import Missing, missing_same, showing
from matching.services.changes.rules import Rules, read_requirements, rules_of

# More capabilities than this, or states of one: their rules are not looked at, all lines of their types count.
MOST = 400
MOST_STATES = 64

CURRENT = {
    "companies_capability": "id",
    "companies_capabilityterms": "capability_id",
    "companies_facility": "id",
    "alliance_organisation": "id",
}
LINES = """
    FROM matching_demandline l JOIN matching_demand d ON d.id = l.demand_id
    JOIN alliance_alliance a ON a.id = d.alliance_id
    LEFT JOIN matching_lineprice p ON p.line_id = l.id
    WHERE d.published AND a.as_of IS NOT NULL AND l.component_type_id = ANY(%(types)s)
      AND (d.scope = 'open' OR d.alliance_id = ANY(%(alliances)s))
    ORDER BY l.id
"""


@dataclass(frozen=True)
class State:
    """A capability as it is or was, with the places of its values among the keys asked about."""

    type: int
    firm: int
    city: int
    active: bool
    valid_until: int
    available_from: int
    free: float
    moq: float
    prototype_days: int
    volume_days: int
    price: float
    specs: dict[str, Any]
    certificates: dict[str, int]  # code → last valid day, 0 for ever


def demands_of_capabilities(ids: Collection[int], figures: Collection[int] = ()) -> set[int]:
    """Keys of the published demands that these capabilities concern, as they are and as they were.

    figures: those of them whose changes speak of figures only.
    """
    if not ids:
        return set()
    keys = sorted(set(ids))
    states = _states(keys)
    known = [state for several in states for state in several if state is not None]
    parents = dict(ComponentType.objects.values_list("id", "parent_id"))
    above = {kind: _above(kind, parents) for kind in {state.type for state in known}}
    reach = _reach({state.city for state in known})
    firms = {state.firm for state in known}
    lines = Lines(sorted(set().union(*above.values())), sorted(set().union(*reach.values())), firms)
    if not len(lines.id):
        return set()
    touched = np.zeros(len(lines.id), bool)
    listed: dict[int, set[int]] = {}
    missing: list[Missing] = []
    for key, several in zip(keys, states, strict=True):
        if len(states) > MOST or len(several) > MOST_STATES:
            wide = set().union(*(above[state.type] for state in several if state is not None))
            touched |= np.isin(lines.type, list(wide))
        elif key in figures and differ_in_figures_only(several):
            alike = [state for state in several if state is not None]
            types, alliances = above[alike[0].type], reach.get(alike[0].city, set())
            seen = shown(lines, alike, types, alliances)
            touched |= seen.moved
            listed[key] = set(lines.demand[seen.named].tolist())
            missing.append(missing_same(key, lines, seen))
        else:
            touched |= _touched(lines, several, above, reach)
    found = set(lines.demand[touched].tolist())
    found |= naming_capabilities({key: demands - found for key, demands in listed.items()})
    return found | showing(missing, found)


def _touched(
    lines: Lines, states: list[State | None], above: dict[int, set[int]], reach: dict[int, set[int]]
) -> Array:
    """bool[lines]: a candidate in some states and not in others, or failing one rule at most while a candidate."""
    some, every = np.zeros(len(lines.id), bool), np.ones(len(lines.id), bool)
    close = np.zeros(len(lines.id), bool)
    for state in states:
        candidate = (
            lines.candidates(state, above[state.type], reach.get(state.city, set()))
            if state is not None
            else np.zeros(len(lines.id), bool)
        )
        some |= candidate
        every &= candidate
        if state is not None and candidate.any():
            close |= candidate & (lines.failures(state, candidate) <= 1)
    touched: Array = (some & ~every) | close
    return touched


def _above(kind: int, parents: Mapping[int, int | None]) -> set[int]:
    """The type and all that it is a kind of."""
    found: set[int] = set()
    node: int | None = kind
    while node is not None and node not in found:
        found.add(node)
        node = parents.get(node)
    return found


def _reach(cities: Iterable[int]) -> dict[int, set[int]]:
    """City → alliances that it belongs to."""
    found: dict[int, set[int]] = {city: set() for city in cities}
    for city, alliance in AllianceReach.objects.filter(city__in=found).values_list("city_id", "alliance_id"):
        found[city].add(alliance)
    return found


# --- capabilities as they are and were ------------------------------------------------------------------
def _states(ids: list[int]) -> list[list[State | None]]:
    """For each capability every combination of what its parts are and were; None: it is not, or was not, there."""
    offers, old_offers = _now_and_then("companies_capability", ids)
    terms, old_terms = _now_and_then("companies_capabilityterms", ids)
    every = [*offers.values(), *(row for several in old_offers.values() for row in several if row)]
    plant_ids, firm_ids = ({row[name] for row in every} for name in ("facility_id", "organisation_id"))
    plants, old_plants = _now_and_then("companies_facility", plant_ids)
    firms, old_firms = _now_and_then("alliance_organisation", firm_ids)
    held = _Held(ids, plant_ids, firm_ids)
    found: list[list[State | None]] = []
    for identity in ids:
        states: list[State | None] = []
        for offer in variants(offers, old_offers, identity):
            if offer is None:
                states.append(None)
                continue
            parts = product(
                variants(terms, old_terms, identity),
                variants(plants, old_plants, offer["facility_id"]),
                _suspensions(firms, old_firms, offer["organisation_id"]),
            )
            states += [_state(offer, *part, held) for part in parts]
        found.append(states)
    return found


def _now_and_then(table: str, ids: Collection[int]) -> tuple[dict[int, Row], dict[int, list[Row | None]]]:
    """Rows as they stand, and as they stood, by id, all columns as JSON has them."""
    with connection.cursor() as cursor:
        key = CURRENT[table]
        cursor.execute(f"SELECT {key}, to_jsonb(r) FROM {table} r WHERE {key} = ANY(%s)", [list(ids)])  # noqa: S608
        now = {identity: json.loads(row) for identity, row in cursor.fetchall()}
    return now, former_rows(table, ids)


def _suspensions(now: dict[int, Row], former: dict[int, list[Row | None]], identity: int) -> list[bool]:
    """Whether the firm is, and was, suspended; one that is gone offers nothing."""
    known = distinct([now.get(identity), *former.get(identity, ())])
    return sorted({row is None or bool(row["suspended"]) for row in known})


def _state(offer: Row, terms: Row | None, plant: Row | None, suspended: bool, held: _Held) -> State:
    terms = terms or {"capacity_per_month": 0.0, "committed_per_month": 0.0, "unit_price": None}
    price = terms["unit_price"]
    return State(
        type=offer["component_type_id"],
        firm=offer["organisation_id"],
        city=plant["city_id"] if plant else -1,
        active=offer["published"] and not suspended,
        valid_until=_day(offer["valid_until"]),
        available_from=_day(offer["available_from"]),
        free=terms["capacity_per_month"] - terms["committed_per_month"],
        moq=offer["min_order_quantity"],
        prototype_days=offer["prototype_lead_days"],
        volume_days=offer["volume_lead_days"],
        price=float("nan") if price is None else price,
        specs=offer["specs"],
        certificates=held.of(offer["id"], offer["facility_id"], offer["organisation_id"]),
    )


class _Held:
    """Certificates of capabilities, plants and firms, those of former days among them.

    Together they are what the capability held at most: with fewer it fails more, never less.
    """

    def __init__(
        self, capabilities: Collection[int], plants: Collection[int], firms: Collection[int]
    ) -> None:
        self._held: dict[tuple[str, int], dict[str, int]] = {}
        sources: list[tuple[Any, str, str, Collection[int]]] = [
            (CapabilityCertificate, "companies_capabilitycertificate", "capability_id", capabilities),
            (FacilityCertificate, "companies_facilitycertificate", "facility_id", plants),
            (OrganisationCertificate, "alliance_organisationcertificate", "organisation_id", firms),
        ]
        for model, table, column, ids in sources:
            rows = model.objects.filter(**{f"{column}__in": ids}).values_list(column, "code", "expires_on")
            for owner, code, until in rows:
                self._add(column, owner, code, until.toordinal() if until else 0)
            for owner, several in former_rows(table, ids).items():
                for row in several:
                    if row is not None:
                        self._add(column, owner, row["code"], _day(row["expires_on"]))

    def _add(self, column: str, owner: int, code: str, until: int) -> None:
        codes = self._held.setdefault((column, owner), {})
        codes[code] = _longer(codes.get(code, until), until)

    def of(self, capability: int, plant: int, firm: int) -> dict[str, int]:
        found: dict[str, int] = {}
        owners = (("capability_id", capability), ("facility_id", plant), ("organisation_id", firm))
        for owner in owners:
            for code, until in self._held.get(owner, {}).items():
                found[code] = _longer(found.get(code, until), until)
        return found


def _longer(one: int, other: int) -> int:
    return max(one, other) if one and other else 0


def _day(text: str | None) -> int:
    return date.fromisoformat(text).toordinal() if text else 0


# --- lines that may have to do with them ----------------------------------------------------------------
class Lines:
    """Lines of some types as columns, with their hard rules: one capability is held against all of them at once."""

    def __init__(self, types: list[int], alliances: list[int], firms: Collection[int]) -> None:
        """firms: those whose capabilities are held against them."""
        found = columns(
            {
                "id": ("l.id", "int8"),
                "demand": ("d.id", "int8"),
                "owner": ("d.owner_id", "int8"),
                "alliance": ("d.alliance_id", "int8"),
                "open": ("d.scope = 'open'", "bool"),
                "type": ("l.component_type_id", "int8"),
                "quantity": ("l.quantity", "float8"),
                "rate": ("l.monthly_rate", "float8"),
                "need_by": (ordinal("coalesce(l.need_by, d.need_by)"), "int4"),
                "target": ("coalesce(p.target_unit_price, 'NaN')", "float8"),
                "ceiling": ("coalesce(p.ceiling_unit_price, 'NaN')", "float8"),
                "as_of": (ordinal("a.as_of"), "int4"),
            },
            LINES,
            {"types": types, "alliances": alliances},
        )
        self.id, self.demand, self.type = found["id"], found["demand"], found["type"]
        self._found = found
        if not len(self.id):
            return
        self._excluding = _excluding(firms)
        self._read = np.zeros(len(self.id), bool)  # whose rules are there
        self._keys = around.component_keys(ComponentKey.objects.values_list("pk", flat=True))
        self._rules = Rules.none()
        self._asking, self._codes = np.zeros(0, np.int64), list[str]()

    def _read_rules(self, which: Array) -> None:
        """Of those of these lines of which nobody has asked yet."""
        missing = which & ~self._read
        if not missing.any():
            return
        self._read |= missing
        ids = self.id[missing].tolist()
        codes = line_codes(ids)
        rules = rules_of(self._keys, "line", read_requirements("matching_linerequirement", "line_id", ids))
        self._rules = self._rules.joined(rules._replace(owner=np.searchsorted(self.id, rules.owner)))
        self._asking = np.append(self._asking, np.searchsorted(self.id, _firsts(codes)))
        self._codes += [code for _line, code in codes]

    def candidates(self, state: State, types: set[int], alliances: set[int]) -> Array:
        """bool: type, state, reach and self hold (docs/matching.md, section 3)."""
        found = self._found
        if not state.active:
            return np.zeros(len(self.id), bool)
        good: Array = np.isin(found["type"], list(types)) & (found["owner"] != state.firm)
        good &= found["open"] | np.isin(found["alliance"], list(alliances))
        if state.valid_until:
            good &= found["as_of"] <= state.valid_until
        owners = self._excluding.get(state.firm)
        return good & ~np.isin(found["owner"], owners) if owners else good

    def failures(self, state: State, candidate: Array) -> Array:
        """How many of the other hard rules of each of these lines it fails; of others, and where it fails more than
        one by its figures, not all are counted."""
        figures = self.figures(state)[1].sum(axis=0)
        count: Array = figures + self.failing_else(state, candidate & (figures <= 1))
        return count

    def figures(self, state: State) -> tuple[Array, Array]:
        """[4, lines]: MOQ, what is free, the day when it can deliver, the price; and whether a line's rule fails."""
        found = self._found
        ready = np.maximum(found["as_of"].astype(np.int64) + state.volume_days, state.available_from)
        amounts = np.empty((4, len(self.id)))
        amounts[0], amounts[1], amounts[2], amounts[3] = state.moq, state.free, ready, state.price
        over = amounts > self.limits()[0]
        over[1] = state.free < found["rate"]
        return amounts, over

    def limits(self) -> tuple[Array, Array]:
        """[4, lines]: what a figure of ``figures`` is held against, and what a shortfall is a part of (section 3)."""
        found = self._found
        limit = np.stack([found["quantity"], found["rate"], found["need_by"], found["ceiling"]])
        parts = limit.copy()
        parts[2] = np.maximum(1, found["need_by"].astype(np.int64) - found["as_of"])
        return limit, parts

    def failing_else(self, state: State, which: Array) -> Array:
        """How many hard requirements of these lines it fails, and one for certificates."""
        self._read_rules(which)
        found, count = self._found, len(self.id)
        failed = np.bincount(self._rules.owner[self._rules.unmet(self._keys, state.specs)], minlength=count)
        until = np.array([state.certificates.get(code, -1) for code in self._codes], np.int64)
        held = (until == 0) | (until >= found["as_of"][self._asking])
        return failed + (np.bincount(self._asking[~held], minlength=count) > 0)

    def terms(self, state: State) -> Array:
        """[3, lines]: the terms of the score that figures make: price, lead time, capacity."""
        found = self._found
        days = np.maximum(1, found["need_by"].astype(np.int64) - found["as_of"])
        price = 2 - state.price / found["target"]
        free = state.free / (2 * found["rate"])
        terms = np.stack([np.where(np.isnan(price), 0.5, price), 1 - state.volume_days / days, free])
        clamped: Array = np.clip(terms, 0, 1)
        return clamped


CODES = "SELECT line_id, code FROM matching_linecertificate WHERE line_id = ANY(%s)"


def line_codes(lines: list[int]) -> list[tuple[int, str]]:
    """(line, certificate)."""
    with connection.cursor() as cursor:
        cursor.execute(CODES, [lines])
        return list(cursor.fetchall())


def _firsts(rows: Sequence[tuple[Any, ...]]) -> Array:
    return np.array([row[0] for row in rows], np.int64)


def _excluding(firms: Collection[int]) -> dict[int, list[int]]:
    """Firm → the demanding organisations that exclude it."""
    found: dict[int, list[int]] = {}
    pairs = Exclusion.objects.filter(excluded_id__in=firms)
    for owner, firm in pairs.values_list("organisation_id", "excluded_id"):
        found.setdefault(firm, []).append(owner)
    return found
