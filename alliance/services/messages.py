"""Writing to each other about a row: posted once, mended for a while, withdrawn, never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import Audience
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.kinds import KINDS, Kind, kind_of
from alliance.models import Message, MessageReader
from alliance.selectors.messages import Addressee, addressees, mentioned_in, usual_readers, voices
from alliance.selectors.questions import revealed

MOST_LETTERS = 4000
MOST_MENTIONS = 20
EDIT_FOR = timedelta(minutes=15)
SAME_AGAIN = timedelta(minutes=1)


def post_message(row: Any, text: str, *, user: Any, audience: str = Audience.BUREAUS) -> Message:
    """Write on the thread of a row. Its readers are fixed now: the bureaus on it (or all parties of an introduction),
    and the bureaus of those mentioned. The same words twice within a minute are one message.

    DomainError for an empty, broken or huge text, and for a mention that cannot reach its person.
    """
    kind = kind_of(row)
    if not kind.model.objects.visible_to(user).filter(pk=row.pk).exists():
        raise NotFoundError(_("There is no such row."))
    voice = voices(user, kind, row)
    if audience not in voice:
        raise ForbiddenError(_("You do not take part in this conversation."))
    words = clean(text)
    told = _told(kind, row, words, user, audience)
    with transaction.atomic():
        again = same_again(kind, row, words, user, audience)
        if again is not None:
            return again
        message = Message.objects.create(
            kind=kind.name,
            object_id=row.public_id,
            author=user,
            organisation_id=voice[audience],
            audience=audience,
            text=words,
        )
        readers = usual_readers(user, kind, row, audience, voice[audience])
        _address(message, readers, told)
        record("posted", "message", str(message.public_id), after=_after(message, told))
    return message


def clean(text: str) -> str:
    """The text as it is kept. DomainError if it is empty, too long, or holds characters that are none."""
    words = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not words:
        raise DomainError(_("Write something."), field="text")
    if len(words) > MOST_LETTERS:
        raise DomainError(
            _("The text has %(n)d characters; at most %(most)d are possible. Attach a file for more.")
            % {"n": len(words), "most": MOST_LETTERS},
            field="text",
        )
    if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in words):
        raise DomainError(_("The text holds characters that cannot be shown."), field="text")
    return words


def _told(kind: Kind, row: Any, text: str, user: Any, audience: str) -> list[Addressee]:
    """Who is mentioned: everybody must see the row that this is about."""
    found = mentioned_in(text, addressees(user, kind, row, audience))
    if len(found) > MOST_MENTIONS:
        raise DomainError(_("At most 20 people can be mentioned at once."), field="text")
    for person in found:
        if not kind.model.objects.visible_to(person.user).filter(pk=row.pk).exists():
            words = _("%(name)s may not see what this is about and cannot be mentioned here.")
            raise DomainError(words % {"name": person.user}, field="text")
    return found


def hold_back(message: Message, text: str, user: Any) -> None:
    """What is written to one firm names nothing that this firm may not read in what the question is about.

    Only names that the writer reads there count: a refusal tells nobody anything new.
    """
    if message.audience != Audience.FIRM or message.firm_id is None or message.about_id is None:
        return
    try:
        name = revealed(text, user, message.firm_id, message.about_kind, message.about_id)
    except LookupError as error:
        raise DomainError(_("This firm does not see that demand: ask without it."), field="text") from error
    if name is not None:
        words = _("This firm may not read “%(name)s” before it is introduced: leave it out.")
        raise DomainError(words % {"name": name}, field="text")


def same_again(
    kind: Kind, row: Any, text: str, user: Any, audience: str, answers: Message | None = None
) -> Message | None:
    """A second click on the button is not a second message."""
    rows = Message.objects.filter(
        kind=kind.name, object_id=row.public_id, author=user, audience=audience, withdrawn_at=None, text=text
    ).filter(answers=answers)
    return rows.filter(created_at__gt=timezone.now() - SAME_AGAIN).first()


def _address(message: Message, readers: Iterable[int], told: list[Addressee]) -> None:
    """Write down who reads it; a mention brings in one bureau of that person if none reads it yet."""
    known = set(readers)
    for person in told:
        seats = {seat.organisation_id for seat in person.user.memberships.all()}
        if not seats & known:
            known.add(person.organisation.pk)
    MessageReader.objects.bulk_create(
        [MessageReader(message=message, organisation_id=key) for key in sorted(known)], ignore_conflicts=True
    )
    message.mentions.set([person.user for person in told])


def _after(message: Message, told: Iterable[Addressee] = ()) -> dict[str, Any]:
    """What the feed says: on what, to whom, who is to be told. The words are not in it: they can be withdrawn."""
    return {
        "on": message.kind,
        "id": str(message.object_id),
        "audience": message.audience,
        "mentions": sorted(person.user.pk for person in told),
    }


def may_edit(message: Message) -> bool:
    """For its author, for a quarter of an hour."""
    return message.withdrawn_at is None and message.created_at > timezone.now() - EDIT_FOR


def edit_message(message: Message, text: str, *, user: Any, version: int) -> Message:
    """Mend one's own words for a quarter of an hour; who is newly mentioned is told."""
    _own(message, user)
    kind = KINDS[message.kind]
    row = kind.model.objects.visible_to(user).filter(public_id=message.object_id).first()
    if row is None:
        raise NotFoundError(_("There is no such row."))
    words = clean(text)
    if message.organisation_id != message.firm_id:
        hold_back(message, words, user)
    told = _told(kind, row, words, user, message.audience)
    before = set(message.mentions.values_list("pk", flat=True))
    with transaction.atomic():
        rows = Message.objects.filter(pk=message.pk, version=version, withdrawn_at=None)
        rows = rows.filter(created_at__gt=timezone.now() - EDIT_FOR)
        if not rows.update(text=words, edited_at=Now(), updated_at=Now(), version=F("version") + 1):
            raise ConflictError(
                _("It can be changed for a quarter of an hour only, or was changed meanwhile.")
            )
        message.refresh_from_db()
        readers = message.readers.values_list("organisation_id", flat=True)
        _address(message, readers, told)
        fresh = [person for person in told if person.user.pk not in before]
        record("edited", "message", str(message.public_id), after=_after(message, fresh))
    return message


