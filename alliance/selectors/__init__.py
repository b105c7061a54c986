"""Reads of the alliance app; every one takes the user."""

from alliance.selectors.rights import may_run_alliance, may_run_demand, viewer_of

__all__ = ["may_run_alliance", "may_run_demand", "viewer_of"]
