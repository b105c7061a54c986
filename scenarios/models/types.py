"""The tree of application scenarios and the parameters of their sites."""

from django.db import models
from django.db.models import F, Q

from alliance.access import Row
from alliance.models import GuardedManager, TypeNode
from alliance.models.base import SpecKey, TypeParameter


class ScenarioKey(SpecKey):
    access = Row("reference")
    objects = GuardedManager()


class ScenarioType(TypeNode):
    """A field or task in which robots work."""

    access = Row("reference")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="scenario_type_not_its_own_parent"
            )
        ]


class ScenarioParameter(TypeParameter):
    """A parameter that a scenario type lists itself (its children have it too)."""

    access = Row("reference")
    type = models.ForeignKey(ScenarioType, models.CASCADE, related_name="parameters")
    key = models.ForeignKey(ScenarioKey, models.PROTECT, related_name="used_by")

    objects = GuardedManager()

    class Meta:
        ordering = ["type_id", "position"]
        constraints = [models.UniqueConstraint(fields=["type", "key"], name="scenario_parameter_once")]
