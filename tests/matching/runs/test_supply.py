"""Runs over one supply that processes map give the rows of runs that read their own."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.utils import timezone

from alliance.changes import record
from alliance.models import Alliance
from companies.models import Capability
from matching.encoding import Supply, supply, write_supply
from matching.encoding.arrays import write_arrays
from matching.kernel import compiled
from matching.kernel.compiled.__main__ import compile_all
from matching.kernel.shared import Arrays
from matching.models import DemandLine, LineCertificate, Match, MatchRun, RunInput
from matching.services.runs import create_run, follow_run, prepare_nightly_supply, supplying, work_on_run
from matching.services.runs.claims import claim_chunk, give_back
from matching.services.runs.freezing import freeze
from matching.services.runs.supplying import one_snapshot

AS_OF = date(2026, 11, 20)
pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module", autouse=True)
def compiled_once() -> None:
    """Two processes that compile beside each other lose what the other keeps."""
    if compiled.is_wanted():
        assert compile_all()


@pytest.fixture
def folder(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.SNAPSHOT_DIR = tmp_path / "snapshots"
    monkeypatch.setattr(supplying, "_open", [])
    return tmp_path / "snapshots"


@pytest.fixture
def large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every register is large enough to be shared."""
    monkeypatch.setattr(supplying, "LARGE", 0)
    return folder


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every problem is worth the compiled loops."""
    pytest.importorskip("numba")
    monkeypatch.setenv("MATCH_COMPILED", "1")
    monkeypatch.setattr(compiled, "WORTH_IT", 0)


def run(alliance: Alliance) -> MatchRun:
    run = create_run(alliance, cause="asked", as_of=AS_OF, pinned=True)
    for _ in follow_run(run):
        pass
    assert run.state == "finished", run.error
    return run


def versions(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("*/*/about.json"))


@pytest.mark.parametrize("by_loops", [False, True])
def test_the_same_rows(
    region: Alliance, folder: Path, digest: Callable[[], str], monkeypatch: pytest.MonkeyPatch, by_loops: bool
) -> None:
    run(region)
    own = digest()
    assert versions(folder) == []
    monkeypatch.setattr(supplying, "LARGE", 0)
    if by_loops:
        pytest.importorskip("numba")
        from matching.kernel.compiled.__main__ import compile_all

        assert compile_all()
        monkeypatch.setenv("MATCH_COMPILED", "1")
        monkeypatch.setattr(compiled, "WORTH_IT", 0)
    for _ in range(2):  # the second finds what the first has laid out
        monkeypatch.setattr(supplying, "_open", [])
        run(region)
        assert digest() == own
    assert len(versions(folder)) == 1
    made = {path.name for path in folder.glob("*/*/made-*")}
    assert "made-specs" in made
    assert any(name.startswith("made-open-") for name in made) is by_loops


def test_what_changed_is_read_again(region: Alliance, large: Path, digest: Callable[[], str]) -> None:
    """A version is what the database holds: after a change a run makes, and uses, another."""
    run(region)
    before, rows = versions(large), digest()
    run(region)
    assert versions(large) == before
    offer = Capability.objects.get(pk=Match.objects.current().filter(rank=1).latest("score").capability_id)
    offer.volume_lead_days = 5000
    change(offer)
    run(region)
    assert len(versions(large)) == 2
    assert digest() != rows


def change(offer: Capability) -> None:
    """Through the table, as a service would: the row and its change."""
    with transaction.atomic():
        offer.save()
        record("changed", "capability", str(offer.public_id), after={"volume_lead_days": 5000})


def test_a_crash_while_writing_leaves_what_was_there(
    region: Alliance, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(region)
    before = versions(large)
    saved: list[str] = []

    def full(path: Path, arrays: Arrays) -> None:
        write_arrays(path, arrays)
        saved.append(path.name)
        if len(saved) > 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(supply, "write_arrays", full)
    with pytest.raises(OSError, match="No space"):
        write_supply("2026-11-20-0-0", date(2026, 11, 20))
    assert saved == ["problem", "ids"]
    assert versions(large) == before
    assert not list(large.glob("*/unfinished-*"))


def frozen(alliance: Alliance) -> MatchRun:
    """A run whose input is frozen and of which nothing is computed."""
    run = create_run(alliance, cause="asked", as_of=AS_OF, pinned=True)
    claim = claim_chunk(run.pk)
    assert claim is not None
    assert claim.number == 0
    freeze(claim)
    return run


def test_a_run_whose_files_are_lost_is_done_again_once(
    region: Alliance, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = frozen(region)
    shutil.rmtree(large)
    monkeypatch.setattr(supplying, "_open", [])
    assert work_on_run(lost.pk) == 0
    lost.refresh_from_db()
    assert lost.state == "cancelled"
    assert "is gone" in lost.error
    again = MatchRun.objects.get(retry_of=lost)
    for _ in follow_run(again):
        pass
    assert again.state == "finished", again.error
    assert Match.objects.current().filter(run_id=again.pk).exists()


def test_files_that_are_lost_every_time_end_the_second_run_with_the_reason(
    region: Alliance, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = frozen(region)
    for key in (lost.pk, lost.pk + 1):
        if claim := claim_chunk(key):
            assert claim.number == (0 if key != lost.pk else 1)
            if claim.number == 0:
                freeze(claim)
            else:
                give_back(claim, "")
        shutil.rmtree(large)
        monkeypatch.setattr(supplying, "_open", [])
        work_on_run(key)
    second = MatchRun.objects.get(retry_of=lost)
    assert second.state == "failed"
    assert "is gone" in second.error
    assert not MatchRun.objects.filter(retry_of=second).exists()


def test_old_versions_go_but_not_those_an_open_run_is_computed_from(region: Alliance, large: Path) -> None:
    run(region)
    ended = versions(large)
    change(Capability.objects.filter(published=True).latest("pk"))
    needed = frozen(region)
    for place in large.glob("*/*"):
        os.utime(place, (0, 0))
    write_supply("2026-11-20-0-0", AS_OF)
    left = versions(large)
    assert not set(ended) & set(left)
    version = bytes(RunInput.objects.get(run=needed).identities).decode()
    assert {version, "2026-11-20-0-0"} == set(left)


def test_a_certificate_that_nobody_had_asked_for_is_matched(region: Alliance, large: Path) -> None:
    """What a lab changes is no other supply: the run reads what this one does not know."""
    run(region)
    before = versions(large)
    line = DemandLine.objects.get(pk=Match.objects.current().filter(rank=1).latest("score").line_id)
    with transaction.atomic():
        LineCertificate.objects.create(line=line, code="NEVER-SEEN")
        record("changed", "demand", str(line.demand.public_id))
    done = run(region)
    assert versions(large) == before
    assert not Match.objects.current().filter(line_id=line.pk).exists()
    assert Match.objects.current().exclude(line_id=line.pk).exists()
    assert done.error == ""


def test_a_run_does_without_where_nothing_can_be_written(
    region: Alliance, large: Path, digest: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(region)
    own = digest()
    change(Capability.objects.latest("pk"))  # another version, of the same rows

    def full(*_args: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    monkeypatch.setattr(supply, "write_arrays", full)
    run(region)
    assert digest() == own


# --- what runs begin with, laid out when the supply is published ----------------------------------------------------
def published(large: Path) -> tuple[Supply, Path]:
    """A supply that no run has used."""
    with one_snapshot():
        found = supplying.supply_of_now(AS_OF)
    assert found
    return found, found.folder


def pieces(folder: Path) -> dict[str, int]:
    """What is made of it, and the file of each."""
    return {path.name.removeprefix("made-"): path.stat().st_ino for path in folder.glob("made-*")}


@pytest.fixture
def anew(
    region: Alliance, large: Path, digest: Callable[[], str], monkeypatch: pytest.MonkeyPatch, loops: None
) -> tuple[str, Path]:
    """The digest of a run's rows, and a supply of the same register that no run has used."""
    run(region)
    shutil.rmtree(large)
    monkeypatch.setattr(supplying, "_open", [])
    return digest(), published(large)[1]


