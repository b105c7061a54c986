"""Cities, travel times, alliances and the roles of cities in them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from alliance.access import Row
from alliance.choices import CityRole
from alliance.models.base import GuardedManager, Named, Published


class City(Named):
    """A city, district, county or development area; `parent` is the city it lies in."""

    access = Row("reference")
    code = models.CharField(max_length=12, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    province_en = models.CharField(max_length=100, blank=True)
    province_zh = models.CharField(max_length=100, blank=True)
    latitude = models.FloatField()
    longitude = models.FloatField()

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(latitude__gte=-90, latitude__lte=90), name="city_latitude"),
            models.CheckConstraint(
                condition=Q(longitude__gte=-180, longitude__lte=180), name="city_longitude"
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="city_not_its_own_parent"
            ),
        ]


class TravelTime(models.Model):
    """Minutes on the road from one city to another; the reverse holds where it has no row of its own."""

    access = Row("reference")
    origin = models.ForeignKey(City, models.PROTECT, related_name="travel_from")
    destination = models.ForeignKey(City, models.PROTECT, related_name="travel_to")
    minutes = models.FloatField()
    km = models.FloatField(null=True, blank=True)
    source = models.CharField(max_length=300, blank=True)

    objects = GuardedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin", "destination"], name="travel_time_once"),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="travel_time_minutes"),
            models.CheckConstraint(condition=Q(km=None) | Q(km__gte=0), name="travel_time_km"),
        ]

    def __str__(self) -> str:
        return f"{self.origin_id} → {self.destination_id}"


class Alliance(Named, Published):
    """Cities that share the work of building robots: one leads, the others have roles."""

    access = Row("reference", alliance="id")
    slug = models.SlugField(max_length=64, unique=True)
    lead_city = models.ForeignKey(City, models.PROTECT, related_name="leads")
    publishes_directory = models.BooleanField(default=False)
    as_of = models.DateField(null=True, blank=True, help_text="the date that results are evaluated at")
    as_of_pinned = models.BooleanField(default=False)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]


class AllianceWeights(models.Model):
    """A version of an alliance's own weights: the newest counts; a missing term keeps its default."""

    access = Row("reference")
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="weight_versions")
    number = models.PositiveIntegerField()
    line = models.JSONField(default=dict)
    site = models.JSONField(default=dict)
    set_by = models.ForeignKey("alliance.User", models.PROTECT, null=True, blank=True)
    set_at = models.DateTimeField(auto_now_add=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["alliance_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["alliance", "number"], name="weights_version_once")]

    def __str__(self) -> str:
        return f"{self.alliance_id} v{self.number}"


class AllianceCity(models.Model):
    """The roles of a listed city in an alliance."""

    access = Row("reference")
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="cities")
    city = models.ForeignKey(City, models.PROTECT, related_name="alliances")
    roles = ArrayField(models.CharField(max_length=12, choices=CityRole))
    basis = models.CharField(max_length=300, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "city"], name="alliance_city_once"),
            models.CheckConstraint(
                condition=Q(roles__contained_by=[r.value for r in CityRole]), name="alliance_city_roles_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alliance_id}: {self.city_id}"


class AllianceReach(models.Model):
    """Derived: every city that belongs to an alliance, with the roles of its nearest listed ancestor.

    Rebuilt by `alliance.services.rebuild_geography` in the transaction that changes a city or a membership.
    """

    access = Row("reference")
    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="reach")
    city = models.ForeignKey(City, models.CASCADE, related_name="reached_by")
    roles = ArrayField(models.CharField(max_length=12))
    listed = models.ForeignKey(City, models.CASCADE, related_name="+")

    objects = GuardedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alliance", "city"], name="alliance_reach_once")]


class CityCare(models.Model):
    """Derived: which bureaus look after a city: its own, else the nearest above, else the lead bureaus."""

    access = Row("reference")
    city = models.ForeignKey(City, models.CASCADE, related_name="caretakers")
    bureau = models.ForeignKey("alliance.Organisation", models.CASCADE, related_name="cares_for")

    objects = GuardedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "bureau"], name="city_care_once")]
