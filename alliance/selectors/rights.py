"""What a person may do, for services and menus of every app; `alliance.access` decides."""

from alliance.access import (
    may_appoint,
    may_enter,
    may_exclude,
    may_run_alliance,
    may_run_demand,
    may_steer,
)
from alliance.viewer import viewer_of

__all__ = [
    "may_appoint",
    "may_enter",
    "may_exclude",
    "may_run_alliance",
    "may_run_demand",
    "may_steer",
    "viewer_of",
]
