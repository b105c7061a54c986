"""The list of matches and one pair taken apart."""

from __future__ import annotations

from operator import attrgetter
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from alliance.choices import IntroductionState
from alliance.http import Column, listing, viewed
from alliance.selectors import viewer_of
from alliance.templatetags.charts import score_head
from companies.models import Capability
from companies.selectors import capability_list
from matching.filters import SidedMatchFilter
from matching.forms.opportunities import AnswerForm
from matching.models import Demand, DemandLine, Match
from matching.selectors import (
    LINE_TERMS,
    LineReader,
    attach_standing,
    demand_detail,
    demand_list,
    head_slots,
    heading,
    is_fictitious,
    lab_name,
    own_pair_rows,
    own_pairs,
    scales,
    slots,
)
from matching.selectors.answers import answers_of
from matching.selectors.introductions import open_introductions_of
from matching.views.own_matches import OFFERED, own_matches, side_links, sides_of

MATCH_COLUMNS = [
    Column(
        _("Part"), lambda row: row.line.component_type if row.line else "", "part", short=_("Part and demand")
    ),
    Column(_("Demand"), lambda row: row.heading, "demand", sort="demand", shown=False),
    Column(_("Capability"), lambda row: row.capability.title if row.capability else "", "capability"),
    Column(_("Firm"), lambda row: row.capability.organisation if row.capability else "", "firm", shown=False),
    Column(
        _("City"), lambda row: row.capability.facility.city if row.capability else "", "city", shown=False
    ),
    Column(_("Score in seven terms"), lambda row: None, "terms", css="bar", in_files=False),
    Column(_("Rank"), lambda row: row.rank, "rank", css="num"),
    Column(_("Score"), lambda row: row.score, "score", sort="score", css="num"),
    *(
        Column(label, attrgetter(key), key, shown=False, css="num")
        for key, (label, _short) in LINE_TERMS.items()
    ),
]


@require_safe
def matches(request: HttpRequest) -> HttpResponseBase:
    """The demand's side: ranked matches. A supplier: which lines its own parts fit, verdicts only."""
    sides = sides_of(request)
    side = request.GET.get("side") or (sides[0] if sides else "needs")
    if side in OFFERED and sides:
        return own_matches(request, side, sides)
    user, alliance = request.user, viewed(request).alliance
    rows = Match.objects.visible_to(user).current()
    if alliance is not None:
        rows = rows.filter(demand_id__in=Demand.objects.filter(alliance=alliance).values("pk"))
    weights = scales(alliance.pk).line if alliance else None
    return listing(
        request,
        rows,
        SidedMatchFilter,
        template="matching/match_list.html",
        columns=MATCH_COLUMNS,
        name="matches",
        prepare=lambda found: _attach(user, found, weights),
        extra={
            "sides": side_links(sides, "needs"),
            "heads": {"terms": _terms_head(weights)} if weights else {},
        },
    )


def _terms_head(weights: dict[str, float]) -> SafeString:
    words = format_html('<span class="visually-hidden">{}</span>', _("Score in seven terms"))
    return words + score_head(head_slots(LINE_TERMS, weights))


def _attach(user: Any, rows: list[Any], weights: dict[str, float] | None) -> None:
    demands = {d.pk: d for d in demand_list(user).filter(pk__in={row.demand_id for row in rows})}
    lines = (
        DemandLine.objects.visible_to(user)
        .filter(pk__in={row.line_id for row in rows})
        .select_related("component_type")
    )
    line_by = {line.pk: line for line in lines}
    offers = {
        c.pk: c
        for c in capability_list(user, archived=None, few=True).filter(
            pk__in={row.capability_id for row in rows}
        )
    }
    for row in rows:
        row.demand, row.line = demands.get(row.demand_id), line_by.get(row.line_id)
        row.capability = offers.get(row.capability_id)
        row.heading = heading(row.demand) if row.demand else ""
        row.slots = slots(LINE_TERMS, weights, row) if weights else []


@require_safe
def match(request: HttpRequest, line_id: UUID, capability_id: UUID) -> HttpResponse:
    """One pair; inside a table (htmx) only the two tables. Missing, foreign and far apart look the same."""
    user = request.user
    line = get_object_or_404(DemandLine.objects.visible_to(user), public_id=line_id)
    capability = get_object_or_404(Capability.objects.visible_to(user), public_id=capability_id)
    demand = get_object_or_404(demand_detail(user), pk=line.demand_id)
    attach_standing(user, [demand])
    if demand.standing is None:
        return _own_pair(request, line, capability)
    full = next(row for row in demand.all_lines if row.pk == line.pk)
    explained = LineReader(user, demand, full, scales(demand.alliance_id)).explain(capability.pk)
    if explained is None:
        raise Http404("no such pair")
    demand.heading, demand.lab, demand.fictitious = heading(demand), lab_name(demand), is_fictitious(demand)
    points = [point for point in demand.points if point.line_id in (None, line.pk)]
    pair = (full.pk, capability.pk)
    context = {
        "demand": demand,
        "line": full,
        "explained": explained,
        "points": points,
        "introduction": open_introductions_of(user, [pair]).get(pair),
        "may_introduce": viewer_of(user).official,
    }
    template = (
        "matching/_explained.html" if request.headers.get("HX-Request") else "matching/match_detail.html"
    )
    return render(request, template, context)


def _own_pair(request: HttpRequest, line: Any, capability: Any) -> HttpResponse:
    rows = list(own_pair_rows(request.user, line_id=line.pk, capability_id=capability.pk))
    pairs = own_pairs(request.user, rows)
    if not pairs:
        raise Http404("no such pair")
    key = (line.pk, capability.pk)
    said = answers_of(request.user, [key]).get(key)
    running = open_introductions_of(request.user, [key]).get(key)
    mine = Capability.objects.editable_by(request.user).filter(pk=capability.pk).exists()
    free = running is None or running.state == IntroductionState.DECLINED
    context = {
        "pair": pairs[0],
        "heading": heading(pairs[0].demand),
        "answer": said,
        "introduction": running,
        "may_answer": mine and free and pairs[0].demand.published,
        "form": AnswerForm(initial={"note": said.note if said else ""}),
    }
    return render(request, "matching/match_supplier.html", context)
