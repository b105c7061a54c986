"""A person's own API tokens."""

from __future__ import annotations

from typing import Any

from alliance.models import ApiToken
from alliance.models.base import GuardedQuerySet


def token_list(user: Any) -> GuardedQuerySet:
    """Newest first, expired ones too: their owner removes them. The token itself is nowhere."""
    return ApiToken.objects.visible_to(user).order_by("-created", "public_id")
