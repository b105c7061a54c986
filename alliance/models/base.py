"""What rows have in common: a random public id, a version, guarded reads."""

import uuid

from django.db import models
from django.utils.translation import get_language

from alliance.access import GuardedQuerySet as GuardedQuerySet
from alliance.access import Keys as Keys

GuardedManager = models.Manager.from_queryset(GuardedQuerySet)


def localised(zh: str, en: str) -> str:
    """The name in the reader's language, the other one where it is missing."""
    chinese = (get_language() or "zh").startswith("zh")
    return (zh or en) if chinese else (en or zh)


class Named(models.Model):
    """A thing with a Chinese and an English name."""

    name_en = models.CharField(max_length=300, blank=True)
    name_zh = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return localised(self.name_zh, self.name_en)

    @property
    def name(self) -> str:
        return str(self)


class Published(models.Model):
    """A row with an address: its public id is random, so nobody counts rows from outside."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class HeldCertificate(models.Model):
    """A certificate as written; codes that the list does not know are kept and flagged."""

    code = models.CharField(max_length=64)
    known = models.BooleanField(default=True)
    expires_on = models.DateField(null=True, blank=True, help_text="last valid day")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.code


class TypeNode(Named):
    """A node of a type tree (component types, application scenarios)."""

    code = models.CharField(max_length=64, unique=True)
    synonyms_en = models.JSONField(default=list, blank=True)
    synonyms_zh = models.JSONField(default=list, blank=True)
    attributes = models.JSONField(
        default=dict, blank=True, help_text="what the tree's file says beside the above"
    )

    class Meta:
        abstract = True


class SpecKey(models.Model):
    """A parameter key: one unit, kind and list of choices in the whole tree."""

    key = models.CharField(max_length=64, unique=True)
    unit = models.CharField(max_length=40, blank=True)
    symbol = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=10)
    choices = models.JSONField(default=list, blank=True)
    choices_zh = models.JSONField(default=list, blank=True)
    ordered = models.BooleanField(default=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["number", "range", "choice", "bool"]),
                name="%(app_label)s_%(class)s_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(ordered=False) | models.Q(kind="choice"),
                name="%(app_label)s_%(class)s_ordered",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class TypeParameter(Named):
    """A parameter as a type lists it; children of the type have it too."""

    position = models.PositiveIntegerField()
    attributes = models.JSONField(default=dict, blank=True, help_text="better, typical_min, typical_max, …")

    class Meta:
        abstract = True


class Requirement(models.Model):
    """(key, op, value): hard, or soft with a weight and a tolerance. Values are in the parameter's unit.

    `value` is a number, [low, high], a list of choices, or true/false, as `companies.specs` normalises it.
    """

    position = models.PositiveIntegerField()
    op = models.CharField(max_length=8)
    value = models.JSONField()
    hard = models.BooleanField(default=True)
    weight = models.FloatField(default=1)
    tolerance = models.FloatField(default=0.2)

    class Meta:
        abstract = True
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(op__in=[">=", "<=", "=", "between", "covers", "one_of", "is"]),
                name="%(app_label)s_%(class)s_op",
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=1, weight__lte=5), name="%(app_label)s_%(class)s_weight"
            ),
            models.CheckConstraint(
                condition=models.Q(tolerance__gt=0), name="%(app_label)s_%(class)s_tolerance"
            ),
        ]
