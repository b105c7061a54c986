"""An operator's people write its sites; nobody else, not even their bureau."""

from __future__ import annotations

from tests.matrix.row import EMPTY, Row

WRITERS = {"editor", "owner", "lab", "rival", "other"}
OPEN = "sites.open"
ROWS = [
    Row("site-new", ok=WRITERS),
    Row("site-new", "POST", ok=WRITERS, body=EMPTY),
    # The cast has no role for the operator's people; tests/scenarios write as them.
    Row("site-edit", target=OPEN, ok=set()),
    Row("site-edit", "POST", OPEN, ok=set(), body=EMPTY),
    Row("window-add", "POST", OPEN, ok=set(), body=EMPTY),
    Row("window-remove", "POST", OPEN, ok=set(), body=EMPTY),
    Row("site-step", "POST", OPEN, ok=set(), body=EMPTY, more=(("step", "withdraw"),)),
    Row("site-hint", target=OPEN, ok={"city_bureau", "admin"}),
    Row("site-edit", target="sites.outside", ok={"other"}),
    Row(
        "site-step", "POST", "sites.outside", ok={"other"}, yes=302, body=EMPTY, more=(("step", "withdraw"),)
    ),
]
