"""What a bureau does with the firms of its city: it shuts one out for a while, it makes one entry of two."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now

from alliance.access import Row
from alliance.models.base import GuardedManager
from alliance.models.organisations import Organisation


class Suspension(models.Model):
    """Why a firm is shut out, since when and by whom; its people read it. `Organisation.suspended` is what counts.
    `done`: what lifting it undoes, by who did it."""

    access = Row("verification", owner="organisation", cities=("organisation__city",))
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="suspensions")
    reason = models.CharField(max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.CharField(max_length=1000, blank=True)
    done = models.JSONField(
        default=dict, db_default=Value({}, output_field=models.JSONField()), editable=False
    )

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(lifted_at=None), name="suspension_runs_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id}: {self.reason}"


class Merge(models.Model):
    """One entry made of two: what moved and what had to give way, so that it can be undone for a while."""

    access = Row("verification", owner="survivor", cities=("survivor__city",))
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    survivor = models.ForeignKey(Organisation, models.PROTECT, related_name="merges")
    gone = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    moved = models.JSONField(default=dict, help_text="model.field → keys of rows that moved")
    kept = models.JSONField(default=dict, help_text="what was changed or removed, as it was before")
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.gone_id} → {self.survivor_id}"
