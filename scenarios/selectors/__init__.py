"""Reads of the scenarios app; every one takes the user."""

from scenarios.selectors.sites import (
    condition_text,
    scenario_book,
    scenario_type_list,
    site_detail,
    site_list,
    site_params,
)

__all__ = ["condition_text", "scenario_book", "scenario_type_list", "site_detail", "site_list", "site_params"]
