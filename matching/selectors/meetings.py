"""Meetings as their table, a page of one, and a calendar read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.choices import AgendaKind, MeetingState, OrganisationKind
from alliance.models import Alliance, City, Membership, Organisation, User
from alliance.models.base import GuardedQuerySet
from alliance.selectors import viewer_of
from alliance.templatetags._numbers import date_text, days_text, list_text, number_text, pieces_text
from matching.models import ActionItem, AgendaItem, Introduction, Meeting, MeetingSeat, Pipeline
from matching.selectors.agenda import open_actions
from matching.selectors.demands import demand_list, firm_counts, heading, lab_name, line_detail
from matching.selectors.introduced import whose_turn
from scenarios.models import Site


def meeting_list(user: Any) -> GuardedQuerySet:
    seats = MeetingSeat.objects.visible_to(user).select_related("bureau", "bureau__city")
    return (
        Meeting.objects.visible_to(user)
        .select_related("alliance", "called_by")
        .prefetch_related(Prefetch("seats", seats, to_attr="table"))
        .annotate(
            points=Count("items", distinct=True),
            open_actions=Count("actions", filter=Q(actions__done_at=None), distinct=True),
        )
    )


def bureaus_of(user: Any, alliance: Alliance) -> Any:
    """Bureaus of the alliance's cities, for whoever calls a meeting."""
    rows = Organisation.objects.visible_to(user).filter(kind=OrganisationKind.BUREAU, suspended=False)
    return rows.filter(city__reached_by__alliance=alliance).select_related("city").order_by("city_id", "pk")


def owners_at(user: Any, meeting: Meeting) -> list[tuple[Organisation, list[User]]]:
    """The bureaus at the table with their people: who may take something on. Names of officials at one table."""
    seats = list(MeetingSeat.objects.visible_to(user).filter(meeting=meeting).select_related("bureau"))
    people: dict[int, list[User]] = defaultdict(list)
    rows = Membership.objects.filter(
        organisation__in=[seat.bureau_id for seat in seats], user__is_active=True
    )
    for row in rows.select_related("user").order_by("user__display_name", "user_id"):
        people[row.organisation_id].append(row.user)
    return [(seat.bureau, people[seat.bureau_id]) for seat in seats]


@dataclass(frozen=True)
class Point:
    """A point of the agenda in the reader's words."""

    item: AgendaItem
    title: str
    words: str
    address: str
    cities: str


@dataclass(frozen=True)
class Section:
    kind: str
    title: str
    points: list[Point]


def agenda(user: Any, meeting: Meeting) -> list[Point]:
    """The points in their order; what the reader may no longer see is named without its contents."""
    items = list(
        AgendaItem.objects.visible_to(user)
        .filter(meeting=meeting)
        .select_related("action", "action__bureau", "action__person", "action__meeting")
        .order_by("position", "id")
    )
    told = _Told(user, items)
    return [told.point(item) for item in items]


