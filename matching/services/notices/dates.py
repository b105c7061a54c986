"""Dates that pass without anybody writing a row: overdue introductions and tasks, windows of sites that lapse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from alliance.choices import NoticeGroup
from alliance.models import ConsumerPosition, Notice, User
from alliance.services.notices.telling import News, everybody, members_of, tell, those_who_see
from matching.models import ActionItem, Introduction
from matching.models.introductions import RUNNING
from scenarios.models import Site

CLOCK = "notices of dates"
BACK = timedelta(days=14)  # a date further back was told, or is no news any more
KEPT_READ, KEPT_UNREAD = timedelta(days=183), timedelta(days=366)
LAPSES = timedelta(days=30)  # days before the last window of a site ends


def tell_of_dates() -> int:
    """Once a day, whoever comes first; returns how many were told. The day is noted in the same transaction."""
    today = timezone.localdate()
    if ConsumerPosition.objects.filter(name=CLOCK, transaction__gte=today.toordinal()).exists():
        return 0
    ConsumerPosition.objects.bulk_create([ConsumerPosition(name=CLOCK)], ignore_conflicts=True)
    with transaction.atomic():
        rows = ConsumerPosition.objects.select_for_update(skip_locked=True).filter(name=CLOCK)
        clock = rows.filter(transaction__lt=today.toordinal()).first()
        if clock is None:
            return 0
        _forget(today)
        told = _introductions(today) + _actions(today) + _windows(today)
        clock.transaction = today.toordinal()
        clock.save()
    return told


def _forget(today: date) -> None:
    """What was read half a year ago, and what nobody has read for a year: the change itself stays in the records."""
    old = Q(at__date__lt=today - KEPT_UNREAD) | Q(at__date__lt=today - KEPT_READ, read_at__isnull=False)
    Notice.objects.filter(old).delete()


def _tell(
    source: str, people: Iterable[User], rows: Any, group: str, key: str, row: Any, **params: Any
) -> int:
    kind = key.rsplit(" ", 1)[0]
    news = [
        News(person, group, key, kind, str(row.public_id), params) for person in those_who_see(people, rows)
    ]
    return tell(source, news)


def _introductions(today: date) -> int:
    """Whose turn it is, and the two bureaus: once for each date that passed."""
    late = Introduction.objects.filter(RUNNING & Q(due_on__lt=today, due_on__gte=today - BACK))
    told = 0
    for row in late.order_by("pk"):
        parties = {row.turn_id, row.lab_bureau_id, row.supplier_bureau_id} - {None}
        people = everybody(members_of(key for key in parties if key is not None))
        rows = Introduction.objects.filter(pk=row.pk)
        source = f"overdue:{row.public_id}:{row.due_on}"
        params = {"due_on": str(row.due_on), "version": row.version}
        told += _tell(
            source, people, rows, NoticeGroup.INTRODUCTIONS.value, "introduction overdue", row, **params
        )
    return told


def _actions(today: date) -> int:
    late = ActionItem.objects.filter(done_at=None, due_on__lt=today, due_on__gte=today - BACK)
    told = 0
    for row in late.order_by("pk"):
        people = everybody(members_of([row.bureau_id]))
        if row.person_id is not None:
            people = [person for person in people if person.pk == row.person_id]
        rows = ActionItem.objects.filter(pk=row.pk)
        source = f"overdue:{row.public_id}:{row.due_on}"
        told += _tell(
            source,
            people,
            rows,
            NoticeGroup.MEETINGS.value,
            "action item overdue",
            row,
            due_on=str(row.due_on),
        )
    return told


def _windows(today: date) -> int:
    """Sites whose last window ends soon: their operators can add another."""
    sites = Site.objects.filter(published=True, archived_at=None).annotate(last=Max("windows__ends"))
    told = 0
    for row in sites.filter(last__gte=today, last__lte=today + LAPSES).order_by("pk"):
        people = everybody(members_of([row.organisation_id]))
        rows = Site.objects.filter(pk=row.pk)
        source = f"lapse:{row.public_id}:{row.last}"
        told += _tell(source, people, rows, NoticeGroup.DATA.value, "site lapses", row, last=str(row.last))
    return told
