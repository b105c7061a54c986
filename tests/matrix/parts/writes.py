"""Writes through the API: editors of the firm; who only sees the row may not, to everybody else it is missing."""

from __future__ import annotations

from typing import Any

from tests.cast import World
from tests.matrix.roles import BUREAUS, LAB, NORTH, SOUTH, SUPPLIER
from tests.matrix.row import EMPTY, NEEDS_WRITE, PLATFORM, Body, Row, each

EDITORS = {"editor", "owner", "service_token", "lab", "write_token", "rival", "other", "foreign_token"}
OWN = {"editor", "owner", "service_token"}
SEEN = NORTH | PLATFORM


def part(world: World) -> dict[str, Any]:
    """For any firm but the supplier there is no such plant."""
    return {"component_type": "DRV", "facility": str(world.facilities["supplier"].public_id)}


PLANT: Body = lambda world: {"name": "Plant", "city": "990200"}  # noqa: E731
YARD: Body = lambda world: {"name": "Y", "city": "990100", "scenario_type": "IND", "fleet_capacity": 3}  # noqa: E731
WALKER: Body = lambda world: {"title": "W", "start_date": "2026-12-01", "need_by": "2027-09-01"}  # noqa: E731
ONE: Body = lambda world: {"rows": [{}], "atomic": False}  # noqa: E731
DECLINE: Body = lambda world: {"move": "decline", "reason": "no need"}  # noqa: E731
NAME = (("external_id", "matrix-1"),)


def pair(world: World) -> dict[str, Any]:
    return {
        "line": str(world.lines["members"].public_id),
        "capability": str(world.capabilities["supplier"].public_id),
    }


def pipeline(world: World) -> dict[str, Any]:
    named = {"demand": world.demands["members"], "site": world.sites["open"]}
    return {name: str(row.public_id) for name, row in named.items()}


def made(kind: str, body: Body, *, who: set[str] = EDITORS, else_: dict[str, int] | None = None) -> list[Row]:
    other = NEEDS_WRITE | (else_ or {})
    return [
        Row(f"api:{kind}-list", "POST", ok=who, yes=201, no=403, body=body, other=other),
        Row(f"api:{kind}-upsert", "PUT", ok=who, yes=201, no=403, body=body, other=other, more=NAME),
        Row(f"api:{kind}-bulk", "POST", ok=EDITORS, no=403, body=ONE, other=NEEDS_WRITE),
    ]


def changed(kind: str, target: str, seen: set[str], may: set[str]) -> list[Row]:
    only = each(seen - may, 403) | NEEDS_WRITE
    return [
        Row(f"api:{kind}-detail", "PATCH", target, ok=may, body=EMPTY, other=only),
        Row(f"api:{kind}-detail", "PUT", target, ok=may, yes=400, body=EMPTY, other=only),
    ]


def gone(kind: str, target: str, seen: set[str], may: set[str]) -> Row:
    only = each(seen - may, 403) | NEEDS_WRITE
    return Row(f"api:{kind}-detail", "DELETE", target, ok=may, yes=204, other=only)


PLANTS = ("facility", "facilities.supplier", SEEN, OWN | {"partner_bureau"})
PARTS = ("capability", "capabilities.supplier", SEEN, OWN)
YARDS = (
    "site",
    "sites.outside",
    {"other", "foreign_token", "other_bureau"} | PLATFORM,
    {"other", "foreign_token"},
)
DEMANDS = ("demand", "demands.open", SEEN, {"lab", "write_token"})
FIRM = ("organisation", "organisations.supplier", SEEN, OWN | {"partner_bureau"})
STEPPERS = OWN | {"lab", "write_token"} | BUREAUS
READERS = SUPPLIER | LAB | BUREAUS | PLATFORM
OTHERS = EDITORS - OWN

ROWS = [
    *made("facility", PLANT),
    *made("capability", part, who=OWN, else_=each(OTHERS, 400)),
    *made("site", YARD),
    *made("demand", WALKER),
    *(row for args in (PLANTS, PARTS, YARDS, DEMANDS, FIRM) for row in changed(*args)),
    # A plant where published parts are made stays.
    Row(
        "api:facility-detail",
        "DELETE",
        "facilities.supplier",
        ok=OWN | {"partner_bureau"},
        yes=409,
        other=each(SEEN - OWN - {"partner_bureau"}, 403) | NEEDS_WRITE,
    ),
    *(gone(*args) for args in (PARTS, YARDS, DEMANDS)),
    Row("api:introduction-list"),
    Row(
        "api:introduction-list",
        "POST",
        ok=BUREAUS,
        yes=201,
        body=pair,
        other=each({"lab", "write_token", "platform"}, 403) | each(SOUTH, 400) | NEEDS_WRITE,
    ),
    Row("api:introduction-detail", target="introductions.open", ok=READERS),
    Row(
        "api:introduction-steps",
        "POST",
        "introductions.open",
        ok=STEPPERS,
        body=DECLINE,
        other=each({"viewer"} | PLATFORM, 403) | NEEDS_WRITE,
    ),
    Row("api:project-list"),
    Row("api:project-detail", target="projects.open", ok=LAB | BUREAUS | PLATFORM),
    Row(
        "api:project-list",
        "POST",
        ok=BUREAUS,
        yes=201,
        body=pipeline,
        other=each({"lab", "write_token", "platform"}, 403) | each(SOUTH, 400) | NEEDS_WRITE,
    ),
    Row("api:changes"),
    Row(
        "api:match-preview",
        "POST",
        ok=EDITORS | {"read_token"},
        no=403,
        body=lambda world: {"demand": WALKER(world)},
    ),
]
