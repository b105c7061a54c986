"""Which pairs need no proposal any more: those introduced, and those declined with nothing changed since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from statistics import fmean
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, Max, OuterRef, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from alliance.choices import IntroductionState
from alliance.models import Alliance
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


class Course(NamedTuple):
    """When an introduction began, was answered by the supplier and ended; between which cities it runs. `waited`: days
    from the proposal to the answer; `signed`: in this month."""

    began: date
    ended: date | None
    answered: datetime | None
    waited: float | None
    running: bool
    signed: bool
    lab_city: int
    supplier_city: int


def courses(user: Any, alliance: Alliance) -> list[Course]:
    """Of every introduction of the alliance that the viewer sees; one query, days told by the database."""
    month = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    over = Max("steps__at", filter=Q(steps__state__in=ENDED))
    signed = Count("steps", filter=Q(steps__state=IntroductionState.SIGNED, steps__at__gte=month))
    rows = Introduction.objects.visible_to(user).filter(demand__alliance=alliance).order_by()
    rows = rows.annotate(began=TruncDate("created_at"), over=TruncDate(over), signed=signed)
    return [
        Course(
            began,
            over if state in ENDED else None,
            answered,
            (answered - created).total_seconds() / 86_400 if answered else None,
            state not in ENDED,
            bool(signed),
            lab,
            supplier,
        )
        for began, over, signed, created, answered, state, lab, supplier in rows.values_list(
            "began", "over", "signed", "created_at", "supplier_accepted_at", "state",
            "demand__lab_city_id", "supplier__city_id",
        )
    ]  # fmt: skip


def running_by_cities(rows: Iterable[Course], homes: dict[int, int]) -> dict[tuple[int, int], int]:
    """(lab's listed city, supplier's listed city) → introductions under way."""
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows:
        if row.running and row.lab_city in homes and row.supplier_city in homes:
            counts[homes[row.lab_city], homes[row.supplier_city]] += 1
    return dict(counts)


def introduction_figures(rows: Sequence[Course]) -> dict[str, Any]:
    """How many run, how many were signed this month, how long the first answer took (mean of 90 days)."""
    lately = timezone.now() - timedelta(days=90)
    waited = [
        row.waited for row in rows if row.answered and row.waited is not None and row.answered >= lately
    ]
    return {
        "all": len(rows),
        "running": sum(row.running for row in rows),
        "signed": sum(row.signed for row in rows),
        "days": fmean(waited) if waited else None,
        "answered": len(waited),
    }


def count_turns(user: Any) -> int:
    """How many introductions wait for a step of one of the viewer's organisations."""
    viewer = viewer_of(user)
    mine = viewer.firms | viewer.bureaus
    return int(running(user).filter(turn__in=mine).count()) if mine else 0
