"""The history of a row: its owner's editors and the bureau that cares for it."""

from __future__ import annotations

from tests.matrix.row import Row

ROWS = [
    Row(
        "history",
        target="capabilities.supplier",
        ok={"editor", "owner", "partner_bureau"},
        more=(("kind", "capability"),),
    ),
    Row("history", target="demands.open", ok={"lab", "city_bureau", "admin"}, more=(("kind", "demand"),)),
]
