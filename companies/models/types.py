"""The tree of component types and the parameters that describe them."""

from django.db import models
from django.db.models import F, Q

from alliance.access import Row
from alliance.choices import CityRole
from alliance.models import GuardedManager, TypeNode
from alliance.models.base import SpecKey, TypeParameter


class ComponentKey(SpecKey):
    access = Row("reference")
    objects = GuardedManager()


class ComponentType(TypeNode):
    """A kind of part or service; `supplied_by` is the city role that normally supplies it ("" for none)."""

    access = Row("reference")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    supplied_by = models.CharField(max_length=12, blank=True, choices=CityRole)
    quantity_unit = models.CharField(max_length=40, blank=True)
    classification = models.JSONField(default=dict, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="component_type_not_its_own_parent"
            )
        ]


class ComponentParameter(TypeParameter):
    """A parameter that a component type lists itself (its children have it too)."""

    access = Row("reference")
    type = models.ForeignKey(ComponentType, models.CASCADE, related_name="parameters")
    key = models.ForeignKey(ComponentKey, models.PROTECT, related_name="used_by")

    objects = GuardedManager()

    class Meta:
        ordering = ["type_id", "position"]
        constraints = [models.UniqueConstraint(fields=["type", "key"], name="component_parameter_once")]
