"""Pages of the matching app."""

from matching.views import several as several  # offers its steps to the lists
from matching.views.alliances import alliance_settings
from matching.views.bills import bill, bill_file, bill_sheet, bill_step
from matching.views.calendars import meeting_calendar, my_calendar
from matching.views.compare import compare
from matching.views.demand_forms import (
    demand_edit,
    demand_new,
    demand_preview,
    demand_programme,
    demand_step,
    line_edit,
    line_new,
    line_remove,
    need_edit,
    need_remove,
)
from matching.views.demands import demand, demands
from matching.views.gaps import gap_report
from matching.views.introductions import introduction, introductions, project, propose, step
from matching.views.matches import match, matches
from matching.views.meetings import (
    action_add,
    action_done,
    agenda_add,
    agenda_point,
    agenda_renew,
    meeting,
    meeting_close,
    meeting_edit,
    meeting_minutes,
    meeting_new,
    meetings,
)
from matching.views.opportunities import answer_pair, opportunities, opportunity_new
from matching.views.organisations import firm_merge, firm_suspend
from matching.views.pipelines import pipeline, pipelines
from matching.views.preview import capability_matches, capability_preview, site_hint_of
from matching.views.runs import cancel, rematch_alliance, rematch_demand, retry, run, runs
from matching.views.search import search
from matching.views.today import dashboard

__all__ = [
    "action_add",
    "action_done",
    "agenda_add",
    "agenda_point",
    "agenda_renew",
    "alliance_settings",
    "answer_pair",
    "bill",
    "bill_file",
    "bill_sheet",
    "bill_step",
    "cancel",
    "capability_matches",
    "capability_preview",
    "compare",
    "dashboard",
    "demand",
    "demand_edit",
    "demand_new",
    "demand_preview",
    "demand_programme",
    "demand_step",
    "demands",
    "firm_merge",
    "firm_suspend",
    "gap_report",
    "introduction",
    "introductions",
    "line_edit",
    "line_new",
    "line_remove",
    "match",
    "matches",
    "meeting",
    "meeting_calendar",
    "meeting_close",
    "meeting_edit",
    "meeting_minutes",
    "meeting_new",
    "meetings",
    "my_calendar",
    "need_edit",
    "need_remove",
    "opportunities",
    "opportunity_new",
    "pipeline",
    "pipelines",
    "project",
    "propose",
    "rematch_alliance",
    "rematch_demand",
    "retry",
    "run",
    "runs",
    "search",
    "site_hint_of",
    "step",
]
