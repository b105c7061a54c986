"""Robot programmes of labs: what parts they need, what a site must offer, by when."""

from typing import Any

from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, F, Q

from alliance.access import GuardedQuerySet, Row, Viewer, prepared, viewer_of, visible
from alliance.choices import Confidentiality, Scope
from alliance.models import Alliance, City, GuardedManager, Organisation, Published
from alliance.models.base import Requirement
from alliance.models.searching import Searched
from companies.models import ComponentKey, ComponentType
from scenarios.models import ScenarioKey, ScenarioType

ASKER = Row("demand asker", demand="demand")
QUANTITIES = Row("demand quantities")


class DemandQuerySet(GuardedQuerySet):
    def told_to(self, user: Any) -> "DemandQuerySet":
        """The visible demands; each knows whether the viewer may read how many it wants (`quantities_told`)."""
        return prepared(self, _telling, viewer_of(user))


def _telling(rows: DemandQuerySet, viewer: Viewer) -> Any:
    told = ExpressionWrapper(visible(QUANTITIES, viewer), BooleanField())
    return rows.visible_to(viewer).annotate(quantities_told=told)


class IdentityQuerySet(GuardedQuerySet):
    def shown_to(self, user: Any) -> "IdentityQuerySet":
        """The visible identities; each knows whether it may name the lab (`asker`)."""
        return prepared(self, _naming, viewer_of(user))


def _naming(rows: IdentityQuerySet, viewer: Viewer) -> Any:
    named = ExpressionWrapper(visible(ASKER, viewer), BooleanField())
    return rows.visible_to(viewer).select_related("organisation").annotate(names_owner=named)


class Demand(Published):
    """A robot programme. Who asks, and what it is called, is in `DemandIdentity`: fewer people see that.

    `owner` and `external_id` are for rules, uniqueness and exports; nothing shows them except by the identity.
    """

    access = Row("demand", owner="owner", alliance="alliance")
    quantities_told = False
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="demands", db_index=False)
    external_id = models.CharField(max_length=120)
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="demands")
    lab_city = models.ForeignKey(City, models.PROTECT, related_name="demands", db_index=False)
    deployment_city = models.ForeignKey(City, models.PROTECT, null=True, blank=True, related_name="+")
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.ALLIANCE)
    confidentiality = models.CharField(
        max_length=14, choices=Confidentiality, default=Confidentiality.MEMBERS
    )
    start_date = models.DateField()
    need_by = models.DateField()
    iterations = models.PositiveIntegerField(default=2)
    published = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    outcome = models.CharField(
        max_length=300, blank=True, db_default="", default="", help_text="how it ended, when it was closed"
    )

    objects = models.Manager.from_queryset(DemandQuerySet)()

    class Meta:
        ordering = ["id"]
        # Which demands of a city or a lab their alliance's bits (`NamedIds`) leave out, without a look at the demands.
        indexes = [
            models.Index(fields=[place, "alliance", "published"], include=["id", "scope"], name=name)
            for place, name in (("lab_city", "demand_of_city"), ("owner", "demand_of_owner"))
        ]
        constraints = [
            models.UniqueConstraint(fields=["owner", "external_id"], name="demand_external_id"),
            models.CheckConstraint(condition=Q(iterations__gte=1), name="demand_iterations"),
            models.CheckConstraint(condition=Q(start_date__lte=F("need_by")), name="demand_dates"),
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="demand_scope"),
            models.CheckConstraint(
                condition=Q(confidentiality__in=Confidentiality.values), name="demand_confidentiality"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


DEMAND_NAMES = Searched(("title",))


class DemandIdentity(models.Model):
    """Who asks and what the programme is called. Read it by `shown_to`, and the lab by `asker`."""

    access = Row("demand identity", demand="demand")
    names_owner = False
    demand = models.OneToOneField(Demand, models.CASCADE, primary_key=True, related_name="identity")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=120)
    title = models.CharField(max_length=300)

    objects = models.Manager.from_queryset(IdentityQuerySet)()

    class Meta:
        indexes = [DEMAND_NAMES.index("demand_search")]

    def __str__(self) -> str:
        return self.title

    @property
    def asker(self) -> Organisation | None:
        """The lab, for those who may know it."""
        return self.organisation if self.names_owner else None


