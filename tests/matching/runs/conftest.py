"""Regions to match, and ways to say that two matchings came out the same."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from alliance.models import Alliance
from matching.models import MatchRun
from matching.services.bundle import import_region
from matching.services.export_matches import export_matches
from matching.services.generation import generate_region
from matching.services.runs import create_run, follow_run

# What makes a row of a run one row.
NATURAL_KEYS = {
    "matching_demandresult": "demand_id",
    "matching_lineresult": "demand_id, line_id",
    "matching_match": "demand_id, line_id, rank",
    "matching_nearmiss": "demand_id, line_id, rank",
    "matching_relaxation": "demand_id, line_id, code",
    "matching_sitematch": "demand_id, rank",
    "matching_pipeline": "demand_id, rank",
}


def match_now(alliance: Alliance, **more: Any) -> MatchRun:
    """A run from beginning to end, in this process."""
    run = create_run(alliance, **{"cause": "change", **more})
    for _progress in follow_run(run):
        pass
    return run


def rows_twice() -> dict[str, int]:
    """Rows of one run that are there more than once, by table."""
    found = {}
    with connection.cursor() as cursor:
        for table, key in NATURAL_KEYS.items():
            cursor.execute(
                f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {table} GROUP BY run_id, {key}) t"
            )
            if twice := cursor.fetchone()[0]:
                found[table] = int(twice)
    return found


def rows_of_run(run: MatchRun) -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for table in NATURAL_KEYS:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE run_id = %s", [run.pk])
            found[table] = cursor.fetchone()[0]
    return found


@pytest.fixture
def digest(tmp_path: Path) -> Callable[[], str]:
    """A hash of all current results, by external id."""
    exports: Iterator[Path] = (tmp_path / f"export-{number}" for number in range(1000))

    def current() -> str:
        folder = next(exports)
        counts = export_matches(folder)
        assert counts["matches.csv"], "nothing is matched: equal hashes would say nothing"
        files = sorted(folder.iterdir())
        return hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()

    return current


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One alliance with enough demands to be interrupted among them."""
    folder = tmp_path_factory.mktemp("region") / "bundle"
    generate_region(
        folder,
        firms=150,
        capabilities=1200,
        demands=160,
        lines=640,
        sites=40,
        alliances=1,
        open_share=0.3,
        seed=11,
    )
    return folder


@pytest.fixture
def region(committed_db: None, bundle: Path) -> Alliance:
    """The bundle in a database of its own, with every change already read."""
    import_region(bundle)
    return Alliance.objects.get()
