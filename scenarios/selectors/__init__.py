"""Reads of the scenarios app; every one takes the user."""

from scenarios.selectors.sites import (
    Lapse,
    condition_text,
    keeps_site,
    lapse_of,
    scenario_book,
    scenario_type_list,
    site_detail,
    site_list,
    site_params,
    site_rows,
    site_units,
)

__all__ = [
    "Lapse",
    "condition_text",
    "keeps_site",
    "lapse_of",
    "scenario_book",
    "scenario_type_list",
    "site_detail",
    "site_list",
    "site_params",
    "site_rows",
    "site_units",
]
