"""Writing capabilities and plants: the firm's editors; verifying values: the bureau of its city."""

from __future__ import annotations

from tests.matrix.roles import NORTH, TOKENS
from tests.matrix.row import EMPTY, PLATFORM, Body, Row, each, page_details

WRITERS = {"editor", "owner", "lab", "rival", "other"}
MINE = {"editor", "owner"}
BUREAU = {"partner_bureau"}
SEEN_OTHERS = ((NORTH | PLATFORM) - TOKENS) - MINE
PLANT: Body = lambda world: {"name": "Plant", "city": "990200"}  # noqa: E731
TICKED: Body = lambda world: {"key": "rated_torque", "basis": "report 7"}  # noqa: E731

ROWS = [
    Row("capability-new", ok=WRITERS),
    # Nothing is chosen yet: the search for a type again.
    Row("capability-new", "POST", ok=WRITERS, body=EMPTY),
    Row("facility-new", ok=WRITERS),
    Row("facility-new", "POST", ok=WRITERS, yes=302, body=PLANT),
    Row("capability-preview", "POST", ok=WRITERS, body=EMPTY),
    Row("capability-edit", target="capabilities.supplier", ok=MINE, other=each(SEEN_OTHERS, 403)),
    Row(
        "capability-edit",
        target="capabilities.unpublished",
        ok=MINE,
        other=each({"viewer"} | BUREAU, 403),
    ),
    Row(
        "capability-edit",
        "POST",
        "capabilities.supplier",
        ok=MINE,
        yes=409,
        body=EMPTY,
        other=each(SEEN_OTHERS, 403),
    ),
    Row(
        "facility-edit",
        target="facilities.supplier",
        ok=MINE | BUREAU,
        other=each(SEEN_OTHERS - BUREAU, 403),
    ),
    Row(
        "facility-edit",
        "POST",
        "facilities.supplier",
        ok=MINE | BUREAU,
        yes=400,
        body=EMPTY,
        other=each(SEEN_OTHERS - BUREAU, 403),
    ),
    *page_details("facility", "facilities"),
    Row("capability-matches", target="capabilities.supplier", ok=MINE | {"viewer"}),
    Row("capability-matches", target="capabilities.far", ok={"other"}),
    Row(
        "capability-verify",
        "POST",
        "capabilities.supplier",
        ok=BUREAU,
        yes=302,
        body=TICKED,
        other=each((SEEN_OTHERS | MINE) - BUREAU, 403),
    ),
    *(
        Row(
            "capability-step",
            "POST",
            "capabilities.supplier",
            ok=MINE,
            yes=302,
            body=EMPTY,
            other=each(SEEN_OTHERS, 403),
            more=(("step", step),),
        )
        for step in ("withdraw", "publish", "archive", "restore", "clone")
    ),
    *(
        Row(
            "facility-step",
            "POST",
            "facilities.supplier",
            ok=MINE | BUREAU,
            yes=302,
            body=EMPTY,
            other=each(SEEN_OTHERS - BUREAU, 403),
            more=(("step", step),),
        )
        for step in ("archive", "restore")
    ),
]
