"""Tellers of meetings: called, moved, cancelled, minutes written, something agreed."""

from __future__ import annotations

from alliance.choices import NoticeGroup
from alliance.models import Change
from alliance.services.notices.telling import News, everybody, members_of, those_who_see, told_to
from matching.models import ActionItem, Meeting

GROUP = NoticeGroup.MEETINGS.value
WHEN_AND_WHERE = {"held_on", "starts_at", "place"}
KEYS = {
    "called": "meeting called",
    "cancelled": "meeting cancelled",
    "restored": "meeting restored",
    "minutes written": "meeting minutes",
}


def meeting(change: Change) -> list[News]:
    """The officials of the bureaus at its table."""
    key = KEYS.get(change.verb, "")
    if change.verb == "changed" and WHEN_AND_WHERE & set(change.after or {}):
        key = "meeting moved"
    if not key:
        return []
    row = Meeting.objects.get(public_id=change.object_id)
    people = everybody(members_of(row.seats.values_list("bureau_id", flat=True), but=change.actor_id))
    rows = Meeting.objects.filter(pk=row.pk)
    return told_to(those_who_see(people, rows), GROUP, key, change)


def action_item(change: Change) -> list[News]:
    """The person who takes it on, or everybody of the bureau where nobody is named."""
    if change.verb != "agreed":
        return []
    row = ActionItem.objects.get(public_id=change.object_id)
    people = everybody(members_of([row.bureau_id], but=change.actor_id))
    if row.person_id is not None:
        people = [person for person in people if person.pk == row.person_id]
    rows = ActionItem.objects.filter(pk=row.pk)
    return told_to(those_who_see(people, rows), GROUP, "action agreed", change)
