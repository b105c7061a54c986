"""Calling a meeting, its agenda, its minutes, and what was agreed. Only the bureaus at the table may write."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from typing import Any, cast

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import AgendaKind, MeetingState, OrganisationKind
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Alliance, Membership, Organisation, User
from alliance.selectors import viewer_of
from matching.models import ActionItem, AgendaItem, Meeting, MeetingSeat
from matching.selectors.agenda import agenda_points

FIELDS = ("title", "held_on", "starts_at", "minutes_long", "place")


def call_meeting(
    user: Any,
    alliance: Alliance,
    bureaus: Iterable[Organisation],
    *,
    title: str,
    held_on: date,
    starts_at: time | None = None,
    minutes_long: int = 90,
    place: str = "",
) -> Meeting:
    """Plan a meeting of one's own bureau with others of the alliance; the agenda is made at once."""
    seated = {bureau.pk: bureau for bureau in bureaus}
    viewer = viewer_of(user)
    if alliance.pk not in viewer.bureau_alliances or not viewer.bureaus:
        raise ForbiddenError(_("Only officials of the alliance call meetings."))
    if not viewer.bureaus & set(seated):
        raise DomainError(_("Your own bureau has to be at the table."), field="bureaus")
    _check_bureaus(seated.values(), alliance)
    with transaction.atomic():
        meeting = Meeting.objects.create(
            alliance=alliance,
            title=title,
            held_on=held_on,
            starts_at=starts_at,
            minutes_long=minutes_long,
            place=place,
            called_by=user,
        )
        MeetingSeat.objects.bulk_create(MeetingSeat(meeting=meeting, bureau_id=pk) for pk in sorted(seated))
        _add_points(user, meeting)
        record("called", "meeting", str(meeting.public_id), after=_told(meeting))
    return meeting


def _check_bureaus(bureaus: Iterable[Organisation], alliance: Alliance) -> None:
    reached = set(alliance.reach.values_list("city_id", flat=True))
    for bureau in bureaus:
        if bureau.kind != OrganisationKind.BUREAU or bureau.city_id not in reached:
            raise DomainError(
                _("%(name)s is no bureau of this alliance.") % {"name": bureau}, field="bureaus"
            )


def _told(meeting: Meeting) -> dict[str, Any]:
    starts = meeting.starts_at.isoformat(timespec="minutes") if meeting.starts_at else ""
    return {
        "title": meeting.title,
        "held_on": meeting.held_on.isoformat(),
        "starts_at": starts,
        "minutes_long": meeting.minutes_long,
        "place": meeting.place,
        "state": meeting.state,
    }


def _locked(user: Any, meeting: Meeting, version: int | None = None) -> Meeting:
    """The row locked, for somebody at its table; refused when it was changed since it was read."""
    found = Meeting.objects.editable_by(user).select_for_update(of=("self",), no_key=True)
    locked = cast("Meeting | None", found.filter(pk=meeting.pk).first())
    if locked is None:
        raise NotFoundError(_("There is no such meeting."))
    if version is not None and locked.version != version:
        raise ConflictError(_("Somebody else changed this meeting meanwhile. Look at it again."))
    return locked


def _touch(meeting: Meeting, **values: Any) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(
        version=F("version") + 1, updated_at=timezone.now(), **values
    )


def change_meeting(user: Any, meeting: Meeting, *, version: int | None = None, **values: Any) -> Meeting:
    """Move, rename, or write the minutes of a meeting."""
    with transaction.atomic():
        locked = _locked(user, meeting, version)
        if locked.state == MeetingState.CANCELLED:
            raise ConflictError(_("This meeting was cancelled."))
        before = _told(locked) | {"minutes": locked.minutes}
        _touch(locked, **values)
        locked.refresh_from_db()
        after = _told(locked) | {"minutes": locked.minutes}
        changed = [key for key in after if before[key] != after[key]]
        record(
            "changed",
            "meeting",
            str(locked.public_id),
            before={key: before[key] for key in changed},
            after={key: after[key] for key in changed},
        )
    return locked


def close_meeting(user: Any, meeting: Meeting, state: str, *, version: int | None = None) -> Meeting:
    """It was held, or it is called off; `restore_meeting` takes either back."""
    with transaction.atomic():
        locked = _locked(user, meeting, version)
        if locked.state == state:
            return locked
        if locked.state != MeetingState.PLANNED:
            raise ConflictError(
                _("This meeting is already %(state)s.") % {"state": locked.get_state_display()}
            )
        _touch(locked, state=state)
        verb = "held" if state == MeetingState.HELD else "cancelled"
        record(verb, "meeting", str(locked.public_id), before={"state": locked.state}, after={"state": state})
        locked.refresh_from_db()
    return locked


def restore_meeting(user: Any, meeting: Meeting, *, version: int | None = None) -> Meeting:
    """Planned again: it was called off, or said to have been held, by mistake. What was written down stays."""
    with transaction.atomic():
        locked = _locked(user, meeting, version)
        if locked.state == MeetingState.PLANNED:
            return locked
        before = locked.state
        _touch(locked, state=MeetingState.PLANNED)
        record(
            "restored",
            "meeting",
            str(locked.public_id),
            before={"state": before},
            after={"state": MeetingState.PLANNED},
        )
        locked.refresh_from_db()
    return locked


# --- agenda ---------------------------------------------------------------------------------------------
def _add_points(user: Any, meeting: Meeting) -> int:
    """What is due between these bureaus and not on the agenda yet, behind what is there."""
    last = meeting.items.aggregate(last=Max("position"))["last"] or 0
    points = agenda_points(user, meeting)
    for position, point in enumerate(points, last + 1):
        point.position = position
    AgendaItem.objects.bulk_create(points)
    return len(points)


