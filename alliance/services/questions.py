"""Asking one firm before it is introduced, and answering: messages that one firm reads besides the bureaus."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import Audience
from alliance.errors import ConflictError, ForbiddenError, NotFoundError
from alliance.kinds import KINDS, kind_of
from alliance.models import Message, MessageReader
from alliance.selectors.questions import ABOUT, asker_of, is_reachable, readers_of_question
from alliance.selectors.rights import viewer_of
from alliance.services.messages import clean, hold_back, same_again, settle


def ask_firm(row: Any, text: str, *, user: Any, about: tuple[str, UUID] | None = None) -> Message:
    """Ask whose row this is, in the name of one's bureau. The firm, its bureau and one's own read it, nobody else.

    `about`: (kind, id) of what it is about beside the row. DomainError where the firm does not see that, or where the
    text names what the firm may not read; ConflictError while the same question waits for an answer, and where nobody
    of the firm could read it.
    """
    kind = kind_of(row)
    if not kind.model.objects.visible_to(user).filter(pk=row.pk).exists():
        raise NotFoundError(_("There is no such row."))
    bureau, firm = asker_of(user, kind, row), kind.owner(row)
    if bureau is None or firm is None:
        raise ForbiddenError(_("Only officials ask firms."))
    words = clean(text)
    if not is_reachable(firm):
        raise ConflictError(_("Nobody of this firm has an account that could answer."), field="text")
    about_kind, about_id = about if about is not None else ("", None)
    if about is not None and about_kind not in ABOUT:
        raise NotFoundError(_("There is no such row."))
    values = {"kind": kind.name, "object_id": row.public_id, "firm_id": firm, "about_kind": about_kind}
    question = Message(audience=Audience.FIRM, about_id=about_id, organisation_id=bureau, **values)
    hold_back(question, words, user)
    again = same_again(kind, row, words, user, Audience.FIRM)
    if again is not None:
        return again
    try:
        return _posted(question, words, user, readers_of_question(bureau, firm))
    except IntegrityError as error:
        waits = _("Your bureau has asked this firm about this already and waits for the answer: write there.")
        raise ConflictError(waits, field="text") from error


def answer_question(question: Message, text: str, *, user: Any) -> Message:
    """Say something to a question: the firm answers, a bureau that reads it asks back. Its readers stay the same."""
    seen = Message.objects.visible_to(user).filter(pk=question.pk, audience=Audience.FIRM, answers=None)
    row = _row(question, user)
    if not seen.exists() or row is None:
        raise NotFoundError(_("There is no such message."))
    viewer = viewer_of(user)
    readers = set(question.readers.values_list("organisation_id", flat=True))
    side = _side(question, readers & (viewer.editing | viewer.bureaus))
    if side is None:
        raise ForbiddenError(_("You do not take part in this conversation."))
    words = clean(text)
    reply = Message(
        kind=question.kind,
        object_id=question.object_id,
        audience=Audience.FIRM,
        firm_id=question.firm_id,
        answers=question,
        organisation_id=side,
        about_kind=question.about_kind,
        about_id=question.about_id,
    )
    if side != question.firm_id:
        hold_back(reply, words, user)
    with transaction.atomic():
        # The lock keeps what the last of two who write at once says.
        locked = Message.objects.select_for_update().get(pk=question.pk)
        if locked.withdrawn_at is not None:
            raise ConflictError(_("The question was withdrawn meanwhile."))
        again = same_again(kind_of(row), row, words, user, Audience.FIRM, answers=question)
        if again is not None:
            return again
        found = _posted(reply, words, user, readers)
        settle(locked)
    return found


def _row(question: Message, user: Any) -> Any:
    rows = KINDS[question.kind].model.objects.visible_to(user)
    return rows.filter(public_id=question.object_id).first()


def _side(question: Message, hands: set[int]) -> int | None:
    """In whose name: the firm's, the asking bureau's, else another reader's."""
    for key in (question.firm_id, question.organisation_id):
        if key in hands:
            return int(key)
    return min(hands, default=None)


def _posted(row: Message, words: str, user: Any, readers: set[int]) -> Message:
    with transaction.atomic():
        row.author, row.text = user, words
        row.save(force_insert=True)
        MessageReader.objects.bulk_create(
            [MessageReader(message=row, organisation_id=key) for key in sorted(readers)]
        )
        after = {"on": row.kind, "id": str(row.object_id), "audience": row.audience}
        record("posted", "message", str(row.public_id), after=after)
    return row
