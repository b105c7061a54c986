"""Noting who has looked at what is secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from alliance.changes import record
from alliance.models import Viewing
from alliance.selectors import viewer_of

AGAIN = timedelta(hours=1)


def note_viewing(user: Any, kind: str, object_id: UUID, what: str) -> None:
    """`user` has seen `what` of this row; looking again within the hour is the same look."""
    viewer = viewer_of(user)
    recent = Viewing.objects.filter(
        kind=kind, object_id=object_id, what=what, person=user, at__gt=timezone.now() - AGAIN
    )
    if recent.exists():
        return
    organisations = sorted(viewer.firms) or sorted(viewer.bureaus)
    with transaction.atomic():
        Viewing.objects.create(
            kind=kind,
            object_id=object_id,
            what=what,
            person=user,
            organisation_id=organisations[0] if organisations else None,
            at=timezone.now(),
        )
        record("viewed", "viewing", str(object_id), after={"kind": kind, "what": what})