class DemandLine(models.Model):
    """A part or service of a demand: how many, how fast, by when (the demand's date if empty)."""

    access = Row("demand", demand="demand")
    public_id = Published._meta.get_field("public_id").clone()
    demand = models.ForeignKey(Demand, models.CASCADE, related_name="lines")
    owner = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=120)
    position = models.PositiveIntegerField()
    component_type = models.ForeignKey(
        ComponentType, models.PROTECT, related_name="demand_lines", db_index=False
    )
    quantity = models.FloatField()
    monthly_rate = models.FloatField()
    need_by = models.DateField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        # Which demands need a type, without a look at the lines.
        indexes = [models.Index(fields=["component_type", "demand"], name="line_by_type")]
        constraints = [
            models.UniqueConstraint(fields=["owner", "external_id"], name="demand_line_external_id"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="demand_line_quantity"),
            models.CheckConstraint(condition=Q(monthly_rate__gt=0), name="demand_line_rate"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class LinePrice(models.Model):
    """Target and ceiling unit price of a line (CNY per piece, without VAT): never shown to suppliers."""

    access = Row("demand side", demand="line__demand")
    line = models.OneToOneField(DemandLine, models.CASCADE, primary_key=True, related_name="price")
    target_unit_price = models.FloatField(null=True, blank=True)
    ceiling_unit_price = models.FloatField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(target_unit_price=None) | Q(target_unit_price__gt=0), name="line_target_price"
            ),
            models.CheckConstraint(
                condition=Q(ceiling_unit_price=None) | Q(ceiling_unit_price__gt=0), name="line_ceiling_price"
            ),
        ]


class LineRequirement(Requirement):
    access = Row("demand", demand="line__demand")
    line = models.ForeignKey(DemandLine, models.CASCADE, related_name="requirements")
    key = models.ForeignKey(ComponentKey, models.PROTECT, related_name="+")

    objects = GuardedManager()

    class Meta(Requirement.Meta):
        constraints = [
            *Requirement.Meta.constraints,
            models.UniqueConstraint(fields=["line", "position"], name="line_requirement_position"),
            models.UniqueConstraint(
                fields=["line", "key"], condition=Q(hard=True), name="line_requirement_one_hard"
            ),
        ]


class LineCertificate(models.Model):
    """A certificate that a line asks for."""

    access = Row("demand", demand="line__demand")
    line = models.ForeignKey(DemandLine, models.CASCADE, related_name="certificates")
    code = models.CharField(max_length=64)
    known = models.BooleanField(default=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["line", "code"], name="line_certificate_once")]

    def __str__(self) -> str:
        return self.code


class SiteNeed(models.Model):
    """The site that a demand wants to try its robots at: at most one."""

    access = Row("demand", demand="demand")
    demand = models.OneToOneField(Demand, models.CASCADE, primary_key=True, related_name="site_need")
    scenario_type = models.ForeignKey(ScenarioType, models.PROTECT, related_name="+")
    fleet_size = models.FloatField()
    trial_days = models.PositiveIntegerField()

    objects = GuardedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(fleet_size__gt=0), name="site_need_fleet"),
            models.CheckConstraint(condition=Q(trial_days__gt=0), name="site_need_trial"),
        ]


class SiteRequirement(Requirement):
    access = Row("demand", demand="site_need__demand")
    site_need = models.ForeignKey(SiteNeed, models.CASCADE, related_name="requirements")
    key = models.ForeignKey(ScenarioKey, models.PROTECT, related_name="+")

    objects = GuardedManager()

    class Meta(Requirement.Meta):
        constraints = [
            *Requirement.Meta.constraints,
            models.UniqueConstraint(fields=["site_need", "position"], name="site_requirement_position"),
            models.UniqueConstraint(
                fields=["site_need", "key"], condition=Q(hard=True), name="site_requirement_one_hard"
            ),
        ]


class OpenPoint(models.Model):
    """Free text that people confirm and nobody scores: of one line, or (line empty) of the demand and its site."""

    access = Row("demand", demand="demand")
    demand = models.ForeignKey(Demand, models.CASCADE, related_name="open_points")
    line = models.ForeignKey(DemandLine, models.CASCADE, null=True, blank=True, related_name="open_points")
    position = models.PositiveIntegerField()
    text = models.CharField(max_length=1000)

    objects = GuardedManager()

    class Meta:
        ordering = ["demand_id", "position"]

    def __str__(self) -> str:
        return self.text
