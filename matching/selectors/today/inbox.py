"""What waits for a firm: answers it owes, what it was asked, what its bureau still needs, what it began to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.choices import DecisionState, ImportState, NoticeGroup, OrganisationRole
from alliance.models import Membership, Organisation, OrganisationContact, Verification
from alliance.selectors import viewer_of
from alliance.selectors.notices import unread_news
from alliance.selectors.questions import attach_about, open_questions, question_address
from alliance.templatetags._numbers import date_text, moment_text
from companies.models import Capability, Facility
from companies.selectors.imports import sheet_list
from matching.models import Demand
from matching.selectors.demands import demand_list, heading
from matching.selectors.introductions import attach_introduction_parts, introduction_list
from matching.selectors.today.items import SHOWN, Group, Item, address, due_words
from scenarios.models import Site

MAKERS = {OrganisationRole.MANUFACTURER, OrganisationRole.INTEGRATOR, OrganisationRole.SERVICE}
ANSWER_WITHIN = 3  # days until a question to the firm is what it should do next
OPEN_SHEETS = (ImportState.MAPPING, ImportState.CHECKED, ImportState.FAILED)


def inbox(user: Any, *, unread: int = 1) -> list[Group]:
    """A fixed number of queries for each group; what is empty says what could be done next. `unread`: how many
    notices are; where there is none, none is looked for."""
    return [_answers(user), _questions(user, unread), _standing(user), _drafts(user)]


def _total(rows: Any, shown: Sequence[Any]) -> int:
    """How many there are; not counted where all of them are shown."""
    return len(shown) if len(shown) < SHOWN else int(rows.order_by().count())


# --- introductions ------------------------------------------------------------------------------------------
def _answers(user: Any) -> Group:
    viewer, today = viewer_of(user), timezone.localdate()
    rows = introduction_list(user).filter(turn__in=viewer.firms)
    found = list(rows.order_by("due_key", "id")[:SHOWN])
    attach_introduction_parts(user, found)
    return Group(
        "introductions",
        _("Introductions that wait for you"),
        "hourglass-split",
        _("No introduction waits for a step of yours. Your bureau proposes them from what you publish."),
        [_answer(row, today, row.turn_id in viewer.editing) for row in found],
        _total(rows, found),
        address("introductions") + "?who=mine",
        _("all of them"),
    )


def _answer(row: Any, today: Any, mine: bool) -> Item:
    state, tone, symbol, late = due_words(row.due_on, today)
    first = row.state == "proposed"
    other = row.supplier if row.turn_id == row.lab_id else row.lab_told
    told = {"firm": other, "state": row.get_state_display(), "title": row.heading}
    return Item(
        str(row.part),
        address("introduction", row.public_id),
        _("%(firm)s · %(title)s · %(state)s") % told,
        state,
        tone,
        symbol,
        _("your turn"),
        _("Answer") if first and mine else _("Go there"),
        mine=mine,
        late=late,
        due_now=row.due_on == today,
        fictitious=row.fictitious,
    )


# --- what was asked -------------------------------------------------------------------------------------------
def _questions(user: Any, unread: int) -> Group:
    """Questions that wait for an answer, whoever has read them already; then unread messages."""
    viewer = viewer_of(user)
    asked = open_questions(user).filter(firm__in=viewer.firms)
    waiting = list(asked.order_by("id")[:SHOWN])
    attach_about(user, waiting)
    rows = unread_news(user, SHOWN, groups=[NoticeGroup.MESSAGES.value]) if unread else []
    told = {str(row.public_id) for row in waiting}
    rows = [row for row in rows if row.object_id not in told]
    asks = [_question(row, row.firm_id in viewer.editing) for row in waiting]
    total = _total(asked, waiting) + len(rows)
    return Group(
        "questions",
        _("Questions and messages"),
        "chat-dots",
        _("No question waits and no message is unread. What a bureau asks you is shown here."),
        asks
        + [
            Item(
                row.said.title,
                address("notice", row.public_id),
                row.said.words,
                _("unread"),
                "accc",
                "envelope",
                moment_text(row.at),
                _("Read and answer"),
                mine=True,
            )
            for row in rows
        ],
        total,
        address("notices") + "?group=messages",
        _("all messages"),
    )


def _question(row: Any, mine: bool) -> Item:
    """What a bureau asks, and about what: the demand as this firm may call it."""
    told = {"bureau": row.organisation, "person": row.author, "about": row.about.words if row.about else ""}
    words = (
        _("%(person)s (%(bureau)s) asks about %(about)s") if row.about else _("%(person)s (%(bureau)s) asks")
    )
    days = (timezone.now() - row.created_at).days
    state = ngettext("asked %(days)d day ago", "asked %(days)d days ago", days) % {"days": days}
    return Item(
        Truncator(row.text).chars(120),
        question_address(row),
        words % told,
        state if days else _("asked today"),
        "warn",
        "hourglass-split",
        _("your turn"),
        _("Answer") if mine else _("Look"),
        mine=mine,
        due_now=days >= ANSWER_WITHIN,
    )


# --- verification and what is missing -------------------------------------------------------------------------
def _standing(user: Any) -> Group:
    """How far each of one's firms is: verified or not, and what nobody can find without it."""
    viewer = viewer_of(user)
    seats = Membership.objects.visible_to(user).filter(user=user, organisation__in=viewer.firms)
    firms = {seat.organisation_id: seat.organisation for seat in seats.select_related("organisation__city")}
    newest: dict[int, Any] = {}
    asked = Verification.objects.visible_to(user).filter(organisation__in=firms).order_by("id")
    for row in asked:
        newest[row.organisation_id] = row
    items = [_verification(firm, newest.get(key), key in viewer.editing) for key, firm in firms.items()]
    items += _missing(user, firms, viewer.editing)
    found = [item for item in items if item is not None]
    return Group(
        "standing",
        _("Your firm in the directory"),
        "patch-check",
        _("Verified, reachable and complete: nothing is missing."),
        found[:SHOWN],
        len(found),
        address("organisation-edit", next(iter(firms.values())).public_id) if len(firms) == 1 else "",
        _("profile"),
    )


