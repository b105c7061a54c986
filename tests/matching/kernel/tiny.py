"""Problems written out by hand: dictionaries with defaults in, a Problem out, for examples a person can check.

Cities: LAB (research), PARTS (components, production), FAR (member without a role), SITE (application sites),
AWAY (not a member).
Types: DRIVE (root; torque N*m, mass kg, ip ordered of 4, temp range, shape of 3 choices, brake bool),
MOTOR below DRIVE, CELL (root, temp only). Scenarios: INDOOR (root), STORE below it, OUTDOOR (root).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from matching.kernel import (
    Capabilities,
    Certificates,
    ComponentKeys,
    Demands,
    Kind,
    Lines,
    Lists,
    Op,
    Organisations,
    Places,
    Problem,
    Requirements,
    Role,
    ScenarioTypes,
    SiteKeys,
    Sites,
    Specs,
    Types,
    Weights,
    Windows,
    problem,
)

AS_OF = dt.date(2026, 3, 1).toordinal()
NAN = float("nan")
LAB, PARTS, FAR, SITE, AWAY = range(5)
TORQUE, MASS, IP, TEMP, SHAPE, BRAKE = range(6)
DRIVE, MOTOR, CELL = range(3)
INDOOR, STORE, OUTDOOR = range(3)
BUYER, GOOD_FIRM, NEW_FIRM, OPERATOR = range(4)
MINUTES = {
    (LAB, PARTS): 180.0,
    (LAB, FAR): 360.0,
    (LAB, SITE): 180.0,
    (PARTS, SITE): 180.0,
    (FAR, SITE): 360.0,
}
OTHERWISE = 540.0
KINDS = [Kind.NUMBER, Kind.NUMBER, Kind.ORDERED, Kind.RANGE, Kind.CHOICE, Kind.BOOL]
N_CHOICES = [0, 0, 4, 0, 3, 0]
NO, YES = 1, 2


def want(
    key: int, op: Op, a: Any = NAN, b: float = NAN, hard: bool = True, weight: float = 1, tol: float = 0.2
) -> Any:
    """A requirement; for ONE_OF ``a`` is a set of places, for IS a bool."""
    mask = 0
    if op == Op.ONE_OF:
        a, mask = NAN, sum(1 << place for place in a)
    elif op == Op.IS:
        a, mask = NAN, YES if a else NO
    return key, op, a, b, mask, hard, weight, tol


def offer(kind: Kind, value: Any) -> tuple[float, float, int]:
    """lo, hi, mask of a stated value: number, (lo, hi), set of places or bool."""
    if kind == Kind.BOOL:
        return NAN, NAN, YES if value else NO
    if kind in (Kind.CHOICE, Kind.ORDERED):
        return NAN, NAN, sum(1 << place for place in value)
    lo, hi = value if isinstance(value, tuple) else (value, value)
    return lo, hi, 0


def specs(rows: list[dict[int, Any]]) -> Specs:
    """Stated values, one dictionary by key per row."""
    flat = [
        (row, key, *offer(KINDS[key], value))
        for row, values in enumerate(rows)
        for key, value in values.items()
    ]
    return Specs.of(*zip(*flat, strict=True)) if flat else Specs.of([], [], [], [], [])


CAPABILITY: dict[str, Any] = {
    "type": MOTOR, "firm": GOOD_FIRM, "city": PARTS, "active": True, "valid_until": 0, "available_from": 0,
    "free": 1000.0, "moq": 1.0, "prototype_days": 10, "volume_days": 45, "price": NAN,
}  # fmt: skip
DEMAND: dict[str, Any] = {
    "organisation": BUYER, "lab": LAB, "open_scope": False, "start": 0, "need_by": AS_OF + 180, "iterations": 2,
    "deployment": -1, "scenario": -1, "fleet": 5.0, "trial_days": 20,
}  # fmt: skip
LINE: dict[str, Any] = {
    "demand": 0, "type": DRIVE, "quantity": 300.0, "rate": 100.0, "need_by": AS_OF + 180, "target": NAN,
    "ceiling": NAN,
}  # fmt: skip
SITE_ROW: dict[str, Any] = {
    "scenario": STORE, "city": SITE, "organisation": OPERATOR, "active": True, "fleet_capacity": 8.0,
}  # fmt: skip


def _columns(default: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row.get(name, value) for row in rows] for name, value in default.items()}


def tiny(
    capabilities: list[dict[str, Any]],
    lines: list[dict[str, Any]],
    demands: list[dict[str, Any]] | None = None,
    sites: list[dict[str, Any]] | None = None,
    minutes: dict[tuple[int, int], float] | None = None,
    weights: Weights | None = None,
) -> Problem:
    """A Problem from rows that say what differs from the defaults above.

    Beside columns, capabilities take ``specs`` {key: value} and ``certificates`` {code: expiry ordinal}, lines
    and sites ``wants`` [want(…)], lines and demands ``certificates`` and ``excluded`` as lists, sites
    ``params`` and ``windows`` [(days from as-of, days from as-of)].
    """
    demands, sites = [{}] if demands is None else demands, sites or []
    held = [
        (row, code, expires)
        for row, cap in enumerate(capabilities)
        for code, expires in cap.get("certificates", {}).items()
    ]
    windows = [
        [(AS_OF + first, AS_OF + last) for first, last in site.get("windows", [(0, 300)])] for site in sites
    ]
    travel = np.full((5, 5), OTHERWISE)
    for (a, b), t in (MINUTES | (minutes or {})).items():
        travel[a, b] = travel[b, a] = t
    np.fill_diagonal(travel, 30.0)
    return problem(
        as_of=AS_OF,
        places=Places(
            travel,
            [True, True, True, True, False],
            [Role.RND, Role.COMPONENTS | Role.PRODUCTION, 0, Role.SITES, 0],
        ),
        component_keys=ComponentKeys(KINDS, N_CHOICES),
        site_keys=SiteKeys(KINDS, N_CHOICES),
        types=Types(
            [-1, DRIVE, -1],
            [Role.PRODUCTION, Role.PRODUCTION, Role.COMPONENTS],
            [[True] * 6, [True] * 6, [False, False, False, True, False, False]],
        ),
        scenario_types=ScenarioTypes([-1, INDOOR, -1]),
        organisations=Organisations([True, True, False, True], [0, 8, 5, 3], [0, 8, 5, 1]),
        capabilities=Capabilities(
            **_columns(CAPABILITY, capabilities),
            specs=specs([cap.get("specs", {}) for cap in capabilities]),
            certificates=Certificates.of(*(list(zip(*held, strict=True)) or [(), (), ()])),
        ),
        demands=Demands(
            **_columns(DEMAND, demands),
            site_requirements=Requirements.of([demand.get("wants", []) for demand in demands]),
            excluded=Lists.of([demand.get("excluded", []) for demand in demands]),
        ),
        lines=Lines(
            **_columns(LINE, lines),
            certificates=Lists.of([line.get("certificates", []) for line in lines]),
            requirements=Requirements.of([line.get("wants", []) for line in lines]),
        ),
        sites=Sites(
            **_columns(SITE_ROW, sites),
            windows=Windows.of(windows),
            params=specs([site.get("params", {}) for site in sites]),
            conditions=Requirements.of([site.get("wants", []) for site in sites]),
        ),
        weights=weights or Weights.default(),
    )


def worked_example() -> Problem:
    """The example of docs/matching.md: two lines, six capabilities, one site that rules the best cell out."""
    motor, cell = {"type": MOTOR, "city": PARTS}, {"type": CELL, "firm": NEW_FIRM, "city": PARTS}
    return tiny(
        capabilities=[
            {**motor, "price": 110.0, "free": 150.0, "specs": {TORQUE: 13.0, MASS: 2.2, IP: {1}, TEMP: (-20.0, 60.0)}},
            {**motor, "firm": NEW_FIRM, "city": FAR, "volume_days": 90, "free": 400.0,
             "specs": {TORQUE: 12.0, MASS: 1.8, IP: {3}}},
            {**motor, "price": 100.0, "specs": {TORQUE: 11.4, MASS: 1.8, IP: {3}}},
            {**motor, "price": 143.0, "specs": {TORQUE: (5.0, 20.0), MASS: 1.8, IP: {3}}},
            {**cell, "prototype_days": 20, "volume_days": 36, "free": 50.0, "specs": {TEMP: (-20.0, 50.0)}},
            {**cell, "firm": OPERATOR, "city": FAR, "volume_days": 18, "free": 100.0, "specs": {TEMP: (0.0, 50.0)}},
        ],
        demands=[{"start": AS_OF + 10, "scenario": INDOOR}],
        lines=[
            {"target": 100.0, "ceiling": 130.0, "wants": [
                want(TORQUE, Op.GE, 12.0),
                want(MASS, Op.LE, 2.0, hard=False, weight=3),
                want(IP, Op.GE, 2.0, hard=False, tol=1.0),
            ]},
            {"type": CELL, "quantity": 100.0, "rate": 50.0, "wants": [want(TEMP, Op.COVERS, 0.0, 40.0)]},
        ],
        sites=[{"windows": [(27, 60), (122, 213)], "wants": [want(TEMP, Op.COVERS, -10.0, 40.0)]}],
    )  # fmt: skip
