"""The bell of every page: how much is new for the person who reads it."""

from __future__ import annotations

from typing import Any

from django import template

from alliance.selectors.notices import MOST_COUNTED, unread_count

register = template.Library()


@register.inclusion_tag("components/_bell.html", takes_context=True)
def bell(context: template.Context) -> dict[str, Any]:
    return {"unread": unread_count(context["request"].user)}


@register.filter
def capped(count: int) -> str:
    """ "99+" where there is more than is counted."""
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
