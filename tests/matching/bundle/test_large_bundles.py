"""What is done otherwise for large files (several processes, indexes made afterwards) comes to the same."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from matching.services.bundle import BundleError, bulk, export_region, import_region, judging, loading
from matching.services.generation import generate_region
from tests.matching.bundle.bundles import Bundle
from tests.matching.bundle.database import differing, everything
from tests.matching.bundle.test_export_region import contents, empty_database

pytestmark = [pytest.mark.django_db, pytest.mark.long]


@pytest.fixture
def as_if_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file has many chunks, every table is worth it."""
    monkeypatch.setattr(loading, "CHUNK", 7)
    monkeypatch.setattr(judging, "_workers", lambda: 2)
    monkeypatch.setattr(bulk, "BULK_FROM", 1)


def schema() -> list[str]:
    """Every index and constraint as the database words it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT conrelid::regclass || conname || pg_get_constraintdef(oid) FROM pg_constraint")
        return sorted([*found, *(row[0] for row in cursor.fetchall())])


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "region"
    sizes: dict[str, Any] = {
        "firms": 25,
        "capabilities": 70,
        "demands": 8,
        "lines": 24,
        "sites": 10,
        "alliances": 2,
    }
    generate_region(folder, **sizes, open_share=0.5, seed=4)
    return folder


def test_a_large_bundle_is_imported_as_a_small_one(
    region: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    small = import_region(region)
    export_region(tmp_path / "small")
    before = schema()
    empty_database()
    request.getfixturevalue("as_if_large")
    large = import_region(region)
    assert (large.counts, large.notes, large.sha256) == (small.counts, small.notes, small.sha256)
    # The test's own emptying takes constraints of people's table away.
    after = set(schema())
    assert [line for line in before if line not in after and "alliance_user" not in line] == []
    export_region(tmp_path / "large")
    assert contents(tmp_path / "large") == contents(tmp_path / "small")
    there = everything()
    assert not import_region(region).changed
    assert differing(there, everything()) == set()


def bad_bundle() -> Bundle:
    """Wrong cells in many chunks of several files, one name twice, and an end that is no CSV."""
    bundle = Bundle()
    capabilities = bundle.rows("capabilities.csv")
    first = dict(capabilities[0])
    for number in range(40):
        capabilities.append({**first, "external_id": f"more-{number}"})
    for number in (3, 11, 12, 30):
        capabilities[number]["unit_price"] = "-1"
    capabilities[35]["external_id"] = "more-1"
    bundle.rows("organisations.csv")[0]["deliveries_on_time"] = "1000000"
    bundle.rows("demand_lines.csv")[0]["quantity"] = "0"
    return bundle


def test_every_bad_row_is_told_in_the_order_of_the_file(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = bad_bundle().write(tmp_path / "region")
    with (path / "capabilities.csv").open("ab") as file:
        file.write(b'"never closed\n')
    before = everything()
    with pytest.raises(BundleError) as small:
        import_region(path)
    request.getfixturevalue("as_if_large")
    with pytest.raises(BundleError) as large:
        import_region(path)
    assert large.value.rows == small.value.rows
    rows = [bad.row for bad in large.value.rows if bad.file == "capabilities.csv"]
    assert rows == sorted(rows)
    assert rows == [5, 13, 14, 32, 37, 44]
    assert differing(before, everything()) == set()


def test_a_worker_cannot_speak_on_its_parents_connection(as_if_large: None) -> None:
    def ask(chunk: int) -> judging.Verdict:
        if chunk:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        return judging.Verdict()

    with pytest.raises(RuntimeError, match="no connection of its own"):
        list(judging.in_order(ask, range(3)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_rows_that_break_a_rule_of_the_database_undo_everything(
    region: Path, as_if_large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A foreign key that was set aside is there again before anything is kept."""
    from django.db import IntegrityError, transaction

    from matching.services.bundle.supply import Capabilities

    record = Capabilities.record
    monkeypatch.setattr(Capabilities, "record", lambda self, row: [999_999_999, *record(self, row)[1:]])
    before, rules = everything(), schema()
    with pytest.raises(IntegrityError), transaction.atomic():
        import_region(region)
    assert differing(before, everything()) == set()
    assert schema() == rules
