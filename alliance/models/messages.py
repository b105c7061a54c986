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
    # Of what is written to one firm only. A question has a firm and answers nothing; whatever is said to it
    # afterwards `answers` it, has its readers, and `answered_at` of the question is when the firm spoke last.
    firm = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    answers = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replies")
    answered_at = models.DateTimeField(null=True, blank=True)
    #: What the question is about beside its row, if anything: a line of a demand.
    about_kind = models.CharField(max_length=40, blank=True, db_default="", default="")
    about_id = models.UUIDField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="message_audience"),
            models.CheckConstraint(
                condition=Q(audience=Audience.FIRM) ^ Q(firm=None), name="message_to_one_firm"
            ),
            # Nobody is asked the same again while the first question waits.
            models.UniqueConstraint(
                fields=["organisation", "kind", "object_id", "about_id"],
                condition=Q(audience=Audience.FIRM, answers=None, answered_at=None, withdrawn_at=None),
                nulls_distinct=False,
                name="message_asked_once",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "object_id", "-id"], name="message_row"),
            models.Index(
                fields=["firm", "id"],
                condition=Q(audience=Audience.FIRM, answers=None, answered_at=None, withdrawn_at=None),
                name="message_open_questions",
            ),
        ]

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
