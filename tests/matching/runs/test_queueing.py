"""Asking for runs: dates, absorption, rights, giving up, trying again, the nightly run."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alliance.errors import ConflictError, DomainError, ForbiddenError
from alliance.models import Change
from matching.models import CurrentResult, MatchRun, RunChunk, RunInput
from matching.services.runs import (
    ask_for_run,
    cancel_run,
    create_run,
    queue_nightly_runs,
    retry_run,
    work_on_run,
)
from matching.services.runs.claims import claim_chunk
from matching.services.runs.working import work_on_chunk
from tests.cast import World
from tests.factories import AS_OF
from tests.matching.runs.conftest import match_now, rows_of_run

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


@pytest.mark.parametrize("whole", [True, False])
def test_a_run_that_waits_absorbs_another_request_and_one_that_began_does_not(
    world: World, whole: bool
) -> None:
    north, demand = world.alliances["north"], world.demands["open"]
    first = create_run(north, demand=None if whole else demand, cause="change")
    assert create_run(north, demand=demand, cause="change") == first
    assert RunChunk.objects.filter(run=first).count() == 1
    assert claim_chunk(first.pk)
    second = create_run(north, demand=demand, cause="change")
    assert second != first


def test_a_run_of_one_demand_is_not_enough_for_the_alliance_nor_for_another_demand(world: World) -> None:
    north = world.alliances["north"]
    single = create_run(north, demand=world.demands["open"], cause="change")
    other = create_run(north, demand=world.demands["members"], cause="change")
    whole = create_run(north, cause="change")
    assert len({single.pk, other.pk, whole.pk}) == 3
    assert create_run(world.alliances["south"], cause="change").pk not in {single.pk, other.pk, whole.pk}


@time_machine.travel(NOON, tick=False)
def test_a_run_asked_for_moves_the_date_to_today_and_a_change_uses_it_as_it_is(world: World) -> None:
    north = world.alliances["north"]
    assert create_run(north, cause="change").as_of == AS_OF
    assert create_run(north, cause="asked").as_of == date(2026, 11, 22)
    north.refresh_from_db()
    assert (north.as_of, north.as_of_pinned) == (date(2026, 11, 22), False)


@time_machine.travel(NOON, tick=False)
def test_a_date_pins_until_a_run_without_one(world: World) -> None:
    north = world.alliances["north"]
    pinned = date(2026, 1, 31)
    run = create_run(north, as_of=pinned, pinned=True, cause="asked")
    north.refresh_from_db()
    assert (north.as_of, north.as_of_pinned) == (pinned, True)
    assert [nightly.alliance.slug for nightly in queue_nightly_runs()] == ["south"]
    assert create_run(north, demand=world.demands["open"], cause="change") == run, "incremental: same date"
    again = create_run(north, cause="asked")
    assert (again, again.as_of) == (run, date(2026, 11, 22)), "what waits takes the new date"
    north.refresh_from_db()
    assert north.as_of_pinned is False


def test_a_demand_as_of_another_date_takes_its_whole_alliance_along(world: World) -> None:
    run = create_run(
        world.alliances["north"],
        demand=world.demands["open"],
        as_of=AS_OF + timedelta(3),
        pinned=True,
        cause="asked",
    )
    assert run.demand is None


def test_the_input_is_frozen_as_of_the_date_that_holds_then(world: World) -> None:
    north = world.alliances["north"]
    single = create_run(north, demand=world.demands["open"], cause="change")
    create_run(north, as_of=AS_OF + timedelta(5), cause="asked")
    work_on_run(single.pk)
    single.refresh_from_db()
    assert single.as_of == AS_OF + timedelta(5)
    assert CurrentResult.objects.get(demand=world.demands["open"]).as_of == AS_OF + timedelta(5)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 21, 16, 4, tzinfo=UTC), False),  # 00:04 on the 22nd in Shanghai
        (datetime(2026, 11, 21, 16, 5, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 12, 0, tzinfo=UTC), False),  # still the date it has
    ],
)
def test_nightly_from_five_past_midnight_local_time_and_once(world: World, now: datetime, due: bool) -> None:
    with time_machine.travel(now, tick=False):
        runs = queue_nightly_runs()
        assert queue_nightly_runs() == []
    assert bool(runs) is due
    for run in runs:
        assert (run.cause, run.as_of) == ("nightly", date(2026, 11, 22))


def test_an_alliance_with_nothing_to_match_only_gets_the_new_date(world: World) -> None:
    south = world.alliances["south"]
    south.demands.update(published=False)
    CurrentResult.objects.filter(demand__alliance=south).delete()
    with time_machine.travel(NOON, tick=False):
        assert [run.alliance for run in queue_nightly_runs()] == [world.alliances["north"]]
    south.refresh_from_db()
    assert south.as_of == date(2026, 11, 22)


def test_cancelling_takes_the_fence_away_from_work_in_flight(world: World) -> None:
    run = create_run(world.alliances["north"], cause="change")
    before = set(CurrentResult.objects.values_list("demand_id", "run_id"))
    work_on_run(run.pk, turn=1e-9)
    claim = claim_chunk(run.pk)
    assert claim
    assert cancel_run(run).state == "cancelled"
    assert work_on_chunk(claim) is False
    assert not any(rows_of_run(run).values())
    assert set(CurrentResult.objects.values_list("demand_id", "run_id")) == before
    assert not RunInput.objects.filter(run=run).exists()
    assert claim_chunk(run.pk) is None
    with pytest.raises(ConflictError):
        cancel_run(run)
    assert list(Change.objects.filter(object_id=str(run.public_id)).values_list("verb", flat=True)) == [
        "queued",
        "cancelled",
    ]


def test_retrying_makes_a_new_run_of_the_same_cover(world: World) -> None:
    run = create_run(world.alliances["north"], demand=world.demands["open"], cause="change")
    with pytest.raises(ConflictError):
        retry_run(run)
    cancel_run(run)
    again = retry_run(run, requested_by=world.people["alliance_admin"])
    assert (again.demand, again.alliance, again.cause) == (run.demand, run.alliance, "retry")
    assert again.retry_of == run
    assert again.requested_by == world.people["alliance_admin"]
    work_on_run(again.pk)
    again.refresh_from_db()
    assert again.state == "finished"
    with pytest.raises(ConflictError):
        retry_run(again)


@pytest.mark.parametrize(
    ("person", "whole", "single"),
    [
        ("alliance_admin", True, True),
        ("platform_admin", True, True),
        ("lab_editor", False, True),
        ("lab_viewer", False, False),
        ("lead_official", False, True),
        ("partner_official", False, False),
        ("supplier_owner", False, False),
        ("outside_admin", False, False),
        ("nobody", False, False),
    ],
)
def test_who_may_ask(world: World, person: str, whole: bool, single: bool) -> None:
    north, user = world.alliances["north"], world.person(person)
    for demand, allowed in ((None, whole), (world.demands["open"], single)):
        if allowed:
            run = ask_for_run(user, north, demand=demand)
            assert (run.requested_by, run.demand) == (user, demand)
            cancel_run(run)
        else:
            with pytest.raises(ForbiddenError):
                ask_for_run(user, north, demand=demand)


def test_a_lab_cannot_move_the_date_of_everybody(world: World) -> None:
    with pytest.raises(ForbiddenError):
        ask_for_run(
            world.person("lab_editor"),
            world.alliances["north"],
            demand=world.demands["open"],
            as_of=date(2026, 1, 1),
        )
    assert not MatchRun.objects.filter(state="queued").exists()


def test_bad_requests_are_told_why(world: World) -> None:
    admin = world.person("platform_admin")
    with pytest.raises(DomainError, match=r"demand|需求") as wrong:
        ask_for_run(admin, world.alliances["south"], demand=world.demands["open"])
    assert (wrong.value.status, wrong.value.field) == (400, "demand")
    world.demands["open"].published = False
    with pytest.raises(DomainError, match=r"demand|需求"):
        ask_for_run(admin, world.alliances["north"], demand=world.demands["open"])


def test_queueing_costs_the_same_whatever_waits(world: World) -> None:
    north = world.alliances["north"]

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            create_run(north, demand=world.demands["open"], cause="change")
        return len(captured)

    create_run(north, demand=world.demands["members"], cause="change")
    one = queries()
    for run in MatchRun.objects.filter(state="queued"):
        cancel_run(run)
    for _ in range(3):
        claim_chunk(create_run(north, cause="change").pk)
    assert queries() == one


def test_nothing_published_ends_at_once_and_clears_what_was_there(world: World) -> None:
    north = world.alliances["north"]
    north.demands.update(published=False)
    run = match_now(north)
    assert (run.state, run.demands_total, run.chunks_total) == ("finished", 0, 0)
    assert not CurrentResult.objects.filter(demand__alliance=north).exists()
