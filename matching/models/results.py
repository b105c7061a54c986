"""Results of runs. No foreign keys and no audit: a run writes rows of its own by COPY, then a pointer moves.

A row counts only while `CurrentResult` points from its demand to its run (`.current()`): a reader sees the old
results or the new ones, never a mixture.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Value

from alliance.access import GuardedQuerySet, Row
from companies.models import Capability
from matching.models.demands import Demand, DemandLine

#: of the way to market, and those of them that one line decides
STAGES = ("prototype", "wait", "trial", "volume", "delivery")
CRITICAL = ("prototype", "volume", "delivery")


class CurrentResult(models.Model):
    """Which run's rows count for a demand."""

    access = Row("demand side", demand="demand")
    demand = models.OneToOneField(Demand, models.CASCADE, primary_key=True, related_name="current_result")
    run_id = models.BigIntegerField(db_index=True)
    as_of = models.DateField()
    feasible_sites = models.PositiveIntegerField(default=0)
    moved_at = models.DateTimeField(auto_now=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()


class ResultQuerySet(GuardedQuerySet):
    """Rows of runs; `.current()` keeps those that count."""

    def current(self) -> "ResultQuerySet":
        pointer = CurrentResult.objects.filter(demand_id=OuterRef("demand_id"), run_id=OuterRef("run_id"))
        return self.filter(Exists(pointer))

    def of_runs(self, pointers: Mapping[int, int]) -> "ResultQuerySet":
        """The rows that these pointers name (demand → run): for who has read `CurrentResult.visible_to` once and asks
        for many kinds of results. They are the rows of `visible_to(user).current()` on those demands."""
        if not pointers:
            return self.none()
        return self.filter(_Named(F("demand_id"), F("run_id"), _keys(pointers), _keys(pointers.values())))

    def naming(self, column: str, ids: Iterable[int]) -> "ResultQuerySet":
        """Those of results that name one of these ids in an array of `DemandResult`: how rows are found that are not
        asked for by demand. Whoever asks says as well which rows of those results are meant."""
        held = ArraySubquery(ids) if isinstance(ids, models.QuerySet) else list(ids)
        rows = DemandResult.objects.overlapping(column, held)
        return self.filter(Exists(rows.filter(demand_id=OuterRef("demand_id"), run_id=OuterRef("run_id"))))

    def overlapping(self, column: str, held: Any) -> "ResultQuerySet":
        """Of `DemandResult`: those whose array `column` holds one of `held`, by the index that there is."""
        rows = self.filter(**{f"{column}__overlap": held})
        return rows.alias(among=named_firms()).filter(among__overlap=held) if column in FIRMS else rows

    def of_suppliers(self, organisations: Iterable[int]) -> "ResultQuerySet":
        """Matches or near misses of these firms."""
        firms = organisations if isinstance(organisations, models.QuerySet) else list(organisations)
        return self.naming("suppliers", firms).filter(supplier_id__in=firms)

    def of_sites(self, sites: Iterable[int]) -> "ResultQuerySet":
        """Site matches or pipelines at these sites."""
        keys = sites if isinstance(sites, models.QuerySet) else list(sites)
        return self.naming("sites", keys).filter(site_id__in=keys)

    def visible_to(self, user: Any) -> "ResultQuerySet":
        """Results of demands on whose side the user stands."""
        demands = CurrentResult.objects.visible_to(user).values("demand_id")
        return self.filter(demand_id__in=demands)


def _keys(numbers: Iterable[int]) -> Value:
    """As one text: the driver looks at each number of a list."""
    return Value("{" + ",".join(map(str, numbers)) + "}")


class _Named(Func):
    """`(a, b)` is one of the pairs of two arrays: written once, however many they are."""

    output_field = models.BooleanField()
    conditional = True

    def as_sql(
        self, compiler: Any, connection: Any, *_args: Any, **_more: Any
    ) -> tuple[str, tuple[Any, ...]]:
        parts = [compiler.compile(part) for part in self.get_source_expressions()]
        (a, b, first, second), params = zip(*parts, strict=True)
        pairs = f"SELECT * FROM unnest({first}::bigint[], {second}::bigint[])"  # noqa: S608
        return f"(({a}, {b}) IN ({pairs}))", tuple(value for part in params for value in part)


ResultManager = models.Manager.from_queryset(ResultQuerySet)


class Result(models.Model):
    """`cursor_keys`: whose ids the columns hold, so that a page's cursor can say public ids instead."""

    cursor_keys: ClassVar[dict[str, type[models.Model]]] = {
        "demand_id": Demand,
        "line_id": DemandLine,
        "capability_id": Capability,
    }
    run_id = models.BigIntegerField()
    demand_id = models.BigIntegerField()

    objects = ResultManager()

    class Meta:
        abstract = True


def _numbers() -> Any:
    return ArrayField(models.BigIntegerField(), default=list, db_default=[])


#: Arrays of a `DemandResult` that have one index together: of `named_firms`.
FIRMS = ("suppliers", "team_suppliers")


def named_firms() -> Func:
    """The firms of matches, near misses and teams: what the index of a `DemandResult` is of. Whoever asks for one kind
    of them asks for that as well."""
    array = ArrayField(models.BigIntegerField())
    return Func(*map(F, FIRMS), arg_joiner=" || ", template="(%(expressions)s)", output_field=array)


class DemandResult(Result):
    """Every (run, demand) that has rows: where pointers move from, and what is swept when none points to it.

    Its arrays say each id of those rows once, for who asks only whether something is known by a demand:
    `capabilities` and their `suppliers` of matches and near misses, `team` and `team_suppliers` of the pipelines'
    teams, `sites` of site matches and pipelines. They lie outside of the row and uncompressed (migration 0020).
    """

    feasible_sites = models.PositiveIntegerField()
    capabilities = _numbers()
    suppliers = _numbers()
    team = _numbers()
    team_suppliers = _numbers()
    sites = _numbers()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run_id", "demand_id"], name="demand_result_once")]
        indexes = [
            # Instead of six on the rows themselves, of which each cost a run more than the rows did. Without
            # `capabilities`, which would take three times as long: who asks for one knows its firm. Over former
            # generations an index of several columns takes as long as two of these. What is not in the tree yet is
            # looked through by each of a page's fifty look-ups; the less may wait, the more often a firm's list is
            # written anew.
            GinIndex(named_firms(), name="demand_result_firms", gin_pending_list_limit=4096),
            GinIndex(fields=["sites"], name="demand_result_sites", gin_pending_list_limit=1024),
        ]  # fmt: skip


class LineResult(Result):
    """How a line stands: capabilities that meet all rules, and that miss exactly one."""

    line_id = models.BigIntegerField()
    feasible = models.PositiveIntegerField()
    near = models.PositiveIntegerField()
    candidates = models.PositiveIntegerField(help_text="of the type, in reach, published, not excluded")
    firms = models.PositiveIntegerField(null=True, help_text="behind the feasible ones; empty in older runs")
    near_firms = models.PositiveIntegerField(null=True, help_text="behind the near misses")

    class Meta:
        indexes = [models.Index(fields=["demand_id", "run_id"], name="line_result_demand")]


class LineMatches(Result):
    """The matches of a line, best first: one row of arrays for up to 20 of them. `Match` reads them one by one.

    By rank: `capabilities`, their `suppliers`, and `scores` [score, fit, price, lead_time, capacity, proximity, role,
    trust]. They lie in the row as they are (migration 0026).
    """

    line_id = models.BigIntegerField()
    capabilities = ArrayField(models.BigIntegerField())
    suppliers = ArrayField(models.BigIntegerField())
    scores = ArrayField(ArrayField(models.FloatField()))

    class Meta:
        indexes = [models.Index(fields=["demand_id", "run_id"], name="line_matches_demand")]


class Match(Result):
    """A line and a capability that meets all its rules, with the score taken apart. A view over `LineMatches`."""

    line_id = models.BigIntegerField()
    rank = models.PositiveSmallIntegerField()
    capability_id = models.BigIntegerField()
    supplier_id = models.BigIntegerField()
    score = models.FloatField()
    fit = models.FloatField()
    price = models.FloatField()
    lead_time = models.FloatField()
    capacity = models.FloatField()
    proximity = models.FloatField()
    role = models.FloatField()
    trust = models.FloatField()

    class Meta:
        managed = False


def _listed(items: Any) -> Any:
    return ArrayField(items, default=list, db_default=[])


class LineMisses(Result):
    """The near misses of a line, the nearest first, as `LineMatches` has its matches. `NearMiss` reads them.

    Beside them the rules that keep somebody out alone, in their order, with what would admit them, as JSON:
    `Relaxation` reads these. A line has the one where it has the other.
    """

    line_id = models.BigIntegerField()
    capabilities = ArrayField(models.BigIntegerField())
    suppliers = ArrayField(models.BigIntegerField())
    codes = ArrayField(models.TextField())
    shortfalls = ArrayField(models.FloatField())
    rules = _listed(models.TextField())
    admitted = _listed(models.IntegerField())
    admitted_firms = _listed(models.IntegerField(null=True))
    nearest = _listed(models.TextField(null=True))
    farthest = _listed(models.TextField(null=True))

    class Meta:
        indexes = [models.Index(fields=["demand_id", "run_id"], name="line_misses_demand")]


class NearMiss(Result):
    """A capability that fails exactly one rule of a line, and by how much. A view over `LineMisses`."""

    line_id = models.BigIntegerField()
    rank = models.PositiveSmallIntegerField()
    capability_id = models.BigIntegerField()
    supplier_id = models.BigIntegerField()
    code = models.CharField(max_length=80)
    shortfall = models.FloatField()

    class Meta:
        managed = False


class Relaxation(Result):
    """How many capabilities a rule keeps out alone, and the thresholds that admit the nearest and all. A view over
    `LineMisses`."""

    line_id = models.BigIntegerField()
    code = models.CharField(max_length=80)
    capabilities = models.PositiveIntegerField()
    firms = models.PositiveIntegerField(null=True, help_text="behind them; empty in older runs")
    nearest = models.JSONField(null=True)
    all = models.JSONField(null=True)

    class Meta:
        managed = False


class DemandSites(Result):
    """The sites of a demand, best first, as `LineMatches` has its matches: `scores` [score, fit, wait, capacity, role,
    trust]. `SiteMatch` reads them."""

    sites = ArrayField(models.BigIntegerField())
    scores = ArrayField(ArrayField(models.FloatField()))
    window_starts = ArrayField(models.DateField())
    window_ends = ArrayField(models.DateField())

    class Meta:
        indexes = [models.Index(fields=["demand_id", "run_id"], name="demand_sites_demand")]


class SiteMatch(Result):
    """A demand and a site that meets all its rules. A view over `DemandSites`."""

    rank = models.PositiveSmallIntegerField()
    site_id = models.BigIntegerField()
    score = models.FloatField()
    fit = models.FloatField()
    wait = models.FloatField()
    capacity = models.FloatField()
    role = models.FloatField()
    trust = models.FloatField()
    window_starts = models.DateField(null=True)
    window_ends = models.DateField(null=True)

    class Meta:
        managed = False


class Pipeline(Result):
    """A team of suppliers and a site for a demand, with the time to market stage by stage (days from as-of).

    Lists are arrays of numbers, which cost the database a tenth of JSON: `members` [line, capability (0 where none
    fits), feasible, usable] of every line, `member_scores` beside it; `outs` [line, condition, count], the condition by
    its place in the site's list. `…_line`: the line that takes longest; `…_baseline`: days of the same team with every
    travel time 30 minutes. Read them as `team`, `ruled_out`, `critical` and `baseline`.
    """

    rank = models.PositiveSmallIntegerField()
    site_id = models.BigIntegerField(null=True)
    score = models.FloatField()
    complete = models.BooleanField()
    prototype_days = models.FloatField(null=True)
    wait_days = models.FloatField(null=True)
    trial_days = models.FloatField(null=True)
    volume_days = models.FloatField(null=True)
    delivery_days = models.FloatField(null=True)
    total_days = models.FloatField(null=True)
    baseline_days = models.FloatField(null=True)
    late_days = models.FloatField(null=True)
    trial_starts = models.DateField(null=True)
    window_starts = models.DateField(null=True)
    window_ends = models.DateField(null=True)
    members = ArrayField(ArrayField(models.BigIntegerField()), default=list)
    member_scores = ArrayField(models.FloatField(), default=list)
    outs = ArrayField(ArrayField(models.BigIntegerField()), default=list)
    prototype_line = models.BigIntegerField(null=True)
    volume_line = models.BigIntegerField(null=True)
    delivery_line = models.BigIntegerField(null=True)
    prototype_baseline = models.FloatField(null=True)
    wait_baseline = models.FloatField(null=True)
    trial_baseline = models.FloatField(null=True)
    volume_baseline = models.FloatField(null=True)
    delivery_baseline = models.FloatField(null=True)

    class Meta:
        indexes = [models.Index(fields=["demand_id", "run_id", "rank"], name="pipeline_demand")]

    @property
    def team(self) -> list[dict[str, Any]]:
        """Every line with who takes it (capability None where nobody fits) and how many could."""
        return [
            {"line": line, "capability": who or None, "score": score, "feasible": feasible, "usable": usable}
            for (line, who, feasible, usable), score in zip(self.members, self.member_scores, strict=True)
        ]

    @property
    def ruled_out(self) -> list[dict[str, int]]:
        """How many of a line's feasible capabilities fail a condition of the site."""
        return [
            {"line": line, "condition": condition, "count": count} for line, condition, count in self.outs
        ]

    @property
    def critical(self) -> dict[str, int]:
        """By stage the line that decides how long it takes."""
        return self._stages(CRITICAL, "line")

    @property
    def baseline(self) -> dict[str, float]:
        """By stage the days of the same team in one city."""
        return self._stages(STAGES, "baseline")

    def _stages(self, stages: Iterable[str], what: str) -> dict[str, Any]:
        found = {stage: getattr(self, f"{stage}_{what}") for stage in stages}
        return {stage: value for stage, value in found.items() if value is not None}
