"""Notices that were read. Not recorded as changes: they say nothing of the alliance's rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from alliance.errors import NotFoundError
from alliance.models import Notice


def mark_read(user: Any, public_id: UUID) -> Notice:
    """One of one's own; reading it again changes nothing."""
    row = Notice.objects.filter(user=user, public_id=public_id).first()
    if row is None:
        raise NotFoundError("no such notice")
    Notice.objects.filter(pk=row.pk, read_at=None).update(read_at=Now(), mail_due=False)
    return row


def mark_all_read(user: Any, until: UUID | None = None) -> int:
    """All of one's own, up to the notice `until`: what came since the page was read has not been seen. Returns how
    many were unread."""
    rows = Notice.objects.filter(user=user, read_at=None)
    if until is not None:
        last = Notice.objects.filter(user=user, public_id=until).values_list("pk", flat=True).first()
        rows = rows.filter(pk__lte=last or 0)
    return rows.update(read_at=Now(), mail_due=False)
