"""Webhooks: an organisation's editors or officials keep them; nobody else knows that there are any."""

from __future__ import annotations

from tests.cast import World
from tests.matrix.roles import KNOWN, LAB, TOKENS
from tests.matrix.row import Row, each

KEEPERS = LAB - TOKENS
#: Who edits for some firm or works at some bureau.
EDITORS = {
    "editor",
    "owner",
    "lab",
    "rival",
    "other",
    "city_bureau",
    "partner_bureau",
    "other_bureau",
    "admin",
}
HOOK = "webhooks.lab"

ROWS = [
    Row("organisation-webhooks", target="organisations.lab", ok=KEEPERS),
    Row(
        "organisation-webhooks",
        "POST",
        "organisations.lab",
        ok=KEEPERS,
        yes=400,
        body=lambda world: {"name": ""},
    ),
    Row("webhook", target=HOOK, ok=KEEPERS),
    Row("webhook", "POST", HOOK, ok=KEEPERS, yes=302, body=lambda world: {"step": "test"}),
]

#: No token of the cast may: that needs a scope of its own.
SCOPED = each(TOKENS - {"suspended_token"}, 403)
MESSAGE = "webhook_messages.lab"


def new(world: World) -> dict[str, object]:
    return {"name": "x", "url": "https://example.org/", "events": ["match.found"]}


ROWS += [
    Row("api:webhook-list", ok=KNOWN - TOKENS, other=SCOPED),
    Row("api:webhook-list", "POST", ok=EDITORS, yes=201, no=403, other=SCOPED, body=new),
    Row("api:webhook-detail", target=HOOK, ok=KEEPERS, other=SCOPED),
    *(
        Row("api:webhook-detail", method, HOOK, ok=KEEPERS, yes=yes, other=SCOPED, body=new)
        for method, yes in (("PUT", 200), ("PATCH", 200), ("DELETE", 204))
    ),
    Row("api:webhook-rotate", "POST", HOOK, ok=KEEPERS, yes=201, other=SCOPED),
    Row("api:webhook-test", "POST", HOOK, ok=KEEPERS, yes=202, other=SCOPED),
    Row("api:webhook-message-list", ok=KNOWN - TOKENS, other=SCOPED),
    Row("api:webhook-message-detail", target=MESSAGE, ok=KEEPERS, other=SCOPED),
    Row("api:webhook-message-again", "POST", MESSAGE, ok=KEEPERS, yes=202, other=SCOPED),
]
