"""Answers of makers, to the firm that gave them and to the demand's side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Exists, OuterRef

from alliance.choices import IntroductionState as State
from matching.models import Answer, Introduction


def standing_answers(user: Any) -> Any:
    """Answers that were not taken back."""
    return Answer.objects.visible_to(user).filter(withdrawn_at=None)


def answers_of(user: Any, pairs: Iterable[tuple[int | None, int | None]]) -> dict[tuple[int, int], Any]:
    """(line, capability) → its answer; one query."""
    keys = [(line, capability) for line, capability in pairs if line and capability]
    rows = standing_answers(user).filter(
        line__in={line for line, _c in keys}, capability__in={c for _l, c in keys}
    )
    return {(row.line_id, row.capability_id): row for row in rows}


def answer_counts(user: Any, demands: Iterable[int]) -> dict[int, int]:
    """Demand → how many answers the viewer sees on it."""
    rows = standing_answers(user).filter(demand__in=list(demands)).order_by()
    return dict(rows.values_list("demand").annotate(n=Count("pk")))


def waiting_answers(user: Any, demands: list[int]) -> Any:
    """Answers on these demands that nobody has introduced yet, the oldest first."""
    running = Introduction.objects.filter(line=OuterRef("line"), capability=OuterRef("capability"))
    rows = standing_answers(user).filter(demand__id__one_of=demands)
    rows = rows.filter(~Exists(running.exclude(state=State.DECLINED)))
    return rows.select_related("line__component_type", "capability", "supplier").order_by("updated_at", "id")
