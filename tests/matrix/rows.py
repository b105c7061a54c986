"""The permission matrix: the first pages and endpoints, and the part of each domain (`tests/matrix/row.py`)."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.matrix import parts
from tests.matrix.roles import DEMAND_SIDE, EVERYBODY, KNOWN, NORTH, OUT, PLACELESS, SOUTH, SUPPLIER, TOKENS
from tests.matrix.row import (
    EMPTY,
    NEEDS_WRITE,
    PAIRS,
    PLATFORM,
    Body,
    Row,
    details,
    each,
    page,
    page_details,
    public,
)

ALLIANCE: Body = lambda world: {"alliance": "north"}  # noqa: E731
DEMAND: Body = lambda world: {"demand": str(world.demands["open"].public_id)}  # noqa: E731
TOKEN: Body = lambda world: {"name": "new", "scopes": ["read"], "days": 1}  # noqa: E731

LISTS = (
    "city alliance organisation token component-type facility capability scenario-type site demand match near-miss "
    "pipeline verdict match-run"
)
API = [
    public("api:schema"),
    public("api:docs"),
    *(Row(f"api:{name}-list") for name in LISTS.split()),
    Row("api:city-detail", target="city"),
    Row("api:alliance-detail", target="alliances.north"),
    Row("api:component-type-detail", target="component type"),
    Row("api:scenario-type-detail", target="scenario type"),
    *details("api:organisation-detail", "organisations"),
    *details("api:facility-detail", "facilities"),
    *details("api:capability-detail", "capabilities"),
    *details("api:site-detail", "sites"),
    *details("api:demand-detail", "demands"),
    *(Row("api:match-detail", target=f"pair.{pair}", ok=roles) for pair, roles in PAIRS.items()),
    Row("api:near-miss-detail", target="pair.open:near", ok=DEMAND_SIDE),
    Row("api:near-miss-detail", target="pair.everywhere:bystander", ok=DEMAND_SIDE),
    Row("api:pipeline-detail", target="pipeline.open", ok=DEMAND_SIDE),
    Row("api:pipeline-detail", target="pipeline.everywhere", ok=DEMAND_SIDE),
    Row("api:verdict-detail", target="pair.open:supplier", ok=SUPPLIER),
    Row("api:verdict-detail", target="pair.introduction:near", ok=SUPPLIER),
    Row("api:verdict-detail", target="pair.open:rival", ok={"rival"}),
    Row("api:verdict-detail", target="pair.everywhere:far", ok=set()),
    *details("api:match-run-detail", "runs"),
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
        other=each(TOKENS - {"suspended_token"}, 403),
    ),
]

SWITCH: Body = lambda world: {"alliance": "north"}  # noqa: E731
PAGES = [
    public("healthz"),
    public("readyz"),
    Row(
        "login",
        ok=OUT | TOKENS,
        other=each((KNOWN - TOKENS) | PLACELESS, 302),
    ),
    Row("login", "POST", ok=OUT | TOKENS, body=EMPTY, other=each((KNOWN - TOKENS) | PLACELESS, 302)),
    Row("logout", "POST", ok=set(), body=EMPTY, other=each(EVERYBODY, 302)),
    Row("set_language", "POST", ok=set(), body=EMPTY, other=each(EVERYBODY, 302)),
    page("password_change"),
    page("password_change", method="POST", body=EMPTY),
    page("password_change_done"),
    *(
        page(name)
        for name in [
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
    # Who belongs nowhere is led to where one asks to belong.
    Row("dashboard", ok=KNOWN - TOKENS, other=each(PLACELESS, 302)),
    page("tokens"),
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
    *page_details("demand", "demands"),
    *page_details("capability", "capabilities"),
    *page_details("firm", "organisations"),
    *page_details("site", "sites"),
    *page_details("run", "runs"),
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


def _parts() -> list[Row]:
    """Each domain's own file in `tests/matrix/parts/` adds its `ROWS`."""
    names = sorted(module.name for module in iter_modules(parts.__path__))
    return [row for name in names for row in import_module(f"{parts.__name__}.{name}").ROWS]


ROWS = [*API, *PAGES, *_parts()]
