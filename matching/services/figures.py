"""Once a day each alliance's coverage and days to market are written down: the results themselves are replaced."""

from __future__ import annotations

from statistics import median

from django.utils import timezone

from alliance.models import Alliance
from matching.models import Demand, DemandLine, Figure, LineResult, Pipeline


def note_figures() -> int:
    """The figures of today for every matched alliance that has none yet. Any number of callers at once: one row."""
    today = timezone.localdate()
    have = Figure.objects.filter(day=today).values("alliance")
    rows = [_figure(alliance) for alliance in Alliance.objects.exclude(as_of=None).exclude(pk__in=have)]
    Figure.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _figure(alliance: Alliance) -> Figure:
    """As Today counts them: published demands whose date has not passed."""
    demands = Demand.objects.filter(alliance=alliance, published=True, need_by__gte=alliance.as_of)
    keys = list(demands.values_list("pk", flat=True))
    best = Pipeline.objects.current().filter(demand_id__in=keys, rank=1, total_days__isnull=False)
    days = list(best.values_list("total_days", flat=True))
    return Figure(
        alliance=alliance,
        day=timezone.localdate(),
        lines=DemandLine.objects.filter(demand__in=keys).count(),
        covered=LineResult.objects.current().filter(demand_id__in=keys, feasible__gt=0).count(),
        days=median(days) if days else None,
    )
