"""Runs as their page and endpoint show them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from alliance.models.base import GuardedQuerySet
from matching.models import MatchRun


def run_list(user: Any) -> GuardedQuerySet:
    return MatchRun.objects.visible_to(user).select_related("alliance", "requested_by", "demand")


def open_run_of(user: Any, demand: Any) -> MatchRun | None:
    """A run under way that will replace the results of this demand."""
    rows: Any = run_list(user).filter(alliance=demand.alliance, state__in=["queued", "running"])
    covers = Q(demand=None, demands=[]) | Q(demand=demand) | Q(demands__contains=[demand.pk])
    return rows.filter(covers).order_by("pk").first()


def may_steer(user: Any, run: MatchRun) -> bool:
    """Whether the viewer may cancel or retry this run."""
    return bool(MatchRun.objects.editable_by(user).filter(pk=run.pk).exists())
