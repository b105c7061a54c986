"""Introductions: their two firms, the bureaus of the two cities and of the alliance; nobody else."""

from __future__ import annotations

from tests.cast import World
from tests.matrix.roles import BUREAUS, LAB, SUPPLIER, TOKENS
from tests.matrix.row import EMPTY, PLATFORM, Row, each, page

SEEN = (SUPPLIER | LAB | BUREAUS | PLATFORM) - TOKENS


def version(world: World) -> dict[str, object]:
    return {"version": 1, "reason": "no need"}


ROWS = [
    page("introductions"),
    Row("introduction", target="introductions.open", ok=SEEN),
    Row("introduction", target="introductions.foreign", ok={"other", "other_bureau"} | PLATFORM),
    # Without a pair in the address the page says where to choose one, and nothing can be proposed.
    page("introduce"),
    Row("introduce", "POST", ok=set(), body=EMPTY),
    Row(
        "introduction-step",
        "POST",
        "introductions.open",
        ok={"editor", "owner", "lab", "city_bureau", "admin", "partner_bureau"},
        yes=302,
        body=version,
        more=(("name", "decline"),),
        other=each({"viewer"} | PLATFORM, 403),
    ),
    Row("project", target="projects.open", ok=(LAB | BUREAUS | PLATFORM) - TOKENS),
    Row("project", "POST", "projects.open", ok=(LAB | BUREAUS | PLATFORM) - TOKENS, yes=400, body=EMPTY),
]
