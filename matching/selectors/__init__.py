"""Reads of the matching app; every one takes the user."""

from matching.selectors.demands import (
    attach_standing,
    demand_detail,
    demand_list,
    heading,
    is_fictitious,
    lab_name,
    line_results,
    standings,
)
from matching.selectors.offers import Explained, LineReader, LineView, offers
from matching.selectors.pairs import OwnPair, own_pair_rows, own_pairs
from matching.selectors.runs import may_steer, run_list
from matching.selectors.terms import LINE_TERMS, SITE_TERMS, Scales, head_slots, scales, slots

__all__ = [
    "LINE_TERMS",
    "SITE_TERMS",
    "Explained",
    "LineReader",
    "LineView",
    "OwnPair",
    "Scales",
    "attach_standing",
    "demand_detail",
    "demand_list",
    "head_slots",
    "heading",
    "is_fictitious",
    "lab_name",
    "line_results",
    "may_steer",
    "offers",
    "own_pair_rows",
    "own_pairs",
    "run_list",
    "scales",
    "slots",
    "standings",
]
