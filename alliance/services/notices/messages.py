"""Tellers of messages and files: who is mentioned, whose row it is about, and who has written there before."""

from __future__ import annotations

from typing import Any

from alliance.choices import Audience, NoticeGroup
from alliance.kinds import KINDS
from alliance.models import Attachment, Change, CityCare, Message, MessageReader, User
from alliance.services.notices.telling import News, everybody, members_of, those_who_see, told_to

GROUP = NoticeGroup.MESSAGES.value


def message(change: Change) -> list[News]:
    """Only who may read the message: whoever it was written to, as of when it was posted."""
    if change.verb != "posted":
        return []
    row = Message.objects.select_related("answers").get(public_id=change.object_id)
    if row.audience == Audience.FIRM:
        return _question(row, change)
    mentioned = {person.pk: person for person in row.mentions.filter(is_active=True)}
    mentioned.pop(row.author_id, None)
    readers = set(MessageReader.objects.filter(message=row).values_list("organisation_id", flat=True))
    people = members_of(readers, but=row.author_id)
    concerned = everybody({key: people[key] for key in _own(row) & people.keys()})
    concerned += [person for person in everybody(people) if person.pk in _wrote_before(row)]
    others = {person.pk: person for person in concerned if person.pk not in mentioned}
    rows: Any = Message.objects.filter(pk=row.pk)
    return [
        *told_to(those_who_see(mentioned.values(), rows), GROUP, "message mention", change),
        *told_to(those_who_see(others.values(), rows), GROUP, "message posted", change),
    ]


def _question(row: Message, change: Change) -> list[News]:
    """Asked: the firm. Answered: who has asked, or all of that bureau where none of them is there any more."""
    root = row.answers or row
    rows: Any = Message.objects.filter(pk=row.pk)
    asked = root.firm_id or 0  # the database sees to it that a question has a firm
    people = members_of({asked, root.organisation_id}, but=row.author_id)
    firm = people.get(asked, []) if row.organisation_id != asked else []
    bureau: list[User] = []
    if row.answers_id is not None:
        wrote = {root.author_id, *root.replies.values_list("author_id", flat=True)}
        officials = people.get(root.organisation_id, [])
        bureau = [person for person in officials if person.pk in wrote] or officials
    key = "question answered" if row.organisation_id == root.firm_id else "question asked"
    return [
        *told_to(those_who_see(firm, rows), GROUP, "question asked", change),
        *told_to(those_who_see(bureau, rows), GROUP, key, change),
    ]


def _own(message: Message) -> set[int]:
    """Organisations whose row it is, or that look after it."""
    kind = KINDS.get(message.kind)
    row = kind and kind.model.objects.filter(public_id=message.object_id).first()
    if kind is None or row is None:
        return set()
    caring = CityCare.objects.filter(city__in=[key for key in kind.cities(row) if key])
    return {
        key
        for key in (*kind.holders(row), *kind.bureaus(row), *caring.values_list("bureau_id", flat=True))
        if key is not None
    }


def _wrote_before(message: Message) -> set[int]:
    """Who writes in a thread follows it."""
    earlier = Message.objects.filter(kind=message.kind, object_id=message.object_id, pk__lt=message.pk)
    return set(earlier.order_by().values_list("author_id", flat=True).distinct())


def attachment(change: Change) -> list[News]:
    """A file on what several parties work on: those of them to whom it is open already."""
    if change.verb != "attached":
        return []
    file = Attachment.objects.get(public_id=change.object_id)
    kind = KINDS.get(file.kind)
    row = kind and kind.model.objects.filter(public_id=file.object_id).first()
    if kind is None or row is None:
        return []
    parties = {key for key in kind.parties(row) if key is not None}
    people = everybody(members_of(parties, but=file.uploaded_by_id))
    rows: Any = Attachment.objects.filter(pk=file.pk)
    group = NoticeGroup.INTRODUCTIONS.value
    return told_to(those_who_see(people, rows), group, "file attached", change)
