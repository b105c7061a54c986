"""API tokens: a person's own, and an organisation's."""

from __future__ import annotations

from typing import Any

from alliance.models import ApiToken, Organisation
from alliance.models.base import GuardedQuerySet


def token_list(user: Any) -> GuardedQuerySet:
    """Newest first, expired ones too: who keeps them removes them. The token itself is nowhere.

    A token that is limited to an organisation is told of that one's tokens only: not where else its person works.
    """
    rows = ApiToken.objects.visible_to(user).select_related("organisation", "user")
    if (acting := getattr(user, "acting", None)) is not None:
        rows = rows.filter(organisation=acting.organisation_id)
    return rows.order_by("-created", "public_id")


def own_tokens(user: Any) -> GuardedQuerySet:
    return token_list(user).filter(service=False)


def tokens_of(user: Any, organisation: Organisation) -> GuardedQuerySet:
    """The tokens of an organisation, for who keeps them."""
    return token_list(user).filter(service=True, organisation=organisation)
