"""When a person last looked at Today."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from matching.models import LastVisit

PAUSE = timedelta(minutes=30)  # without a look: the visit is over
GRAIN = timedelta(minutes=5)  # not every look is written


def note_visit(user: Any) -> datetime | None:
    """Note that the person looks now; returns when the visit before this one ended, None for the first."""
    now = timezone.now()
    visit = LastVisit.objects.filter(user=user).first()
    if visit is None:
        LastVisit.objects.bulk_create([LastVisit(user=user, seen_at=now)], ignore_conflicts=True)
        return None
    if now - visit.seen_at > PAUSE:
        LastVisit.objects.filter(user=user).update(before=visit.seen_at, seen_at=now)
        return visit.seen_at
    if now - visit.seen_at > GRAIN:
        LastVisit.objects.filter(user=user).update(seen_at=now)
    return visit.before
