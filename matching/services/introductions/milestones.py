"""The milestones of a project's pilot: planned from the pipeline's time to market, done on real dates."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import MilestoneKind
from alliance.errors import DomainError, ForbiddenError, NotFoundError
from alliance.selectors import viewer_of
from matching.models import CurrentResult, Milestone, Pipeline, Project
from matching.selectors.pipelines import day_after

#: what has to be over for a milestone to be reached
STAGES = {
    MilestoneKind.PROTOTYPE: ("prototype_days",),
    MilestoneKind.TRIAL: ("prototype_days", "wait_days", "trial_days"),
    MilestoneKind.VOLUME: ("prototype_days", "wait_days", "trial_days", "volume_days"),
    MilestoneKind.DEPLOYED: ("prototype_days", "wait_days", "trial_days", "volume_days", "delivery_days"),
}


def plan_milestones(project: Project, pipeline: Pipeline) -> None:
    """One of each kind; without a date where the pipeline has none."""
    as_of = CurrentResult.objects.values_list("as_of", flat=True).get(demand=project.demand)
    Milestone.objects.bulk_create(
        Milestone(project=project, kind=kind, planned_on=_planned(pipeline, stages, as_of))
        for kind, stages in STAGES.items()
    )


def _planned(pipeline: Pipeline, stages: tuple[str, ...], as_of: date) -> date | None:
    days = [getattr(pipeline, stage) for stage in stages]
    if any(value is None for value in days):
        return None
    return day_after(as_of, sum(days))


def set_milestone(
    project: Project, kind: str, *, user: Any, planned_on: date | None, actual_on: date | None
) -> Milestone:
    """Say when a milestone is planned and when it was reached: the lab or a bureau of the project."""
    if not Project.objects.visible_to(user).filter(pk=project.pk).exists():
        raise NotFoundError(_("There is no such project."))
    viewer = viewer_of(user)
    if project.demand.owner_id not in viewer.editing and not viewer.official:
        raise ForbiddenError(_("The lab and the bureaus keep the milestones."))
    with transaction.atomic():
        row = Milestone.objects.select_for_update().filter(project=project, kind=kind).first()
        if row is None:
            raise DomainError(_("There is no such milestone."), field="kind")
        before = _told(row)
        row.planned_on, row.actual_on = planned_on, actual_on
        row.save(update_fields=["planned_on", "actual_on"])
        record("milestone", "project", str(project.public_id), before=before, after=_told(row))
    return row


def _told(row: Milestone) -> dict[str, Any]:
    return {
        f"{row.kind}_planned_on": row.planned_on.isoformat() if row.planned_on else None,
        f"{row.kind}_actual_on": row.actual_on.isoformat() if row.actual_on else None,
    }
