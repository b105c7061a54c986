"""A region small enough to work out on paper; the expected numbers stand in `test_by_hand.py`."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

AS_OF = date(2026, 11, 20)


def day(offset: int) -> str:
    return (AS_OF + timedelta(days=offset)).isoformat()


def write_csv(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """Columns are those that any row has; a row without one has an empty cell."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def param(key: str, kind: str, unit: str = "", **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, "unit": unit, **more}


COMPONENTS = [
    {"code": "PART", "parent": None, "supplied_by": "components", "params": [param("temp", "range", "degC")]},
    {
        "code": "MOTOR",
        "parent": "PART",
        "supplied_by": "components",
        "params": [
            param("torque", "number", "N*m"),
            param("mass", "number", "kg"),
            param("grade", "choice", choices=["low", "mid", "high"], ordered=True),
        ],
    },
    {"code": "BOX", "parent": None, "supplied_by": "production", "params": []},
    {"code": "RARE", "parent": None, "supplied_by": "production", "params": []},
]
SCENARIOS = [
    {
        "code": "ANY",
        "parent": None,
        "params": [param("area", "number", "m**2"), param("height", "number", "m")],
    },
    {"code": "HALL", "parent": "ANY", "params": []},
    {"code": "MINE", "parent": None, "params": []},
]
MOTOR = {
    "component_type": "MOTOR", "capacity_per_month": 20, "committed_per_month": 0, "min_order_quantity": 1,
    "prototype_lead_days": 12, "volume_lead_days": 40, "unit_price": 220, "published": "true",
    "specs": json.dumps({"torque": 12, "temp": [-20, 50]}),
}  # fmt: skip


def capability(name: str, facility: str, **change: Any) -> dict[str, Any]:
    if "specs" in change:
        change["specs"] = json.dumps(change["specs"])
    return {"external_id": name, "facility": facility, **MOTOR, **change}


def write_places(folder: Path) -> None:
    """L is the lab's city, P makes parts, D lies in P, S hosts; F is far and in no alliance."""
    cities = [("L", "", 0, 0), ("P", "", 0, 1), ("D", "P", 0, 2), ("S", "", 1, 0), ("F", "", 0, 3)]
    write_csv(
        folder,
        "cities.csv",
        [{"code": c, "parent": p, "latitude": y, "longitude": x} for c, p, y, x in cities],
    )
    times = [("L", "P", 90), ("L", "D", 180), ("L", "S", 180), ("D", "S", 360), ("S", "P", 540)]
    write_csv(
        folder, "travel_times.csv", [{"origin": a, "destination": b, "minutes": m} for a, b, m in times]
    )
    write_csv(folder, "alliances.csv", [{"slug": "pact", "lead_city": "L"}])
    roles = [("L", "rnd;sites"), ("P", "components"), ("S", "sites")]
    write_csv(folder, "memberships.csv", [{"alliance": "pact", "city": c, "roles": r} for c, r in roles])
    for name, types in (("component_types.json", COMPONENTS), ("scenario_types.json", SCENARIOS)):
        (folder / name).write_text(json.dumps({"meta": {}, "types": types}), encoding="utf-8")


def write_makers(folder: Path) -> None:
    firms: list[dict[str, Any]] = [
        {"external_id": "LAB", "excluded": "OUT", "certifications": "ISO9001"},
        {
            "external_id": "ONE",
            "verified": "true",
            "certifications": f"ISO9001@{day(0)}",
            "deliveries_completed": 8,
            "deliveries_on_time": 7,
        },
        {"external_id": "TWO", "verified": "false"},
        {"external_id": "OLD", "certifications": f"ISO9001@{day(-1)}"},
        {"external_id": "OUT", "certifications": "ISO9001"},
        {"external_id": "BAD", "suspended": "true", "certifications": "ISO9001"},
        {"external_id": "HOST", "verified": "true"},
    ]
    write_csv(folder, "organisations.csv", [{"kind": "firm", **firm} for firm in firms])
    plants = [
        ("one-d", "ONE", "D", ""),
        ("one-p", "ONE", "P", ""),
        ("one-f", "ONE", "F", ""),
        ("two", "TWO", "L", "ISO9001"),
    ] + [(name.lower(), name, "P", "") for name in ("OLD", "OUT", "BAD", "LAB")]
    write_csv(
        folder,
        "facilities.csv",
        [{"external_id": n, "organisation": o, "city": c, "certifications": h} for n, o, c, h in plants],
    )


