"""What an introduction has opened to whom, and who has looked at it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from alliance.access import Row
from alliance.choices import DisclosureStage
from alliance.models.base import GuardedManager
from alliance.models.organisations import Organisation


class Disclosure(models.Model):
    """People of `organisation` may see what hangs on the row (kind, object_id), up to `stage`.

    Written by introductions only; read by the visibility rules.
    """

    access = Row("disclosure", owner="organisation")
    kind = models.CharField(max_length=40)
    object_id = models.UUIDField()
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="disclosures")
    stage = models.PositiveSmallIntegerField(choices=DisclosureStage)
    opened_at = models.DateTimeField(db_default=Now())

    objects = GuardedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind", "object_id"], name="disclosure_once"),
            models.CheckConstraint(condition=Q(stage__in=DisclosureStage.values), name="disclosure_stage"),
        ]
        indexes = [models.Index(fields=["kind", "object_id"], name="disclosure_row")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} to {self.organisation_id}: {self.stage}"


class Viewing(models.Model):
    """A person has seen what was secret: a contact, a lab's name, a file."""

    access = Row("disclosure", owner="organisation")
    kind = models.CharField(max_length=40)
    object_id = models.UUIDField()
    what = models.CharField(max_length=40)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    objects = GuardedManager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["kind", "object_id", "-at"], name="viewing_row")]

    def __str__(self) -> str:
        return f"{self.person_id} saw {self.what} of {self.kind} {self.object_id}"
