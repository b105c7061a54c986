"""From a bundle's files to exported results: every row equals what the oracle recomputes from the files alone."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from alliance.models import Alliance
from matching.encoding import encode
from matching.kernel import reference
from matching.kernel.solve import Solver
from matching.services.generation import generate_region
from tests.oracle import compare, oracle_rows, read_bundles

DATA = Path(__file__).resolve().parents[2] / "data"
AS_OF = date(2026, 11, 21)

SHAPES: list[dict[str, Any]] = [
    {
        "firms": 120,
        "capabilities": 900,
        "demands": 30,
        "lines": 120,
        "sites": 40,
        "alliances": 2,
        "open_share": 0.3,
    },
    {
        "firms": 60,
        "capabilities": 500,
        "demands": 20,
        "lines": 60,
        "sites": 25,
        "alliances": 3,
        "open_share": 1.0,
    },
    {
        "firms": 60,
        "capabilities": 700,
        "demands": 12,
        "lines": 90,
        "sites": 0,
        "alliances": 1,
        "open_share": 0.0,
    },
    {"firms": 2, "capabilities": 40, "demands": 5, "lines": 9, "sites": 3, "alliances": 1, "open_share": 0.5},
]


def matched(bundles: list[Path], folder: Path) -> list[str]:
    """Import, match and export through the commands; the differences to the oracle, for every alliance."""
    for bundle in bundles:
        call_command("import_region", str(bundle), verbosity=0)
    call_command("match", as_of=AS_OF, wait=True, verbosity=0)
    region = read_bundles(bundles)
    differences = []
    for alliance in Alliance.objects.all():
        exported = folder / alliance.slug
        call_command("export_matches", str(exported), alliance=alliance.slug, verbosity=0)
        differences += compare(exported, oracle_rows(region, alliance.slug, AS_OF))
    return differences


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape['capabilities']} capabilities")
def test_a_generated_region_agrees_with_the_oracle_and_the_reference(
    shape: dict[str, Any], seed: int, tmp_path: Path
) -> None:
    generate_region(tmp_path / "bundle", **shape, seed=seed)
    assert matched([tmp_path / "bundle"], tmp_path) == []
    for alliance in Alliance.objects.all():
        frozen = encode(alliance.pk, AS_OF, None)
        if frozen is None:
            continue
        few = list(range(min(4, len(frozen.problem.demands.lab))))
        fast, slow = Solver(frozen.problem).solve(few), reference.solve(frozen.problem, few)
        assert np.array_equal(fast.matches.capability, slow.matches.capability)
        np.testing.assert_allclose(fast.matches.score, slow.matches.score, rtol=0, atol=1e-9)
        assert np.array_equal(fast.pipelines.site, slow.pipelines.site)
        np.testing.assert_allclose(fast.pipelines.total, slow.pipelines.total, rtol=0, atol=1e-9)


@pytest.mark.django_db
def test_the_sample_region_agrees_with_the_oracle(tmp_path: Path) -> None:
    assert matched([DATA / "reference", DATA / "sample-region"], tmp_path) == []
