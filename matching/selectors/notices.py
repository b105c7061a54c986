"""Words of notices about introductions, meetings, matches and sites: only what the reader may see now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.choices import Audience
from alliance.choices import IntroductionState as State
from alliance.kinds import KINDS
from alliance.models import Attachment, Message
from alliance.selectors.notices import Said, rows_told
from alliance.selectors.questions import question_address
from alliance.selectors.rights import viewer_of
from alliance.templatetags._numbers import date_text, list_text
from companies.models import Capability
from matching.models import ActionItem, DemandLine, Meeting
from matching.selectors.answers import standing_answers
from matching.selectors.demands import demand_list, heading, standings
from matching.selectors.introductions import attach_introduction_parts, introduction_list, project_list
from scenarios.models import Site

NAMED = 3  # lines named in one notice


def _day(text: Any) -> str:
    return date_text(date.fromisoformat(text)) if text else ""


# --- introductions ----------------------------------------------------------------------------------------
def introductions(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    rows = rows_told(introduction_list(user), notices)
    attach_introduction_parts(user, list(rows.values()))
    return {n.pk: _introduction(n, rows[n.object_id]) for n in notices if n.object_id in rows}


def _introduction(notice: Any, row: Any) -> Said:
    address = reverse("introduction", args=[row.public_id])
    title = _title(row)
    words, symbol, tone = _moved(notice, row)
    if notice.params.get("version") == row.version and not row.ended:
        words = f"{words} · {_turn(row)}"
    return Said(title, words, address, symbol, tone)


def _turn(row: Any) -> str:
    """Whose turn it is; only while nothing has happened since."""
    if row.my_turn:
        return _("our turn, until %(date)s") % {"date": date_text(row.due_on)}
    told = {"name": row.turn_told, "date": date_text(row.due_on)}
    return _("turn of %(name)s, until %(date)s") % told


def _moved(notice: Any, row: Any) -> tuple[str, str, str]:
    state = notice.params.get("state")
    if notice.key == "introduction overdue":
        words = _("overdue since %(date)s") % {"date": _day(notice.params.get("due_on"))}
        return words, "alarm", "bad"
    if notice.key == "introduction proposed":
        return _("introduced: both firms are asked to answer"), "people", "accc"
    if notice.key == "introduction reopened":
        return _("opened again: both firms are asked to answer"), "people", "accc"
    if notice.key == "introduction answered":
        if state == State.ACCEPTED:
            return _("accepted by both: names and contacts are open now"), "check-circle-fill", "ok"
        one = {"lab": _("the lab has accepted"), "supplier": _("the supplier has accepted")}
        return one.get(notice.params.get("side", ""), _("accepted by one side")), "check2", "ok"
    if notice.key == "introduction declined":
        if row.state == State.DECLINED and row.declined_reason:
            return _("declined: %(reason)s") % {"reason": row.declined_reason}, "x-circle", "bad"
        return _("declined"), "x-circle", "bad"
    label = State(state).label if state in State.values else _("changed")
    return _("now: %(state)s") % {"state": label}, "arrow-right-circle-fill", "accc"


def projects(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    rows = rows_told(project_list(user), notices)
    demands = {d.pk: d for d in demand_list(user).filter(pk__in={row.demand_id for row in rows.values()})}
    found = {}
    for notice in notices:
        row = rows.get(notice.object_id)
        if row is not None and row.demand_id in demands:
            count = int(notice.params.get("count", 0))
            words = ngettext(
                "introduced as one project: %(count)d firm is asked",
                "introduced as one project: %(count)d firms are asked",
                count,
            )
            address = reverse("project", args=[row.public_id])
            title = heading(demands[row.demand_id])
            found[notice.pk] = Said(title, words % {"count": count}, address, "diagram-3-fill")
    return found


# --- meetings ---------------------------------------------------------------------------------------------
def meetings(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    rows = rows_told(Meeting.objects.visible_to(user), notices)
    return {n.pk: _meeting(n, rows[n.object_id]) for n in notices if n.object_id in rows}


def _meeting(notice: Any, row: Any) -> Said:
    starts = row.starts_at.strftime("%H:%M") if row.starts_at else ""
    when = " ".join(filter(None, [date_text(row.held_on), starts, row.place]))
    address = reverse("meeting", args=[row.public_id])
    if notice.key == "meeting cancelled":
        return Said(row.title, _("cancelled"), address, "calendar-x", "warn")
    if notice.key == "meeting minutes":
        return Said(row.title, _("the minutes were written"), address, "file-earmark-text")
    if notice.key == "meeting restored":
        words = _("takes place after all: %(when)s")
    else:
        words = _("called for %(when)s") if notice.key == "meeting called" else _("moved to %(when)s")
    return Said(row.title, words % {"when": when}, address, "calendar3")


def action_items(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    rows = rows_told(
        ActionItem.objects.visible_to(user).select_related("meeting", "bureau", "person"), notices
    )
    return {n.pk: _action(user, n, rows[n.object_id]) for n in notices if n.object_id in rows}


def _action(user: Any, notice: Any, row: Any) -> Said:
    address = reverse("meeting", args=[row.meeting.public_id])
    if row.done_at is not None:
        return Said(row.text, _("done"), address, "check-circle-fill", "ok")
    if notice.key == "action item overdue":
        told = {"date": _day(notice.params.get("due_on"))}
        return Said(row.text, _("overdue since %(date)s") % told, address, "alarm", "bad")
    who = (
        _("yours to do") if row.person_id == user.pk else _("agreed for %(bureau)s") % {"bureau": row.bureau}
    )
    until = _("until %(date)s") % {"date": date_text(row.due_on)} if row.due_on else ""
    return Said(row.text, " · ".join(filter(None, [who, until])), address, "person-check")


# --- matches ------------------------------------------------------------------------------------------------
def _lines(user: Any, ids: Iterable[str]) -> dict[str, Any]:
    rows = DemandLine.objects.visible_to(user).filter(public_id__in=set(ids))
    return {str(line.public_id): line for line in rows.select_related("component_type")}


def demand_matches(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    """For the demand's side: how many suppliers its lines gained and lost."""
    demands = rows_told(demand_list(user), notices)
    sides = standings(user, list(demands.values()))
    lines = _lines(user, (line for n in notices for line, _gained, _lost in n.params.get("lines", [])))
    found = {}
    for notice in notices:
        demand = demands.get(notice.object_id)
        if demand is not None and demand.pk in sides:
            address = reverse("demand", args=[demand.public_id])
            words = _of_demand(notice.params, lines)
            found[notice.pk] = Said(heading(demand), words, address, "bullseye", "ok")
    return found


