"""Which matches people have been told of: the next run's news is the difference."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from alliance.models.base import GuardedQuerySet


class ToldMatches(models.Model):
    """The capabilities that matched a line when its people were last told; no foreign keys, as with all results."""

    line_id = models.BigIntegerField(primary_key=True)
    demand_id = models.BigIntegerField(db_index=True)
    capabilities = ArrayField(models.BigIntegerField(), default=list)

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    def __str__(self) -> str:
        return f"{self.line_id}: {len(self.capabilities)}"
