"""Large exports: what a program asked for, how far it is, and where the file lies until it expires."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from alliance.access import Row
from alliance.choices import Exported, ExportFormat, ExportState
from alliance.models import GuardedManager, Organisation, Published


class Export(Published):
    """A file on its way, of a person or (`service`) of an organisation itself. The row is the queue.

    `rights`: what the asker was when it was asked for; `guarded`: the rows that the file tells of.
    Both must still hold when the file is fetched. `place`: below FILES_DIR.
    """

    access = Row("export", owner="organisation")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, related_name="+")
    service = models.BooleanField(default=False)
    resource = models.CharField(max_length=20, choices=Exported)
    format = models.CharField(max_length=5, choices=ExportFormat)
    filters = models.JSONField(default=dict)
    rights = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ExportState, default=ExportState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    rows = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0)
    place = models.CharField(max_length=80, blank=True)
    size = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ExportState.values), name="export_state"),
            models.CheckConstraint(condition=Q(resource__in=Exported.values), name="export_resource"),
            models.CheckConstraint(condition=Q(format__in=ExportFormat.values), name="export_format"),
        ]
        indexes = [
            models.Index(fields=["state"], name="export_open", condition=~Q(state__in=ExportState.ended()))
        ]

    def __str__(self) -> str:
        return f"{self.resource}.{self.format}"


class ExportedRows(models.Model):
    """Which rows a file tells of: apart, because there are many."""

    access = Row("export", owner="export__organisation")
    export = models.ForeignKey(Export, models.CASCADE, related_name="guarded")
    kind = models.CharField(max_length=20)
    keys = ArrayField(models.BigIntegerField())

    objects = GuardedManager()

    def __str__(self) -> str:
        return f"{self.kind}: {len(self.keys)}"