def _of_demand(params: dict[str, Any], lines: dict[str, Any]) -> str:
    told = [(lines[key], gained, lost) for key, gained, lost in params.get("lines", []) if key in lines]
    if params.get("first"):
        covered = sum(1 for _line, gained, _lost in told if gained)
        words = ngettext(
            "first results: %(count)d line can be supplied",
            "first results: %(count)d lines can be supplied",
            covered,
        )
        return words % {"count": covered}
    parts = [_of_line(*row) for row in told[:NAMED]]
    if len(told) > NAMED:
        parts.append(
            ngettext("%(count)d more line", "%(count)d more lines", len(told) - NAMED)
            % {"count": len(told) - NAMED}
        )
    return _("; ").join(parts) or _("the results have changed")


def _of_line(line: Any, gained: int, lost: int) -> str:
    name = {"line": line.component_type}
    parts = []
    if gained:
        words = ngettext("%(count)d new supplier", "%(count)d new suppliers", gained)
        parts.append(words % {"count": gained})
    if lost:
        words = ngettext("%(count)d lost", "%(count)d lost", lost)
        parts.append(words % {"count": lost})
    return _("%(line)s: %(what)s") % {**name, "what": list_text(parts)}


def capability_matches(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    """For a supplier: which lines its capability fits now; never a score, a rank or a rival."""
    mine = viewer_of(user).firms
    rows = rows_told(Capability.objects.visible_to(user).filter(organisation__in=mine), notices)
    told = [key for n in notices for key in (*n.params.get("gained", []), *n.params.get("lost", []))]
    lines = _lines(user, told)
    found = {}
    for notice in notices:
        row = rows.get(notice.object_id)
        words = _of_capability(notice.params, lines)
        if row is not None and words:
            address = reverse("capability-matches", args=[row.public_id])
            found[notice.pk] = Said(row.title, words, address, "bullseye", "ok")
    return found


def offers_matches(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    """For a supplier: many of its capabilities in one run, told together."""
    told = [key for n in notices for key in (*n.params.get("gained", []), *n.params.get("lost", []))]
    lines = _lines(user, told)
    found = {}
    for notice in notices:
        words, count = _of_capability(notice.params, lines), int(notice.params.get("count", 0))
        if words and viewer_of(user).firms:
            title = ngettext("%(count)d capability of yours", "%(count)d capabilities of yours", count)
            found[notice.pk] = Said(title % {"count": count}, words, reverse("matches"), "bullseye", "ok")
    return found


def _of_capability(params: dict[str, Any], lines: dict[str, Any]) -> str:
    gained = [lines[key] for key in params.get("gained", []) if key in lines]
    lost = [lines[key] for key in params.get("lost", []) if key in lines]
    parts = []
    if gained:
        names = list_text(dict.fromkeys(str(line.component_type) for line in gained[:NAMED]))
        words = ngettext(
            "fits %(count)d more line: %(names)s", "fits %(count)d more lines: %(names)s", len(gained)
        )
        parts.append(words % {"count": len(gained), "names": names})
    if lost:
        words = ngettext("no longer fits %(count)d line", "no longer fits %(count)d lines", len(lost))
        parts.append(words % {"count": len(lost)})
    return _("; ").join(parts)


# --- sites --------------------------------------------------------------------------------------------------
def sites(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    rows = rows_told(Site.objects.visible_to(user), notices)
    return {
        n.pk: Said(
            rows[n.object_id].name,
            _("its last window ends %(date)s: add another") % {"date": _day(n.params.get("last"))},
            reverse("site", args=[rows[n.object_id].public_id]),
            "calendar-x",
            "warn",
        )
        for n in notices
        if n.object_id in rows
    }


# --- messages ------------------------------------------------------------------------------------------------
def messages(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    """Who wrote what about which row; the row is named as the reader may name it."""
    seen = Message.objects.visible_to(user).select_related("author", "organisation", "answers")
    rows = rows_told(seen, notices)
    names = _named(user, rows.values())
    found = {}
    for notice in notices:
        row = rows.get(notice.object_id)
        kind = KINDS.get(row.kind) if row is not None else None
        name = names.get((row.kind, str(row.object_id))) if row is not None else None
        if row is not None and kind is not None and name is not None:
            asked = row.audience == Audience.FIRM
            address = (
                question_address(row) if asked else reverse(kind.url_name, args=[row.object_id]) + "#thread"
            )
            found[notice.pk] = Said(name, _of_message(notice, row), address, "chat-dots")
    return found


def attachments(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    """Whose file, on which row; only while it is open to the reader and has not been withdrawn."""
    seen = Attachment.objects.visible_to(user).filter(withdrawn_at=None).select_related("owner")
    rows = rows_told(seen, notices)
    names = _named(user, rows.values())
    found = {}
    for notice in notices:
        row = rows.get(notice.object_id)
        name = names.get((row.kind, str(row.object_id))) if row is not None else None
        if row is not None and name is not None:
            words = _("%(organisation)s has added the file %(name)s") % {
                "organisation": row.owner,
                "name": row.name,
            }
            address = reverse(KINDS[row.kind].url_name, args=[row.object_id])
            found[notice.pk] = Said(name, words, address, "paperclip")
    return found


def answers(user: Any, notices: Sequence[Any]) -> dict[int, Said]:
    """Which maker answers which demand with what."""
    seen = standing_answers(user).select_related("supplier", "capability", "line__component_type")
    rows = rows_told(seen, notices)
    demands = {d.pk: d for d in demand_list(user).filter(pk__in={row.demand_id for row in rows.values()})}
    found = {}
    for notice in notices:
        row = rows.get(notice.object_id)
        if row is not None and row.demand_id in demands:
            told = {"firm": row.supplier, "offer": row.capability.title, "part": row.line.component_type}
            words = _("%(firm)s answers %(part)s with %(offer)s") % told
            address = reverse("match", args=[row.line.public_id, row.capability.public_id])
            found[notice.pk] = Said(heading(demands[row.demand_id]), words, address, "flag-fill", "ok")
    return found


def _of_message(notice: Any, row: Any) -> str:
    if row.withdrawn_at is not None:
        return _("a message that was withdrawn")
    told = {"person": row.author, "organisation": row.organisation, "text": Truncator(row.text).chars(120)}
    if notice.key == "message mention":
        return _("%(person)s (%(organisation)s) mentions you: %(text)s") % told
    if notice.key == "question answered":
        return _("%(organisation)s has answered: %(text)s") % told
    if notice.key == "question asked":
        return _("%(person)s (%(organisation)s) asks: %(text)s") % told
    return _("%(person)s (%(organisation)s): %(text)s") % told


def _named(user: Any, rows: Iterable[Any]) -> dict[tuple[str, str], str]:
    """(kind, id) -> name, of the visible rows that these messages are about; a few queries for each kind."""
    asked: dict[str, set[Any]] = defaultdict(set)
    for row in rows:
        asked[row.kind].add(row.object_id)
    found: dict[tuple[str, str], str] = {}
    for kind, ids in asked.items():
        found |= {(kind, key): name for key, name in _names_of(user, kind, ids)}
    return found


def _names_of(user: Any, kind: str, ids: set[Any]) -> list[tuple[str, str]]:
    if kind == "demand":
        rows: Any = demand_list(user).filter(public_id__in=ids)
        return [(str(row.public_id), heading(row)) for row in rows]
    if kind == "introduction":
        rows = list(introduction_list(user).filter(public_id__in=ids))
        attach_introduction_parts(user, rows)
        return [(str(row.public_id), _title(row)) for row in rows]
    if kind == "project":
        rows = list(project_list(user).filter(public_id__in=ids))
        demands = {d.pk: d for d in demand_list(user).filter(pk__in={row.demand_id for row in rows})}
        return [(str(r.public_id), heading(demands[r.demand_id])) for r in rows if r.demand_id in demands]
    if kind in ("organisation", "site"):
        rows = KINDS[kind].model.objects.visible_to(user).filter(public_id__in=ids)
        return [(str(row.public_id), str(row)) for row in rows]
    if kind == "capability":
        rows = Capability.objects.visible_to(user).filter(public_id__in=ids).select_related("organisation")
        return [(str(row.public_id), f"{row.title} · {row.organisation}") for row in rows]
    return []


def _title(row: Any) -> str:
    return " · ".join(filter(None, [str(row.part), row.heading]))
