"""What a person may do that is no row to edit: queue runs, steer an alliance, appoint its admins, enter and exclude
firms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alliance.viewer import table, viewer_of


def may_run_alliance(user: Any, alliance_id: int) -> bool:
    """Queue a run of a whole alliance: its admin, or a platform admin."""
    viewer = viewer_of(user)
    return alliance_id in viewer.admin_alliances or viewer.platform_admin


def may_steer(user: Any, alliance_id: int) -> bool:
    """Weights, cities and their roles: the alliance's admin, or a platform admin."""
    return may_run_alliance(user, alliance_id)


def may_appoint(user: Any, organisation_id: int) -> bool:
    """Give and take the role of an alliance admin: another admin of that bureau, or a platform admin. An official who
    looks after the bureau's people does not make an admin of himself."""
    viewer = viewer_of(user)
    if viewer.platform_admin:
        return True
    seats = table("Membership").filter(user=viewer.user_id, organisation=organisation_id, role="admin")
    return organisation_id in viewer.bureaus and viewer.user_id is not None and seats.exists()


def may_run_demand(user: Any, *, owner_id: int, cities: Iterable[int], alliance_id: int) -> bool:
    """Queue a run of one demand: its lab, the bureau of its city, the alliance's admin."""
    viewer = viewer_of(user)
    return (
        owner_id in viewer.editing or bool(viewer.care & set(cities)) or may_run_alliance(user, alliance_id)
    )


def may_enter(user: Any, city_id: int | None = None) -> bool:
    """Enter firms that have not registered into the directory: the bureau of their city."""
    care = viewer_of(user).care
    return bool(care) if city_id is None else city_id in care


def may_exclude(user: Any, organisation_id: int) -> bool:
    """Say whom an organisation is not to be matched with: its own editors, as for every row of kind "own"."""
    return organisation_id in viewer_of(user).editing
