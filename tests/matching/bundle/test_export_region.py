"""Export, import into an empty database, export again: the same bytes."""

import csv
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from alliance.errors import DomainError, NotFoundError
from alliance.models import Alliance, Organisation, User
from companies.models import Capability
from matching.models import OpenPoint
from matching.services.bundle import export_region, import_region
from tests.matching.bundle.bundles import Bundle
from tests.matching.bundle.database import APPS

pytestmark = pytest.mark.django_db
SAMPLE = Path(__file__).resolve().parents[3] / "data"


KEPT = {"alliance_change", "alliance_user", "alliance_user_groups", "alliance_user_user_permissions"}


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def empty_database() -> None:
    """Rows of the four apps away, but for people and history (which refuses to go)."""
    names = [
        model._meta.db_table
        for app in APPS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model._meta.managed  # a view is empty when its table is
    ]
    tables = ", ".join(f'"{name}"' for name in names if name not in KEPT)
    User.objects.update(chosen_alliance=None)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        # A table that another one refers to cannot be truncated; the test's end puts the constraint back.
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = 'alliance_user'::regclass"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE alliance_user DROP CONSTRAINT "{name}"')
        cursor.execute(f"TRUNCATE {tables}")


def column(path: Path, file: str, name: str) -> list[str]:
    with (path / file).open(encoding="utf-8", newline="") as stream:
        return [row[name] for row in csv.DictReader(stream)]


def there_and_back(tmp_path: Path, alliance: str = "") -> Path:
    """Export (an alliance), import into an empty database, export all of it; returns the first folder."""
    first, second = tmp_path / "first", tmp_path / "second"
    export_region(first, alliance=alliance)
    empty_database()
    import_region(first)
    export_region(second)
    assert contents(first) == contents(second)
    assert not import_region(first).changed
    return first


def test_a_small_region_comes_back_byte_by_byte(tmp_path: Path) -> None:
    import_region(Bundle().write(tmp_path / "region"))
    first = there_and_back(tmp_path)
    assert column(first, "capabilities.csv", "facility") == ["maker/plant", "maker/plant"]
    assert column(first, "facilities.csv", "external_id") == ["plant", "plant"]
    assert column(first, "organisations.csv", "deliveries_completed") == ["0", "10", "0", "0"]


def test_awkward_texts_come_back(tmp_path: Path) -> None:
    import_region(Bundle().write(tmp_path / "region"))
    titles = ["=SUM(A1)", "'=1", 'a "quoted", text\nof two lines\r']
    for title in titles:
        capability = Capability.objects.get(external_id="cap-1")
        capability.title = title
        capability.save()
        OpenPoint.objects.filter(line=None, position=0).update(text="left; right\\")
        folder = tmp_path / str(titles.index(title))
        folder.mkdir()
        first = there_and_back(folder)
        text = (first / "capabilities.csv").read_text()
        assert "\n=" not in text
        assert ",=" not in text
        stored = Capability.objects.get(external_id="cap-1").title
        assert stored == title.strip()
        assert OpenPoint.objects.get(line=None, position=0).text == "left; right\\"


def test_the_sample_region_comes_back(tmp_path: Path) -> None:
    import_region(SAMPLE / "reference")
    import_region(SAMPLE / "sample-region")
    there_and_back(tmp_path)


def test_one_alliance_with_all_that_it_refers_to(tmp_path: Path) -> None:
    import_region(SAMPLE / "reference")
    import_region(SAMPLE / "sample-region")
    first = there_and_back(tmp_path, alliance="jjj")
    assert column(first, "alliances.csv", "slug") == ["jjj"]
    assert set(column(first, "demands.csv", "alliance")) == {"jjj"}
    assert 0 < len(column(first, "capabilities.csv", "external_id")) < 700
    assert "BDA" in column(first, "cities.csv", "code")


def test_what_the_usual_columns_cannot_say_gets_a_column(tmp_path: Path) -> None:
    import_region(Bundle().write(tmp_path / "region"))
    Organisation.objects.filter(external_id="maker").update(listed=False)
    Alliance.objects.update(publishes_directory=True)
    first = there_and_back(tmp_path)
    assert column(first, "organisations.csv", "listed") == ["true", "false", "true", "true"]
    assert column(first, "alliances.csv", "publishes_directory") == ["true"]
    assert not Organisation.objects.get(external_id="maker").listed


def test_an_empty_database_is_a_bundle_too(tmp_path: Path) -> None:
    there_and_back(tmp_path)


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DomainError):
        export_region(tmp_path)
    with pytest.raises(DomainError):
        export_region(tmp_path / "notes.txt")
    with pytest.raises(CommandError):
        call_command("export_region", str(tmp_path))
    assert [item.name for item in tmp_path.iterdir()] == ["notes.txt"]


def test_an_unknown_alliance_leaves_no_files(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        export_region(tmp_path / "out", alliance="none")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_command_counts_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_region(Bundle().write(tmp_path / "region"))
    call_command("export_region", str(tmp_path / "out"), "--alliance", "chengdu")
    assert "demand_lines.csv: 2" in capsys.readouterr().out