def _verification(firm: Organisation, asked: Any, may: bool) -> Item | None:
    if firm.verified:
        return None
    where = address("organisation-edit" if may else "firm", firm.public_id)
    if asked is not None and asked.state == DecisionState.WAITING:
        why = _("asked on %(date)s; until then only you and your bureau see your rows") % {
            "date": date_text(timezone.localdate(asked.created_at))
        }
        return _step(firm, where, why, _("waits for the bureau"), _("Look"), mine=False)
    if asked is not None and asked.state == DecisionState.REFUSED:
        why = _("the bureau writes: %(reason)s") % {"reason": asked.reason}
        return _step(firm, where, why, _("not verified"), _("Mend and ask again"), mine=may)
    why = _("firms that are verified are trusted more and found first")
    return _step(firm, where, why, _("not verified"), _("Ask the bureau"), mine=may)


def _step(firm: Any, where: str, why: str, state: str, action: str, *, mine: bool = True) -> Item:
    return Item(
        str(firm), where, why, state, "warn", "exclamation-triangle-fill", "", action, mine=mine,
        fictitious=firm.fictitious,
    )  # fmt: skip


def _missing(user: Any, firms: dict[int, Organisation], editing: frozenset[int]) -> list[Item]:
    """What others look for in a firm of its kind and do not find; only for those who can mend it."""
    keys = [key for key in firms if key in editing]
    reached = _owners(OrganisationContact.objects.visible_to(user).exclude(phone="", email=""), keys)
    makers = [key for key in keys if is_maker(firms[key])]
    plants = _owners(Facility.objects.visible_to(user).filter(archived_at=None), makers)
    offers = _owners(Capability.objects.visible_to(user).filter(archived_at=None), makers)
    operators = [key for key in keys if OrganisationRole.OPERATOR in firms[key].roles]
    sites = _owners(Site.objects.visible_to(user).filter(archived_at=None), operators)
    labs = [key for key in keys if OrganisationRole.RND in firms[key].roles]
    wanted = _owners(Demand.objects.visible_to(user), labs, "owner")
    nothing = _("missing")
    items = []
    for key in keys:
        firm = firms[key]
        if key not in reached:
            items.append(_step(firm, address("organisation-edit", firm.public_id),
                               _("a phone number or address: opened to whoever you agree to talk to"),
                               nothing, _("Add a contact")))  # fmt: skip
        if key in makers and key not in plants:
            items.append(_step(firm, address("facility-new"),
                               _("a plant: parts are made somewhere, and distance counts"),
                               nothing, _("Add a plant")))  # fmt: skip
        elif key in makers and key not in offers:
            items.append(_step(firm, address("capability-new"),
                               _("a capability: without one no demand finds you"),
                               nothing, _("Describe a part")))  # fmt: skip
        if key in labs and key not in wanted:
            items.append(_step(firm, address("demand-new"),
                               _("a demand: what you want to build, and what it needs"),
                               nothing, _("Write a demand")))  # fmt: skip
        if key in operators and key not in sites:
            items.append(_step(firm, address("site-new"),
                               _("a site: where robots could work, and when"),
                               nothing, _("Write a site")))  # fmt: skip
    return items


