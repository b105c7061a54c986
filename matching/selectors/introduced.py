"""Which pairs need no proposal any more: those introduced, and those declined with nothing changed since."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Exists, ExpressionWrapper, F, OuterRef, Q, fields
from django.utils import timezone

from alliance.choices import IntroductionState
from alliance.models import Alliance, AllianceReach
from alliance.selectors import viewer_of
from matching.models import Introduction, Project
from matching.selectors.demands import lab_name

ENDED = (IntroductionState.DELIVERED, IntroductionState.DECLINED)
#: A declined pair comes back when either side has changed what was on the table.
STILL_COUNTS = ~Q(state=IntroductionState.DECLINED) | Q(
    capability_version=F("capability__version"), demand_version=F("demand__version")
)


def pair_introduced() -> Exists:
    """Said about a match: its line and capability are introduced, or were declined as they are."""
    rows = Introduction.objects.filter(line=OuterRef("line_id"), capability=OuterRef("capability_id"))
    return Exists(rows.filter(STILL_COUNTS))


def place_introduced() -> Exists:
    """Said about a pipeline: a project was opened on it."""
    return Exists(Project.objects.filter(demand=OuterRef("demand_id"), site=OuterRef("site_id")))


def running(user: Any, alliance: Alliance | None = None) -> Any:
    """Introductions under way that the viewer sees."""
    rows = Introduction.objects.visible_to(user).exclude(state__in=ENDED)
    return rows if alliance is None else rows.filter(demand__alliance=alliance)


def project_of(user: Any, demand: Any, site_id: int | None) -> Any:
    """The project opened on this pipeline, if there is one."""
    return Project.objects.visible_to(user).filter(demand=demand.pk, site=site_id).order_by("-pk").first()


def whose_turn(row: Any, demand: Any) -> str:
    """The organisation whose turn it is; a lab only by what the viewer may call it."""
    return lab_name(demand) if row.turn_id == row.lab_id else str(row.turn)


def running_by_cities(user: Any, alliance: Alliance) -> dict[tuple[int, int], int]:
    """(lab's listed city, supplier's listed city) → introductions under way."""
    homes = dict(AllianceReach.objects.filter(alliance=alliance).values_list("city_id", "listed_id"))
    counts: dict[tuple[int, int], int] = defaultdict(int)
    rows = running(user, alliance).order_by().values_list("demand__lab_city", "supplier__city")
    for lab, supplier, count in rows.annotate(n=Count("pk")):
        if lab in homes and supplier in homes:
            counts[homes[lab], homes[supplier]] += count
    return dict(counts)


def introduction_figures(user: Any, alliance: Alliance) -> dict[str, Any]:
    """How many run, how many were signed this month, how long the first answer took (mean of 90 days)."""
    now = timezone.now()
    rows = Introduction.objects.visible_to(user).filter(demand__alliance=alliance)
    took = ExpressionWrapper(F("supplier_accepted_at") - F("created_at"), fields.DurationField())
    lately = Q(supplier_accepted_at__gte=now - timedelta(days=90))
    signed = Q(
        steps__state=IntroductionState.SIGNED, steps__at__gte=now.replace(day=1, hour=0, minute=0, second=0)
    )
    found = rows.aggregate(
        all=Count("pk", distinct=True),
        running=Count("pk", filter=~Q(state__in=ENDED), distinct=True),
        signed=Count("pk", filter=signed, distinct=True),
    )
    answer = rows.filter(lately).aggregate(mean=Avg(took), count=Count("pk"))
    days = answer["mean"].total_seconds() / 86_400 if answer["mean"] is not None else None
    return {**found, "days": days, "answered": answer["count"]}


def count_turns(user: Any) -> int:
    """How many introductions wait for a step of one of the viewer's organisations."""
    viewer = viewer_of(user)
    mine = viewer.firms | viewer.bureaus
    return int(running(user).filter(turn__in=mine).count()) if mine else 0
