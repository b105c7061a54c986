"""Runs: the row is the queue. A run's chunks are claimed, leased and fenced in the database."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from alliance.access import Row, may_run_alliance, may_run_demand
from alliance.choices import ChunkState, RunState
from alliance.models import Alliance, GuardedManager, User
from alliance.models.base import GuardedQuerySet, Published
from matching.models.demands import Demand


class MatchRun(models.Model):
    """One matching of an alliance, of one demand of it, or of the demands that a change touched, as of a date.

    `cause` says why in a code (`change`, `nightly`, `asked`, `retry`). Times are the database's.
    `generation` counts the freezing of inputs: of two runs over one demand the later frozen one counts,
    whichever was asked for or finished first.
    """

    access = Row("run", alliance="alliance", demand="demand")
    public_id = Published._meta.get_field("public_id").clone()
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="runs")
    demand = models.ForeignKey(Demand, models.PROTECT, null=True, blank=True, related_name="runs")
    demands = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        editable=False,
        help_text="keys of the demands that a change touched; empty: all of the alliance, or the one named",
    )
    as_of = models.DateField()
    cause = models.CharField(max_length=20)
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    retry_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="retries")
    state = models.CharField(max_length=10, choices=RunState, default=RunState.QUEUED)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    generation = models.BigIntegerField(null=True, editable=False)
    chunks_total = models.PositiveIntegerField(default=0)
    chunks_done = models.PositiveIntegerField(default=0)
    demands_total = models.PositiveIntegerField(default=0)
    demands_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True, help_text="rows written, by kind")
    error = models.TextField(blank=True)
    version = models.CharField(
        max_length=60,
        blank=True,
        editable=False,
        help_text="of the snapshot it read; empty: the database itself",
    )

    objects = GuardedManager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state")]
        indexes = [
            models.Index(fields=["state"], condition=Q(state__in=["queued", "running"]), name="run_open"),
            models.Index(fields=["alliance", "-id"], name="run_of_alliance"),
        ]

    def __str__(self) -> str:
        return f"R-{self.pk}"

    @property
    def chosen(self) -> list[int]:
        """Keys of the demands it covers; empty: all of the alliance."""
        return [self.demand_id] if self.demand_id else list(self.demands)

    @property
    def ended(self) -> bool:
        return self.state not in (RunState.QUEUED, RunState.RUNNING)


class RunInput(models.Model):
    """The frozen problem of a run, as bytes: every chunk computes from this and from nothing else."""

    run = models.OneToOneField(MatchRun, models.CASCADE, primary_key=True, related_name="input")
    problem = models.BinaryField(help_text="kept uncompressed: it is written once and read by every worker")
    identities = models.BinaryField(help_text="database ids behind the problem's positions")

    objects = models.Manager.from_queryset(GuardedQuerySet)()


class RunChunk(models.Model):
    """Some demands of a run. Chunk 0 freezes the input and cuts the rest.

    A claim sets the lease and raises the fence; results are written only under the same fence.
    """

    run = models.ForeignKey(MatchRun, models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    demands = ArrayField(models.IntegerField(), default=list, help_text="positions in the frozen problem")
    state = models.CharField(max_length=10, choices=ChunkState, default=ChunkState.PENDING)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True, help_text="rows written, by kind")
    error = models.TextField(blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="run_chunk_once"),
            models.CheckConstraint(condition=Q(state__in=ChunkState.values), name="run_chunk_state"),
        ]
        indexes = [
            models.Index(
                fields=["run", "number"], condition=Q(state__in=["pending", "claimed"]), name="run_chunk_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


def may_ask_for_run(user: Any, alliance: Alliance, demand: Demand | None) -> bool:
    """Whether this person may queue a run of the alliance, or of the one demand."""
    if demand is None:
        return may_run_alliance(user, alliance.pk)
    cities = (demand.lab_city_id, demand.owner.city_id)
    return may_run_demand(user, owner_id=demand.owner_id, cities=cities, alliance_id=alliance.pk)
