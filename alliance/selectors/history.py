"""What happened to a row, from the table of changes: for who edits it, and the bureau that cares for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from alliance.kinds import KINDS
from alliance.models import Change


def history_row(user: Any, kind: str, public_id: UUID) -> Any:
    """The row if the user stands on its side, else None."""
    known = KINDS.get(kind)
    if known is None or not known.history:
        return None
    return known.model.objects.kept_by(user).filter(public_id=public_id).first()


def history_of(kind: str, public_id: UUID) -> QuerySet[Change]:
    """Newest first; ask `history_row` before."""
    kinds = [kind, *KINDS[kind].related]
    rows = Change.objects.filter(kind__in=kinds, object_id=str(public_id))
    return rows.select_related("actor").order_by("-id")
