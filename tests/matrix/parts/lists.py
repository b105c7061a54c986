"""What a person keeps of lists; what is kept by others is tested in tests/alliance/test_lists.py."""

from __future__ import annotations

from tests.matrix.roles import KNOWN, SUPPLIER, TOKENS
from tests.matrix.row import EMPTY, Body, Row, page

FIRMS = (("name", "firms"),)
CAPABILITIES = (("name", "capabilities"),)
WITHDRAW: Body = lambda world: {"action": "withdraw"}  # noqa: E731
ROWS = [
    Row("list-columns", "POST", ok=KNOWN - TOKENS, yes=302, body=EMPTY, more=FIRMS),
    Row("filter-save", "POST", ok=KNOWN - TOKENS, yes=302, body=EMPTY, more=FIRMS),
    Row(
        "filter-step", "POST", "filters.supplier", ok=SUPPLIER, yes=302, body=EMPTY, more=(("step", "open"),)
    ),
]
ROWS.append(page("search"))
ROWS.append(
    Row(
        "several",
        "POST",
        ok={"editor", "owner", "lab", "rival", "other"},
        yes=302,
        body=WITHDRAW,
        more=CAPABILITIES,
    )
)