def write_capabilities(folder: Path) -> None:
    write_csv(
        folder,
        "capabilities.csv",
        [
            capability(
                "c1", "one-d", committed_per_month=5,
                specs={"torque": 12, "mass": "2500 g", "grade": ["low"], "temp": [-20, 50]},
            ),
            capability(
                "c2", "two", capacity_per_month=30, volume_lead_days=100, unit_price="",
                specs={"torque": 10, "mass": None, "grade": ["mid", "low"]},
            ),
            capability("weak", "one-p", specs={"torque": "800 N*cm"}),
            capability("dear", "one-p", unit_price=275),
            capability("weak-and-dear", "one-p", unit_price=275, specs={"torque": 9}),
            capability("excluded", "out"),
            capability("own", "lab"),
            capability("suspended", "bad"),
            capability("draft", "one-p", published="false"),
            capability("ended", "one-p", valid_until=day(-1)),
            capability("far", "one-f"),
            capability("late", "one-p", volume_lead_days=110, available_from=day(120)),
            capability("expired", "old"),
            capability("big-lots", "one-p", min_order_quantity=150, valid_until=day(0)),
            capability("full", "one-p", capacity_per_month=24, committed_per_month=20),
            capability(
                "b1", "one-p", component_type="BOX", specs={}, prototype_lead_days=5, volume_lead_days=50,
                capacity_per_month=10, unit_price=10,
            ),
        ],
    )  # fmt: skip


def write_needs(folder: Path) -> None:
    demand = {
        "organisation": "LAB", "alliance": "pact", "lab_city": "L", "scope": "alliance", "start_date": day(20),
        "need_by": day(100), "published": "true",
    }  # fmt: skip
    need = {"scenario_type": "ANY", "fleet_size": 4, "trial_days": 10}
    asked = [
        {"key": "area", "op": ">=", "value": 100},
        {"key": "height", "op": ">=", "value": 4, "hard": False},
    ]
    write_csv(
        folder,
        "demands.csv",
        [
            {"external_id": "robot", **demand, **need, "site_requirements": json.dumps(asked)},
            {"external_id": "kit", **demand, "iterations": 3, "deployment_city": "S"},
            {"external_id": "dream", **demand, **need},
            {"external_id": "draft", **demand, "published": "false"},
        ],
    )
    requirements = [
        {"key": "torque", "op": ">=", "value": "10 N*m"},
        {"key": "mass", "op": "<=", "value": 2, "hard": False, "weight": 2, "tolerance": 0.5},
        {"key": "grade", "op": ">=", "value": "mid", "hard": False},
    ]
    motor = {
        "component_type": "MOTOR", "quantity": 100, "monthly_rate": 10, "certifications": "ISO9001",
        "target_unit_price": 200, "ceiling_unit_price": 250, "requirements": json.dumps(requirements),
    }  # fmt: skip
    box = {"component_type": "BOX", "quantity": 50, "monthly_rate": 5, "need_by": day(50)}
    write_csv(
        folder,
        "demand_lines.csv",
        [
            {"external_id": "motor", "demand": "robot", **motor},
            {"external_id": "box", "demand": "robot", **box},
            {"external_id": "kit-box", "demand": "kit", **box},
            {"external_id": "rare", "demand": "dream", **box, "component_type": "RARE"},
            {"external_id": "draft-box", "demand": "draft", **box},
        ],
    )


def write_sites(folder: Path) -> None:
    cold = json.dumps([{"key": "temp", "op": "covers", "value": ["14 degF", 40]}])
    site = {"organisation": "HOST", "scenario_type": "HALL", "fleet_capacity": 6, "published": "true"}
    write_csv(
        folder,
        "sites.csv",
        [
            {
                "external_id": "cold", "city": "S", **site, "part_conditions": cold,
                "params": json.dumps({"area": 100, "height": "380 cm"}),
            },
            {"external_id": "home", "city": "L", **site, "fleet_capacity": 8, "params": '{"area": 500}'},
            {"external_id": "small", "city": "S", **site, "fleet_capacity": 3, "params": '{"area": 500}'},
            {"external_id": "narrow", "city": "S", **site, "params": '{"area": 99}'},
            {"external_id": "mine", "city": "S", **site, "scenario_type": "MINE"},
            {"external_id": "far", "city": "F", **site, "params": '{"area": 500}'},
        ],
    )  # fmt: skip
    windows = [("cold", 10, 15), ("cold", 30, 60), ("home", 20, 34)]
    windows += [(name, 20, 90) for name in ("small", "narrow", "mine", "far")]
    write_csv(
        folder, "site_windows.csv", [{"site": s, "starts": day(a), "ends": day(b)} for s, a, b in windows]
    )


def write_small_region(folder: Path) -> Path:
    write_places(folder)
    write_makers(folder)
    write_capabilities(folder)
    write_needs(folder)
    write_sites(folder)
    return folder
