"""A person's notices, how one wants to hear of things, and the link that ends mail."""

from __future__ import annotations

from tests.matrix.roles import EVERYBODY, KNOWN, PLACELESS, TOKENS
from tests.matrix.row import EMPTY, Row, each, page

SIGNED_IN = (KNOWN - TOKENS) | PLACELESS

ROWS = [
    page("notices"),
    page("notices-bell"),
    page("notice-settings"),
    Row("notice-settings", "POST", ok=SIGNED_IN, yes=400, body=EMPTY),
    Row("notices-read", "POST", ok=SIGNED_IN, yes=302, body=EMPTY),
    Row("notice", target="notices.supplier", ok={"owner"}, yes=302),
    Row("unsubscribe", ok=set(), other=each(EVERYBODY, 404), more=(("token", "nonsense"),)),
    Row("unsubscribe", "POST", ok=set(), body=EMPTY, other=each(EVERYBODY, 404), more=(("token", "x"),)),
]
