"""Demands and their lines, as columns and requirement rows."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from matching.encoding.columns import Array, columns, ordinal
from matching.encoding.vocabulary import Entry, Keys, entry
from matching.models import LineRequirement, SiteRequirement

RequirementRow = tuple[int, int, str, Any, bool, float, float]  # owner of the row, then `Keys.requirement`'s
CERTIFICATES = """
    SELECT c.line_id, c.code FROM matching_linecertificate c JOIN matching_demandline l ON l.id = c.line_id
    WHERE l.demand_id = ANY(%s)
"""
FIELDS = ("key_id", "op", "value", "hard", "weight", "tolerance")


def read_demands(alliance: int | None, chosen: Sequence[int] | None) -> dict[str, Array]:
    """Published demands of the alliance (all, or the chosen ones) that have lines, by id. None: of any."""
    select = {
        "id": ("d.id", "int8"),
        "alliance": ("d.alliance_id", "int8"),
        "owner": ("d.owner_id", "int8"),
        "lab": ("d.lab_city_id", "int8"),
        "open": ("d.scope = 'open'", "bool"),
        "start": (ordinal("d.start_date"), "int4"),
        "need_by": (ordinal("d.need_by"), "int4"),
        "iterations": ("d.iterations", "int4"),
        "deployment": ("coalesce(d.deployment_city_id, -1)", "int8"),
        "scenario": ("coalesce(n.scenario_type_id, -1)", "int8"),
        "fleet": ("coalesce(n.fleet_size, 0)", "float8"),
        "trial_days": ("coalesce(n.trial_days, 0)", "int4"),
    }
    rest = """
        FROM matching_demand d LEFT JOIN matching_siteneed n ON n.demand_id = d.id
        WHERE {which} AND d.published AND EXISTS (SELECT 1 FROM matching_demandline l WHERE l.demand_id = d.id)
        ORDER BY d.id
    """
    conditions = {"d.alliance_id = %s": alliance, "d.id = ANY(%s)": None if chosen is None else list(chosen)}
    given = {condition: value for condition, value in conditions.items() if value is not None}
    return columns(select, rest.format(which=" AND ".join(given)), list(given.values()))


def read_lines(demands: Array) -> dict[str, Array]:
    """Lines of these demands by (demand, id); need-by resolved, missing prices NaN."""
    select = {
        "id": ("l.id", "int8"),
        "demand": ("l.demand_id", "int8"),
        "type": ("l.component_type_id", "int8"),
        "quantity": ("l.quantity", "float8"),
        "rate": ("l.monthly_rate", "float8"),
        "need_by": (ordinal("coalesce(l.need_by, d.need_by)"), "int4"),
        "target": ("coalesce(p.target_unit_price, 'NaN')", "float8"),
        "ceiling": ("coalesce(p.ceiling_unit_price, 'NaN')", "float8"),
    }
    rest = """
        FROM matching_demandline l JOIN matching_demand d ON d.id = l.demand_id
        LEFT JOIN matching_lineprice p ON p.line_id = l.id
        WHERE l.demand_id = ANY(%s) ORDER BY l.demand_id, l.id
    """
    return columns(select, rest, [demands.tolist()])


def line_requirements(demands: Array) -> list[RequirementRow]:
    return _rows(LineRequirement.objects.filter(line__demand_id__in=demands.tolist()), "line_id")


def site_requirements(demands: Array) -> list[RequirementRow]:
    return _rows(SiteRequirement.objects.filter(site_need_id__in=demands.tolist()), "site_need_id")


def _rows(rows: QuerySet[Any], owner: str) -> list[RequirementRow]:
    return parsed_rows(rows.order_by(owner, "position"), owner, FIELDS)


def parsed_rows(rows: QuerySet[Any], owner: str, names: Sequence[str]) -> list[Any]:
    """(owner, *names) of rows with a JSON `value`; the JSON of all of them parsed in one go."""
    place = names.index("value") + 1
    told = [f"{name}_text" if name == "value" else name for name in names]
    found = list(rows.annotate(value_text=Cast("value", TextField())).values_list(owner, *told).iterator())
    values = json.loads("[" + ",".join([row[place] for row in found]) + "]")
    return [(*row[:place], value, *row[place + 1 :]) for row, value in zip(found, values, strict=True)]


def line_certificates(demands: Array) -> list[tuple[int, str]]:
    with (
        connection.cursor() as cursor
    ):  # as one array: thousands of parameters take longer to write than to ask
        cursor.execute(CERTIFICATES, [demands.tolist()])
        return list(cursor.fetchall())


def in_rows(owners: Array, keys: Keys, what: str, rows: Iterable[RequirementRow]) -> list[list[Entry]]:
    """One list of entries per owner, in the owners' order and each in the order people wrote them."""
    found: defaultdict[int, list[Entry]] = defaultdict(list)
    for owner, *row in rows:
        found[owner].append(entry(keys, f"{what} {owner}", tuple(row)))
    return [found.get(owner, []) for owner in owners.tolist()]
