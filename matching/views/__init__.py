"""Pages of the matching app."""

from matching.views.dashboard import dashboard
from matching.views.demands import demand, demands
from matching.views.matches import match, matches
from matching.views.pipelines import pipeline, pipelines
from matching.views.runs import cancel, rematch_alliance, rematch_demand, retry, run, runs

__all__ = [
    "cancel",
    "dashboard",
    "demand",
    "demands",
    "match",
    "matches",
    "pipeline",
    "pipelines",
    "rematch_alliance",
    "rematch_demand",
    "retry",
    "run",
    "runs",
]
