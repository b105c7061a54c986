"""What people are told: one row for each change and person, and how each person wants to hear of it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from alliance.access import Row
from alliance.choices import NoticeChannel, NoticeGroup
from alliance.models.base import GuardedManager


class Notice(models.Model):
    """Something happened to a row that concerns a person.

    It holds no words: `key` says what happened, `kind` and `object_id` to which row, `params` the plain facts
    (states, dates, public ids). The words are found when it is read, in the reader's language, out of the rows that
    the reader may see at that moment. `source` names what caused it (a change, or a date that passed): nobody is
    told of it twice. `mail_due`: a mail may still speak of it.
    """

    access = Row("person", owner="user")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    source = models.CharField(max_length=160)
    group = models.CharField(max_length=16, choices=NoticeGroup)
    key = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    params = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    mail_due = models.BooleanField(default=False)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "source"], name="notice_once"),
            models.CheckConstraint(condition=Q(group__in=NoticeGroup.values), name="notice_group"),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_newest"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["user"], condition=Q(mail_due=True), name="notice_mail_due"),
        ]

    def __str__(self) -> str:
        return f"{self.key} for {self.user_id}"


class NoticePreference(models.Model):
    """How a person wants to hear of a group of notices; without a row the group's default holds."""

    access = Row("person", owner="user")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_preferences")
    group = models.CharField(max_length=16, choices=NoticeGroup)
    channel = models.CharField(max_length=8, choices=NoticeChannel)

    objects = GuardedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "group"], name="notice_preference_once"),
            models.CheckConstraint(condition=Q(group__in=NoticeGroup.values), name="notice_preference_group"),
            models.CheckConstraint(
                condition=Q(channel__in=NoticeChannel.values), name="notice_preference_channel"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.channel}"


class MailHabit(models.Model):
    """In which language a person is written to, and the day of the last digest: at most one a day."""

    access = Row("person", owner="user")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="mail_habit"
    )
    language = models.CharField(max_length=10, blank=True)
    digest_on = models.DateField(null=True, blank=True)

    objects = GuardedManager()

    def __str__(self) -> str:
        return f"{self.user_id}: {self.language}"
