"""Keeping columns and filters of lists. They are a person's own comfort: recorded, but nothing is matched by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.filters import LISTS, saved_query
from alliance.models import ListSetting, SavedFilter
from alliance.selectors import viewer_of
from alliance.selectors.lists import sharers

MOST = 50
LONGEST = 2000


def choose_columns(user: Any, name: str, columns: Sequence[str]) -> None:
    """Remember which columns the person wants to see; none: as the list proposes."""
    if name not in LISTS or not viewer_of(user).known:
        raise NotFoundError(_("There is no such list."))
    kept = [key for key in dict.fromkeys(columns) if key.isidentifier() and len(key) <= 40][:MOST]
    ListSetting.objects.update_or_create(person=user, list_name=name, defaults={"columns": kept})


def save_filter(
    user: Any, name: str, *, title: str, query: str, share_with: UUID | None = None, opens: bool = False
) -> SavedFilter:
    """Keep the filters of an address under a name. DomainError naming `title` or `organisation`."""
    if not viewer_of(user).known:
        raise NotFoundError(_("There is no such list."))
    words = _title(title)
    kept = saved_query(name, query)
    if len(kept) > LONGEST:
        raise DomainError(_("The filter is too long to be kept."))
    if SavedFilter.objects.filter(person=user, list_name=name).count() >= MOST:
        raise DomainError(_("You keep %(most)d filters of this list already.") % {"most": MOST})
    organisation = _shared_with(user, share_with) if share_with else None
    try:
        with transaction.atomic():
            row = SavedFilter.objects.create(
                person=user, list_name=name, name=words, query=kept, organisation=organisation
            )
            told = {"name": words, "list": name, "shared": organisation is not None}
            record("saved", "saved filter", str(row.public_id), after=told)
            if opens:
                open_with(user, row)
    except IntegrityError as error:
        raise ConflictError(_("You have a filter of this name already."), field="title") from error
    return row


def rename_filter(row: SavedFilter, title: str, *, user: Any) -> None:
    words = _title(title)
    _may_change(row, user)
    try:
        with transaction.atomic():
            if not SavedFilter.objects.filter(pk=row.pk).update(name=words, version=F("version") + 1):
                raise NotFoundError(_("There is no such filter."))
            record(
                "renamed",
                "saved filter",
                str(row.public_id),
                before={"name": row.name},
                after={"name": words},
            )
    except IntegrityError as error:
        raise ConflictError(_("You have a filter of this name already."), field="title") from error


def delete_filter(row: SavedFilter, *, user: Any) -> None:
    """Lists that opened with it open as they were."""
    _may_change(row, user)
    with transaction.atomic():
        record(
            "deleted", "saved filter", str(row.public_id), before={"name": row.name, "list": row.list_name}
        )
        row.delete()


def open_with(user: Any, row: SavedFilter) -> None:
    """The list opens with this filter from now on, for this person."""
    if not SavedFilter.objects.visible_to(user).filter(pk=row.pk).exists():
        raise NotFoundError(_("There is no such filter."))
    ListSetting.objects.update_or_create(person=user, list_name=row.list_name, defaults={"opens_with": row})


def open_plainly(user: Any, name: str) -> None:
    ListSetting.objects.filter(person=user, list_name=name).update(opens_with=None)


def _title(text: str) -> str:
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not words or len(words) > 60:
        raise DomainError(_("Give it a name of at most 60 characters."), field="title")
    return words


def _shared_with(user: Any, public_id: UUID) -> Any:
    found = next((row for row in sharers(user) if row.public_id == public_id), None)
    if found is None:
        raise DomainError(_("You can share it with an organisation of yours only."), field="organisation")
    return found


def _may_change(row: SavedFilter, user: Any) -> None:
    rows = SavedFilter.objects.filter(pk=row.pk)
    if not rows.visible_to(user).exists():
        raise NotFoundError(_("There is no such filter."))
    if not rows.editable_by(user).exists():
        raise ForbiddenError(
            _("Only who made it may change a shared filter, or an owner of the organisation.")
        )
