"""Reads of the matching app; every one takes the user."""

from matching.selectors.compare import Comparison, comparison
from matching.selectors.demands import (
    Counts,
    attach_standing,
    demand_detail,
    demand_list,
    heading,
    is_fictitious,
    lab_name,
    lacking_a_supplier,
    line_detail,
    mark_of_results,
    standings,
)
from matching.selectors.desk import Desk
from matching.selectors.figures import Board, board
from matching.selectors.flows import city_flows
from matching.selectors.gaps import Asked, Gaps, gap_lines, gaps, whom_to_develop
from matching.selectors.introduced import introduction_figures, project_of
from matching.selectors.meetings import (
    actions_of,
    agenda,
    bureaus_of,
    dates_of,
    meeting_list,
    owners_at,
)
from matching.selectors.offers import Explained, LineReader, LineView, offers
from matching.selectors.pairs import OwnPair, own_pair_rows, own_pairs
from matching.selectors.pipelines import (
    PipelineReader,
    PipelineView,
    attach_pipeline_parts,
    best_pipelines,
    pipeline_list,
)
from matching.selectors.runs import may_steer, open_run_of, run_list
from matching.selectors.sites import SiteRow, site_rows, suiting
from matching.selectors.terms import LINE_TERMS, SITE_TERMS, Scales, head_slots, scales, slots
from matching.selectors.today import Queue, changes_since, inbox, queue

__all__ = [
    "LINE_TERMS",
    "SITE_TERMS",
    "Asked",
    "Board",
    "Comparison",
    "Counts",
    "Desk",
    "Explained",
    "Gaps",
    "LineReader",
    "LineView",
    "OwnPair",
    "PipelineReader",
    "PipelineView",
    "Queue",
    "Scales",
    "SiteRow",
    "actions_of",
    "agenda",
    "attach_pipeline_parts",
    "attach_standing",
    "best_pipelines",
    "board",
    "bureaus_of",
    "changes_since",
    "city_flows",
    "comparison",
    "dates_of",
    "demand_detail",
    "demand_list",
    "gap_lines",
    "gaps",
    "head_slots",
    "heading",
    "inbox",
    "introduction_figures",
    "is_fictitious",
    "lab_name",
    "lacking_a_supplier",
    "line_detail",
    "mark_of_results",
    "may_steer",
    "meeting_list",
    "offers",
    "open_run_of",
    "own_pair_rows",
    "own_pairs",
    "owners_at",
    "pipeline_list",
    "project_of",
    "queue",
    "run_list",
    "scales",
    "site_rows",
    "slots",
    "standings",
    "suiting",
    "whom_to_develop",
]
