"""Bills of materials that a lab uploads: what was in the sheet, what was wrong, what it changed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from alliance.access import Row
from alliance.choices import ImportState
from alliance.models import GuardedManager, Organisation, Published
from matching.models.demands import Demand


class BillSheet(Published):
    """A sheet with the lines of a demand on its way: mapped, checked, saved, undone. It holds target prices.

    `rows`: [sheet's name, row number, [cells]]; `header`: the headings; `mapping`: column -> field ("" = left out);
    `edits`: "sheet!row:column" -> what replaces the cell; `checked_version`: of the demand it was compared with;
    `before` and `after`: the demand's lines around the saving, which undoing puts back and compares.
    """

    access = Row("own", owner="demand__owner", cities=("demand__owner__city",))
    demand = models.ForeignKey(Demand, models.CASCADE, related_name="bills")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.MAPPING)
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    remembered = models.BooleanField(default=False)
    edits = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    row_count = models.PositiveIntegerField(default=0)
    rows = models.JSONField(default=list)
    checked_version = models.PositiveIntegerField(default=0)
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    saved_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="bill_sheet_state")
        ]

    def __str__(self) -> str:
        return self.file_name


class BillColumn(models.Model):
    """How the columns of a lab's bills were mapped last time."""

    access = Row("own", owner="organisation", cities=("organisation__city",))
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    heading = models.CharField(max_length=200)
    field = models.CharField(max_length=80, blank=True)

    objects = GuardedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "heading"], name="bill_column_once")]

    def __str__(self) -> str:
        return f"{self.heading} → {self.field}"
