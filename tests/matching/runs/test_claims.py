"""Leases, fences and attempts; and that rows of somebody who lost his claim are never written."""

from typing import Any

import pytest
from django.db import OperationalError, connection

from alliance.choices import ChunkState
from alliance.models import Heartbeat
from matching.encoding import EncodingError
from matching.models import CurrentResult, LineRequirement, MatchRun, RunChunk
from matching.services import reconciling
from matching.services.reconciling import Reconciler
from matching.services.runs import create_run, finish_run, work_on_run, working
from matching.services.runs.claims import (
    ATTEMPTS,
    Claim,
    LostFenceError,
    begin_run,
    claim_chunk,
    claimable_runs,
    fail_exhausted,
)
from matching.services.runs.working import work_on_chunk
from tests.cast import World
from tests.matching.runs.conftest import rows_of_run, rows_twice


@pytest.fixture
def run(world: World, settings: Any) -> MatchRun:
    """A frozen run with one chunk for each demand."""
    settings.MATCH_CHUNK_DEMANDS = 1
    made = create_run(world.alliances["north"], cause="change")
    freeze = claim_chunk(made.pk)
    assert freeze
    assert work_on_chunk(freeze)
    made.refresh_from_db()
    assert made.chunks_total > 1
    return made


def expire(run: MatchRun) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE matching_runchunk SET leased_until = clock_timestamp() - interval '1 s' "
            "WHERE run_id = %s AND state = 'claimed'",
            [run.pk],
        )


def claimed(run: MatchRun) -> Claim:
    claim = claim_chunk(run.pk)
    assert claim
    return claim


def test_every_chunk_is_claimed_once_while_its_lease_runs(run: MatchRun) -> None:
    claims = [claimed(run) for _ in range(run.chunks_total)]
    assert len({claim.chunk_id for claim in claims}) == run.chunks_total
    assert claim_chunk(run.pk) is None
    assert claimable_runs() == {}
    expire(run)
    assert claimable_runs() == {run.pk: run.chunks_total}
    again = claimed(run)
    first = claims[[claim.chunk_id for claim in claims].index(again.chunk_id)]
    assert again.fence == first.fence + 1


def test_a_worker_that_wakes_after_its_lease_writes_nothing(run: MatchRun) -> None:
    stalled = claimed(run)
    expire(run)
    other = claimed(run)
    assert other.chunk_id == stalled.chunk_id
    assert work_on_chunk(stalled) is False, "before the new owner has written"
    assert not any(rows_of_run(run).values())
    assert work_on_chunk(other) is True
    written = rows_of_run(run)
    assert written["matching_demandresult"] == 1
    assert work_on_chunk(stalled) is False, "and after"
    assert work_on_chunk(other) is False, "nor does anybody write twice"
    assert rows_of_run(run) == written
    assert RunChunk.objects.get(pk=other.chunk_id).state == ChunkState.DONE


def test_a_second_freezing_adds_no_chunks(world: World) -> None:
    run = create_run(world.alliances["north"], cause="change")
    stalled = claimed(run)
    expire(run)
    assert work_on_chunk(claimed(run))
    chunks = list(RunChunk.objects.filter(run=run).values_list("number", "demands"))
    assert work_on_chunk(stalled) is False
    assert list(RunChunk.objects.filter(run=run).values_list("number", "demands")) == chunks


def test_a_worker_that_wakes_before_it_began_draws_no_generation(world: World) -> None:
    """The one that took over computes from a snapshot older than such a generation: its rows would count for newer."""
    made = create_run(world.alliances["north"], cause="change")
    slow = claim_chunk(made.pk)
    expire(made)
    fast = claim_chunk(made.pk)
    assert slow
    assert fast
    begin_run(fast)
    made.refresh_from_db()
    drawn = made.generation
    with pytest.raises(LostFenceError):
        begin_run(slow)
    made.refresh_from_db()
    assert made.generation == drawn


