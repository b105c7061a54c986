"""Requirements of all of an alliance as columns: what asks for a number never becomes a Python object.

Others (choices, ranges, yes or no) are read by ``Keys.requirement``, which says what is wrong with them, too.
"""

import json

import numpy as np
from django.db import connection

from matching.encoding.columns import Array, columns
from matching.encoding.vocabulary import OPS, Keys, entry
from matching.kernel import Kind, Requirements

SELECT = {
    "owner": ("{owner}", "int8"),
    "key": ("r.key_id", "int8"),
    "op": ("array_position(%s::text[], r.op::text) - 1", "int4"),
    "number": ("CASE jsonb_typeof(r.value) WHEN 'number' THEN r.value::float8 ELSE 'NaN' END", "float8"),
    "hard": ("r.hard", "bool"),
    "weight": ("r.weight", "float8"),
    "tolerance": ("r.tolerance", "float8"),
}
OF_LINES = """
    FROM matching_linerequirement r JOIN matching_demandline l ON l.id = r.line_id
    WHERE l.demand_id = ANY(%s) {which} ORDER BY r.line_id, r.position
"""
OF_DEMANDS = """
    FROM matching_siterequirement r WHERE r.site_need_id = ANY(%s) {which} ORDER BY r.site_need_id, r.position
"""
NAMES = list(OPS)
#: Operators that ask for one number.
PLAIN = (">=", "<=", "=")


def line_requirements(demands: Array, lines: Array, keys: Keys) -> Requirements:
    """Of the lines of these demands, in the order of ``lines``. EncodingError where one does not suit its parameter."""
    return _read(OF_LINES, "r.line_id", demands, lines, keys, "line")


def site_requirements(demands: Array, keys: Keys) -> Requirements:
    """Of these demands' sites."""
    return _read(OF_DEMANDS, "r.site_need_id", demands, demands, keys, "site need of demand")


def _read(rest: str, owner: str, demands: Array, owners: Array, keys: Keys, what: str) -> Requirements:
    """In one snapshot: what is no number is asked for on its own, in the same order."""
    select = {name: (expression.format(owner=owner), kind) for name, (expression, kind) in SELECT.items()}
    found = columns(select, rest.format(which=""), [NAMES, demands.tolist()])
    is_number = ~np.isnan(found["number"])
    values: list[object] = found["number"].tolist()
    others = np.flatnonzero(~is_number).tolist()
    for at, value in zip(others, _others(rest, demands) if others else [], strict=True):
        values[at] = value
    ids = np.array(list(keys.by_id), np.int64)
    key = np.minimum(np.searchsorted(ids, found["key"]), max(0, len(ids) - 1))
    plain = is_number & np.isin(found["op"], [NAMES.index(name) for name in PLAIN])
    if len(ids):
        plain &= (ids[key] == found["key"]) & (keys.kind[key] != Kind.ORDERED)
    low = np.where(plain, found["number"], np.nan)
    high = np.where(plain & (found["op"] == NAMES.index("=")), found["number"], np.nan)
    mask = np.zeros(len(low), np.uint64)
    for at in np.flatnonzero(~plain).tolist():
        row = int(found["key"][at]), NAMES[found["op"][at]], values[at], True, 1.0, 1.0
        _, _, low[at], high[at], mask[at], *_ = entry(keys, f"{what} {found['owner'][at]}", row)
    sorter = np.argsort(owners)
    place = sorter[np.searchsorted(owners, found["owner"], sorter=sorter)]
    order = np.argsort(place, kind="stable")
    start = np.concatenate(([0], np.cumsum(np.bincount(place, minlength=len(owners)))))
    op = np.array([int(code) for code in OPS.values()])[found["op"]]
    rest_of = [found[name][order] for name in ("hard", "weight", "tolerance")]
    return Requirements(start, key[order], op[order], low[order], high[order], mask[order], *rest_of)


def _others(rest: str, demands: Array) -> list[object]:
    query = f"SELECT r.value::text {rest}".format(which="AND jsonb_typeof(r.value) <> 'number'")
    with connection.cursor() as cursor:
        cursor.execute(query, [demands.tolist()])
        found: list[object] = json.loads("[" + ",".join([row[0] for row in cursor.fetchall()]) + "]")
    return found
