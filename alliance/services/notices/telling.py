"""Who is told what of a change. Each kind of change has a teller; apps above this one register theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from alliance.choices import MemberRole, NoticeChannel
from alliance.models import Change, Membership, Notice, User
from alliance.services.notices.preferences import channels_of_many

#: Who works on an organisation's rows: of a firm those who may edit, of a bureau its officials.
WORKING = (MemberRole.OWNER, MemberRole.EDITOR, MemberRole.OFFICIAL, MemberRole.ALLIANCE_ADMIN)


@dataclass(frozen=True)
class News:
    """One notice for one person. `part` tells several of one change apart: one for each object of a run.

    `replaces`: keys of earlier notices about the same row that say nothing any more beside this one.
    """

    person: User
    group: str
    key: str
    kind: str
    object_id: str
    params: dict[str, Any] = field(default_factory=dict)
    part: str = ""
    replaces: frozenset[str] = frozenset()


Teller = Callable[[Change], Iterable[News]]
#: kind of change → who hears of it
TELLERS: dict[str, Teller] = {}
#: what has to be remembered where reading begins: the state that nobody is told of
STARTERS: list[Callable[[], None]] = []


def tell(source: str, news: Iterable[News]) -> int:
    """Write the notices, in the caller's transaction; the same source tells a person once. Returns how many were asked
    for. Who wants to hear nothing of a group gets no row."""
    found = list(news)
    channels = channels_of_many({one.person.pk for one in found})
    rows = [
        Notice(
            user=one.person,
            source=f"{source}:{one.part}" if one.part else source,
            group=one.group,
            key=one.key,
            kind=one.kind,
            object_id=one.object_id,
            params=one.params,
            mail_due=channels[one.person.pk][one.group] in (NoticeChannel.MAIL, NoticeChannel.DIGEST),
        )
        for one in found
        if channels[one.person.pk][one.group] != NoticeChannel.NONE
    ]
    _drop_replaced(found, {row.source for row in rows})
    Notice.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return len(rows)


def _drop_replaced(news: Iterable[News], sources: Iterable[str]) -> None:
    """Of what happened to one row a person finds the newest unread, not a pile; what was read stays read. Told again of
    the same source nobody loses it."""
    for one in {(one.kind, one.object_id): one for one in news if one.replaces}.values():
        people = [each.person.pk for each in news if (each.kind, each.object_id) == (one.kind, one.object_id)]
        older = Notice.objects.filter(user__in=people, kind=one.kind, object_id=one.object_id, read_at=None)
        older.filter(key__in=one.replaces).exclude(source__in=sources).delete()


def members_of(organisations: Iterable[int], *, but: int | None = None) -> dict[int, list[User]]:
    """Organisation → those who work on its rows, without the one who made the change."""
    rows = Membership.objects.filter(
        organisation__in=set(organisations),
        organisation__suspended=False,
        role__in=WORKING,
        user__is_active=True,
    ).select_related("user")
    found: dict[int, list[User]] = {}
    known: dict[int, User] = {}  # what a person may see is asked once for each object of a person
    for row in rows.order_by("organisation_id", "user_id"):
        if row.user_id != but:
            person = known.setdefault(row.user_id, row.user)
            found.setdefault(row.organisation_id, []).append(person)
    return found


def everybody(found: dict[int, list[User]]) -> list[User]:
    """Each person once."""
    return list({person.pk: person for people in found.values() for person in people}.values())


def those_who_see(people: Iterable[User], rows: Any) -> list[User]:
    """Who may see the row that `rows` (a guarded queryset) holds."""
    return [person for person in people if rows.visible_to(person).exists()]


def told_to(
    people: Sequence[User],
    group: str,
    key: str,
    change: Change,
    params: dict[str, Any] | None = None,
    kind: str = "",
    replaces: frozenset[str] = frozenset(),
) -> list[News]:
    """The same news for several people, about the row that the change names."""
    return [
        News(person, group, key, kind or change.kind, change.object_id, params or {}, replaces=replaces)
        for person in people
    ]