def withdraw_message(message: Message, *, user: Any) -> None:
    """Its place stays, its words are shown to nobody any more."""
    _own(message, user)
    with transaction.atomic():
        rows = Message.objects.filter(pk=message.pk, withdrawn_at=None)
        if not rows.update(withdrawn_at=Now(), updated_at=Now(), version=F("version") + 1):
            raise ConflictError(_("It is withdrawn already."))
        if message.answers_id is not None:
            settle(Message.objects.select_for_update().get(pk=message.answers_id))
        record("withdrawn", "message", str(message.public_id), after=_after(message))


def restore_message(message: Message, *, user: Any) -> None:
    """Its author shows it again, to those who read it before. ConflictError where it is not withdrawn, and for a
    question that the bureau has asked anew meanwhile."""
    _own(message, user)
    with transaction.atomic():
        rows = Message.objects.filter(pk=message.pk, withdrawn_at__isnull=False)
        try:
            with transaction.atomic():
                found = rows.update(withdrawn_at=None, updated_at=Now(), version=F("version") + 1)
        except IntegrityError as error:
            waits = _(
                "Your bureau has asked this firm about this anew and waits for the answer: write there."
            )
            raise ConflictError(waits, field="text") from error
        if not found:
            raise ConflictError(_("It is not withdrawn."))
        if message.answers_id is not None:
            settle(Message.objects.select_for_update().get(pk=message.answers_id))
        record("restored", "message", str(message.public_id), after=_after(message))


def settle(question: Message) -> None:
    """Whether it is answered: the firm spoke last, of what is not withdrawn. In the caller's transaction.

    ConflictError where it would wait again beside another one of the same bureau about the same.
    """
    last = question.replies.filter(withdrawn_at=None).order_by("-id").first()
    at = last.created_at if last is not None and last.organisation_id == question.firm_id else None
    try:
        with transaction.atomic():
            rows = Message.objects.filter(pk=question.pk)
            rows.update(answered_at=at, updated_at=Now(), version=F("version") + 1)
    except IntegrityError as error:
        waits = _("Your bureau has asked this firm about this anew and waits for the answer: write there.")
        raise ConflictError(waits, field="text") from error


def _own(message: Message, user: Any) -> None:
    if not Message.objects.visible_to(user).filter(pk=message.pk).exists():
        raise NotFoundError(_("There is no such message."))
    if not Message.objects.editable_by(user).filter(pk=message.pk).exists():
        raise ForbiddenError(_("Only its author changes a message."))
