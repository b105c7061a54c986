"""The first page: what waits for an official today; one's own rows for firms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alliance.http import viewed
from alliance.models import Alliance
from alliance.selectors import viewer_of
from alliance.selectors.joining import own_suspensions
from alliance.templatetags._numbers import list_text
from companies.models import Capability
from matching.models import may_ask_for_run
from matching.selectors import (
    attach_standing,
    board,
    changes_since,
    demand_list,
    heading,
    introduction_figures,
    own_pair_rows,
    own_pairs,
    queue,
)
from matching.services.visits import note_visit
from scenarios.models import Site

SHOWN = 6
FILTERS = {"mine", "late"}


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    seen = viewed(request)
    if seen.alliance is None:
        return render(request, "matching/dashboard_none.html", {"suspensions": own_suspensions(request.user)})
    if viewer_of(request.user).official or request.user.is_superuser:
        return render(request, "matching/dashboard.html", _official(request, seen.alliance))
    return render(request, "matching/dashboard_firm.html", _firm(request, seen.alliance))


def _official(request: HttpRequest, alliance: Alliance) -> dict[str, Any]:
    user = request.user
    asked = request.GET.get("show", "")
    work = request.GET.get("flow") == "work"
    found = board(user, alliance, work=work)
    flows = list_text(
        _("%(city)s %(count)d lines") % {"city": row.city, "count": row.lines}
        for row in found.cities
        if row.lines
    )
    since = note_visit(user)
    return {
        "queue": queue(user, alliance, asked if asked in FILTERS else ""),
        "board": found,
        "flow_words": flows,
        "flow_modes": [("lines", _("could be supplied"), not work), ("work", _("introductions"), work)],
        "work": work,
        "figures": introduction_figures(user, alliance),
        "today": timezone.localdate(),
        "since": since,
        "changes": changes_since(user, since),
        "may_run": may_ask_for_run(user, alliance, None),
    }


def _firm(request: HttpRequest, alliance: Alliance) -> dict[str, Any]:
    """A firm's own demands, parts and pairs; nothing of the alliance's figures."""
    user = request.user
    firms = viewer_of(user).firms
    mine = list(demand_list(user).filter(owner__in=firms).order_by("need_by", "id")[:SHOWN])
    attach_standing(user, mine)
    offers = Capability.objects.visible_to(user).filter(organisation__in=firms)
    return {
        "mine": [(demand, heading(demand)) for demand in mine],
        "pairs": [
            (pair, heading(pair.demand)) for pair in own_pairs(user, list(own_pair_rows(user)[:20]))[:10]
        ],
        "offers": list(offers.select_related("component_type")[:SHOWN]),
        "sites": list(Site.objects.visible_to(user).filter(organisation__in=firms)[:SHOWN]),
    }
