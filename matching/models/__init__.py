"""Demands, the runs that match them, and the results of the newest run."""

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
    "CurrentResult",
    "Demand",
    "DemandIdentity",
    "DemandLine",
    "DemandResult",
    "LastVisit",
    "LineCertificate",
    "LinePrice",
    "LineRequirement",
    "LineResult",
    "Match",
    "MatchRun",
    "Meeting",
    "MeetingSeat",
    "NearMiss",
    "OpenPoint",
    "Pipeline",
    "Relaxation",
    "RunChunk",
    "RunInput",
    "SiteMatch",
    "SiteNeed",
    "SiteRequirement",
    "may_ask_for_run",
]
