"""Uploads of a firm: its own people, and the bureau of its city looks on."""

from __future__ import annotations

from typing import Any

from tests.cast import World
from tests.matrix.roles import SUPPLIER
from tests.matrix.row import EMPTY, NEEDS_WRITE, Body, Row, each, page

SHEET = "sheets.supplier"
SEEN = SUPPLIER | {"partner_bureau"}
EDITORS = {"editor", "owner"}
LOOKERS = each({"viewer", "partner_bureau"}, 403)


def columns(world: World) -> dict[str, Any]:
    return {"c0": "external_id", "c1": "title"}


ONE: Body = lambda world: {"at:!2:1": "x"}  # noqa: E731
ROWS = [
    page("imports"),
    Row("imports", "POST", ok={"editor", "owner", "lab", "rival", "other"}, yes=400, body=EMPTY),
    page("import-template", yes=400),
    Row("import-export", ok={"editor", "owner", "lab", "rival", "other"}),
    Row("import", target=SHEET, ok=SEEN),
    Row("import-comments", target=SHEET, ok=SEEN),
    Row("import-map", "POST", SHEET, ok=EDITORS, yes=302, body=columns, other=LOOKERS),
    Row("import-mend", "POST", SHEET, ok=EDITORS, yes=302, body=ONE, other=LOOKERS),
    Row("import-confirm", "POST", SHEET, ok=EDITORS, yes=409, body=EMPTY, other=LOOKERS),
    Row("import-undo", "POST", SHEET, ok=EDITORS, yes=409, body=EMPTY, other=LOOKERS),
    Row("api:import-list"),
    Row("api:import-list", "POST", ok=set(), no=415, other=NEEDS_WRITE, body=EMPTY),
    Row("api:import-detail", target=SHEET, ok=SUPPLIER | {"partner_bureau"}),
    Row("api:import-file", target=SHEET, ok=SUPPLIER | {"partner_bureau"}),
    Row(
        "api:import-steps",
        "POST",
        SHEET,
        ok={"editor", "owner", "service_token"},
        body=lambda world: {"move": "cancel"},
        other=LOOKERS | NEEDS_WRITE,
    ),
    Row("api:export-list"),
    Row("api:export-list", "POST", yes=202, body=lambda world: {"resource": "matches", "format": "csv"}),
    Row("api:export-detail", target="exports.supplier", ok={"editor"}),
    Row("api:export-detail", "DELETE", "exports.supplier", ok={"editor"}, yes=204),
    Row("api:export-file", target="exports.supplier", ok={"editor"}, yes=409),
]