def is_maker(firm: Any) -> bool:
    """Who offers parts or services, or has not said what it does."""
    return bool(set(firm.roles) & MAKERS) or not firm.roles


def _owners(rows: Any, keys: list[int], owner: str = "organisation") -> set[int]:
    found = rows.filter(**{f"{owner}__in": keys}).order_by()
    return set(found.values_list(f"{owner}_id", flat=True).distinct())


# --- drafts ---------------------------------------------------------------------------------------------------
def _drafts(user: Any) -> Group:
    """What the firm's editors began and nobody else sees."""
    mine = viewer_of(user).editing
    own = Q(organisation__in=mine, published=False, archived_at=None)
    demands = demand_list(user).filter(owner__in=mine, published=False, archived_at=None, outcome="")
    offers = Capability.objects.visible_to(user).filter(own).select_related("component_type")
    sites = Site.objects.visible_to(user).filter(own)
    sheets = sheet_list(user).filter(organisation__in=mine, state__in=OPEN_SHEETS)
    kinds: list[tuple[Any, str, Callable[[Any], tuple[Any, Any]]]] = [
        (demands, "demand", lambda row: (heading(row), _("demand"))),
        (offers, "capability-edit", lambda row: (row.title, row.component_type)),
        (sites, "site-edit", lambda row: (row.name, _("site"))),
        (sheets, "import", lambda row: (row.file_name, row.get_state_display())),
    ]
    newest, total = [], 0
    for rows, route, told in kinds:
        last = list(rows.order_by("-updated_at", "-id")[:SHOWN])
        total += _total(rows, last)
        newest += [(row.updated_at, _draft(row, route, *told(row))) for row in last]
    newest.sort(key=lambda pair: pair[0], reverse=True)
    return Group(
        "drafts",
        _("Drafts to finish"),
        "pencil-square",
        _("No draft is open."),
        [item for _at, item in newest[:SHOWN]],
        total,
    )


def _draft(row: Any, route: str, title: Any, what: Any) -> Item:
    days = (timezone.localdate() - timezone.localdate(row.updated_at)).days
    age = (
        ngettext("untouched for %(days)d day", "untouched for %(days)d days", days) % {"days": days}
        if days
        else _("written today")
    )
    why = _("%(what)s · %(age)s") % {"what": what, "age": age}
    return Item(
        str(title) or _("without a title"),
        address(route, row.public_id),
        why,
        _("draft"),
        "mute",
        "pencil",
        "",
        _("Finish"),
        mine=True,
    )
