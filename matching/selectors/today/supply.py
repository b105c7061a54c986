"""Groups of the queue about supply: what is worth an introduction, lines nobody can supply, windows about to lapse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Q, Window
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.models import Organisation
from alliance.templatetags._numbers import date_text, days_text, number_text, pieces_text
from companies.selectors import capability_list, component_book
from matching.models import LineResult, Match, Pipeline, Relaxation
from matching.selectors.answers import waiting_answers
from matching.selectors.demands import heading, is_fictitious
from matching.selectors.introduced import pair_introduced, place_introduced
from matching.selectors.pipelines import attach_pipeline_parts
from matching.selectors.rules import relaxed
from matching.selectors.today.items import (
    MOST,
    SHOWN,
    Group,
    Item,
    Known,
    Needs,
    Steps,
    Who,
    address,
    due_words,
)
from scenarios.models import Site

SOON = 60  # days before its last window ends


# --- makers that answered ---------------------------------------------------------------------------------
def answered(user: Any, asks: Who) -> Steps:
    """Makers that said they want a line and have not been introduced: one's own labs' lines, one's own makers."""
    rows = waiting_answers(user, list(asks.open))
    if not asks.platform:
        rows = rows.filter(Q(demand__lab_city__in=asks.care) | Q(supplier__city__in=asks.care))
    found = list(rows[: MOST + 1])[:MOST]
    known = yield Needs(demands=[row.demand_id for row in found])
    demands = known.demands
    return Group(
        "answers",
        _("Makers that answered a demand"),
        "hand-index",
        _("No maker waits to be introduced."),
        [_answer_item(asks, row, demands[row.demand_id]) for row in found if row.demand_id in demands],
        len(found),
        address("opportunities"),
        _("Opportunities"),
    )


def _answer_item(asks: Who, row: Any, demand: Any) -> Item:
    where = f"{address('introduce')}?line={row.line.public_id}&capability={row.capability.public_id}"
    words = [str(row.line.component_type), heading(demand), row.note[:160]]
    return Item(
        f"{row.supplier} · {row.capability.title}",
        address("match", row.line.public_id, row.capability.public_id),
        " · ".join(filter(None, words)),
        _("answered %(date)s") % {"date": date_text(row.updated_at)},
        "accc",
        "hand-index",
        _("our turn"),
        _("Introduce"),
        todo=where,
        mine=True,
        fictitious=is_fictitious(demand),
    )


# --- worth an introduction ------------------------------------------------------------------------------
def openings(user: Any, asks: Who) -> Steps:
    """Complete pipelines first, then the best maker of lines whose demand has none; one of each demand."""
    found = _pipelines(asks)
    matches = _matches(asks, {row.demand_id for row in found})[: max(2, SHOWN - len(found))]
    known = yield Needs(
        demands=[row.demand_id for row in [*found, *matches]], lines=[row.line_id for row in matches]
    )
    attach_pipeline_parts(user, found, known.demands, days=asks.desk.days)
    pipelines = [row for row in found if row.demand is not None]
    return Group(
        "openings",
        _("Matches worth an introduction"),
        "star-fill",
        _("No match without an introduction. New ones appear after the next run."),
        [*(_pipeline_item(asks, row) for row in pipelines), *_match_items(asks, matches, known)],
        len(pipelines) + len(matches),
        f"{address('pipelines')}?best=1&complete=true",
        _("all complete pipelines"),
        _("The best complete pipeline of a demand, or its best maker, where no introduction was opened yet."),
    )


def _pipelines(asks: Who) -> list[Any]:
    rows = (
        Pipeline.objects.of_runs(asks.desk.pointers(asks.cared))
        .filter(rank=1, complete=True, total_days__isnull=False)
        .filter(~place_introduced())
        .order_by("-score", "demand_id")
    )
    return list(rows[: SHOWN - 2])


