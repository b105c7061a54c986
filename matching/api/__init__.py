"""Endpoints of demands, results, runs and introductions."""

from matching.api.demands import DemandViewSet
from matching.api.exports import ExportViewSet
from matching.api.introductions import IntroductionViewSet, ProjectViewSet
from matching.api.preview import PreviewViewSet
from matching.api.results import MatchViewSet, NearMissViewSet, PipelineViewSet, VerdictViewSet
from matching.api.runs import MatchRunViewSet

__all__ = [
    "DemandViewSet",
    "ExportViewSet",
    "IntroductionViewSet",
    "MatchRunViewSet",
    "MatchViewSet",
    "NearMissViewSet",
    "PipelineViewSet",
    "PreviewViewSet",
    "ProjectViewSet",
    "VerdictViewSet",
]
