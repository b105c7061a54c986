"""Who changes which rows, who looks after them, and who reads their history."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q

from alliance.access import shared
from alliance.access.rows import ACCEPTED, EVERYTHING, NOTHING, Row
from alliance.access.rows import any_of as _any
from alliance.access.rows import cared as _cared
from alliance.access.rows import mine as _mine
from alliance.access.rows import opened as _opened
from alliance.access.rows import prefixed as _prefixed
from alliance.access.seeing import (
    _decide_join,
    _edit_people,
    _edit_saved_filter,
    _introduction_parties,
    _meeting,
    _person,
    _token,
    _webhook,
)
from alliance.viewer import Viewer, viewer_of


# --- editing ---------------------------------------------------------------------------------------
def _edit_own(row: Row, viewer: Viewer) -> Q:
    return _any([row.owner], viewer.editing)


def _edit_directory(row: Row, viewer: Viewer) -> Q:
    return _any([row.owner], viewer.editing) | _cared(row, viewer)


def _edit_record(row: Row, viewer: Viewer) -> Q:
    """What a firm delivered, which of its values are proven: its bureau writes it, never the firm itself."""
    return _cared(row, viewer) & ~_any([row.owner], viewer.firms)


def _edit_demand(row: Row, viewer: Viewer) -> Q:
    return _prefixed(row.demand, _any(["owner"], viewer.editing))


def _edit_reference(row: Row, viewer: Viewer) -> Q:
    return EVERYTHING if viewer.platform_admin else NOTHING


def _edit_run(row: Row, viewer: Viewer) -> Q:
    """Cancelling and retrying: the alliance's admin; a run of one demand also its bureau and its lab."""
    single = Q(**{f"{row.demand}__isnull": False})
    own = _any([f"{row.demand}__owner"], viewer.editing)
    cared = _any([f"{row.demand}__owner__city", f"{row.demand}__lab_city"], viewer.care)
    led = EVERYTHING if viewer.platform_admin else _any([row.alliance], viewer.admin_alliances)
    return led | (single & (own | cared))


EDITABLE: dict[str, Callable[[Row, Viewer], Q]] = {
    "reference": _edit_reference,
    "directory": _edit_directory,
    "capability": _edit_own,
    "capability terms": _edit_own,
    "demand": _edit_demand,
    "demand identity": _edit_demand,
    "delivery record": _edit_record,
    "evidence": _edit_record,
    "premises": _edit_directory,
    "site": _edit_own,
    "own": _edit_own,
    "contact": _edit_directory,
    "introduction": _introduction_parties,
    "answer": _edit_own,
    "people": _edit_people,
    "verification": _edit_record,
    "join request": _decide_join,
    "run": _edit_run,
    "meeting": _meeting,
    "person": _person,
    "token": _token,
    "saved filter": _edit_saved_filter,
    "attachment": shared.edit_attachment,
    "message": shared.edit_message,
    "webhook": _webhook,
}


def editable(row: Row, user: Any) -> Q:
    """Which rows of a model this user may change, as a condition; never more than the visible ones."""
    viewer = viewer_of(user)
    rule = EDITABLE.get(row.kind)
    if not viewer.known or rule is None:
        return NOTHING
    return rule(row, viewer)


def looked_after(row: Row, user: Any) -> Q:
    """What the bureau of its city looks after, apart from what is the viewer's own: it suspends, it merges."""
    viewer = viewer_of(user)
    return _cared(row, viewer) & ~_mine(row, viewer) if viewer.known else NOTHING


def mergeable(row: Row, user: Any) -> Q:
    """Entries of which one may be made: the bureau of their city, the platform's admin."""
    viewer = viewer_of(user)
    return EVERYTHING if viewer.platform_admin else looked_after(row, user)


def kept(row: Row, user: Any) -> Q:
    """The own side of a row, and the bureau that cares for it: they read its history, prices included."""
    viewer = viewer_of(user)
    if not viewer.known:
        return NOTHING
    rule = KEPT.get(row.kind)
    return rule(row, viewer) if rule else _mine(row, viewer) | _cared(row, viewer) | editable(row, user)


def _keep_demand(row: Row, viewer: Viewer) -> Q:
    own = _any(["owner"], viewer.firms) | _any(["owner__city", "lab_city"], viewer.care)
    return _prefixed(row.demand, own)


def _keep_introduction(row: Row, viewer: Viewer) -> Q:
    """The history names the lab's people: the supplier's side reads it once both firms have accepted."""
    own = _any(["lab"], viewer.firms) | _any(["lab_bureau"], viewer.bureaus)
    cared = _any(["lab__city", "demand__lab_city"], viewer.care)
    return own | cared | _opened("", "introduction", viewer, ACCEPTED)


def _keep_project(row: Row, viewer: Viewer) -> Q:
    return _keep_demand(row, viewer) | _opened("", "project", viewer, ACCEPTED)


KEPT: dict[str, Callable[[Row, Viewer], Q]] = {
    "demand": _keep_demand,
    "introduction": _keep_introduction,
    "demand side": _keep_project,
}
