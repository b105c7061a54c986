"""Gaps, meetings, calendars: officials at the table; everybody else finds nothing there."""

from __future__ import annotations

from tests.matrix.roles import BUREAUS, DEMAND_SIDE, KNOWN, PLACELESS, SOUTH, TOKENS
from tests.matrix.row import PLATFORM, Body, Row, page

#: Both bureaus of the north sit at this one.
TABLE = BUREAUS
OFFICIALS = BUREAUS | {"other_bureau"}
PEOPLE = (KNOWN - TOKENS) | PLACELESS


def _new(world):
    seats = [world.organisations[name].public_id for name in ("lead_bureau", "partner_bureau")]
    return {"title": "Next", "held_on": "2026-12-10", "minutes_long": "90", "bureaus": seats}


def _action(world):
    return {"text": "Call", "owner": str(world.organisations["lead_bureau"].public_id)}


TEXT: Body = lambda world: {"text": "An own point"}  # noqa: E731
UP: Body = lambda world: {"step": "up"}  # noqa: E731
HELD: Body = lambda world: {"state": "held"}  # noqa: E731
DONE: Body = lambda world: {"done": "yes"}  # noqa: E731
MINUTES: Body = lambda world: {"minutes": "All agreed."}  # noqa: E731
EDIT: Body = lambda world: {"title": "Moved", "held_on": "2026-12-11", "minutes_long": "60"}  # noqa: E731

NOTHING: Body = lambda world: {"do": "weights"}  # noqa: E731

MEETING = "meetings.both"
ROWS = [
    page("gaps"),
    Row("alliance-settings", ok=OFFICIALS | PLATFORM),
    Row("alliance-settings", "POST", ok=OFFICIALS | PLATFORM, yes=400, body=NOTHING),
    Row("compare", target="line.open", ok=DEMAND_SIDE - TOKENS),
    Row("compare", target="line.introduction", ok=DEMAND_SIDE - TOKENS),
    Row("compare", target="line.foreign", ok=(SOUTH | PLATFORM) - TOKENS),
    Row("meetings", ok=OFFICIALS),
    Row("meeting-new", ok=OFFICIALS),
    Row("meeting-new", "POST", ok=BUREAUS, yes=302, body=_new, other={"other_bureau": 400}),
    Row("meeting", target=MEETING, ok=TABLE),
    Row("meeting", target="meetings.lead", ok=TABLE - {"partner_bureau"}),
    Row("meeting-edit", target=MEETING, ok=TABLE),
    Row("meeting-edit", "POST", MEETING, ok=TABLE, yes=302, body=EDIT),
    Row("meeting-close", "POST", MEETING, ok=TABLE, yes=302, body=HELD),
    Row("meeting-minutes", "POST", MEETING, ok=TABLE, yes=302, body=MINUTES),
    Row("meeting-calendar", target=MEETING, ok=TABLE),
    Row("agenda-add", "POST", MEETING, ok=TABLE, yes=302, body=TEXT),
    Row("agenda-renew", "POST", MEETING, ok=TABLE, yes=302),
    Row("agenda-point", "POST", "agenda.both", ok=TABLE, yes=302, body=UP),
    Row("action-add", "POST", MEETING, ok=TABLE, yes=302, body=_action),
    Row("action-done", "POST", "actions.both", ok=TABLE, yes=302, body=DONE),
    Row("my-calendar", ok=PEOPLE),
]
