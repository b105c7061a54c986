"""Open application sites, when they are open, and what whatever works there must meet."""

from django.db import models
from django.db.models import F, Q

from alliance.access import Row
from alliance.models import City, GuardedManager, Organisation, Published
from alliance.models.base import Requirement
from alliance.models.searching import Searched
from companies.models import ComponentKey
from scenarios.models.types import ScenarioType

SITE_NAMES = Searched(("name",))


class Site(Published):
    """A place that tries robots. `params` holds key → value in the parameter's unit, like a capability's specs."""

    access = Row(
        "site",
        owner="organisation",
        cities=("organisation__city", "city"),
        reach="city",
        published=("published", "organisation__listed"),
    )
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="sites")
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=300)
    city = models.ForeignKey(City, models.PROTECT, related_name="sites")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    scenario_type = models.ForeignKey(ScenarioType, models.PROTECT, related_name="sites")
    params = models.JSONField(default=dict, blank=True)
    fleet_capacity = models.FloatField()
    published = models.BooleanField(default=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "external_id"], name="site_external_id"),
            models.CheckConstraint(condition=Q(fleet_capacity__gt=0), name="site_fleet_capacity"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="site_point",
            ),
        ]
        indexes = [SITE_NAMES.index("site_search")]

    def __str__(self) -> str:
        return self.name


class PartCondition(Requirement):
    """What a part must meet to work at a site; written on component parameters, always hard."""

    access = Row(
        "site",
        owner="site__organisation",
        cities=("site__organisation__city", "site__city"),
        reach="site__city",
        published=("site__published", "site__organisation__listed"),
        site="site",
    )
    site = models.ForeignKey(Site, models.CASCADE, related_name="part_conditions")
    key = models.ForeignKey(ComponentKey, models.PROTECT, related_name="+")

    objects = GuardedManager()

    class Meta(Requirement.Meta):
        constraints = [
            *Requirement.Meta.constraints,
            models.UniqueConstraint(fields=["site", "position"], name="part_condition_position"),
            models.CheckConstraint(condition=Q(hard=True), name="part_condition_hard"),
        ]


class SiteWindow(models.Model):
    """Days on which a site is open, both ends included; windows are never merged."""

    access = Row(
        "site",
        owner="site__organisation",
        cities=("site__organisation__city", "site__city"),
        reach="site__city",
        published=("site__published", "site__organisation__listed"),
        site="site",
    )
    site = models.ForeignKey(Site, models.CASCADE, related_name="windows")
    starts = models.DateField()
    ends = models.DateField()

    objects = GuardedManager()

    class Meta:
        ordering = ["site_id", "starts", "ends", "id"]
        constraints = [models.CheckConstraint(condition=Q(starts__lte=F("ends")), name="site_window_order")]
