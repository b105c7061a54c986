"""A maker's answer to a demand: "we want this", said before the bureaus introduce the two."""

from django.conf import settings
from django.db import models

from alliance.access import Row
from alliance.models import GuardedManager, Organisation, Published
from companies.models import Capability
from matching.models.demands import Demand, DemandLine


class Answer(Published):
    """One for each line and capability; taken back it stays, for whom it reached.

    It opens nothing to anybody: the two sides see each other as their match or near miss already lets them.
    """

    access = Row("answer", owner="supplier", demand="demand")
    demand = models.ForeignKey(Demand, models.CASCADE, related_name="answers")
    line = models.ForeignKey(DemandLine, models.CASCADE, related_name="answers")
    capability = models.ForeignKey(Capability, models.CASCADE, related_name="answers")
    supplier = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["line", "capability"], name="answer_once")]

    def __str__(self) -> str:
        return self.note or str(self.public_id)
