"""A lab's people write its demands; nobody else, not even its bureau."""

from __future__ import annotations

from typing import Any

from tests.cast import World
from tests.matrix.roles import LEAD
from tests.matrix.row import EMPTY, Row, each, page

DRAFT = "demands.draft"
LINE = (("line_id", "00000000-0000-4000-8000-000000000000"),)


def sensor(world: World) -> dict[str, Any]:
    return {"type": "SNS"}


def as_it_is(world: World) -> dict[str, Any]:
    """A step says from which state it was decided."""
    return {"version": str(world.demands["draft"].version)}


#: Editors of firms; viewers and officials have no firm to write for.
WRITERS = {"editor", "owner", "lab", "rival", "other"}
ROWS = [
    page("opportunities"),
    Row("opportunity-new", ok=WRITERS),
    Row("opportunity-new", "POST", ok=WRITERS, yes=400, body=EMPTY),
    Row(
        "answer",
        "POST",
        "pair.open:supplier",
        ok=set(),
        other={"editor": 409, "owner": 409}
        | each({"viewer", "lab", "city_bureau", "admin", "partner_bureau", "platform", "rival"}, 403),
        body=EMPTY,
    ),
    Row("demand-new", ok=WRITERS),
    Row("demand-new", "POST", ok=WRITERS, yes=400, body=EMPTY),
    *(
        Row(name, target=DRAFT, ok={"lab"})
        for name in ("demand-edit", "demand-programme", "line-new", "need-edit", "demand-preview")
    ),
    *(Row(name, "POST", DRAFT, ok={"lab"}, yes=400, body=EMPTY) for name in ("demand-programme",)),
    Row("line-new", "POST", DRAFT, ok={"lab"}, yes=400, body=sensor),
    Row("need-edit", "POST", DRAFT, ok={"lab"}, yes=400, body=lambda world: {"type": "IND"}),
    Row("need-remove", "POST", DRAFT, ok={"lab"}, yes=302, body=as_it_is),
    Row("line-edit", target=DRAFT, ok=set(), more=LINE),
    Row("line-edit", "POST", DRAFT, ok=set(), more=LINE, body=EMPTY),
    Row("line-remove", "POST", DRAFT, ok=set(), more=LINE, body=EMPTY),
    Row("bill", target=DRAFT, ok={"lab"}),
    Row("bill", "POST", DRAFT, ok={"lab"}, yes=400, body=EMPTY),
    Row("bill-file", target=DRAFT, ok={"lab"}, yes=400),
    Row("bill-sheet", target="bills.draft", ok={"lab"} | LEAD),
    Row(
        "bill-step",
        "POST",
        "bills.draft",
        ok={"lab"},
        yes=302,
        body=lambda world: {"c0": "component_type"},
        more=(("step", "map"),),
        other=each(LEAD, 403),
    ),
    Row("demand-step", "POST", DRAFT, ok={"lab"}, yes=302, body=EMPTY, more=(("step", "clone"),)),
]