def _pipeline_item(asks: Who, row: Any) -> Item:
    name, args = ("pipeline", (row.demand.public_id, row.site.public_id)) if row.site else (
        "pipeline-no-site", (row.demand.public_id,))  # fmt: skip
    place = f"{row.site.name} · {row.site.city}" if row.site else _("without a site")
    words = {"score": number_text(row.score, 3), "days": days_text(round(row.total_days)), "site": place}
    return Item(
        heading(row.demand),
        address(name, *args),
        _("Pipeline at %(site)s: score %(score)s, on the market in %(days)s") % words,
        _("complete %(share)s") % {"share": row.share_words},
        "accc",
        "signpost-split",
        _("our turn") if row.demand.lab_city_id in asks.care else str(row.demand.lab_city),
        _("See the pipeline"),
        mine=row.demand.lab_city_id in asks.care,
        fictitious=is_fictitious(row.demand),
    )


def _matches(asks: Who, without: set[int]) -> list[Any]:
    """The best of each demand, best first, where the lab or the maker is in one's care."""
    pointers = asks.desk.pointers(key for key in asks.open if key not in without)
    rows = Match.objects.of_runs(pointers).filter(rank=1).filter(~pair_introduced())
    rows = rows.only(
        "demand_id", "run_id", "line_id", "capability_id", "score", "fit"
    )  # the index holds them
    if not asks.platform:
        makers = Organisation.objects.filter(city__in=asks.care).values("pk")
        rows = rows.filter(Q(demand_id__one_of=asks.cared) | Q(supplier_id__in=makers))
    found: dict[int, Any] = {}
    for row in rows.order_by("-score", "line_id")[: SHOWN * 16]:
        found.setdefault(row.demand_id, row)
    return list(found.values())


def _match_items(asks: Who, rows: Sequence[Any], known: Known) -> list[Item]:
    demands, lines = known.demands, known.lines
    offers = {
        c.pk: c
        for c in capability_list(asks.user, archived=None, few=True)
        .filter(pk__in=[row.capability_id for row in rows])
        .prefetch_related(None)  # neither price nor capacity is shown
    }
    results = LineResult.objects.of_runs({row.demand_id: row.run_id for row in rows})
    results = results.filter(line_id__in=[row.line_id for row in rows])
    firms = {row.line_id: row.firms or row.feasible for row in results}
    items = []
    for row in rows:
        demand, line, offer = (
            demands.get(row.demand_id),
            lines.get(row.line_id),
            offers.get(row.capability_id),
        )
        if demand is not None and line is not None and offer is not None:
            items.append(_match_item(asks, row, demand, line, offer, firms.get(row.line_id, 0)))
    return items


def _match_item(asks: Who, row: Any, demand: Any, line: Any, offer: Any, firms: int) -> Item:
    words = {"score": number_text(row.score, 3), "title": heading(demand)}
    why = _("%(title)s · score %(score)s, number 1") % words
    if firms == 1:
        why = _("%(why)s; the only firm for this line") % {"why": why}
    mine = demand.lab_city_id in asks.care or offer.organisation.city_id in asks.care
    figures = {"fit": number_text(row.fit, 2), "lead": days_text(offer.volume_lead_days)}
    return Item(
        f"{line.component_type} × {offer.organisation}",
        address("match", line.public_id, offer.public_id),
        why,
        _("no introduction yet"),
        "accc",
        "plus-lg",
        _("fit %(fit)s · lead time %(lead)s") % figures,
        _("See the match"),
        mine=mine,
        fictitious=offer.organisation.fictitious,
    )


# --- lines nobody can supply ----------------------------------------------------------------------------
def bare(user: Any, asks: Who) -> Steps:
    """Those where a word may help first: the most near misses, in one's own care before others'."""
    results = LineResult.objects.of_runs(asks.desk.pointers(asks.cared)).filter(feasible=0)
    own = list(results.order_by("-near", "line_id")[:SHOWN])
    known = yield Needs(demands=[row.demand_id for row in own], lines=[row.line_id for row in own])
    demands, lines = known.demands, known.lines
    gains = best_relaxations(own, lines, demands)
    items = [
        _bare_item(asks, row, demands[row.demand_id], lines[row.line_id], gains.get(row.line_id, ""))
        for row in own
        if row.demand_id in demands and row.line_id in lines
    ]
    total = asks.desk.totals.bare
    elsewhere = _("None of them is in the cities you look after: the supply gaps show all.")
    return Group(
        "bare",
        _("Lines nobody can supply"),
        "slash-circle",
        elsewhere if total else _("Every open line has a supplier."),
        items,
        total,
        address("gaps"),
        _("Supply gaps"),
    )


