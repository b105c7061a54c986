"""Groups of the queue about people's work: introductions, what meetings agreed, firms to verify, failed runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Count, Exists, F, Func, OuterRef, Q, Window
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from alliance.choices import RunState
from alliance.models import Organisation
from alliance.selectors.joining import join_queue, verification_queue
from alliance.selectors.questions import attach_about, open_questions, question_address
from alliance.templatetags._numbers import date_text, moment_text
from matching.models import MatchRun
from matching.selectors.agenda import open_actions
from matching.selectors.demands import heading, lab_name
from matching.selectors.introduced import running, whose_turn
from matching.selectors.today.items import MOST, SHOWN, Group, Item, Needs, Steps, Who, address, due_words

ANSWER = 3  # days in which a bureau answers who asks to be verified
ANSWERED = 7  # days in which a firm answers a question
SOON = 3  # days ahead that are shown of introductions
FAILED = [RunState.FAILED, RunState.PARTIAL]


def introductions(user: Any, asks: Who) -> Steps:
    """Where it is one's own bureau's turn, and whatever is due within three days at one of its introductions."""
    rows = running(user, asks.alliance)
    total = sum(row.running for row in asks.desk.introductions)
    due = Q(due_on__lte=asks.today + timedelta(days=SOON))
    if not asks.platform:
        rows = rows.filter(Q(lab_bureau__in=asks.bureaus) | Q(supplier_bureau__in=asks.bureaus))
    rows = rows.filter(due | Q(turn__in=asks.bureaus)).order_by("due_on", "pk")
    # One query that joins all of it takes the database eight milliseconds to plan.
    rows = rows.select_related("line", "supplier", "turn").prefetch_related("line__component_type", "site")
    found = list(rows[:MOST])
    known = yield Needs(demands=[row.demand_id for row in found])
    demands = known.demands
    return Group(
        "introductions",
        _("Introductions waiting or overdue"),
        "hourglass-split",
        _("No introduction waits for your bureau, none is due within three days."),
        [_introduction(asks, row, demands[row.demand_id]) for row in found if row.demand_id in demands],
        len(found),
        address("introductions"),
        ngettext("all %(count)d introductions", "all %(count)d introductions", total) % {"count": total},
    )


def _introduction(asks: Who, row: Any, demand: Any) -> Item:
    state, tone, symbol, late = due_words(row.due_on, asks.today)
    part = row.line.component_type if row.line else row.site
    since = date_text(row.updated_at)
    words = {"part": part, "state": row.get_state_display(), "since": since, "title": heading(demand)}
    mine = row.turn_id in asks.bureaus
    turn = _("our turn") if mine else _("turn of %(name)s") % {"name": whose_turn(row, demand)}
    return Item(
        f"{lab_name(demand)} ⇄ {row.supplier}",
        address("introduction", row.public_id),
        _("%(part)s · %(state)s since %(since)s · %(title)s") % words,
        state,
        tone,
        symbol,
        turn,
        _("Go there") if mine else _("Remind"),
        mine=mine,
        late=late,
        due_now=row.due_on == asks.today,
    )


def questions(user: Any, asks: Who) -> Group:
    """What firms have answered and nobody has read, messages to me, and what one's bureau asked and waits for."""
    news = asks.desk.news
    items = [
        Item(
            row.said.title,
            address("notice", row.public_id),
            row.said.words,
            _("answered") if row.key == "question answered" else _("unread"),
            "ok" if row.key == "question answered" else "accc",
            "envelope",
            moment_text(row.at),
            pgettext("button", "Read"),
            mine=True,
        )
        for row in news
    ]
    rows = open_questions(user).filter(organisation__in=asks.bureaus)
    waiting = list(rows.order_by("id")[:SHOWN])
    attach_about(user, waiting)
    items += [_question(asks, row) for row in waiting]
    total = len(items) if len(waiting) < SHOWN else len(news) + rows.order_by().count()
    return Group(
        "questions",
        _("Questions to firms and messages"),
        "chat-dots",
        _("No firm owes you an answer and no message is unread. Ask a firm on the page of its capability."),
        items,
        total,
        address("notices") + "?group=messages",
        _("all messages"),
    )


def _question(asks: Who, row: Any) -> Item:
    asked = timezone.localdate(row.created_at)
    state, tone, symbol, late = due_words(asked + timedelta(days=ANSWERED), asks.today)
    why = Truncator(row.text).chars(120)
    if row.about is not None:
        why = f"{row.about.words} · {why}"
    return Item(
        str(row.firm),
        question_address(row),
        why,
        state,
        tone,
        symbol,
        _("turn of %(name)s") % {"name": row.firm},
        _("Look"),
        late=late,
        fictitious=row.firm.fictitious,
    )


def actions(user: Any, asks: Who) -> Group:
    """What one's bureau took on at a meeting and has not done."""
    rows = open_actions(user, asks.alliance)
    if not asks.platform:
        rows = rows.filter(bureau__in=asks.bureaus)
    found = list(rows.order_by(F("due_on").asc(nulls_last=True), "pk")[:MOST])
    return Group(
        "actions",
        _("Agreed at meetings"),
        "person-check",
        _("Nothing is open from earlier meetings."),
        [_action(asks, row) for row in found],
        len(found),
        address("meetings"),
        _("Meetings"),
    )