def test_an_error_gives_the_chunk_back_with_its_reason_and_the_fifth_fails_it(
    run: MatchRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = claimed(run)
    compute = working.compute

    def fail_on_one(claim: Claim) -> None:
        if claim.chunk_id == broken.chunk_id:
            raise ArithmeticError("no such number")
        compute(claim)

    monkeypatch.setattr(working, "compute", fail_on_one)
    before = CurrentResult.objects.filter(demand__alliance=run.alliance).in_bulk()
    expire(run)
    work_on_run(run.pk)
    chunk = RunChunk.objects.get(pk=broken.chunk_id)
    assert (chunk.state, chunk.attempts) == (ChunkState.FAILED, ATTEMPTS)
    run.refresh_from_db()
    assert run.state == "partial"
    assert "no such number" in run.error
    assert run.chunks_done == run.chunks_total - 1
    problem_demand = MatchRun.objects.get(pk=run.pk).demands_total - run.demands_done
    assert problem_demand == 1, "one demand keeps its old results, all others have the new ones"
    kept = [key for key, old in before.items() if CurrentResult.objects.get(pk=key).run_id == old.run_id]
    assert len(kept) <= 1
    assert CurrentResult.objects.filter(run_id=run.pk).count() == run.demands_done


def test_a_worker_that_dies_five_times_on_a_chunk_fails_it(run: MatchRun) -> None:
    for _ in range(ATTEMPTS):
        dying = claimed(run)
        expire(run)
    while claim := claim_chunk(run.pk):
        assert claim.chunk_id != dying.chunk_id, "not a sixth time"
        assert work_on_chunk(claim)
    assert finish_run(run.pk) is False, "the last attempt may still come back"
    assert fail_exhausted() == 1
    assert fail_exhausted() == 0
    assert finish_run(run.pk) is True
    run.refresh_from_db()
    assert run.state == "partial"
    assert "lease" in run.error


def test_a_row_that_cannot_be_read_fails_the_run_and_says_which(world: World) -> None:
    line = next(iter(world.lines.values()))
    demand = line.demand
    LineRequirement.objects.create(
        line=line, key=world.keys["bus"], position=9, op="one_of", value=["smoke signals"]
    )
    before = CurrentResult.objects.filter(demand__alliance=demand.alliance).values_list("demand_id", "run_id")
    old = set(before)
    run = create_run(demand.alliance, cause="change")
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert EncodingError.__name__ in run.error
    assert str(line.pk) in run.error
    assert set(before.all()) == old, "what was there stays"


def test_the_reconciler_ends_what_is_settled_and_calls_workers_less_and_less(
    run: MatchRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[int] = []
    monkeypatch.setattr(
        "matching.services.reconciling.nudge_workers", lambda run_id, chunks=1: nudged.append(run_id)
    )
    reconciler = Reconciler()
    reconciler.once()
    reconciler.once()
    assert nudged.count(run.pk) == 1, "the second time is too soon"
    while claim := claim_chunk(run.pk):
        work_on_chunk(claim)
    reconciler.once()
    run.refresh_from_db()
    assert run.state == "finished"
    assert nudged.count(run.pk) == 1
    assert Heartbeat.objects.filter(kind="reconciler").count() == 1


def test_a_step_of_the_reconciler_that_fails_keeps_no_other_from_being_done(
    run: MatchRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> int:
        raise KeyError("a row that nobody foresaw")

    monkeypatch.setattr(reconciling, "follow_changes", broken)
    while claim := claim_chunk(run.pk):
        work_on_chunk(claim)
    MatchRun.objects.filter(pk=run.pk).update(state="running")
    assert Reconciler().once() == 1
    run.refresh_from_db()
    assert run.state == "finished"
    assert "a row that nobody foresaw" in caplog.text


def test_without_a_database_the_round_of_the_reconciler_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def away() -> int:
        asked.append("follow")
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(reconciling, "beat", lambda *_: None)
    monkeypatch.setattr(reconciling, "follow_changes", away)
    monkeypatch.setattr(reconciling, "queue_nightly_runs", lambda: asked.append("nightly"))
    monkeypatch.setattr(reconciling.connection, "is_usable", lambda: False)
    with pytest.raises(OperationalError):
        Reconciler().once()
    assert asked == ["follow"]


def test_progress_grows_with_the_chunks(run: MatchRun) -> None:
    seen = []
    for _ in range(run.chunks_total):
        work_on_chunk(claimed(run))
        run.refresh_from_db()
        seen.append((run.chunks_done, run.demands_done))
    assert seen == [(n, n) for n in range(1, run.chunks_total + 1)]
    assert rows_twice() == {}
