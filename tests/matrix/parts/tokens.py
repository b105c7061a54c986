"""Tokens: one's own, and an organisation's for its owners or officials; no token makes a token."""

from __future__ import annotations

from tests.cast import World
from tests.matrix.roles import TOKENS
from tests.matrix.row import EMPTY, Row, each


def words(world: World) -> dict[str, object]:
    return {"name": "ERP", "scopes": ["read"], "days": 5}


OWN = "token.alliance_admin:read"

ROWS = [
    Row("organisation-tokens", target="organisations.supplier", ok={"owner"}),
    Row("organisation-tokens", "POST", "organisations.supplier", ok={"owner"}, body=words),
    Row("organisation-tokens", target="organisations.lead_bureau", ok={"city_bureau", "admin"}),
    Row("token-rotate", "POST", OWN, ok={"admin"}, body=EMPTY),
    Row(
        "api:token-rotate",
        "POST",
        OWN,
        ok={"admin"},
        yes=201,
        body=EMPTY,
        other=each(TOKENS - {"suspended_token"}, 403),
    ),
]
