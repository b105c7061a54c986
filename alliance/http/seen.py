"""Which alliance is being looked at, and by whom."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpRequest

from alliance.models import Alliance, Membership
from alliance.selectors import alliances_of, seats_of


@dataclass(frozen=True)
class Viewed:
    """The alliance chosen in the switcher, those that can be chosen, and the viewer's organisations."""

    alliance: Alliance | None = None
    alliances: list[Alliance] = field(default_factory=list)
    seats: list[Membership] = field(default_factory=list)


def viewed(request: HttpRequest) -> Viewed:
    """Asked once for each request; the choice is the person's, on every device."""
    found: Viewed | None = getattr(request, "_viewed", None)
    if found is None:
        found = _look(request)
        request._viewed = found  # type: ignore[attr-defined]
    return found


def _look(request: HttpRequest) -> Viewed:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Viewed()
    alliances = alliances_of(user)
    chosen = user.chosen_alliance_id
    alliance = next((a for a in alliances if a.pk == chosen), alliances[0] if alliances else None)
    return Viewed(alliance, alliances, seats_of(user))
