"""Runs as their page and endpoint show them."""

from __future__ import annotations

from typing import Any

from alliance.models.base import GuardedQuerySet
from matching.models import MatchRun


def run_list(user: Any) -> GuardedQuerySet:
    return MatchRun.objects.visible_to(user).select_related("alliance", "requested_by", "demand")


def may_steer(user: Any, run: MatchRun) -> bool:
    """Whether the viewer may cancel or retry this run."""
    return bool(MatchRun.objects.editable_by(user).filter(pk=run.pk).exists())
