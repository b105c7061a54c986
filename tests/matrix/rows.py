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

    @property
    def api(self) -> bool:
        return self.route.startswith("api:")

    def expected(self, role: str) -> int:
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


def _details(route: str, kind: str) -> list[Row]:
    return [Row(route, target=target, ok=roles) for target, roles in _kind(kind).items()]


def _page(route: str, **more: Any) -> Row:
    """A page that every signed-in person may open; who belongs nowhere finds it empty."""
    return Row(route, ok=(KNOWN - TOKENS) | PLACELESS, **more)


def _page_details(route: str, kind: str) -> list[Row]:
    return [Row(route, target=target, ok=roles - TOKENS) for target, roles in _kind(kind).items()]


def _public(route: str, **more: Any) -> Row:
    return Row(route, ok=EVERYBODY - {"suspended_token"}, other={"suspended_token": 200}, **more)


ALLIANCE: Body = lambda world: {"alliance": "north"}  # noqa: E731
DEMAND: Body = lambda world: {"demand": str(world.demands["open"].public_id)}  # noqa: E731
TOKEN: Body = lambda world: {"name": "new", "scopes": ["read"], "days": 1}  # noqa: E731
EMPTY: Body = lambda world: {}  # noqa: E731
NEEDS_WRITE = {"read_token": 403}

LISTS = (
    "city alliance organisation token component-type facility capability scenario-type site demand match near-miss "
    "pipeline verdict match-run"
)
API = [
    _public("api:schema"),
    _public("api:docs"),
    *(Row(f"api:{name}-list") for name in LISTS.split()),
    Row("api:city-detail", target="city"),
    Row("api:alliance-detail", target="alliances.north"),
    Row("api:component-type-detail", target="component type"),
    Row("api:scenario-type-detail", target="scenario type"),
    *_details("api:organisation-detail", "organisations"),
    *_details("api:facility-detail", "facilities"),
    *_details("api:capability-detail", "capabilities"),
    *_details("api:site-detail", "sites"),
    *_details("api:demand-detail", "demands"),
    *(Row("api:match-detail", target=f"pair.{pair}", ok=roles) for pair, roles in PAIRS.items()),
    Row("api:near-miss-detail", target="pair.open:near", ok=DEMAND_SIDE),
    Row("api:near-miss-detail", target="pair.everywhere:bystander", ok=DEMAND_SIDE),
    Row("api:pipeline-detail", target="pipeline.open", ok=DEMAND_SIDE),
    Row("api:pipeline-detail", target="pipeline.everywhere", ok=DEMAND_SIDE),
    Row("api:verdict-detail", target="pair.open:supplier", ok=SUPPLIER),
    Row("api:verdict-detail", target="pair.introduction:near", ok=SUPPLIER),
    Row("api:verdict-detail", target="pair.open:rival", ok={"rival"}),
    Row("api:verdict-detail", target="pair.everywhere:far", ok=set()),
    *_details("api:match-run-detail", "runs"),
    Row(
        "api:match-run-list",
        "POST",
        ok={"admin", "platform"},
        yes=202,
        no=403,
        body=ALLIANCE,
        other=NEEDS_WRITE,
    ),
    Row(
        "api:match-run-list",
        "POST",
        ok={"lab", "write_token", "city_bureau", "admin", "platform"},
        yes=202,
        no=403,
        body=DEMAND,
        other=each(SOUTH, 400) | NEEDS_WRITE,
    ),
    *(
        Row(
            f"api:match-run-{step}",
            "POST",
            "runs.north",
            ok={"admin", "platform"},
            yes=409,
            body=EMPTY,
            other={"city_bureau": 403, "partner_bureau": 403} | NEEDS_WRITE,
        )
        for step in ("cancel", "retry")
    ),
    Row(
        "api:match-run-cancel",
        "POST",
        "runs.single",
        ok={"lab", "write_token", "city_bureau", "admin", "platform"},
        yes=409,
        body=EMPTY,
        other={"partner_bureau": 403} | NEEDS_WRITE,
    ),
    Row("api:token-list", "POST", ok=KNOWN - TOKENS, yes=201, no=403, body=TOKEN),
    Row("api:token-detail", target="token.alliance_admin:read", ok={"admin"}),
    Row(
        "api:token-detail",
        "DELETE",
        "token.alliance_admin:read",
        ok={"admin"},
        yes=204,
        other=each({"write_token", "foreign_token", "read_token"}, 403),
    ),
]

SWITCH: Body = lambda world: {"alliance": "north"}  # noqa: E731
PAGES = [
    _public("healthz"),
    _public("readyz"),
    Row(
        "login",
        ok=OUT | TOKENS,
        other=each((KNOWN - TOKENS) | PLACELESS, 302),
    ),
    Row("login", "POST", ok=OUT | TOKENS, body=EMPTY, other=each((KNOWN - TOKENS) | PLACELESS, 302)),
    Row("logout", "POST", ok=set(), body=EMPTY, other=each(EVERYBODY, 302)),
    Row("set_language", "POST", ok=set(), body=EMPTY, other=each(EVERYBODY, 302)),
    _page("password_change"),
    _page("password_change", method="POST", body=EMPTY),
    _page("password_change_done"),
    *(
        _page(name)
        for name in [
            "dashboard",
            "demands",
            "capabilities",
            "firms",
            "sites",
            "pipelines",
            "matches",
            "runs",
            "cities",
        ]
    ),
    _page("tokens"),
    Row("tokens", "POST", ok=(KNOWN - TOKENS) | PLACELESS, yes=400, body=EMPTY),
    Row(
        "token-revoke",
        "POST",
        "token.alliance_admin:read",
        ok={"admin"},
        yes=302,
        body=EMPTY,
    ),
    Row("switch-alliance", "POST", ok=set(), body=SWITCH, other=each((NORTH | PLATFORM) - TOKENS, 302)),
    Row("city", target="city", ok=KNOWN - TOKENS),
    *_page_details("demand", "demands"),
    *_page_details("capability", "capabilities"),
    *_page_details("firm", "organisations"),
    *_page_details("site", "sites"),
    *_page_details("run", "runs"),
    *(
        Row(
            "match",
            target=f"pair.{pair}",
            ok=(roles | (SUPPLIER if pair == "open:supplier" else set())) - TOKENS,
        )
        for pair, roles in PAIRS.items()
        if pair != "introduction:rival"
    ),
    Row("match", target="pair.introduction:rival", ok=(DEMAND_SIDE | {"rival"}) - TOKENS),
    Row("match", target="pair.open:near", ok=(DEMAND_SIDE | SUPPLIER) - TOKENS),
    Row("pipeline", target="pipeline.open", ok=DEMAND_SIDE - TOKENS),
    Row("pipeline-no-site", target="pipeline.everywhere", ok=DEMAND_SIDE - TOKENS),
    Row(
        "rematch-alliance",
        "POST",
        ok={"admin", "platform"},
        yes=302,
        no=403,
        body=ALLIANCE,
        other=each(PLACELESS, 404),
    ),
    Row(
        "rematch-demand",
        "POST",
        "demands.open",
        ok={"lab", "city_bureau", "admin", "platform"},
        yes=302,
        body=EMPTY,
        other=each(SUPPLIER | {"rival", "partner_bureau"}, 403),
    ),
    *(
        Row(
            f"run-{step}",
            "POST",
            "runs.north",
            ok={"admin", "platform"},
            yes=409,
            body=EMPTY,
            other={"city_bureau": 403, "partner_bureau": 403},
        )
        for step in ("cancel", "retry")
    ),
]

ROWS = [*API, *PAGES]
