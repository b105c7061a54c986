"""The mathematics of matching: NumPy arrays in, NumPy arrays out; no framework, no I/O, no clock.

``problem(...)`` is the door, ``Problem`` what it returns, ``Results`` what the solvers return. The rules are
in docs/matching.md; ``reference`` says them one by one, slowly; ``solve`` is the fast way to the same rows.
"""

from matching.kernel.codes import (
    KEEP_MATCHES,
    KEEP_NEAR,
    KEEP_PIPELINES,
    KEEP_SITES,
    LINE_TERMS,
    LINE_WEIGHTS,
    NO_DATE,
    SITE_TERMS,
    SITE_WEIGHTS,
    Code,
    Kind,
    Op,
    Role,
    code_name,
)
from matching.kernel.packed import Certificates, Lists, Requirements, Specs, Windows
from matching.kernel.problem import (
    Capabilities,
    ComponentKeys,
    Demands,
    Lines,
    Organisations,
    Places,
    Problem,
    ScenarioTypes,
    SiteKeys,
    Sites,
    Types,
    Weights,
    problem,
)
from matching.kernel.results import Results
from matching.kernel.tables import ProblemError

__all__ = [
    "KEEP_MATCHES",
    "KEEP_NEAR",
    "KEEP_PIPELINES",
    "KEEP_SITES",
    "LINE_TERMS",
    "LINE_WEIGHTS",
    "NO_DATE",
    "SITE_TERMS",
    "SITE_WEIGHTS",
    "Capabilities",
    "Certificates",
    "Code",
    "ComponentKeys",
    "Demands",
    "Kind",
    "Lines",
    "Lists",
    "Op",
    "Organisations",
    "Places",
    "Problem",
    "ProblemError",
    "Requirements",
    "Results",
    "Role",
    "ScenarioTypes",
    "SiteKeys",
    "Sites",
    "Specs",
    "Types",
    "Weights",
    "Windows",
    "code_name",
    "problem",
]