class _Told:
    """What the points are about, read once for all of them."""

    def __init__(self, user: Any, items: Sequence[AgendaItem]) -> None:
        demands = {item.demand_id for item in items if item.demand_id}
        self.demands = {d.pk: d for d in demand_list(user).filter(pk__in=demands)}
        lines = {item.line_id for item in items if item.line_id}
        self.lines = {line.pk: line for line in line_detail(user).filter(pk__in=lines)}
        sites = {item.site_id for item in items if item.site_id}
        found: Any = Site.objects.visible_to(user).filter(pk__in=sites).select_related("city")
        self.sites = {site.pk: site for site in found}
        self.counts = firm_counts(user, {line.demand_id for line in self.lines.values()})
        rows = Pipeline.objects.visible_to(user).current().filter(demand_id__in=demands, site_id__in=sites)
        self.pipelines = {(row.demand_id, row.site_id): row for row in rows}
        met = {item.introduction for item in items if item.introduction}
        shown: Any = Introduction.objects.visible_to(user).filter(pk__in=met)
        shown = shown.select_related("line__component_type", "site", "supplier", "turn")
        self.introductions = {row.pk: row for row in shown}
        self.cities = City.objects.in_bulk({city for item in items for city in item.cities})

    def point(self, item: AgendaItem) -> Point:
        title, words, address = self._words(item)
        cities = " ⇄ ".join(str(self.cities[city]) for city in item.cities if city in self.cities)
        return Point(item, title, words, address, cities)

    def _words(self, item: AgendaItem) -> tuple[str, str, str]:
        if item.kind == AgendaKind.OWN:
            return item.text, "", ""
        if item.kind == AgendaKind.CARRIED:
            return self._action(item)
        if item.kind == AgendaKind.UNCOVERED:
            return self._line(item)
        if item.kind == AgendaKind.PIPELINE:
            return self._pipeline(item)
        return self._introduction(item)

    def _introduction(self, item: AgendaItem) -> tuple[str, str, str]:
        row, demand = self.introductions.get(item.introduction or 0), self.demands.get(item.demand_id or 0)
        if row is None or demand is None:
            return _("an introduction that is no longer yours to see"), "", ""
        part = row.line.component_type if row.line else row.site
        words = [str(part), str(row.get_state_display())]
        if row.turn is not None:
            due = {"name": whose_turn(row, demand), "date": date_text(row.due_on)}
            words.append(_("turn of %(name)s, due %(date)s") % due)
        title = f"{lab_name(demand)} ⇄ {row.supplier}"
        return title, " · ".join(words), reverse("introduction", args=[row.public_id])

    def _action(self, item: AgendaItem) -> tuple[str, str, str]:
        action = item.action
        if action is None:
            return _("a point that was taken away"), "", ""
        who = list_text(filter(None, [action.bureau, action.person]))
        words = _("%(who)s; from %(meeting)s") % {"who": who, "meeting": action.meeting}
        if action.done_at:
            words = _("%(words)s; done") % {"words": words}
        return action.text, words, reverse("meeting", args=[action.meeting.public_id])

    def _line(self, item: AgendaItem) -> tuple[str, str, str]:
        line, demand = self.lines.get(item.line_id or 0), self.demands.get(item.demand_id or 0)
        if line is None or demand is None:
            return _("a line that is no longer open"), "", ""
        firms, near = self.counts.get(line.pk, (0, 0))
        state = _("%(count)d can supply by now") % {"count": firms} if firms else ""
        if not firms:
            state = _("nobody close")
            if near:
                state = ngettext(
                    "%(count)d firm one requirement short", "%(count)d firms one requirement short", near
                ) % {"count": near}
        title = f"{line.component_type} · {pieces_text(line.quantity)}"
        address = f"{reverse('demand', args=[demand.public_id])}?line={line.public_id}"
        return title, f"{heading(demand)} · {state}", address

    def _pipeline(self, item: AgendaItem) -> tuple[str, str, str]:
        demand, site = self.demands.get(item.demand_id or 0), self.sites.get(item.site_id or 0)
        row = self.pipelines.get((item.demand_id, item.site_id))
        if demand is None or site is None or row is None:
            return _("a pipeline that no longer holds"), "", ""
        days = days_text(round(row.total_days)) if row.total_days is not None else _("no window fits")
        words = _("%(site)s, score %(score)s, %(days)s to market") % {
            "site": site,
            "score": number_text(row.score, 3),
            "days": days,
        }
        return heading(demand), words, reverse("pipeline", args=[demand.public_id, site.public_id])


def actions_of(user: Any, meeting: Meeting) -> list[ActionItem]:
    """What this meeting agreed, open first, then what earlier meetings left open for the same table."""
    rows: Any = ActionItem.objects.visible_to(user).filter(meeting=meeting)
    return list(rows.select_related("bureau", "person", "done_by").order_by("done_at", "due_on", "pk"))


def dates_of(user: Any) -> tuple[list[Meeting], list[ActionItem]]:
    """A person's calendar: meetings of one's bureau, and open items that are one's own or one's bureau's; of more
    than 200 the latest."""
    meetings = list(meeting_list(user).exclude(state=MeetingState.CANCELLED).order_by("-held_on")[:200])
    mine = Q(person=user) | Q(person=None, bureau__in=viewer_of(user).bureaus)
    items = list(open_actions(user).filter(mine, due_on__isnull=False).order_by("-due_on")[:200])
    return meetings, items
