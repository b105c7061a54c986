"""Webhooks of an organisation, what waits to be told to them, and what each attempt gave."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now

from alliance.access import Row
from alliance.choices import DeliveryState
from alliance.models.base import GuardedManager, Published


class Webhook(Published):
    """An address of an organisation that is told about events by signed requests (Standard Webhooks).

    While `old_secret_until` lies ahead, both secrets sign, and so does each of `earlier_secrets` (secret, until
    when): who rotates twice in a day has promised a day to both. `failing_since` is when the present row of
    failures began; a receiver that does not answer is left alone until `rest_until`.
    """

    access = Row("webhook", owner="organisation")
    organisation = models.ForeignKey("alliance.Organisation", models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=40))
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="times in a row that the receiver was silent")
    rest_until = models.DateTimeField(null=True, blank=True)
    secret = models.CharField(max_length=80)
    old_secret = models.CharField(max_length=80, blank=True)
    old_secret_until = models.DateTimeField(null=True, blank=True)
    earlier_secrets = models.JSONField(default=list, blank=True, db_default=Value([], models.JSONField()))
    made_by = models.ForeignKey("alliance.User", models.SET_NULL, null=True, related_name="+")

    objects = GuardedManager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class WebhookMessage(Published):
    """One event for one webhook: `public_id` is the id by which the receiver knows a repeated delivery.

    `subject` is what the event is about: messages about one subject go out in the order of their ids. A worker that
    takes a message holds it until `leased_until`.
    """

    access = Row("webhook", owner="webhook__organisation")
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="messages")
    source = models.CharField(max_length=80, help_text="what it came from; told once")
    event = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "source", "event"], name="webhook_message_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="webhook_message_state"),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="webhook_message_due"),
            models.Index(
                fields=["webhook", "subject", "id"],
                condition=Q(state="waiting"),
                name="webhook_message_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.public_id}"


class WebhookAttempt(models.Model):
    """A delivery that was tried: what was sent and what came back, shortened."""

    access = Row("webhook", owner="message__webhook__organisation")
    message = models.ForeignKey(WebhookMessage, models.CASCADE, related_name="tries")
    at = models.DateTimeField(db_default=Now())
    url = models.CharField(max_length=500)
    headers = models.JSONField()
    body = models.TextField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    response = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at}: {self.status or self.error}"

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
