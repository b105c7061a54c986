"""My matches from the supplier's side: which demand lines its capabilities fit, and which they miss by one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from alliance.choices import OrganisationRole
from alliance.http import Column, listing, viewed
from alliance.selectors import viewer_of
from matching.filters import SIDES, OwnMatchFilter, OwnNearMissFilter
from matching.selectors.pairs import attach_own_pairs, own_results
from matching.selectors.today.inbox import is_maker

OFFERED = ("offers", "nearly")


def _of(row: Any, value: Any) -> Any:
    return value(row.pair) if row.pair else ""


def _quantity(pair: Any) -> Any:
    return pair.line.quantity if pair.demand.quantities_told else None


COLUMNS = [
    Column(_("Part"), lambda row: _of(row, lambda p: p.line.component_type), "part", short=_("Part and demand")),
    Column(_("Demand"), lambda row: row.heading, "demand", shown=False),
    Column(_("My capability"), lambda row: _of(row, lambda p: p.capability.title), "offer", sort="offer"),
    Column(_("Verdict"), lambda row: _of(row, lambda p: p.gap or _("fits")), "verdict"),
    Column(_("Quantity"), lambda row: _of(row, _quantity), "quantity", css="num"),
    Column(_("Needed by"), lambda row: row.until, "until", sort="until"),
    Column(_("City of the lab"), lambda row: _of(row, lambda p: p.demand.lab_city), "city", shown=False),
    Column(
        _("Introduction"),
        lambda row: row.introduction.get_state_display() if row.introduction else "",
        "introduction",
    ),
]  # fmt: skip


def sides_of(request: HttpRequest) -> list[str]:
    """The directions that mean something to this person, the usual one first; none to officials."""
    if not viewer_of(request.user).firms:
        return []
    firms = [seat.organisation for seat in viewed(request).seats]
    makes = any(is_maker(firm) for firm in firms)
    asks = any(OrganisationRole.RND in firm.roles for firm in firms)
    found = [*OFFERED] if makes or not asks else []
    return [*found, "needs"] if found else ["needs", *OFFERED]


def side_links(sides: Sequence[str], chosen: str) -> list[tuple[str, Any, bool]]:
    words = dict(SIDES)
    return [(f"?side={side}", words[side], side == chosen) for side in sides]


def own_matches(request: HttpRequest, side: str, sides: Sequence[str]) -> HttpResponseBase:
    user = request.user
    near = side == "nearly"
    fits, short = own_results(user)
    return listing(
        request,
        short if near else fits,
        OwnNearMissFilter if near else OwnMatchFilter,
        template="matching/own_match_list.html",
        columns=COLUMNS,
        name="own-near-misses" if near else "own-matches",
        prepare=lambda rows: attach_own_pairs(user, rows),
        extra={
            "sides": side_links(sides, side),
            "near": near,
            "narrowed": bool(request.GET.keys() - {"side", "view", "sort"}),
        },
    )
