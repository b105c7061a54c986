"""What people do with a match: two firms are introduced, and their work is followed until it is delivered.

An introduction hangs on the pair (line, capability) or (demand, site), never on a run's rows: no run loses it.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from alliance.access import Row
from alliance.choices import IntroductionState, MilestoneKind
from alliance.models import GuardedManager, Organisation, Published
from companies.models import Capability
from matching.models.demands import Demand, DemandLine
from scenarios.models import Site

ENDED = (IntroductionState.DELIVERED, IntroductionState.DECLINED)
RUNNING = ~Q(state__in=ENDED)


class Project(Published):
    """A pipeline introduced as a whole: an introduction for each supplier and one for the site's operator."""

    access = Row("demand side", demand="demand")
    demand = models.ForeignKey(Demand, models.PROTECT, related_name="projects")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="projects")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.public_id)

    def bureau_ids(self) -> list[int]:
        """The bureaus of its introductions."""
        rows = self.introductions.values_list("lab_bureau_id", "supplier_bureau_id")
        return sorted({key for pair in rows for key in pair})


class Milestone(models.Model):
    """What the pilot of a project passes, when it should and when it did."""

    access = Row("demand side", demand="project__demand")
    project = models.ForeignKey(Project, models.CASCADE, related_name="milestones")
    kind = models.CharField(max_length=10, choices=MilestoneKind)
    planned_on = models.DateField(null=True, blank=True)
    actual_on = models.DateField(null=True, blank=True)

    objects = GuardedManager()

    class Meta:
        ordering = ["project_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind"], name="milestone_once"),
            models.CheckConstraint(condition=Q(kind__in=MilestoneKind.values), name="milestone_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.project_id}"

    @property
    def slip(self) -> int | None:
        """Days later than planned (negative: earlier)."""
        if self.planned_on is None or self.actual_on is None:
            return None
        return (self.actual_on - self.planned_on).days


class Introduction(Published):
    """A lab and a supplier (or a site's operator) brought together by the bureaus of their two cities.

    `turn`: the organisation that has to do the next step, by `due_on`; empty at the end. `lab_bureau` and
    `supplier_bureau` are one where both firms sit in one city. `capability_version` and `demand_version`: what was
    on the table, so that a declined pair comes back only when something has changed.
    """

    access = Row("introduction")
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, related_name="introductions")
    demand = models.ForeignKey(Demand, models.PROTECT, related_name="introductions")
    line = models.ForeignKey(DemandLine, models.PROTECT, null=True, blank=True, related_name="introductions")
    capability = models.ForeignKey(
        Capability, models.PROTECT, null=True, blank=True, related_name="introductions"
    )
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="introductions")
    lab = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Organisation, models.PROTECT, related_name="introductions")
    lab_bureau = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    supplier_bureau = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=12, choices=IntroductionState, default=IntroductionState.PROPOSED, db_index=True
    )
    turn = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="turns")
    due_on = models.DateField(null=True, blank=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    lab_accepted_at = models.DateTimeField(null=True, blank=True)
    supplier_accepted_at = models.DateTimeField(null=True, blank=True)
    declined_by = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    declined_reason = models.CharField(max_length=1000, blank=True)
    delivered_on = models.DateField(null=True, blank=True)
    on_time = models.BooleanField(null=True, blank=True)
    capability_version = models.PositiveIntegerField(default=0)
    demand_version = models.PositiveIntegerField(default=0)

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=IntroductionState.values), name="introduction_state"
            ),
            models.CheckConstraint(
                condition=Q(line__isnull=False, capability__isnull=False, site=None)
                | Q(line=None, capability=None, site__isnull=False),
                name="introduction_pair",
            ),
            models.UniqueConstraint(
                fields=["line", "capability"],
                condition=RUNNING & Q(capability__isnull=False),
                name="introduction_running_once",
            ),
            models.UniqueConstraint(
                fields=["demand", "site"],
                condition=RUNNING & Q(site__isnull=False),
                name="introduction_site_running_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED) | Q(turn__isnull=False, due_on__isnull=False),
                name="introduction_has_an_owner",
            ),
            models.CheckConstraint(
                condition=~Q(state=IntroductionState.DECLINED) | ~Q(declined_reason=""),
                name="introduction_declined_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["turn", "due_on"], name="introduction_turn"),
            models.Index(fields=["capability", "line"], name="introduction_by_pair"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class IntroductionBasis(models.Model):
    """What the match looked like when it was proposed: for the demand's side only."""

    access = Row("demand side", demand="introduction__demand")
    introduction = models.OneToOneField(Introduction, models.CASCADE, primary_key=True, related_name="basis")
    as_of = models.DateField(null=True, blank=True)
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    failed_rule = models.CharField(max_length=80, blank=True, help_text="of a near miss")

    objects = GuardedManager()


class IntroductionStep(models.Model):
    """A step that was done: by whom, what it led to, who has to do the next one by when, and a note."""

    access = Row("introduction", introduction="introduction")
    introduction = models.ForeignKey(Introduction, models.CASCADE, related_name="steps")
    move = models.CharField(max_length=20)
    state = models.CharField(max_length=12, choices=IntroductionState)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    by_organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    turn = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    at = models.DateTimeField(db_default=Now())

    objects = GuardedManager()

    class Meta:
        ordering = ["introduction_id", "id"]

    def __str__(self) -> str:
        return f"{self.move} → {self.state}"
