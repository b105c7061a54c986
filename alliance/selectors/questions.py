"""What a bureau asks one firm before it is introduced, and what was answered, as a viewer may know it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from alliance.choices import Audience
from alliance.kinds import Kind
from alliance.models import CityCare, Membership, Message, Organisation
from alliance.models.base import GuardedQuerySet
from alliance.selectors.messages import thread_of
from alliance.selectors.rights import viewer_of
from alliance.viewer import viewer_of_organisation

SHOWN = 20


@dataclass(frozen=True)
class Told:
    """What a question is about, in words for one reader, and the page of it. `instead`: where the firm is introduced
    without a question first, for who may do so."""

    words: str
    address: str
    instead: str = ""


@dataclass(frozen=True)
class About:
    """A kind of row that a question may be about beside the row it hangs on.

    `tell`: (reader, questions) → by the question's key; what the reader may not see is missing.
    `secrets`: (asker, the firm as viewer, id) → names that the asker reads there and the firm does not;
    None where one of the two does not see the row at all.
    """

    tell: Callable[[Any, Sequence[Any]], dict[int, Told]]
    secrets: Callable[[Any, Any, UUID], list[str] | None]


#: Apps above this one register theirs.
ABOUT: dict[str, About] = {}


def question_list(user: Any) -> GuardedQuerySet:
    """Questions to single firms that the viewer reads, answers apart."""
    rows = Message.objects.visible_to(user).filter(audience=Audience.FIRM, answers=None)
    return rows.select_related("author", "organisation", "firm")


def question_address(message: Any) -> str:
    """Where a question, or what was said to it, is read and answered."""
    root = message.answers or message
    place = reverse("thread", kwargs={"kind": message.kind, "public_id": message.object_id})
    return f"{place}#q-{root.public_id}"


def open_questions(user: Any) -> GuardedQuerySet:
    """Those that still wait for the firm's answer."""
    return question_list(user).filter(answered_at=None, withdrawn_at=None)


def questions_on(user: Any, kind: Kind, row: Any) -> list[Any]:
    """The newest questions on a row. `said`: what followed, in order; `about`: see About, or None; `may_answer`: the
    viewer writes for one of its readers."""
    found = list(
        thread_of(user, kind, row).filter(audience=Audience.FIRM, answers=None).order_by("-id")[:SHOWN]
    )
    if not found:
        return []
    said: dict[int, list[Any]] = defaultdict(list)
    replies = Message.objects.visible_to(user).filter(answers__in=[question.pk for question in found])
    for reply in replies.select_related("author", "organisation").order_by("id"):
        reply.mine = reply.author_id == user.pk
        said[reply.answers_id].append(reply)
    viewer = viewer_of(user)
    hands = viewer.editing | viewer.bureaus
    attach_about(user, found)
    for question in found:
        question.said = said[question.pk]
        question.mine = question.author_id == user.pk
        question.asks_us = question.firm_id in viewer.editing
        readers = {reader.organisation_id for reader in question.readers.all()}
        question.may_answer = question.withdrawn_at is None and bool(readers & hands)
    return found


def attach_about(user: Any, questions: Iterable[Any]) -> None:
    """`about` of each question: what it is about in words that this reader may read, or None."""
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for question in questions:
        question.about = None
        by_kind[question.about_kind].append(question)
    for kind, several in by_kind.items():
        if kind in ABOUT:
            told = ABOUT[kind].tell(user, several)
            for question in several:
                question.about = told.get(question.pk)


def asker_of(user: Any, kind: Kind, row: Any) -> int | None:
    """The bureau in whose name this person may ask whose row it is; None for everybody else."""
    viewer = viewer_of(user)
    firm = kind.owner(row)
    return min(viewer.bureaus) if kind.asked and firm is not None and viewer.bureaus else None


def is_reachable(firm_id: int) -> bool:
    """Somebody of the firm can sign in and write for it: else nobody would ever read a question."""
    rows = Membership.objects.filter(organisation=firm_id, organisation__suspended=False)
    return bool(rows.filter(role__in=["owner", "editor"], user__is_active=True).exists())


def readers_of_question(bureau_id: int, firm_id: int) -> set[int]:
    """Who reads a question and all that is said to it: who asks, the firm, the bureau of its city."""
    firm = Organisation.objects.get(pk=firm_id)
    caring = CityCare.objects.filter(city=firm.city_id).values_list("bureau_id", flat=True)
    return {bureau_id, firm_id, *caring}


def revealed(words: str, user: Any, firm_id: int, about_kind: str, about_id: UUID) -> str | None:
    """A name in the text that its writer reads in what the question is about, and the firm may not: or None.

    LookupError if the writer or the firm does not see what it is about.
    """
    secrets = ABOUT[about_kind].secrets(user, viewer_of_organisation(firm_id), about_id)
    if secrets is None:
        raise LookupError(about_kind)
    text = "".join(words.split()).casefold()
    return next((name for name in secrets if name and "".join(name.split()).casefold() in text), None)
