"""What every page's template may use."""

from typing import Any

from django.http import HttpRequest

from alliance.http import viewed
from alliance.selectors import viewer_of


def page(request: HttpRequest) -> dict[str, Any]:
    """The viewer and the chosen alliance, for menus; rows are never decided in a template."""
    user = getattr(request, "user", None)
    return {"viewer": viewer_of(user), "viewed": viewed(request)}
