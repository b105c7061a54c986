"""The first page: what waits for an official today; one's own rows for firms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliance.http import viewed
from alliance.models import Alliance
from alliance.selectors import viewer_of
from alliance.selectors.joining import own_suspensions
from alliance.selectors.notices import unread_count, unread_news
from alliance.templatetags._numbers import list_text
from matching.models import may_ask_for_run
from matching.selectors import (
    Desk,
    attach_standing,
    board,
    changes_since,
    demand_list,
    heading,
    inbox,
    introduction_figures,
    own_pair_rows,
    own_pairs,
    queue,
)
from matching.selectors.today.inbox import is_maker
from matching.selectors.trends import trends
from matching.services.visits import note_visit

SHOWN, MENTIONS = 6, 4
FILTERS = {"mine", "late"}


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Officials: what waits in their cities. Firms: their inbox. Who belongs nowhere waits or registers."""
    viewer, seen = viewer_of(request.user), viewed(request)
    if not viewer.known:
        return redirect("waiting")
    if viewer.firms and not viewer.official:
        return render(request, "matching/inbox.html", _firm(request))
    if seen.alliance is None:
        return render(request, "matching/dashboard_none.html", {})
    return render(request, "matching/dashboard.html", _official(request, seen.alliance))


def _official(request: HttpRequest, alliance: Alliance) -> dict[str, Any]:
    user = request.user
    asked = request.GET.get("show", "")
    work = request.GET.get("flow") == "work"
    desk = Desk(user, alliance)
    found = board(desk, work=work)
    flows = list_text(
        _("%(city)s %(count)d lines") % {"city": row.city, "count": row.lines}
        for row in found.cities
        if row.lines
    )
    since = note_visit(user)
    return {
        "queue": queue(desk, asked if asked in FILTERS else ""),
        "board": found,
        "flow_words": flows,
        "flow_modes": [("lines", _("could be supplied"), not work), ("work", _("introductions"), work)],
        "work": work,
        "figures": introduction_figures(desk.introductions),
        "trends": trends(user, alliance, desk.introductions),
        "today": timezone.localdate(),
        "since": since,
        "changes": changes_since(user, since),
        "news": desk.news[:MENTIONS],
        "may_run": may_ask_for_run(user, alliance, None),
    }


def _firm(request: HttpRequest) -> dict[str, Any]:
    """What waits for a firm, what is new for the reader, its demands and pairs in short; no figure of the alliance."""
    user = request.user
    firms = viewer_of(user).firms
    unread = unread_count(user)
    groups = inbox(user, unread=unread)
    mine = list(demand_list(user).filter(owner__in=firms, published=True).order_by("need_by", "id")[:SHOWN])
    attach_standing(user, mine)
    makes = any(is_maker(seat.organisation) for seat in viewed(request).seats)
    pairs = own_pairs(user, list(own_pair_rows(user)[:SHOWN])) if makes else []
    return {
        "groups": groups,
        "count": sum(len(group.items) for group in groups),
        "late": sum(item.late > 0 for group in groups for item in group.items),
        "news": unread_news(user, SHOWN) if unread else [],
        "unread": unread,
        "mine": [(demand, heading(demand)) for demand in mine],
        "pairs": [(pair, heading(pair.demand)) for pair in pairs],
        "makes": makes,
        "may_add": bool(viewer_of(user).editing),
        "suspensions": own_suspensions(user),
        "today": timezone.localdate(),
    }