def _action(asks: Who, row: Any) -> Item:
    state, tone, symbol, late = due_words(row.due_on, asks.today)
    turn = str(row.person) if row.person else str(row.bureau)
    why = _("%(meeting)s, %(date)s") % {"meeting": row.meeting, "date": date_text(row.meeting.held_on)}
    return Item(
        row.text,
        address("meeting", row.meeting.public_id),
        why,
        state,
        tone,
        symbol,
        turn,
        _("Go there"),
        mine=row.bureau_id in asks.bureaus,
        late=late,
        due_now=row.due_on == asks.today,
    )


def firms(user: Any, asks: Who) -> Group:
    """Requests to be verified and to claim or join a firm, the oldest first; then firms nobody has verified yet."""
    waiting, joining = verification_queue(user), join_queue(user)
    asked = list(waiting[:MOST])
    items = [_verification(asks, row) for row in asked]
    items += [_joining(asks, row) for row in joining[:MOST]]
    rows = Organisation.objects.visible_to(user).filter(
        kind="firm", claimed=True, verified=False, suspended=False, city__in=asks.care
    )
    every = len(asked) < MOST
    rows = rows.exclude(
        pk__in=[row.organisation_id for row in asked] if every else waiting.values("organisation")
    )
    rows = rows.annotate(all=Window(Count("*"))).select_related("city")
    quiet = list(rows.order_by("listed", "-created_at", "pk")[:SHOWN])
    total = len(items) + (quiet[0].all if quiet else 0)
    items += [_firm(row) for row in quiet][: max(0, SHOWN - len(items))]
    return Group(
        "firms",
        _("Firms to verify"),
        "patch-check",
        _("Every firm in your care is verified."),
        items,
        total,
        address("verifications"),
        _("the queue"),
    )


def _verification(asks: Who, row: Any) -> Item:
    asked = timezone.localdate(row.created_at)
    state, tone, symbol, late = due_words(asked + timedelta(days=ANSWER), asks.today)
    words = {"city": row.organisation.city, "person": row.asked_by or "—", "date": date_text(asked)}
    return Item(
        str(row.organisation),
        address("verification", row.public_id),
        _("%(city)s · asked on %(date)s by %(person)s") % words,
        state,
        tone,
        symbol,
        _("our turn"),
        _("Verify"),
        mine=True,
        late=late,
        due_now=asked + timedelta(days=ANSWER) == asks.today,
        fictitious=row.organisation.fictitious,
    )


def _joining(asks: Who, row: Any) -> Item:
    asked = timezone.localdate(row.created_at)
    state, tone, symbol, late = due_words(asked + timedelta(days=ANSWER), asks.today)
    words = {"person": row.person, "kind": row.get_kind_display(), "date": date_text(asked)}
    return Item(
        str(row.organisation),
        address("verifications"),
        _("%(person)s: %(kind)s, asked on %(date)s") % words,
        state,
        tone,
        symbol,
        _("our turn"),
        _("Decide"),
        mine=True,
        late=late,
        due_now=asked + timedelta(days=ANSWER) == asks.today,
        fictitious=row.organisation.fictitious,
    )


def _firm(row: Any) -> Item:
    why = _("%(city)s · entered on %(date)s") % {"city": row.city, "date": date_text(row.created_at)}
    state = _("not verified") if row.listed else _("waiting, not listed")
    return Item(
        str(row),
        address("firm", row.public_id),
        why,
        state,
        "mute" if row.listed else "warn",
        "question-circle",
        _("our turn"),
        _("Look"),
        mine=True,
        fictitious=row.fictitious,
    )


def failures(user: Any, asks: Who) -> Steps:
    """Runs that failed and that no later run has made good."""
    rows = MatchRun.objects.visible_to(user).filter(alliance=asks.alliance)
    failed = list(rows.filter(state__in=FAILED).filter(~_made_good()).order_by("-pk")[:SHOWN])
    last = rows.filter(state=RunState.FINISHED, demand=None, demands=[]).order_by("-finished_at").first()
    nothing = _("No failure.")
    if last is not None and last.finished_at:
        nothing = _("No failure. The last run of the alliance ended %(at)s.") % {
            "at": moment_text(last.finished_at)
        }
    known = yield Needs(demands=[row.demand_id for row in failed])
    titles = {key: heading(demand) for key, demand in known.demands.items()}
    items = [_failure(row, titles) for row in failed]
    return Group(
        "runs", _("Runs that failed"), "cpu", nothing, items, len(items), address("runs"), _("All runs")
    )


def _made_good() -> Any:
    """Said about a run: a later one of all, or of no fewer demands, has finished."""
    later = MatchRun.objects.filter(
        alliance=OuterRef("alliance"), pk__gt=OuterRef("pk"), state=RunState.FINISHED
    )
    keys = ArrayField(BigIntegerField())
    its_own = Func(OuterRef("demand"), template="ARRAY[%(expressions)s]", output_field=keys)
    of_one = later.filter(Q(demand=OuterRef("demand")) | Q(demands__contains=its_own))
    of_some = later.filter(demands__contains=OuterRef("demands"))  # every list holds an empty one
    whole = Exists(later.filter(demand=None, demands=[]))
    return whole | Q(Exists(of_one)) | (~Q(demands=[]) & Q(Exists(of_some)))


def _failure(row: Any, titles: dict[int, str]) -> Item:
    done = _("%(done)d of %(total)d demands done") % {"done": row.demands_done, "total": row.demands_total}
    words = [moment_text(row.created_at), done, (row.error or "").split("\n")[0][:160]]
    return Item(
        titles.get(row.demand_id)
        or (_("Matching what a change touched") if row.demands else _("Matching the whole alliance")),
        address("run", row.public_id),
        " · ".join(filter(None, words)),
        str(row.get_state_display()),
        "bad",
        "x-octagon-fill",
        str(row),
        _("Try again"),
    )
