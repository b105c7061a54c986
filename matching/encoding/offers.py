"""What is offered to an alliance's demands: capabilities with specs and certificates, and application sites."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection

from matching.encoding.columns import Array, columns, ordinal, positions
from matching.encoding.errors import EncodingError
from matching.encoding.vocabulary import Keys, SpecColumns
from matching.kernel import Certificates, Specs

BLOCK = 2000


@dataclass(frozen=True)
class Reach:
    """What the demands can see: these kinds everywhere in the alliance, those (of open demands) anywhere."""

    alliance: int
    as_of: date
    kinds: list[int]
    open_kinds: list[int]
    only: tuple[int, ...] | None = None  # sites: of these ids

    @property
    def params(self) -> dict[str, Any]:
        return {
            "alliance": self.alliance,
            "as_of": self.as_of,
            "kinds": self.kinds,
            "open_kinds": self.open_kinds,
            "only": list(self.only or ()),
        }

    @property
    def sites(self) -> str:
        """What follows SELECT."""
        return SITES if self.only is None else f"{SITES} AND s.id = ANY(%(only)s)"


# Hidden, suspended and outdated capabilities fail `state`: they are in no result and no count.
CAPABILITIES = """
    FROM companies_capability c
    JOIN companies_facility f ON f.id = c.facility_id
    JOIN alliance_organisation o ON o.id = c.organisation_id
    LEFT JOIN companies_capabilityterms t ON t.capability_id = c.id
    WHERE c.published AND NOT o.suspended AND (c.valid_until IS NULL OR c.valid_until >= %(as_of)s)
      AND (c.component_type_id = ANY(%(open_kinds)s)
           OR (c.component_type_id = ANY(%(kinds)s) AND f.city_id IN (
                SELECT city_id FROM alliance_alliancereach WHERE alliance_id = %(alliance)s)))
"""
SITES = """
    FROM scenarios_site s JOIN alliance_organisation o ON o.id = s.organisation_id
    WHERE s.published AND NOT o.suspended
      AND (s.scenario_type_id = ANY(%(open_kinds)s)
           OR (s.scenario_type_id = ANY(%(kinds)s) AND s.city_id IN (
                SELECT city_id FROM alliance_alliancereach WHERE alliance_id = %(alliance)s)))
"""


def read_capabilities(reach: Reach) -> dict[str, Array]:
    """By id. A capability without terms has nothing free."""
    select = {
        "id": ("c.id", "int8"),
        "type": ("c.component_type_id", "int8"),
        "firm": ("c.organisation_id", "int8"),
        "city": ("f.city_id", "int8"),
        "valid_until": (ordinal("c.valid_until", empty=True), "int4"),
        "available_from": (ordinal("c.available_from", empty=True), "int4"),
        "free": ("coalesce(t.capacity_per_month - t.committed_per_month, 0)", "float8"),
        "moq": ("c.min_order_quantity", "float8"),
        "prototype_days": ("c.prototype_lead_days", "int4"),
        "volume_days": ("c.volume_lead_days", "int4"),
        "price": ("coalesce(t.unit_price, 'NaN')", "float8"),
    }
    return columns(select, CAPABILITIES + " ORDER BY c.id", reach.params)


def capability_specs(reach: Reach, ids: Array, keys: Keys) -> Specs:
    return _specs(
        f"SELECT c.id, c.specs {CAPABILITIES} AND c.specs <> '{{}}'", reach, ids, keys, "capability"
    )


def site_params(reach: Reach, ids: Array, keys: Keys) -> Specs:
    return _specs(f"SELECT s.id, s.params {reach.sites} AND s.params <> '{{}}'", reach, ids, keys, "site")


def _specs(query: str, reach: Reach, ids: Array, keys: Keys, what: str) -> Specs:
    """Stated values of the keys asked about; the JSON of many rows is parsed in one go."""
    found = SpecColumns(keys)
    if not keys.names or not len(ids):
        return found.specs()
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, reach.params)
        while rows := cursor.fetchmany(BLOCK):
            parsed = json.loads("[" + ",".join([row[1] for row in rows]) + "]")
            places = positions(ids, np.array([row[0] for row in rows])).tolist()
            for (identity, _), place, values in zip(rows, places, parsed, strict=True):
                try:
                    found.add(place, values)
                except (LookupError, TypeError, ValueError) as error:
                    raise EncodingError(f"{what} {identity}: a value does not suit its parameter") from error
    return found.specs()


HELD = """
    FROM (
        SELECT k.capability_id AS id, k.code, k.expires_on FROM companies_capabilitycertificate k
        UNION ALL
        SELECT c.id, k.code, k.expires_on FROM companies_facilitycertificate k
        JOIN companies_capability c ON c.facility_id = k.facility_id
        UNION ALL
        SELECT c.id, k.code, k.expires_on FROM alliance_organisationcertificate k
        JOIN companies_capability c ON c.organisation_id = k.organisation_id
    ) held
    JOIN unnest(%(codes)s::text[]) WITH ORDINALITY AS asked(code, place) ON asked.code = held.code
    WHERE held.id IN (SELECT c.id {capabilities})
"""


def held_certificates(reach: Reach, ids: Array, codes: Sequence[str]) -> Certificates:
    """Certificates that somebody asks for, held by capability, facility or firm."""
    if not codes or not len(ids):
        return Certificates.of([], [], [])
    select = {
        "id": ("held.id", "int8"),
        "code": ("asked.place - 1", "int4"),
        "expires": (ordinal("held.expires_on", empty=True), "int4"),
    }
    params = {**reach.params, "codes": list(codes)}
    found = columns(select, HELD.format(capabilities=CAPABILITIES), params)
    return Certificates.of(positions(ids, found["id"]), found["code"], found["expires"])


def read_sites(reach: Reach) -> dict[str, Array]:
    select = {
        "id": ("s.id", "int8"),
        "scenario": ("s.scenario_type_id", "int8"),
        "city": ("s.city_id", "int8"),
        "organisation": ("s.organisation_id", "int8"),
        "fleet_capacity": ("s.fleet_capacity", "float8"),
    }
    return columns(select, f"{reach.sites} ORDER BY s.id", reach.params)


def site_windows(ids: Array) -> list[list[tuple[int, int]]]:
    """Open dates of each site, as ordinals."""
    select = {
        "site": ("w.site_id", "int8"),
        "opens": (ordinal("w.starts"), "int4"),
        "closes": (ordinal("w.ends"), "int4"),
    }
    found = columns(select, "FROM scenarios_sitewindow w WHERE w.site_id = ANY(%s)", [ids.tolist()])
    windows: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for site, opens, closes in zip(*(found[name].tolist() for name in select), strict=True):
        windows[site].append((opens, closes))
    return [windows.get(site, []) for site in ids.tolist()]
