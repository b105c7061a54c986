"""How rows were before the changes that the matcher has not read yet."""

from django.db import models
from django.db.models.expressions import RawSQL

from alliance.models.base import GuardedQuerySet


class FormerRow(models.Model):
    """A row of `source` as it stood before a write; `data` empty: it was not there.

    Written by triggers (migration 0012), whatever path the write took. With the rows as they stand now these are
    all states that a run can have read, so the matcher knows which demands something mattered to *before*. Removed
    when the change behind them has been followed. `row_id` is the capability, plant, organisation or site it is of.
    """

    transaction = models.BigIntegerField(db_default=RawSQL("pg_current_xact_id()::text::bigint", []))
    source = models.CharField(max_length=40)
    row_id = models.BigIntegerField()
    data = models.JSONField(null=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        indexes = [
            models.Index(fields=["source", "row_id"], name="former_row_of"),
            models.Index(fields=["transaction"], name="former_row_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.row_id}"
