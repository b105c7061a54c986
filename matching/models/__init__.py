"""Demands, the runs that match them, and the results of the newest run."""

from alliance.kinds import Kind, register
from matching.models.bills import BillColumn, BillSheet
from matching.models.demands import (
    Demand,
    DemandIdentity,
    DemandLine,
    LineCertificate,
    LinePrice,
    LineRequirement,
    OpenPoint,
    SiteNeed,
    SiteRequirement,
)
from matching.models.introductions import (
    Introduction,
    IntroductionBasis,
    IntroductionStep,
    Milestone,
    Project,
)
from matching.models.meetings import ActionItem, AgendaItem, LastVisit, Meeting, MeetingSeat
from matching.models.results import (
    CurrentResult,
    DemandResult,
    LineResult,
    Match,
    NearMiss,
    Pipeline,
    Relaxation,
    SiteMatch,
)
from matching.models.runs import MatchRun, RunChunk, RunInput, may_ask_for_run

__all__ = [
    "ActionItem",
    "AgendaItem",
    "BillColumn",
    "BillSheet",
    "CurrentResult",
    "Demand",
    "DemandIdentity",
    "DemandLine",
    "DemandResult",
    "Introduction",
    "IntroductionBasis",
    "IntroductionStep",
    "LastVisit",
    "LineCertificate",
    "LinePrice",
    "LineRequirement",
    "LineResult",
    "Match",
    "MatchRun",
    "Meeting",
    "MeetingSeat",
    "Milestone",
    "NearMiss",
    "OpenPoint",
    "Pipeline",
    "Project",
    "Relaxation",
    "RunChunk",
    "RunInput",
    "SiteMatch",
    "SiteNeed",
    "SiteRequirement",
    "may_ask_for_run",
]

register(Kind("demand", Demand, "demand"))
