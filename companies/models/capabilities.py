"""Facilities and what each can make."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from alliance.access import Row
from alliance.models import City, GuardedManager, HeldCertificate, Organisation, Published
from alliance.models.searching import Searched
from companies.models.types import ComponentType

FACILITY_NAMES = Searched(("name",))


class Facility(Published):
    """A plant or workshop at a real place."""

    access = Row(
        "premises",
        owner="organisation",
        cities=("organisation__city",),
        reach="city",
        published=("organisation__listed",),
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="facilities")
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=300)
    city = models.ForeignKey(City, models.PROTECT, related_name="facilities", db_index=False)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "external_id"], name="facility_external_id"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="facility_point",
            ),
        ]
        indexes = [
            FACILITY_NAMES.index("facility_search"),
            # Which plants are in a city, without a look at the plants: what they make is found by them.
            models.Index(fields=["city"], include=["id"], name="facility_of_city"),
        ]

    def __str__(self) -> str:
        return self.name


class FacilityCertificate(HeldCertificate):
    access = Row(
        "premises",
        owner="facility__organisation",
        cities=("facility__organisation__city",),
        reach="facility__city",
        place="companies.Facility",
        published=("facility__organisation__listed",),
    )
    facility = models.ForeignKey(Facility, models.CASCADE, related_name="certificates")

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["facility", "code"], name="facility_certificate_once")]


CAPABILITY_NAMES = Searched(("title",))


class Capability(Published):
    """What one facility can make. `specs` holds key → value in the parameter's unit.

    Values: number → x, range → [low, high], choice → list of choices, bool. The organisation is the
    facility's (a composite foreign key in the database keeps the two equal). `missing` names the fields that a
    draft has not been told yet and that hold a placeholder; what is published misses none.
    """

    access = Row(
        "capability",
        owner="organisation",
        cities=("organisation__city",),
        reach="facility__city",
        place="companies.Facility",
        published=("published", "organisation__listed"),
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="capabilities")
    facility = models.ForeignKey(Facility, models.PROTECT, related_name="capabilities", db_index=False)
    external_id = models.CharField(max_length=120)
    component_type = models.ForeignKey(
        ComponentType, models.PROTECT, related_name="capabilities", db_index=False
    )
    title = models.CharField(max_length=300)
    specs = models.JSONField(default=dict, blank=True)
    min_order_quantity = models.FloatField(default=1)
    prototype_lead_days = models.PositiveIntegerField()
    volume_lead_days = models.PositiveIntegerField()
    available_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    published = models.BooleanField(default=True)
    missing = ArrayField(models.CharField(max_length=40), default=list, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GuardedManager()

    class Meta:
        indexes = [
            CAPABILITY_NAMES.index("capability_search"),
            # Both also find what points at a row that is to be deleted: instead of the keys' own indexes.
            models.Index(fields=["component_type", "id"], name="capability_by_type"),
            models.Index(fields=["facility", "component_type"], name="capability_of_plant"),
            # Orders of the list: read from the front, instead of asking for the rights of every row and sorting them.
            models.Index(fields=["title", "id"], name="capability_by_title"),
            models.Index(fields=["volume_lead_days", "id"], name="capability_by_volume"),
            models.Index(fields=["prototype_lead_days", "id"], name="capability_by_prototype"),
        ]
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "external_id"], name="capability_external_id"),
            models.CheckConstraint(condition=Q(min_order_quantity__gt=0), name="capability_moq"),
        ]

    def __str__(self) -> str:
        return self.title


class CapabilityTerms(models.Model):
    """Price and capacity of a capability: a row of its own because fewer people see it.

    `unit_price` is CNY per piece without VAT; empty when not told. Free capacity is capacity − committed.
    """

    access = Row(
        "capability terms",
        owner="capability__organisation",
        cities=("capability__organisation__city",),
        capability="capability",
    )
    capability = models.OneToOneField(Capability, models.CASCADE, primary_key=True, related_name="terms")
    capacity_per_month = models.FloatField()
    committed_per_month = models.FloatField(default=0)
    unit_price = models.FloatField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(capacity_per_month__gte=0, committed_per_month__gte=0), name="capability_capacity"
            ),
            models.CheckConstraint(
                condition=Q(unit_price=None) | Q(unit_price__gt=0), name="capability_price"
            ),
        ]

    @property
    def free_per_month(self) -> float:
        return self.capacity_per_month - self.committed_per_month


class CapabilityCertificate(HeldCertificate):
    access = Row(
        "capability",
        owner="capability__organisation",
        cities=("capability__organisation__city",),
        reach="capability__facility__city",
        place="companies.Facility",
        published=("capability__published", "capability__organisation__listed"),
        capability="capability",
    )
    capability = models.ForeignKey(Capability, models.CASCADE, related_name="certificates")

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["capability", "code"], name="capability_certificate_once")
        ]
