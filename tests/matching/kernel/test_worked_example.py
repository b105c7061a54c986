"""docs/matching.md shows figures: these are computed, rendered as its tables and looked for in its text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from matching.kernel import Problem, Results, reference
from matching.kernel.solve import solve
from tests.matching.kernel.tiny import worked_example

DOCUMENT = Path(__file__).parents[3] / "docs" / "matching.md"


def table_row(*cells: object) -> str:
    """A row of a table as the document writes numbers: at most 6 significant digits for terms, none lost else."""
    return "| " + " | ".join(f"{x:.10g}" if isinstance(x, float) else str(x) for x in cells) + " |"


@pytest.mark.parametrize("solver", [reference.solve, solve], ids=["reference", "fast"])
def test_the_document_shows_the_computed_figures(solver: Callable[[Problem], Results]) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    results = solver(worked_example())
    matches, sites, pipes = results.matches, results.sites, results.pipelines
    expected = [
        table_row(capability + 1, *np.round(terms, 6).tolist(), score)
        for capability, terms, score in zip(
            matches.capability.tolist(), matches.terms, matches.score.tolist(), strict=True
        )
    ]
    expected.append(table_row(*sites.terms[0].round(9).tolist(), float(sites.score[0])))
    stages = [pipes.prototype, pipes.wait, pipes.trial, pipes.volume, pipes.delivery, pipes.total, pipes.late]
    expected.append(table_row("this pipeline", *[float(days[0]) for days in stages]))
    baseline = [*pipes.baseline_stages[0].tolist(), float(pipes.baseline[0])]
    expected.append(table_row("in one city", *baseline, "").replace("|  |", "| |"))
    assert [row for row in expected if row not in text] == []
    assert f"= {float(pipes.score[0])}." in text
    near = results.near_misses
    assert near.shortfall.tolist() == [0.05, 0.1]
    assert (near.capability + 1).tolist() == [3, 4]
    assert (results.teams.capability + 1).tolist() == [1, 5]