def refresh_agenda(user: Any, meeting: Meeting) -> int:
    """Add what has come up since the agenda was made; nothing that is there is touched."""
    with transaction.atomic():
        locked = _planned(user, meeting)
        added = _add_points(user, locked)
        if added:
            _touch(locked)
            record("agenda renewed", "meeting", str(locked.public_id), after={"added": added})
    return added


def _planned(user: Any, meeting: Meeting) -> Meeting:
    locked = _locked(user, meeting)
    if locked.state != MeetingState.PLANNED:
        raise ConflictError(_("The agenda of a meeting that was held or cancelled does not change."))
    return locked


def add_own_point(user: Any, meeting: Meeting, text: str) -> AgendaItem:
    if not text.strip():
        raise DomainError(_("Write what the point is about."), field="text")
    with transaction.atomic():
        locked = _planned(user, meeting)
        last = locked.items.aggregate(last=Max("position"))["last"] or 0
        item = AgendaItem.objects.create(
            meeting=locked, position=last + 1, kind=AgendaKind.OWN, text=text.strip()
        )
        _touch(locked)
        record("agenda point added", "meeting", str(locked.public_id), after={"text": item.text})
    return item


def move_point(user: Any, meeting: Meeting, item: AgendaItem, step: int) -> None:
    """One place up (−1) or down (+1); at the end of the list nothing happens."""
    with transaction.atomic():
        locked = _planned(user, meeting)
        order = list(locked.items.order_by("position", "id"))
        at = next((index for index, row in enumerate(order) if row.pk == item.pk), None)
        if at is None:
            raise NotFoundError(_("This point is no longer on the agenda."))
        to = min(max(at + step, 0), len(order) - 1)
        order.insert(to, order.pop(at))
        for position, row in enumerate(order, 1):
            row.position = position
        AgendaItem.objects.bulk_update(order, ["position"])
        _touch(locked)
        record("agenda order changed", "meeting", str(locked.public_id))


def drop_point(user: Any, meeting: Meeting, item: AgendaItem) -> None:
    with transaction.atomic():
        locked = _planned(user, meeting)
        if not locked.items.filter(pk=item.pk).delete()[0]:
            raise NotFoundError(_("This point is no longer on the agenda."))
        _touch(locked)
        record("agenda point dropped", "meeting", str(locked.public_id), before={"text": str(item)})


def write_minutes(
    user: Any, meeting: Meeting, text: str, outcomes: dict[str, str], *, version: int | None = None
) -> Meeting:
    """What was said in general, and to each point (by its public id)."""
    with transaction.atomic():
        locked = _locked(user, meeting, version)
        if locked.state == MeetingState.CANCELLED:
            raise ConflictError(_("This meeting was cancelled."))
        items = list(locked.items.all())
        for item in items:
            item.outcome = outcomes.get(str(item.public_id), item.outcome).strip()
        AgendaItem.objects.bulk_update(items, ["outcome"])
        before = {"minutes": locked.minutes}
        _touch(locked, minutes=text.strip())
        record(
            "minutes written",
            "meeting",
            str(locked.public_id),
            before=before,
            after={"minutes": text.strip()},
        )
        locked.refresh_from_db()
    return locked


# --- what was agreed --------------------------------------------------------------------------------------
def agree(
    user: Any,
    meeting: Meeting,
    text: str,
    bureau: Organisation,
    *,
    person: User | None = None,
    due_on: date | None = None,
) -> ActionItem:
    """Write down who does what by when; the bureau sits at the table, the person works there."""
    if not text.strip():
        raise DomainError(_("Write what is to be done."), field="text")
    with transaction.atomic():
        locked = _locked(user, meeting)
        if locked.state == MeetingState.CANCELLED:
            raise ConflictError(_("This meeting was cancelled."))
        if not locked.seats.filter(bureau=bureau).exists():
            raise DomainError(_("%(name)s is not at this meeting.") % {"name": bureau}, field="bureau")
        if person is not None and not _works_at(person, bureau):
            raise DomainError(
                _("%(person)s does not work at %(bureau)s.") % {"person": person, "bureau": bureau},
                field="person",
            )
        item = ActionItem.objects.create(
            meeting=locked, text=text.strip(), bureau=bureau, person=person, due_on=due_on
        )
        due = due_on.isoformat() if due_on else ""
        after = {"text": item.text, "bureau": str(bureau.public_id), "due_on": due}
        record("agreed", "action item", str(item.public_id), after=after)
    return item


def _works_at(person: User, bureau: Organisation) -> bool:
    return person.is_active and Membership.objects.filter(user=person, organisation=bureau).exists()


def finish_action(user: Any, item: ActionItem, *, done: bool = True) -> ActionItem:
    """Done, or open again. Two who click at once: the second is told nothing changed."""
    with transaction.atomic():
        rows: Any = ActionItem.objects.editable_by(user).filter(pk=item.pk)
        if not rows.exists():
            raise NotFoundError(_("There is no such action item."))
        changed = ActionItem.objects.filter(pk=item.pk, done_at__isnull=done).update(
            done_at=timezone.now() if done else None,
            done_by=user if done else None,
            version=F("version") + 1,
        )
        if changed:
            verb = "done" if done else "reopened"
            record(verb, "action item", str(item.public_id), after={"done": done})
    item.refresh_from_db()
    return item
