"""Offers out of the database: all of them, or those that changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection

from companies.models import ComponentKey
from matching.encoding.columns import Array, columns, ordinal, positions
from matching.encoding.snapshot.offers import COLUMNS, Offers
from matching.encoding.surroundings import KEY_FIELDS
from matching.encoding.vocabulary import Keys, SpecColumns
from matching.kernel import Certificates, Specs

BLOCK = 5000

SELECT = {
    "id": ("c.id", "int8"),
    "type": ("c.component_type_id", "int8"),
    "firm": ("c.organisation_id", "int8"),
    "city": ("f.city_id", "int8"),
    "active": ("c.published AND NOT o.suspended", "bool"),
    "valid_until": (ordinal("c.valid_until", empty=True), "int4"),
    "available_from": (ordinal("c.available_from", empty=True), "int4"),
    "free": ("coalesce(t.capacity_per_month - t.committed_per_month, 0)", "float8"),
    "moq": ("c.min_order_quantity", "float8"),
    "prototype_days": ("c.prototype_lead_days", "int4"),
    "volume_days": ("c.volume_lead_days", "int4"),
    "price": ("coalesce(t.unit_price, 'NaN')", "float8"),
    "verified": ("o.verified", "bool"),
    "completed": ("coalesce(r.completed, 0)", "int4"),
    "on_time": ("coalesce(r.on_time, 0)", "int4"),
}
FROM = """
    FROM companies_capability c JOIN companies_facility f ON f.id = c.facility_id
    JOIN alliance_organisation o ON o.id = c.organisation_id
    LEFT JOIN companies_capabilityterms t ON t.capability_id = c.id
    LEFT JOIN alliance_deliveryrecord r ON r.organisation_id = o.id
"""
HELD = """
    FROM (
        SELECT k.capability_id AS id, k.code, k.expires_on FROM companies_capabilitycertificate k
        {own}
        UNION ALL
        SELECT c.id, k.code, k.expires_on FROM companies_facilitycertificate k
        JOIN companies_capability c ON c.facility_id = k.facility_id {some}
        UNION ALL
        SELECT c.id, k.code, k.expires_on FROM alliance_organisationcertificate k
        JOIN companies_capability c ON c.organisation_id = k.organisation_id {some}
    ) held
"""
SPECS = "SELECT c.id, c.specs::text FROM companies_capability c {condition} ORDER BY c.id"
CODES = "SELECT DISTINCT held.code {held} ORDER BY 1"


def read_offers(ids: Sequence[int] | None = None, codes: Sequence[str] = ()) -> Offers:
    """All capabilities, or those of these ids that exist. `codes`: known ones, which keep their positions."""
    some = "" if ids is None else " AND c.id = ANY(%(ids)s)"
    params: dict[str, Any] = {"ids": None if ids is None else list(ids)}
    where = "" if ids is None else " WHERE c.id = ANY(%(ids)s)"
    found = columns(SELECT, f"{FROM}{where} ORDER BY c.id", params)
    table: dict[str, Array] = {name: found[name].astype(kind) for name, kind in COLUMNS.items()}
    specs, key_ids = _specs(table["id"], where, params)
    held, known = _held(table["id"], some, params, codes)
    count = len(table["id"])
    return Offers(
        table,
        _starts(specs.row, count),
        key_ids[specs.key].astype(np.int32),
        specs.lo,
        specs.hi,
        specs.mask,
        _starts(held.row, count),
        held.code,
        held.expires,
        known,
    )


def _starts(rows: Array, count: int) -> Array:
    return np.searchsorted(rows, np.arange(count + 1)).astype(np.int64)


def _specs(ids: Array, where: str, params: dict[str, Any]) -> tuple[Specs, Array]:
    """All stated values, the JSON of many rows parsed in one go; a value that does not suit is marked (`UNFIT`)."""
    keys = Keys(ComponentKey.objects.values_list(*KEY_FIELDS))
    key_ids = np.array(sorted(keys.by_id), np.int64)
    gathered = SpecColumns(keys)
    condition = f"{where} {'AND' if where else 'WHERE'} c.specs <> '{{}}'"
    with connection.cursor() as cursor:
        cursor.execute(SPECS.format(condition=condition), params)
        while rows := cursor.fetchmany(BLOCK):
            parsed = json.loads("[" + ",".join([row[1] for row in rows]) + "]")
            places = positions(ids, np.array([row[0] for row in rows])).tolist()
            for place, values in zip(places, parsed, strict=True):
                _add(gathered, place, values)
    return gathered.specs(), key_ids


def _add(gathered: SpecColumns, place: int, values: dict[str, Any]) -> None:
    try:
        gathered.add(place, values)
    except (LookupError, TypeError, ValueError):
        gathered.mend(place, values)


def _held(
    ids: Array, some: str, params: dict[str, Any], codes: Sequence[str]
) -> tuple[Certificates, list[str]]:
    own = some.replace(" AND c.id", "WHERE k.capability_id")
    held = HELD.format(own=own, some=some)
    with connection.cursor() as cursor:
        cursor.execute(CODES.format(held=held), params)
        found = [row[0] for row in cursor.fetchall()]
    known = [*codes, *(code for code in found if code not in set(codes))]
    if not known or not len(ids):
        return Certificates.of([], [], []), known
    select = {
        "id": ("held.id", "int8"),
        "code": ("asked.place - 1", "int4"),
        "expires": (ordinal("held.expires_on", empty=True), "int4"),
    }
    rest = (
        held
        + " JOIN unnest(%(codes)s::text[]) WITH ORDINALITY AS asked(code, place) ON asked.code = held.code"
    )
    rows = columns(select, rest, params | {"codes": known})
    return Certificates.of(positions(ids, rows["id"]), rows["code"], rows["expires"]), known
