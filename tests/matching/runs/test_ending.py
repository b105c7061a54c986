"""Pointers: all at once, never backward, never to what is not published; and what is swept."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import Alliance, Change
from matching.models import CurrentResult, Demand, DemandResult, Match, MatchRun
from matching.services.demands import publish_demand, withdraw_demand
from matching.services.runs import create_run, finish_run, sweep, work_on_run
from matching.services.runs.claims import claim_chunk
from matching.services.runs.working import work_on_chunk
from tests.cast import World
from tests.matching.runs.conftest import match_now, rows_of_run, rows_twice


def pointers(alliance: Alliance) -> dict[int, int]:
    return dict(CurrentResult.objects.filter(demand__alliance=alliance).values_list("demand_id", "run_id"))


def frozen_run(alliance: Alliance, **more: Any) -> MatchRun:
    run = create_run(alliance, cause="change", **more)
    claim = claim_chunk(run.pk)
    assert claim
    assert work_on_chunk(claim)
    return run


def test_results_appear_in_one_step(world: World, settings: Any) -> None:
    settings.MATCH_CHUNK_DEMANDS = 1
    north = world.alliances["north"]
    old = match_now(north)
    before = pointers(north)
    assert set(before.values()) == {old.pk}
    run = frozen_run(north)
    while claim := claim_chunk(run.pk):
        work_on_chunk(claim)
        assert pointers(north) == before, "nothing shows before the last chunk"
        assert not Match.objects.current().filter(run_id=run.pk).exists()
    assert finish_run(run.pk)
    assert set(pointers(north).values()) == {run.pk}
    assert set(Match.objects.current().filter(demand_id__in=before).values_list("run_id", flat=True)) == {
        run.pk
    }


def test_the_later_frozen_input_wins_whatever_ends_last(world: World) -> None:
    north, demand = world.alliances["north"], world.demands["open"]
    early = frozen_run(north)
    late = frozen_run(north)
    assert work_on_run(late.pk)
    assert pointers(north)[demand.pk] == late.pk
    assert work_on_run(early.pk)
    early.refresh_from_db()
    assert early.state == "finished"
    assert pointers(north)[demand.pk] == late.pk, "an older input never replaces a newer one"


def test_a_run_asked_for_first_but_frozen_last_has_the_newest_input(world: World) -> None:
    north, demand = world.alliances["north"], world.demands["open"]
    first = create_run(north, demand=demand, cause="change")
    second = frozen_run(north)
    work_on_run(second.pk)
    work_on_run(first.pk)
    assert pointers(north)[demand.pk] == first.pk
    assert first.pk < second.pk


def test_a_demand_withdrawn_meanwhile_gets_no_results(world: World) -> None:
    north, demand = world.alliances["north"], world.demands["open"]
    run = frozen_run(north)
    withdraw_demand(demand, user=world.person("lab_owner"))
    assert demand.pk not in pointers(north), "gone at once"
    work_on_run(run.pk)
    run.refresh_from_db()
    assert run.state == "finished"
    assert demand.pk not in pointers(north), "and it does not come back"
    assert pointers(north), "the others have theirs"
    publish_demand(demand, user=world.person("lab_owner"))
    match_now(north, demand=demand)
    assert demand.pk in pointers(north)


def test_a_run_says_once_that_it_ended_with_what_it_wrote(world: World) -> None:
    run = match_now(world.alliances["north"])
    run.refresh_from_db()
    said = Change.objects.get(object_id=str(run.public_id), verb="finished")
    rows = rows_of_run(run)
    assert run.counts["matches"] == rows["matching_match"] > 0
    assert run.counts["pipelines"] == rows["matching_pipeline"] > 0
    assert said.after["state"] == "finished"
    assert said.after["matches"] == rows["matching_match"]
    assert run.finished_at >= run.started_at >= run.created_at
    assert finish_run(run.pk) is False


def test_sweeping_leaves_what_counts_and_waits_for_readers(world: World, settings: Any) -> None:
    north = world.alliances["north"]
    old, new = match_now(north), match_now(north)
    assert DemandResult.objects.filter(run_id=old.pk).exists()
    assert sweep() == 0, "somebody may still be reading the old rows"
    assert any(rows_of_run(old).values())
    settings.RESULT_GRACE_SECONDS = 0
    kept = rows_of_run(new)
    assert sweep() == DemandResult.objects.filter(run_id=new.pk).count()
    assert not any(rows_of_run(old).values())
    assert rows_of_run(new) == kept
    assert sweep() == 0


def test_a_demand_that_is_matched_again_all_the_time_is_swept(world: World) -> None:
    """Its pointer has always just moved: what was superseded by a run that ended long ago may go all the same."""
    oldest, older, newest = (match_now(world.alliances["north"]) for _ in range(3))
    MatchRun.objects.filter(pk__in=[oldest.pk, older.pk]).update(
        finished_at=timezone.now() - timedelta(minutes=5)
    )
    older_rows = rows_of_run(older)
    assert sweep() == len(pointers(world.alliances["north"]))
    assert not any(rows_of_run(oldest).values())
    assert rows_of_run(older) == older_rows, (
        "somebody may still be reading these: the pointer left them just now"
    )
    assert any(rows_of_run(newest).values())


def test_rows_of_a_run_under_way_are_not_swept(world: World, settings: Any) -> None:
    settings.RESULT_GRACE_SECONDS, settings.MATCH_CHUNK_DEMANDS = 0, 1
    run = frozen_run(world.alliances["north"])
    claim = claim_chunk(run.pk)
    assert claim
    work_on_chunk(claim)
    written = rows_of_run(run)
    assert any(written.values())
    sweep()
    assert rows_of_run(run) == written


@pytest.mark.xdist_group("committed")
def test_of_many_who_would_end_a_run_one_does(region: Alliance) -> None:
    run = create_run(region, cause="change")
    for _ in range(100):
        claim = claim_chunk(run.pk)
        if claim is None:
            break
        work_on_chunk(claim)
    winners: list[bool] = []
    start = threading.Barrier(8)

    def race() -> None:
        start.wait()
        try:
            winners.append(finish_run(run.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(winners) == [False] * 7 + [True]
    assert Change.objects.filter(object_id=str(run.public_id), verb="finished").count() == 1


@pytest.mark.xdist_group("committed")
def test_workers_side_by_side_write_the_same_as_one(region: Alliance, digest: Any, settings: Any) -> None:
    match_now(region)
    alone = digest()
    settings.MATCH_CHUNK_DEMANDS = 4
    run = create_run(region, cause="change")
    again = create_run(region, demand=Demand.objects.filter(published=True)[0], cause="change")
    assert again == run
    errors: list[BaseException] = []

    def work() -> None:
        from matching.services.runs import working

        try:
            while claim := claim_chunk(run.pk):
                with lock:  # the input is kept once per process, and threads share it
                    working.work_on_chunk(claim)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    lock = threading.Lock()
    assert work_on_chunk(claim_chunk(run.pk) or pytest.fail("no chunk 0"))
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert finish_run(run.pk)
    assert digest() == alone
    assert rows_twice() == {}
