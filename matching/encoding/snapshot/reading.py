"""Offers out of the database: all of them, or those that changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from django.db import connection

from companies.models import ComponentKey
from matching.encoding.columns import Array, columns, copied, ordinal, positions
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
    "facility": ("c.facility_id", "int8"),
}
FROM = """
    FROM companies_capability c JOIN companies_facility f ON f.id = c.facility_id
    JOIN alliance_organisation o ON o.id = c.organisation_id
    LEFT JOIN companies_capabilityterms t ON t.capability_id = c.id
    LEFT JOIN alliance_deliveryrecord r ON r.organisation_id = o.id
"""
# Who holds certificates: table, its column of the holder, the column of a capability that names this one.
HOLDERS = (
    ("companies_capabilitycertificate", "capability_id", "id"),
    ("companies_facilitycertificate", "facility_id", "facility_id"),
    ("alliance_organisationcertificate", "organisation_id", "organisation_id"),
)
HELD = "SELECT k.{1} AS holder, k.code, k.expires_on FROM {0} k"
OF_SOME = "WHERE k.{1} IN (SELECT c.{2} FROM companies_capability c WHERE c.id = ANY(%(ids)s))"
CODES = "SELECT DISTINCT code FROM ({}) held ORDER BY 1"
SPECS = "SELECT c.id, c.specs::text FROM companies_capability c {condition} ORDER BY c.id"
ID, TEXT = (
    slice(6, 14),
    slice(18, None),
)  # of the bytes of their rows: number of fields, length, id, length, text


def read_offers(ids: Sequence[int] | None = None, codes: Sequence[str] = ()) -> Offers:
    """All capabilities, or those of these ids that exist. `codes`: known ones, which keep their positions."""
    params: dict[str, Any] = {"ids": None if ids is None else list(ids)}
    where = "" if ids is None else " WHERE c.id = ANY(%(ids)s)"
    found = columns(SELECT, f"{FROM}{where} ORDER BY c.id", params)
    table: dict[str, Array] = {name: found[name].astype(kind) for name, kind in COLUMNS.items()}
    specs, key_ids = _specs(table["id"], where, params)
    held, known = _held(found, params, codes)
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
    # One after the other, as they come: the text of two million would be half a gigabyte.
    rows = copied(SPECS.format(condition=condition), params)
    while block := list(islice(rows, BLOCK)):
        row_ids = np.frombuffer(b"".join([row[ID] for row in block]), ">i8")
        values = json.loads(b"[" + b",".join([row[TEXT] for row in block]) + b"]")
        _add_all(gathered, positions(ids, row_ids), values)
    return gathered.specs(), key_ids


def _add_all(gathered: SpecColumns, places: Array, values: list[dict[str, Any]]) -> None:
    try:
        gathered.add_all(places, values)
    except (LookupError, TypeError, ValueError):
        for place, own in zip(places.tolist(), values, strict=True):
            _add(gathered, place, own)


def _add(gathered: SpecColumns, place: int, values: dict[str, Any]) -> None:
    try:
        gathered.add(place, values)
    except (LookupError, TypeError, ValueError):
        gathered.mend(place, values)


def _held(
    capabilities: Mapping[str, Array], params: dict[str, Any], codes: Sequence[str]
) -> tuple[Certificates, list[str]]:
    """Certificates of capabilities, of their facilities and firms, read once each and handed on to all of theirs."""
    own = {
        "id": capabilities["id"],
        "facility_id": capabilities["facility"],
        "organisation_id": capabilities["firm"],
    }
    held = HELD if params["ids"] is None else f"{HELD} {OF_SOME}"
    tables = [held.format(*holder) for holder in HOLDERS]
    with connection.cursor() as cursor:
        cursor.execute(CODES.format(" UNION ALL ".join(tables)), params)
        found = [row[0] for row in cursor.fetchall()]
    known = [*codes, *(code for code in found if code not in set(codes))]
    select = {
        "holder": ("held.holder", "int8"),
        "code": ("asked.place - 1", "int4"),
        "expires": (ordinal("held.expires_on", empty=True), "int4"),
    }
    parts = []
    for table, (_, _, column) in zip(tables, HOLDERS, strict=True):
        rest = f"FROM ({table}) held JOIN unnest(%(codes)s::text[]) WITH ORDINALITY AS asked(code, place) USING (code)"
        rows = columns(select, rest, params | {"codes": known})
        row, at = _matched(own[column], rows["holder"])
        parts.append((row, rows["code"][at], rows["expires"][at]))
    return Certificates.of(*(np.concatenate(values) for values in zip(*parts, strict=True))), known


def _matched(values: Array, holders: Array) -> tuple[Array, Array]:
    """All pairs of equal ones: positions in both."""
    order = np.argsort(holders, kind="stable")
    first, last = (np.searchsorted(holders[order], values, side) for side in ("left", "right"))
    many = last - first
    begin = np.repeat(first - (np.cumsum(many) - many), many)
    return np.repeat(np.arange(len(values)), many), order[begin + np.arange(len(begin))]
