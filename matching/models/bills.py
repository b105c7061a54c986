"""Bills of materials that a lab uploads: what was in the sheet, what was wrong, what it changed."""

from django.db import models
from django.db.models import Q

from alliance.access import Row
from alliance.choices import ImportState
from alliance.models import GuardedManager
from companies.models import RememberedColumn, UploadedSheet
from matching.models.demands import Demand


class BillSheet(UploadedSheet):
    """A sheet with the lines of a demand. It holds target prices.

    `rows`: [sheet's name, row number, [cells]]; `checked_version`: of the demand it was compared with; `before` and
    `after`: the demand's lines around the saving, which undoing puts back and compares.
    """

    access = Row("own", owner="demand__owner", cities=("demand__owner__city",))
    demand = models.ForeignKey(Demand, models.CASCADE, related_name="bills")
    rows = models.JSONField(default=list)
    checked_version = models.PositiveIntegerField(default=0)
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)

    objects = GuardedManager()

    class Meta(UploadedSheet.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="bill_sheet_state")
        ]


class BillColumn(RememberedColumn):
    """Of a lab's bills."""

    objects = GuardedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "heading"], name="bill_column_once")]
