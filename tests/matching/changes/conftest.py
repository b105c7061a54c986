"""A small region with results, and its current results as rows that can be compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from alliance.models import Alliance
from matching.encoding import encode
from matching.kernel.solve import Solver
from matching.models import MatchRun
from matching.services.bundle import import_region
from matching.services.changes import follow_and_match, following
from matching.services.generation import generate_region
from matching.services.results import write_results
from matching.services.runs import work_on_run
from matching.services.runs.claims import claimable_runs

TABLES = (
    *("matching_demandresult", "matching_lineresult", "matching_match", "matching_nearmiss"),
    *("matching_relaxation", "matching_sitematch", "matching_pipeline"),
)
Rows = dict[str, list[str]]

CURRENT = "SELECT to_jsonb(r) - 'id' - 'run_id' FROM {table} r JOIN matching_currentresult c USING (demand_id, run_id)"
OF_RUN = "SELECT to_jsonb(r) - 'id' - 'run_id' FROM {table} r WHERE run_id = ANY(%s)"


def _rows(query: str, *params: Any) -> Rows:
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(query.format(table=table), params)
            found[table] = sorted(json.dumps(json.loads(row[0]), sort_keys=True) for row in cursor.fetchall())
    return found


def current_rows() -> Rows:
    return _rows(CURRENT)


def rows_of_a_full_run() -> Rows:
    """What matching everything anew gives at this moment; nothing of it stays."""
    runs = []
    with transaction.atomic():
        for alliance in Alliance.objects.exclude(as_of=None):
            frozen = encode(alliance.pk, alliance.as_of)
            run = MatchRun.objects.create(
                alliance=alliance, as_of=alliance.as_of, cause="asked", state="cancelled"
            )
            runs.append(run.pk)
            if frozen is not None:
                write_results(run.pk, frozen.problem, frozen.identities, Solver(frozen.problem).solve())
        found = _rows(OF_RUN, runs)
        transaction.set_rollback(True)
    return found


def differing(stored: Rows, full: Rows) -> dict[str, Any]:
    """A few rows that are in one and not in the other."""
    return {
        table: {"only stored": sorted(set(stored[table]) - set(full[table]))[:3],
                "only full": sorted(set(full[table]) - set(stored[table]))[:3]}
        for table in TABLES
        if stored[table] != full[table]
    }  # fmt: skip


def work_off() -> None:
    """Follow all changes, and do every run that waits: those of whole alliances are left to other workers."""
    follow_and_match(patience=30)
    for run in claimable_runs():
        work_on_run(run)


@pytest.fixture
def own_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other test processes' transactions in the same server do not hold this database's feed back."""
    horizon = """(
        SELECT coalesce(min(l.transactionid::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND a.datname = current_database()
          AND l.pid <> pg_backend_pid()
    )"""
    for name in ("READ", "WAITING"):
        query = getattr(following, name)
        monkeypatch.setattr(
            following, name, query.replace("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", horizon)
        )


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "bundle"
    generate_region(
        folder,
        firms=80,
        capabilities=1600,
        demands=26,
        lines=90,
        sites=30,
        alliances=2,
        open_share=0.3,
        seed=5,
    )
    return folder


@pytest.fixture
def region(committed_db: None, own_horizon: None, small_bundle: Path) -> None:
    import_region(small_bundle)
    work_off()


@pytest.fixture
def settled() -> Callable[[], dict[str, Any]]:
    """Follow all changes and compare what is stored with a full run."""

    def check() -> dict[str, Any]:
        work_off()
        return differing(current_rows(), rows_of_a_full_run())

    return check
