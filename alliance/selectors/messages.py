"""Threads as a viewer may know them: what was written, who reads it, whom one may address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from alliance.access import colleagues
from alliance.choices import Audience, DisclosureStage
from alliance.errors import DomainError
from alliance.kinds import Kind
from alliance.models import CityCare, Disclosure, Membership, Message, MessageReader, Organisation
from alliance.models.base import GuardedQuerySet
from alliance.selectors.rights import viewer_of

LATEST = 5
MOST_PEOPLE = 2000
_WORD = re.compile(r"[A-Za-z0-9._%+-]")
_MOST_AT = 50


def thread_of(user: Any, kind: Kind, row: Any) -> GuardedQuerySet:
    rows = Message.objects.visible_to(user).filter(kind=kind.name, object_id=row.public_id)
    return rows.select_related("author", "organisation").prefetch_related("readers__organisation", "mentions")


def talk_of(user: Any, kind: Kind, row: Any) -> GuardedQuerySet:
    """The thread without what was asked of single firms: that is told apart (alliance/selectors/questions.py)."""
    return thread_of(user, kind, row).exclude(audience=Audience.FIRM)


def voices(user: Any, kind: Kind, row: Any) -> dict[str, int]:
    """Whom this person may write to here (an Audience) → the organisation in whose name; ask only on a visible row."""
    viewer = viewer_of(user)
    found: dict[str, int] = {}
    if viewer.bureaus and kind.has_thread:
        own = [key for key in kind.bureaus(row) if key in viewer.bureaus]
        found[Audience.BUREAUS] = own[0] if own else min(viewer.bureaus)
    hands = viewer.editing | viewer.bureaus
    side = next((key for key in kind.parties(row) if key in hands), None)
    if side is not None and _have_met(kind, row, side):
        found[Audience.PARTIES] = side
    return found


def _have_met(kind: Kind, row: Any, organisation: int) -> bool:
    """Both firms have accepted: they know each other's names."""
    rows = Disclosure.objects.filter(kind=kind.name, object_id=row.public_id, organisation=organisation)
    return rows.filter(stage__gte=DisclosureStage.ACCEPTED).exists()


def usual_readers(user: Any, kind: Kind, row: Any, audience: str, speaker: int) -> set[int]:
    """Who reads a message without any mention: the bureaus on the row, and those that take part already."""
    if audience == Audience.PARTIES:
        return {key for key in kind.parties(row) if key is not None}
    cities = [key for key in kind.cities(row) if key is not None]
    caring = CityCare.objects.filter(city__in=cities).values_list("bureau_id", flat=True) if cities else []
    said = Message.objects.visible_to(user).filter(
        kind=kind.name, object_id=row.public_id, audience=Audience.BUREAUS
    )
    part = MessageReader.objects.filter(message__in=said).values_list("organisation_id", flat=True)
    on_it = {key for key in kind.bureaus(row) if key is not None}
    return {speaker} | on_it | set(caring) | set(part.distinct())


def organisations_named(keys: Iterable[int]) -> list[Organisation]:
    """The bureaus and firms behind the ids that the functions here return."""
    return list(Organisation.objects.filter(pk__in=set(keys)).order_by("kind", "id"))


# --- whom one may address ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Addressee:
    """A person who can be mentioned. `handle`: what is typed behind the @, unique among those offered."""

    user: Any
    organisation: Any
    handle: str


def addressees(user: Any, kind: Kind, row: Any, audience: str) -> list[Addressee]:
    """Between bureaus the officials of one's alliances; between parties one's own people and whoever wrote here.
    What is written to one firm reaches its readers and nobody is brought in."""
    if audience == Audience.FIRM:
        return []
    if audience == Audience.BUREAUS:
        rows = Membership.objects.filter(colleagues(user))
    else:
        parties = list(kind.parties(row))
        wrote = thread_of(user, kind, row).filter(audience=Audience.PARTIES).values("author")
        theirs = Membership.objects.filter(user__in=wrote, organisation__in=parties, user__is_active=True)
        own = Membership.objects.visible_to(user).filter(organisation__in=parties, user__is_active=True)
        rows = own | theirs
    chosen = rows.exclude(user=user.pk).select_related("user", "organisation")
    seats = list(chosen.order_by("organisation__city__code", "user_id", "organisation_id")[:MOST_PEOPLE])
    names: dict[str, set[int]] = {}
    for seat in seats:
        names.setdefault(str(seat.user).casefold(), set()).add(seat.user_id)
    return [
        Addressee(seat.user, seat.organisation, _handle(seat.user, names[str(seat.user).casefold()]))
        for seat in seats
    ]


def _handle(user: Any, alike: set[int]) -> str:
    """The name as people know it, the account's name where two are called the same."""
    return str(user) if len(alike) == 1 else user.username


def mentioned_in(text: str, people: list[Addressee]) -> list[Addressee]:
    """Who is meant by each @ in the text: the longest name that follows it. DomainError where two share the name."""
    names: dict[str, list[Addressee]] = {}
    for person in people:
        for name in {str(person.user).casefold(), person.user.username.casefold()}:
            names.setdefault(name, []).append(person)
    ordered = sorted(names, key=len, reverse=True)
    found: dict[int, Addressee] = {}
    for rest in _after_at(text):
        name = next((name for name in ordered if _begins(rest, name)), None)
        if name is None:
            continue
        meant = names[name]
        if len({person.user.pk for person in meant}) > 1:
            told = ", ".join(sorted({f"@{person.user.username}" for person in meant})[:5])
            raise DomainError(_several(rest[: len(name)], told), field="text")
        found.setdefault(meant[0].user.pk, meant[0])
    return list(found.values())


def _several(name: str, told: str) -> str:
    return _("Several people are called %(name)s: write one of %(told)s.") % {"name": name, "told": told}


def _after_at(text: str) -> list[str]:
    """What follows each @ that does not stand in an address such as a@b.cn."""
    places = [m.start() for m in re.finditer("[@\uff20]", text)]  # the full-width @ too
    return [
        text[at + 1 : at + 161].casefold()
        for at in places[:_MOST_AT]
        if at == 0 or not _WORD.match(text[at - 1])
    ]


def _begins(rest: str, name: str) -> bool:
    """@li does not mean li when @lily is written; behind a Chinese name the text goes on without a space."""
    if not rest.startswith(name):
        return False
    after = rest[len(name) : len(name) + 1]
    return not (_WORD.match(name[-1]) and after and re.match(r"[A-Za-z0-9_]", after))
