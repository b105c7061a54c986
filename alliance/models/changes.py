"""The append-only table of changes, the places consumers have read up to, and signs of life."""

from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now


class Change(models.Model):
    """One row for every write: the audit, the history, the feed, and the matcher's list of work.

    A trigger refuses UPDATE, DELETE and TRUNCATE. `transaction` is PostgreSQL's transaction id, so a reader
    can stop at the oldest running transaction and never miss the row of a slower one.
    """

    transaction = models.BigIntegerField(db_default=RawSQL("pg_current_xact_id()::text::bigint", []))
    at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey("alliance.User", models.PROTECT, null=True, related_name="+")
    token = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    verb = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["transaction", "id"], name="change_feed"),
            models.Index(fields=["kind", "object_id", "id"], name="change_history"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.object_id}"


class ConsumerPosition(models.Model):
    """How far a consumer of the changes has read."""

    name = models.CharField(max_length=40, primary_key=True)
    transaction = models.BigIntegerField(default=0)
    change = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """The last sign of life of a worker or the reconciler."""

    name = models.CharField(max_length=200, primary_key=True)
    kind = models.CharField(max_length=20)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name
