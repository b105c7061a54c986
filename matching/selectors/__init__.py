"""Reads of the matching app; every one takes the user."""

from matching.selectors.dashboard import Board, bare_lines, board, open_demands
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
from matching.selectors.pipelines import PipelineReader, PipelineView, attach_pipeline_parts, pipeline_list
from matching.selectors.runs import may_steer, run_list
from matching.selectors.sites import SiteRow, site_rows
from matching.selectors.terms import LINE_TERMS, SITE_TERMS, Scales, head_slots, scales, slots

__all__ = [
    "LINE_TERMS",
    "SITE_TERMS",
    "Board",
    "Explained",
    "LineReader",
    "LineView",
    "OwnPair",
    "PipelineReader",
    "PipelineView",
    "Scales",
    "SiteRow",
    "attach_pipeline_parts",
    "attach_standing",
    "bare_lines",
    "board",
    "demand_detail",
    "demand_list",
    "head_slots",
    "heading",
    "is_fictitious",
    "lab_name",
    "line_results",
    "may_steer",
    "offers",
    "open_demands",
    "own_pair_rows",
    "own_pairs",
    "pipeline_list",
    "run_list",
    "scales",
    "site_rows",
    "slots",
    "standings",
]
