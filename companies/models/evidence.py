"""Who has verified which value of a capability, on what evidence, and for how long."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from alliance.access import Row
from alliance.models import GuardedManager, Organisation, Published
from companies.models.capabilities import Capability


class SpecEvidence(Published):
    """A bureau has seen proof of one value. It is about that value: another value is only declared again.

    `ended_at` is set when the value changed or the bureau took its word back; the row stays as history.
    """

    access = Row(
        "evidence",
        owner="capability__organisation",
        cities=("capability__organisation__city",),
        reach="capability__facility__city",
        place="companies.Facility",
        published=("capability__published", "capability__organisation__listed"),
        capability="capability",
    )
    capability = models.ForeignKey(Capability, models.CASCADE, related_name="evidence")
    key = models.CharField(max_length=64)
    value = models.JSONField()
    bureau = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verified_at = models.DateTimeField()
    valid_until = models.DateField(null=True, blank=True)
    basis = models.CharField(max_length=500)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=10, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["capability_id", "key", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["capability", "key"], condition=Q(ended_at=None), name="spec_evidence_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_because="")
                | Q(ended_at__isnull=False, ended_because__in=["changed", "withdrawn", "renewed"]),
                name="spec_evidence_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.capability_id}"

    def covers(self, value: Any, day: date) -> bool:
        """Whether the word still stands for this value on that day (the last valid day included)."""
        return self.value == value and (self.valid_until is None or self.valid_until >= day)
