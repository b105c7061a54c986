"""Rows of text turned into the things of section 1, with every default of section 2."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from tests.oracle.tables import Row, Tables
from tests.oracle.things import (
    Alliance,
    Capability,
    City,
    Demand,
    Facility,
    Line,
    Organisation,
    Param,
    Requirement,
    Site,
    SiteNeed,
    Type,
    World,
    params_of,
)
from tests.oracle.units import number


class BundleError(ValueError):
    """A cell that an import would refuse."""


def _text(row: Row, column: str) -> str:
    return str(row.get(column) or "").strip()


def _float(row: Row, column: str, default: float | None = None) -> float:
    text = _text(row, column)
    if text:
        return float(text)
    if default is None:
        raise BundleError(f"{column} is missing: {row}")
    return default


def _maybe(row: Row, column: str) -> float | None:
    return float(_text(row, column)) if _text(row, column) else None


def _bool(row: Row, column: str, default: bool) -> bool:
    text = _text(row, column).lower()
    if text in ("true", "1", "yes"):
        return True
    if text in ("false", "0", "no"):
        return False
    if text:
        raise BundleError(f"{column}: {text!r} is neither true nor false")
    return default


def _day(row: Row, column: str) -> date | None:
    return date.fromisoformat(_text(row, column)) if _text(row, column) else None


def _sure_day(row: Row, column: str) -> date:
    return date.fromisoformat(_text(row, column))


def _list(row: Row, column: str) -> list[str]:
    return [part.strip() for part in _text(row, column).split(";") if part.strip()]


def _json(row: Row, column: str) -> Any:
    return json.loads(_text(row, column)) if _text(row, column) else None


def _certificates(row: Row) -> list[tuple[str, date | None]]:
    held = []
    for part in _list(row, "certifications"):
        code, _, expiry = part.partition("@")
        held.append((code.strip(), date.fromisoformat(expiry.strip()) if expiry.strip() else None))
    return held


def offered(raw: Any, param: Param) -> Any:
    """(lo, hi), a set of choices, a bool; None when not stated."""
    if raw is None or raw == []:
        return None
    if param.kind == "bool":
        if not isinstance(raw, bool):
            raise BundleError(f"{param.key}: {raw!r} is not a bool")
        return raw
    if param.kind == "choice":
        chosen = {raw} if isinstance(raw, str) else set(raw)
        if not chosen <= set(param.choices):
            raise BundleError(f"{param.key}: {raw!r} has unknown choices")
        return chosen
    if isinstance(raw, list):
        low, high = (number(part, param.unit) for part in raw)
        if low > high:
            raise BundleError(f"{param.key}: {raw!r} runs backwards")
        return low, high
    value = number(raw, param.unit)
    return value, value


def _asked(op: str, raw: Any, param: Param) -> Any:
    if param.kind in ("number", "range"):
        if op in (">=", "<=", "="):
            value = number(raw, param.unit)
            return value, value
        if op in ("between", "covers"):
            low, high = (number(part, param.unit) for part in raw)
            return low, high
    elif param.kind == "choice":
        if op == "one_of":
            return {raw} if isinstance(raw, str) else set(raw)
        if op in (">=", "<=") and param.ordered:
            return param.choices.index(raw)
    elif op == "is" and isinstance(raw, bool):
        return raw
    raise BundleError(f"{param.key}: operator {op!r} with {raw!r} on a {param.kind}")


def requirements(rows: Iterable[Row] | None, params: dict[str, Param]) -> list[Requirement]:
    found = []
    for row in rows or ():
        if row["key"] not in params:
            raise BundleError(f"{row['key']!r} is not a parameter here")
        given = {key: value for key, value in row.items() if value is not None}
        value = _asked(given["op"], given.get("value"), params[given["key"]])
        op = "between" if given["op"] == "=" else given["op"]
        hard, weight = given.get("hard", True), float(given.get("weight", 1))
        found.append(Requirement(given["key"], op, value, hard, weight, float(given.get("tolerance", 0.2))))
    hard_keys = [requirement.key for requirement in found if requirement.hard]
    if len(hard_keys) != len(set(hard_keys)):
        raise BundleError(f"two hard requirements on one key: {hard_keys}")
    return found


def _specs(raw: dict[str, Any] | None, params: dict[str, Param]) -> dict[str, Any]:
    stated = {key: offered(value, params[key]) for key, value in (raw or {}).items()}
    return {key: value for key, value in stated.items() if value is not None}


def _types(rows: dict[str, Row]) -> dict[str, Type]:
    types = {}
    for code, row in rows.items():
        own = {}
        for param in row.get("params") or ():
            own[param["key"]] = Param(
                param["key"],
                param.get("unit") or "",
                param["kind"],
                list(param.get("choices") or ()),
                bool(param.get("ordered")),
            )
        types[code] = Type(code, row.get("parent") or "", row.get("supplied_by") or "", own)
    return types


def _alliances(tables: Tables) -> dict[str, Alliance]:
    alliances = {
        slug: Alliance(slug, _json(row, "weights") or {}) for (slug,), row in tables.alliances.rows.items()
    }
    for (slug, city), row in tables.memberships.rows.items():
        alliances[slug].roles[city] = set(_list(row, "roles"))
    return alliances


def _organisation(row: Row) -> Organisation:
    return Organisation(
        row["external_id"],
        _bool(row, "verified", False),
        _bool(row, "suspended", False),
        _certificates(row),
        int(_float(row, "deliveries_completed", 0)),
        int(_float(row, "deliveries_on_time", 0)),
        set(_list(row, "excluded")),
    )


def _capability(row: Row, name: str, facility: Facility, types: dict[str, Type]) -> Capability:
    kind = _text(row, "component_type")
    return Capability(
        facility,
        name,
        kind,
        _specs(_json(row, "specs"), params_of(types, kind)),
        _float(row, "capacity_per_month"),
        _float(row, "committed_per_month", 0),
        _float(row, "min_order_quantity", 1),
        int(_float(row, "prototype_lead_days")),
        int(_float(row, "volume_lead_days")),
        _maybe(row, "unit_price"),
        _certificates(row),
        _day(row, "available_from"),
        _day(row, "valid_until"),
        _bool(row, "published", True),
    )


def _need(row: Row, types: dict[str, Type]) -> SiteNeed | None:
    scenario = _text(row, "scenario_type")
    if not scenario:
        return None
    asked = requirements(_json(row, "site_requirements"), params_of(types, scenario))
    return SiteNeed(scenario, _float(row, "fleet_size"), int(_float(row, "trial_days")), asked)


def _demand(row: Row, name: str, organisation: Organisation, scenarios: dict[str, Type]) -> Demand:
    return Demand(
        organisation,
        name,
        _text(row, "alliance"),
        _text(row, "lab_city"),
        (_text(row, "scope") or "alliance") == "open",
        _sure_day(row, "start_date"),
        _sure_day(row, "need_by"),
        int(_float(row, "iterations", 2)),
        _text(row, "deployment_city"),
        _need(row, scenarios),
        _bool(row, "published", False),
        [],
    )


def _line(row: Row, name: str, demand: Demand, types: dict[str, Type]) -> Line:
    kind = _text(row, "component_type")
    return Line(
        name,
        kind,
        _float(row, "quantity"),
        _float(row, "monthly_rate"),
        _day(row, "need_by") or demand.need_by,
        _maybe(row, "target_unit_price"),
        _maybe(row, "ceiling_unit_price"),
        list(dict.fromkeys(_list(row, "certifications"))),
        requirements(_json(row, "requirements"), params_of(types, kind)),
    )


def _site(
    row: Row, name: str, organisation: Organisation, windows: list[Row], trees: tuple[dict[str, Type], ...]
) -> Site:
    components, scenarios = trees
    kind = _text(row, "scenario_type")
    every = {key: param for code in components for key, param in params_of(components, code).items()}
    return Site(
        organisation,
        name,
        _text(row, "city"),
        kind,
        _specs(_json(row, "params"), params_of(scenarios, kind)),
        requirements(_json(row, "part_conditions"), every),
        _float(row, "fleet_capacity"),
        _bool(row, "published", True),
        [(_sure_day(window, "starts"), _sure_day(window, "ends")) for window in windows],
    )


def read_bundles(folders: Iterable[Path]) -> World:
    """Everything the folders describe, imported one after the other."""
    tables = Tables()
    for folder in folders:
        tables.read(Path(folder))
    components, scenarios = _types(tables.component_types), _types(tables.scenario_types)
    organisations = {key[0]: _organisation(row) for key, row in tables.organisations.rows.items()}
    facilities = {
        key: Facility(organisations[key[0]], key[1], _text(row, "city"), _certificates(row))
        for key, row in tables.facilities.rows.items()
    }
    capabilities = [
        _capability(row, tables.capabilities.label(key), facilities[row["facility"]], components)
        for key, row in tables.capabilities.rows.items()
    ]
    demands = {
        key: _demand(row, tables.demands.label(key), organisations[key[0]], scenarios)
        for key, row in tables.demands.rows.items()
    }
    for key, row in tables.lines.rows.items():
        demand = demands[row["demand"]]
        demand.lines.append(_line(row, tables.lines.label(key), demand, components))
    sites = [
        _site(
            row,
            tables.sites.label(key),
            organisations[key[0]],
            tables.windows.get(key, []),
            (components, scenarios),
        )
        for key, row in tables.sites.rows.items()
    ]
    return World(
        {code: _city(row) for (code,), row in tables.cities.rows.items()},
        {(key[0], key[1]): _float(row, "minutes") for key, row in tables.travel.rows.items()},
        components,
        scenarios,
        _alliances(tables),
        list(organisations.values()),
        capabilities,
        list(demands.values()),
        sites,
    )


def _city(row: Row) -> City:
    return City(row["code"], _text(row, "parent"), _float(row, "latitude"), _float(row, "longitude"))
