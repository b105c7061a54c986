"""What hangs on rows: their history, files, threads."""

from __future__ import annotations

from tests.matrix.roles import BUREAUS, SUPPLIER
from tests.matrix.row import EMPTY, PLATFORM, Row, each

INTRODUCED = SUPPLIER | {"lab"} | BUREAUS
ON = (("kind", "introduction"),)

ROWS = [
    Row(
        "history",
        target="capabilities.supplier",
        ok={"viewer", "editor", "owner", "partner_bureau"},
        more=(("kind", "capability"),),
    ),
    Row("history", target="demands.open", ok={"lab", "city_bureau", "admin"}, more=(("kind", "demand"),)),
    Row("files", target="introductions.open", ok=INTRODUCED | PLATFORM, more=ON),
    Row(
        "files",
        "POST",
        "introductions.open",
        ok=INTRODUCED - {"viewer"},
        yes=400,
        body=EMPTY,
        more=ON,
        other=each({"viewer"} | PLATFORM, 403),
    ),
    # The proposal waits for an answer: the other side opens nothing yet.
    Row("file", target="attachments.introduction", ok=SUPPLIER | {"partner_bureau"}),
    Row(
        "file-step",
        "POST",
        "attachments.introduction",
        ok={"editor", "owner"},
        yes=302,
        body=EMPTY,
        more=(("step", "withdraw"),),
        other=each({"viewer", "partner_bureau"}, 403),
    ),
    # The proposal waits for an answer: only the two bureaus talk yet.
    Row("thread", target="introductions.open", ok=BUREAUS, more=ON),
    Row("thread", "POST", "introductions.open", ok=BUREAUS, yes=400, body=EMPTY, more=ON),
    # A bureau may ask a firm about its capability; nobody has asked yet.
    Row("thread", target="capabilities.supplier", ok=BUREAUS, more=(("kind", "capability"),)),
    Row(
        "message",
        target="messages.introduction",
        ok={"city_bureau"},
        other=each({"admin", "partner_bureau"}, 403),
    ),
    Row(
        "message",
        "POST",
        "messages.introduction",
        ok={"city_bureau"},
        yes=400,
        body=EMPTY,
        other=each({"admin", "partner_bureau"}, 403),
    ),
]