def test_a_run_over_a_supply_that_is_laid_out_makes_nothing(
    region: Alliance, anew: tuple[str, Path], digest: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, folder = anew
    assert pieces(folder) == {}
    assert supplying.prepare_supply(AS_OF) == folder.name
    before = pieces(folder)
    assert {"specs", "conditions"} < set(before)
    assert any(name.startswith("open-") for name in before)
    monkeypatch.setattr(supplying, "_open", [])
    run(region)
    assert digest() == own
    assert pieces(folder) == before
    assert supplying.lay_out_supply(folder.name) > 0, "nobody else is at it"
    assert pieces(folder) == before
    assert supplying.lay_out_supply("2026-11-20-0-0") == 0, "another machine's, or gone"


def test_who_writes_a_supply_calls_for_one_to_lay_it_out(
    region: Alliance, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(supplying, "nudge_to_lay_out", called.append)
    run(region)
    run(region)
    assert called == versions(large)


def test_the_supply_of_a_night_is_there_before_its_runs(
    region: Alliance, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = date(2026, 11, 22)
    monkeypatch.setattr(timezone, "localdate", lambda: today)
    Alliance.objects.update(as_of=today)
    prepare_nightly_supply()
    assert versions(large) == []
    Alliance.objects.update(as_of=AS_OF, as_of_pinned=False)
    prepare_nightly_supply()
    assert [name.startswith(today.isoformat()) for name in versions(large)] == [True]


WAITS = 120.0  # seconds, on a busy machine
KILLED, AT_ONCE = range(2)


def _lays_out(version: str, which: int, at: Any, made: Any) -> None:
    """In a process of its own: stands still while it writes its third piece, or says what it has written."""
    supplying._open.clear()
    count: list[str] = []

    def slowly(path: Path, arrays: Arrays) -> None:
        write_arrays(path, arrays)
        count.append(path.name)
        if which == AT_ONCE:
            made.put(path.name)
            time.sleep(0.01)
        elif len(count) == 3:
            at.set()
            time.sleep(WAITS)

    supply.write_arrays = slowly
    if which == AT_ONCE:
        at.wait()
    supplying.lay_out_supply(version)


def test_who_is_killed_while_laying_out_leaves_whole_pieces_and_the_next_makes_the_rest(
    region: Alliance, anew: tuple[str, Path], digest: Callable[[], str]
) -> None:
    own, folder = anew
    fork = multiprocessing.get_context("fork")
    at = fork.Event()
    child = fork.Process(target=_lays_out, args=(folder.name, KILLED, at, None))
    connection.close()  # each process has its own
    child.start()
    assert at.wait(WAITS)
    child.kill()
    child.join()
    left = pieces(folder)
    assert len(left) == 2
    assert list(folder.glob("unfinished-*")), "it was killed before it had put the third in its place"
    supplying.lay_out_supply(folder.name)
    assert left.items() < pieces(folder).items()
    assert not list(folder.glob("unfinished-*"))
    run(region)
    assert digest() == own


def test_two_that_lay_out_at_once_share_the_work_and_make_nothing_twice(
    region: Alliance, large: Path, monkeypatch: pytest.MonkeyPatch, loops: None
) -> None:
    _, folder = published(large)
    fork = multiprocessing.get_context("fork")
    start, made = fork.Event(), fork.SimpleQueue()
    children = [fork.Process(target=_lays_out, args=(folder.name, AT_ONCE, start, made)) for _ in range(2)]
    connection.close()
    for child in children:
        child.start()
    start.set()
    for child in children:
        child.join(WAITS)
    assert [child.exitcode for child in children] == [0, 0]
    names = []
    while not made.empty():
        names.append(made.get().removeprefix("unfinished-"))
    assert sorted(names) == sorted(set(names)) == sorted(pieces(folder))
