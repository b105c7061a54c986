"""The snapshot outside the database: always what the transaction sees, whoever wrote, whatever died."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import transaction

from alliance.models import Alliance
from companies.models import Capability, CapabilityTerms
from matching.encoding import encode, snapshot
from matching.encoding.snapshot import files, keeping
from matching.models import MatchRun
from matching.services.changes import follow_and_match
from matching.services.runs.supplying import one_snapshot
from tests.matching.changes.steps import Hand

SUPPLY = [
    "capability",
    "capacity",
    "publishing",
    "clone",
    "plant",
    "certificate",
    "suspension",
    "exclusion",
    "line",
]


@pytest.fixture
def folder(region: None, settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.SNAPSHOT_DIR = tmp_path / "snapshots"
    snapshot.forget()
    yield settings.SNAPSHOT_DIR
    snapshot.forget()


def problems(settings: Any, *, stored: bool) -> list[Any]:
    """Every alliance's problem, from the snapshot or from the database."""
    place = settings.SNAPSHOT_DIR
    settings.SNAPSHOT_DIR = place if stored else None
    with one_snapshot():
        found = [encode(alliance.pk, alliance.as_of) for alliance in Alliance.objects.order_by("pk")]
    settings.SNAPSHOT_DIR = place
    assert all(bool(one.version) == stored for one in found if one)
    return [(one.problem.to_bytes(), one.identities.to_bytes()) for one in found if one]


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads(next(folder.glob("*/manifest.json")).read_text())


def test_it_gives_the_problem_that_the_database_gives_after_any_change(folder: Path, settings: Any) -> None:
    versions = set()
    for seed in range(12):
        assert problems(settings, stored=True) == problems(settings, stored=False), f"before step {seed}"
        hand = Hand(seed)
        for _ in range(3):
            hand.step(hand.dice.choice(SUPPLY))
        if seed % 4 == 3:
            snapshot.forget()  # as a worker that has just begun
        versions.add(manifest(folder)["version"])
    assert len(versions) == 1, "a change is read by itself, not all of it anew"


def test_many_changes_are_written_down_for_processes_to_come(
    folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems(settings, stored=True)
    first = manifest(folder)
    monkeypatch.setattr(keeping, "MOST_PATCHED", 3)
    monkeypatch.setattr(keeping, "MOST_PART", 0)
    hand = Hand(3)
    for _ in range(6):
        hand.step("capacity")
        assert problems(settings, stored=True) == problems(settings, stored=False)
    second = manifest(folder)
    assert second["version"] != first["version"]
    assert len(list(next(folder.glob("*/")).glob("*/"))) == 1, "former versions go"
    snapshot.forget()
    assert problems(settings, stored=True) == problems(settings, stored=False)


@pytest.mark.parametrize("dies", ["fsync", "rename"])
def test_a_crash_while_writing_leaves_the_old_version(
    folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    problems(settings, stored=True)
    before = manifest(folder)
    place = next(folder.glob("*/manifest.json")).parent

    def crash(*_args: Any) -> None:
        raise KeyboardInterrupt

    offers, moment = files.load(place) or pytest.fail("nothing is stored")
    with monkeypatch.context() as patched:
        patched.setattr(*((files.os, "fsync") if dies == "fsync" else (Path, "rename")), crash)
        with pytest.raises(KeyboardInterrupt):
            files.save(place, offers, moment)
    assert manifest(folder) == before
    snapshot.forget()
    Hand(1).step("capacity")
    assert problems(settings, stored=True) == problems(settings, stored=False)
    assert manifest(folder) == before, "the old one still serves"


def test_broken_or_foreign_files_are_made_anew(folder: Path, settings: Any) -> None:
    problems(settings, stored=True)
    place = next(folder.glob("*/manifest.json"))
    for broken in (
        "{",
        json.dumps(manifest(folder) | {"format": 0}),
        json.dumps(manifest(folder) | {"rows": 1}),
    ):
        place.write_text(broken)
        snapshot.forget()
        assert problems(settings, stored=True) == problems(settings, stored=False)
    later = manifest(folder)
    later["moment"] = "9000000000:9000000001:"
    place.write_text(json.dumps(later))
    snapshot.forget()
    assert problems(settings, stored=True) == problems(settings, stored=False), "of a database restored since"
    shutil.rmtree(place.parent)
    snapshot.forget()
    assert problems(settings, stored=True) == problems(settings, stored=False)


def test_a_transaction_that_has_written_reads_the_database(folder: Path, settings: Any) -> None:
    """What it wrote may be rolled back, and nobody else may see it."""
    problems(settings, stored=True)
    row = Capability.objects.filter(published=True).first()
    assert row
    with transaction.atomic():
        CapabilityTerms.objects.filter(capability=row).update(unit_price=0.01)
        assert snapshot.current() is None
        transaction.set_rollback(True)
    assert problems(settings, stored=True) == problems(settings, stored=False)


def test_the_results_are_those_of_a_full_run_and_name_their_version(
    folder: Path, settled: Callable[[], dict[str, Any]]
) -> None:
    for seed in range(8):
        hand = Hand(seed)
        for _ in range(3):
            hand.step()
        follow_and_match(patience=30)
        assert settled() == {}
    newest = MatchRun.objects.exclude(demand=None, demands=[]).latest("pk")
    assert newest.version.count(":") == 1


def test_a_whole_table_for_those_who_match_everything(folder: Path) -> None:
    with one_snapshot():
        now = snapshot.current()
        assert now
        whole = now.whole()
    assert len(whole) == Capability.objects.count()
    assert (np.diff(whole.columns["id"]) > 0).all()
    per_row = whole.nbytes() / len(whole)
    assert per_row * 2_000_000 < 1.5e9, f"{per_row:.0f} bytes a capability"
