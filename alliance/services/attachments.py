"""Files on rows: attached with their row or not at all, withdrawn and restored, opened and noted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import DecisionState, FileStage, JoinKind
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.kinds import Kind, kind_of
from alliance.models import Attachment, CityCare, JoinRequest
from alliance.selectors import viewer_of
from alliance.selectors.attachments import holder_of, is_bureaus
from alliance.services.sniffing import recognised
from alliance.services.storing import Part, incoming, new_place, opened, settle
from alliance.services.viewings import note_viewing

MOST_ON_A_ROW = 100
MOST_ON_A_CLAIM = 5
MOST_OF_AN_ORGANISATION = 5 * 1024**3


def attach(
    row: Any, chunks: Iterable[bytes], *, user: Any, name: str, stage: int = FileStage.CONFIDENTIAL
) -> Attachment:
    """Hang a file on a row, in the name of the organisation for which this person works on it.

    DomainError for what is too large, too much or of no known form; ConflictError if it is there already. Either
    both the row and the file are there afterwards, or neither.
    """
    kind = kind_of(row)
    owner = _holder(kind, row, user)
    row_owner = kind.owner(row) if is_bureaus(kind, row, owner) else None
    if stage not in FileStage.values or (stage == FileStage.OWNER and row_owner is None):
        raise DomainError(_("Choose from when on the other side may open it."), field="stage")
    told = stage if kind.staged else FileStage.CLOSED
    return _taken(kind, row, owner, chunks, name, told, user, row_owner)


def attach_to_claim(row: JoinRequest, chunks: Iterable[bytes], *, user: Any, name: str) -> Attachment:
    """What a person who claims an entry shows to the bureau that decides. It is the bureau's from then on: whoever
    gets the entry in the end does not read what others have shown."""
    if row.person_id != user.pk:
        raise NotFoundError(_("There is no such row."))
    if row.kind != JoinKind.CLAIM or row.state != DecisionState.WAITING:
        raise ConflictError(_("This request is decided already, or needs no documents."))
    if Attachment.objects.filter(kind="join request", object_id=row.public_id).count() >= MOST_ON_A_CLAIM:
        raise ConflictError(_("There are five documents already: put several into one ZIP."), field="file")
    bureau = CityCare.objects.filter(city=row.organisation.city_id).order_by("id").first()
    if bureau is None:
        raise ConflictError(_("No bureau looks after this city yet."))
    return _taken(kind_of(row), row, bureau.bureau_id, chunks, name, FileStage.CLOSED, user)


def _taken(
    kind: Kind,
    row: Any,
    owner: int,
    chunks: Iterable[bytes],
    name: str,
    stage: int,
    user: Any,
    row_owner: int | None = None,
) -> Attachment:
    with incoming(chunks) as part:
        form, told = recognised(part.path, name)
        _room(kind, row, owner, part.size)
        values: dict[str, Any] = {
            "kind": kind.name,
            "object_id": row.public_id,
            "owner_id": owner,
            "row_owner_id": row_owner,
            "stage": stage,
            "name": told,
            "content_type": form.content_type,
            "size": part.size,
            "sha256": part.sha256,
        }
        return _stored(part, values, user)


def _stored(part: Part, values: dict[str, Any], user: Any) -> Attachment:
    """The file is moved to its place last: where the row cannot be, nothing was moved. What a lost connection leaves
    behind at the very end is a file without a row, which `sweep_files` removes."""
    try:
        with transaction.atomic():
            found = Attachment.objects.create(**values, path=new_place(), uploaded_by=user)
            after = {"on": found.kind, "id": str(found.object_id)} | _told(found)
            record("attached", "attachment", str(found.public_id), after=after)
            settle(part, found.path)
    except IntegrityError as error:
        raise ConflictError(_("This file is here already."), field="file") from error
    return found


def _told(row: Attachment) -> dict[str, Any]:
    return {"name": row.name, "size": row.size, "sha256": row.sha256, "stage": row.stage}


def _holder(kind: Kind, row: Any, user: Any) -> int:
    if not kind.model.objects.visible_to(user).filter(pk=row.pk).exists():
        raise NotFoundError(_("There is no such row."))
    owner = holder_of(kind, row, user)
    if owner is None:
        raise ForbiddenError(_("Only those who work on it attach files here."))
    return owner


def _room(kind: Kind, row: Any, owner: int, size: int) -> None:
    if Attachment.objects.filter(kind=kind.name, object_id=row.public_id).count() >= MOST_ON_A_ROW:
        raise ConflictError(_("There are 100 files here already: put several into one ZIP."), field="file")
    used = Attachment.objects.filter(owner=owner).aggregate(bytes=Sum("size"))["bytes"] or 0
    if used + size > MOST_OF_AN_ORGANISATION:
        raise ConflictError(_("Your organisation has used its 5 GB."), field="file")


def withdraw_file(row: Attachment, *, user: Any) -> None:
    """Close it to everybody but its owner and that one's bureau; who has opened it keeps what was seen."""
    _switch(row, user, "withdrawn", withdrawn_at=Now())


def restore_file(row: Attachment, *, user: Any) -> None:
    """ConflictError if the same file was attached again meanwhile."""
    try:
        with transaction.atomic():
            _switch(row, user, "restored", withdrawn_at=None)
    except IntegrityError as error:
        raise ConflictError(_("This file is here already.")) from error


def _switch(row: Attachment, user: Any, verb: str, **values: Any) -> None:
    if not Attachment.objects.visible_to(user).filter(pk=row.pk).exists():
        raise NotFoundError(_("There is no such file."))
    if not Attachment.objects.editable_by(user).filter(pk=row.pk).exists():
        raise ForbiddenError(_("Only whose file it is withdraws and restores it."))
    with transaction.atomic():
        found = Attachment.objects.filter(pk=row.pk, withdrawn_at__isnull=values["withdrawn_at"] is not None)
        if not found.update(version=F("version") + 1, updated_at=Now(), **values):
            raise ConflictError(_("Somebody else has done this meanwhile."))
        after = {"on": row.kind, "id": str(row.object_id), "name": row.name}
        record(verb, "attachment", str(row.public_id), after=after)


def open_file(row: Attachment, *, user: Any) -> BinaryIO:
    """Its bytes; that somebody from elsewhere has opened it is noted."""
    file = opened(row.path)
    viewer = viewer_of(user)
    if row.owner_id not in viewer.firms | viewer.bureaus:
        note_viewing(user, "attachment", row.public_id, "file")
    return file
