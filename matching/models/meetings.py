"""The bureaus' regular meeting: who sits at it, what is on its agenda, what was said, what was agreed."""

from typing import Any

from django.db import models
from django.db.models import Q

from alliance.access import PAIRS, Row
from alliance.choices import AgendaKind, MeetingState
from alliance.models import Alliance, GuardedManager, Organisation, Published, User
from alliance.models.base import GuardedQuerySet
from matching.models.demands import Demand, DemandLine
from scenarios.models import Site


class Meeting(Published):
    """A meeting of some bureaus of an alliance; only they see it. `seats` says which."""

    access = Row("meeting", meeting="id")
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="meetings")
    title = models.CharField(max_length=200)
    held_on = models.DateField()
    starts_at = models.TimeField(null=True, blank=True)
    minutes_long = models.PositiveIntegerField(default=90)
    place = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=MeetingState, default=MeetingState.PLANNED)
    called_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    minutes = models.TextField(blank=True, help_text="what was said, in general")

    objects = GuardedManager()

    class Meta:
        ordering = ["-held_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MeetingState.values), name="meeting_state"),
            models.CheckConstraint(
                condition=Q(minutes_long__gte=1, minutes_long__lte=1440), name="meeting_length"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class MeetingSeat(models.Model):
    """A bureau that sits at a meeting."""

    access = Row("meeting", meeting="meeting")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="seats")
    bureau = models.ForeignKey(Organisation, models.PROTECT, related_name="seats")

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["meeting", "bureau"], name="meeting_seat_once")]


class ActionItem(Published):
    """What was agreed: who does it (a bureau, perhaps a person of it) by when."""

    access = Row("meeting", meeting="meeting")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="actions")
    text = models.CharField(max_length=500)
    bureau = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = GuardedManager()

    class Meta:
        ordering = ["due_on", "id"]

    def __str__(self) -> str:
        return self.text


class AgendaItem(Published):
    """A point of the agenda. What it is about is kept as a reference and told in the reader's words at reading time.

    `introduction` is the introduction's id: the model may come and go, the agenda stays.
    """

    access = Row("meeting", meeting="meeting")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=AgendaKind)
    text = models.CharField(max_length=500, blank=True, help_text="an own point, in its writer's words")
    cities = models.JSONField(default=list, help_text="ids of the pair of cities it belongs to")
    demand = models.ForeignKey(Demand, models.SET_NULL, null=True, blank=True, related_name="+")
    line = models.ForeignKey(DemandLine, models.SET_NULL, null=True, blank=True, related_name="+")
    site = models.ForeignKey(Site, models.SET_NULL, null=True, blank=True, related_name="+")
    introduction = models.BigIntegerField(null=True, blank=True)
    action = models.ForeignKey(ActionItem, models.SET_NULL, null=True, blank=True, related_name="carried")
    outcome = models.TextField(blank=True, help_text="what the meeting said to it")

    objects = GuardedManager()

    class Meta:
        ordering = ["meeting_id", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AgendaKind.values), name="agenda_item_kind"),
        ]
        indexes = [models.Index(fields=["meeting", "position"], name="agenda_order")]

    def __str__(self) -> str:
        return self.text or self.kind


class LastVisit(models.Model):
    """When a person last looked at Today: the changes since then are shown beside the queue."""

    access = Row("person", owner="user")
    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    seen_at = models.DateTimeField()
    before = models.DateTimeField(null=True, help_text="the visit before this one")

    objects = models.Manager.from_queryset(GuardedQuerySet)()


def _meetings_of(bureaus: Any) -> Any:
    return MeetingSeat.objects.filter(bureau__in=bureaus).values("meeting_id")


PAIRS.meetings = _meetings_of