def best_relaxations(rows: Sequence[Any], lines: dict[int, Any], demands: dict[int, Any]) -> dict[int, str]:
    """Line → "Backlash 1 → 1.3 arcmin brings 4 firms": the relaxation that brings most. The rows are results that
    the viewer sees."""
    found = Relaxation.objects.of_runs({row.demand_id: row.run_id for row in rows})
    found = found.filter(line_id__in=[row.line_id for row in rows])
    book = component_book({line.component_type_id for line in lines.values()})
    told: dict[int, str] = {}
    for row in found.order_by("-capabilities", "id"):
        line, demand = lines.get(row.line_id), demands.get(row.demand_id)
        if line is not None and demand is not None and row.line_id not in told:
            best = relaxed(row, line, demand, book)
            words = {"name": best.name, "change": best.change}
            more = ngettext("%(count)d firm more", "%(count)d firms more", best.count) % {"count": best.count}
            told[row.line_id] = _("%(name)s %(change)s: %(more)s") % {**words, "more": more}
    return told


def _bare_item(asks: Who, row: Any, demand: Any, line: Any, gain: str) -> Item:
    near = row.near if row.near_firms is None else row.near_firms
    state = _("nobody close")
    if near:
        state = ngettext("%(count)d firm one short", "%(count)d firms one short", near) % {"count": near}
    return Item(
        f"{line.component_type} · {pieces_text(line.quantity)}",
        f"{address('demand', demand.public_id)}?line={line.public_id}",
        " · ".join(filter(None, [heading(demand), gain])),
        state,
        "warn" if near else "bad",
        "bullseye" if near else "x-octagon-fill",
        _("lab in %(city)s") % {"city": demand.lab_city},
        _("What to relax") if near else _("Look"),
        mine=demand.lab_city_id in asks.care,
    )


# --- windows --------------------------------------------------------------------------------------------
def windows(user: Any, asks: Who) -> Group:
    """Sites whose last window ends soon: after it nothing can be tried there."""
    if asks.platform:
        rows = Site.objects.visible_to(user).filter(city__reached_by__alliance=asks.alliance)
    else:  # what one cares for is seen for that reason alone
        cared = Q(city__in=asks.care) | Q(organisation__city__in=asks.care)
        rows = Site.objects.kept_by(user).filter(cared)
    rows = rows.filter(published=True)
    last = rows.annotate(last=Max("windows__ends"))
    due = last.filter(last__gte=asks.as_of, last__lte=asks.as_of + timedelta(days=SOON))
    due = due.annotate(all=Window(Count("*"))).select_related("city", "organisation")
    found = list(due.order_by("last", "pk")[:SHOWN])
    using = dict(
        Pipeline.objects.visible_to(user)
        .current()
        .of_sites([site.pk for site in found])
        .filter(complete=True)
        .values_list("site_id")
        .annotate(n=Count("pk"))
    )
    return Group(
        "windows",
        _("Site windows about to lapse"),
        "calendar-x",
        _("No site loses its last window within %(days)d days.") % {"days": SOON},
        [_window(asks, site, using.get(site.pk, 0)) for site in found],
        found[0].all if found else 0,
        address("sites"),
        _("Sites"),
    )


def _window(asks: Who, site: Any, pipelines: int) -> Item:
    state, _tone, _symbol, _late = due_words(site.last, asks.as_of)
    depend = ngettext("%(count)d pipeline needs it", "%(count)d pipelines need it", pipelines) % {
        "count": pipelines
    }
    return Item(
        str(site.name),
        address("site", site.public_id),
        _("Last window ends %(date)s, none after it; %(depend)s")
        % {"date": date_text(site.last), "depend": depend},
        state,
        "warn",
        "clock",
        str(site.organisation),
        _("Look"),
        mine=bool({site.city_id, site.organisation.city_id} & asks.care),
        fictitious=site.organisation.fictitious,
    )
