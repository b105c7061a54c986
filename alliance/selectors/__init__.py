"""Reads of the alliance app; every one takes the user."""

from alliance.selectors.organisations import (
    attach_records,
    attach_seen,
    firm_detail,
    firm_list,
    organisation_detail,
    organisation_list,
    organisation_rows,
    seats_of,
)
from alliance.selectors.places import (
    SAME_CITY,
    Roads,
    alliance_cities,
    alliance_list,
    alliances_of,
    city_list,
    homes_in,
    roles_in,
)
from alliance.selectors.rights import (
    may_enter,
    may_exclude,
    may_run_alliance,
    may_run_demand,
    may_steer,
    viewer_of,
)
from alliance.selectors.tokens import token_list
from alliance.selectors.trees import branch, tree_choices

__all__ = [
    "SAME_CITY",
    "Roads",
    "alliance_cities",
    "alliance_list",
    "alliances_of",
    "attach_records",
    "attach_seen",
    "branch",
    "city_list",
    "firm_detail",
    "firm_list",
    "homes_in",
    "may_enter",
    "may_exclude",
    "may_run_alliance",
    "may_run_demand",
    "may_steer",
    "organisation_detail",
    "organisation_list",
    "organisation_rows",
    "roles_in",
    "seats_of",
    "token_list",
    "tree_choices",
    "viewer_of",
]
