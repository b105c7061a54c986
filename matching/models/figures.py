"""An alliance's figures day by day, from which Today draws its lines: what a run leaves does not stay."""

from django.db import models

from alliance.access import Row
from alliance.models import Alliance, GuardedManager


class Figure(models.Model):
    """How an alliance stood on a day: derived, written once a day, never by a person."""

    access = Row("figures", alliance="alliance")
    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="+")
    day = models.DateField()
    lines = models.PositiveIntegerField(help_text="lines of open demands")
    covered = models.PositiveIntegerField(help_text="of them those that somebody can supply")
    days = models.FloatField(null=True, help_text="median days to market of the best pipelines")

    objects = GuardedManager()

    class Meta:
        ordering = ["alliance_id", "day"]
        constraints = [models.UniqueConstraint(fields=["alliance", "day"], name="figure_once_a_day")]

    def __str__(self) -> str:
        return f"{self.alliance_id} {self.day}"
