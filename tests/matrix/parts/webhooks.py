"""Webhooks: an organisation's editors or officials keep them; nobody else knows that there are any."""

from __future__ import annotations

from tests.matrix.roles import LAB, TOKENS
from tests.matrix.row import Row

KEEPERS = LAB - TOKENS
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
