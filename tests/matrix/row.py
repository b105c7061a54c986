"""The permission matrix: for each address and method, who gets what. A route without a row fails the build.

`Row(route, method, target, ok, yes=200, body=…, refused=…)`: the roles in `ok` are answered `yes`; the others as
`no` says: by default a missing row (404), after the lock that everybody passes (pages: the sign-in page; API: 401
without a valid session or token, 403 for who belongs nowhere). `other` names roles with an answer of their own.
`target` picks the row in the address from the world of tests/cast.py; "" for an address without one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.cast import World
from tests.matrix.roles import (
    DEMAND_SIDE,
    EVERYBODY,
    KNOWN,
    LAB,
    LEAD,
    NORTH,
    OUT,
    PLACELESS,
    SOUTH,
    SUPPLIER,
    TOKENS,
)

PLATFORM = {"platform"}
Body = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    route: str
    method: str = "GET"
    target: str = ""
    ok: set[str] = field(default_factory=lambda: KNOWN)
    yes: int = 200
    no: int = 404
    other: dict[str, int] = field(default_factory=dict)
    body: Body | None = None
    #: what the address names beside the row: (("name", "accept"),)
    more: tuple[tuple[str, str], ...] = ()

    @property
    def api(self) -> bool:
        return self.route.startswith("api:")

    def expected(self, role: str) -> int:
        if not self.api and role == "service_token":  # a page sees no token: like any other one
            role = "write_token"
        if role in self.other:
            return self.other[role]
        if role in self.ok:
            return self.yes
        if self.api:
            return 401 if role in OUT else 403 if role in PLACELESS else self.no
        return 302 if role in OUT | TOKENS else self.no


def each(roles: set[str], status: int) -> dict[str, int]:
    return dict.fromkeys(roles, status)


#: what an address names → how to find it: (collection of the world, key)
SEEN: dict[str, set[str]] = {
    "demands.open": NORTH | PLATFORM,
    "demands.members": NORTH | PLATFORM,
    "demands.introduction": NORTH | PLATFORM,
    "demands.unmatched": DEMAND_SIDE,
    "demands.everywhere": DEMAND_SIDE,
    "demands.draft": LAB | LEAD,
    "demands.foreign": SOUTH | PLATFORM,
    "capabilities.supplier": NORTH | PLATFORM,
    "capabilities.unpublished": SUPPLIER | {"partner_bureau"},
    "capabilities.draft": {"partner_bureau"},
    "capabilities.outsider": SOUTH | PLATFORM,
    "capabilities.far": SOUTH | DEMAND_SIDE,
    "facilities.supplier": NORTH | PLATFORM,
    "facilities.draft": {"partner_bureau"},
    "facilities.outsider": SOUTH | DEMAND_SIDE,
    "organisations.lab": NORTH | PLATFORM,
    "organisations.supplier": NORTH | PLATFORM,
    "organisations.draft": {"partner_bureau"},
    "organisations.outsider": SOUTH | DEMAND_SIDE,
    "sites.open": NORTH | PLATFORM,
    "sites.unpublished": LEAD,
    "sites.outside": SOUTH | PLATFORM,
    "runs.north": DEMAND_SIDE - LAB,
    "runs.single": DEMAND_SIDE,
    "runs.south": {"other_bureau"} | PLATFORM,
}
PAIRS: dict[str, set[str]] = {
    "open:supplier": DEMAND_SIDE,
    "introduction:rival": DEMAND_SIDE,
    "everywhere:far": DEMAND_SIDE,
    "foreign:outsider": SOUTH | PLATFORM,
}


def _kind(kind: str) -> dict[str, set[str]]:
    return {target: roles for target, roles in SEEN.items() if target.startswith(f"{kind}.")}


def details(route: str, kind: str) -> list[Row]:
    return [Row(route, target=target, ok=roles) for target, roles in _kind(kind).items()]


def page(route: str, **more: Any) -> Row:
    """A page that every signed-in person may open; who belongs nowhere finds it empty."""
    return Row(route, ok=(KNOWN - TOKENS) | PLACELESS, **more)


def page_details(route: str, kind: str) -> list[Row]:
    return [Row(route, target=target, ok=roles - TOKENS) for target, roles in _kind(kind).items()]


def public(route: str, **more: Any) -> Row:
    return Row(route, ok=EVERYBODY - {"suspended_token"}, other={"suspended_token": 200}, **more)


EMPTY: Body = lambda world: {}  # noqa: E731
NEEDS_WRITE = {"read_token": 403}
