"""What people write to each other about a row."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from alliance.access import Row
from alliance.choices import Audience
from alliance.models.base import GuardedManager, Published
from alliance.models.organisations import Organisation


class Message(Published):
    """A message about the row (kind, object_id). Who reads it is written down when it is posted (MessageReader):
    whoever joins a thread later does not read what was said before.

    `organisation`: in whose name the author speaks. Withdrawn ones keep their place and show no text.
    """

    access = Row("message", owner="author")
    kind = models.CharField(max_length=40)
    object_id = models.UUIDField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.BUREAUS)
    text = models.TextField(max_length=4000)
    mentions = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    edited_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="message_audience")
        ]
        indexes = [models.Index(fields=["kind", "object_id", "-id"], name="message_row")]

    def __str__(self) -> str:
        return str(self.public_id)


class MessageReader(models.Model):
    """An organisation whose people read a message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="readers")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "organisation"], name="message_reader_once")
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} reads {self.message_id}"
