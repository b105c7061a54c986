"""Demands, the runs that match them, and the results of the newest run."""

from alliance.kinds import Kind, register
from matching.models import known as known
from matching.models.answers import Answer
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
from matching.models.exports import Export, ExportedRows
from matching.models.figures import Figure
from matching.models.former import FormerRow
from matching.models.introductions import (
    Introduction,
    IntroductionBasis,
    IntroductionStep,
    Milestone,
    Project,
)
from matching.models.meetings import ActionItem, AgendaItem, LastVisit, Meeting, MeetingSeat
from matching.models.named import NamedIds, NamedMark
from matching.models.results import (
    CurrentResult,
    DemandResult,
    DemandSites,
    LineMatches,
    LineMisses,
    LineResult,
    Match,
    NearMiss,
    Pipeline,
    Relaxation,
    SiteMatch,
)
from matching.models.runs import MatchRun, RunChunk, RunInput, may_ask_for_run
from matching.models.told import ToldMatches

__all__ = [
    "ActionItem",
    "AgendaItem",
    "Answer",
    "BillColumn",
    "BillSheet",
    "CurrentResult",
    "Demand",
    "DemandIdentity",
    "DemandLine",
    "DemandResult",
    "DemandSites",
    "Export",
    "ExportedRows",
    "Figure",
    "FormerRow",
    "Introduction",
    "IntroductionBasis",
    "IntroductionStep",
    "LastVisit",
    "LineCertificate",
    "LineMatches",
    "LineMisses",
    "LinePrice",
    "LineRequirement",
    "LineResult",
    "Match",
    "MatchRun",
    "Meeting",
    "MeetingSeat",
    "Milestone",
    "NamedIds",
    "NamedMark",
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
    "ToldMatches",
    "may_ask_for_run",
]

register(
    Kind(
        "demand",
        Demand,
        "demand",
        ("demand line",),
        title=lambda row: row.identity.title,
        holders=lambda row: [row.owner_id],
        cities=lambda row: [row.lab_city_id],
        owner=lambda row: row.owner_id,
    )
)
register(
    Kind(
        "introduction",
        Introduction,
        "introduction",
        title=lambda row: f"{row.line.component_type if row.line else row.site} · {row.supplier}",
        holders=lambda row: [row.lab_id, row.supplier_id, row.lab_bureau_id, row.supplier_bureau_id],
        bureaus=lambda row: [row.lab_bureau_id, row.supplier_bureau_id],
        parties=lambda row: [row.lab_id, row.supplier_id, row.lab_bureau_id, row.supplier_bureau_id],
    )
)
register(
    Kind(
        "project",
        Project,
        "project",
        title=lambda row: "",
        holders=lambda row: [row.demand.owner_id, *row.bureau_ids()],
        bureaus=lambda row: row.bureau_ids(),
    )
)
