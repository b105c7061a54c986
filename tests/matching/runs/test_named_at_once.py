"""Bits of what demands name while others move it: each reader has one snapshot, and bits and marks are of it."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q

from alliance.access import NOBODY
from companies.models import Capability
from matching.models import (
    CurrentResult,
    Demand,
    MatchRun,
    NamedIds,
)
from matching.models.named import unproved
from matching.services.results import naming
from matching.services.results.naming import name_ids, name_ids_of, names_are_proved
from tests import factories as make
from tests.cast import World, build_world
from tests.matching.runs.naming import compare, everybody, rule, seen


@pytest.fixture
def committed(committed_db: None) -> World:
    return build_world()


@pytest.fixture
def other(committed: World) -> Iterator[Any]:
    """Somebody else's transaction."""
    with closing(connection.get_new_connection(connection.get_connection_params())) as opened:
        opened.autocommit = False
        yield opened


def moved(world: World) -> tuple[MatchRun, Demand]:
    """A newer result of a demand of open scope that names everybody; no pointer leads to it yet."""
    demand = world.demands["everywhere"]
    run = make.make_run(demand.alliance)
    make.make_known(run, demand.pk, sites=[each.pk for each in world.sites.values()], **everybody(world))
    return run, demand


MOVE = "UPDATE matching_currentresult SET run_id = %s WHERE demand_id = %s"


def test_a_reader_sees_what_was_and_then_what_is(committed: World, other: Any) -> None:
    run, demand = moved(committed)
    name_ids(pause=0)
    bureau = replace(NOBODY, bureau_alliances=frozenset([demand.alliance_id]))
    none = Q(pk__in=[])
    before = seen("paired", none, bureau)
    other.execute(MOVE, [run.pk, demand.pk])
    assert names_are_proved()
    assert seen("paired", none, bureau) == before
    other.commit()
    assert not names_are_proved()
    everybody = set(Capability.objects.values_list("pk", flat=True))
    assert seen("paired", none, bureau) == everybody != before
    name_ids(pause=0)
    assert names_are_proved()
    assert seen("paired", none, bureau) == everybody
    compare(committed)


def test_a_reader_with_one_snapshot_sees_nothing_of_it(committed: World, other: Any) -> None:
    """Bits that were made after its snapshot, and marks of then, are not for it."""
    run, demand = moved(committed)
    name_ids(pause=0)
    bureau = replace(NOBODY, bureau_alliances=frozenset([demand.alliance_id]))
    rows = Capability.objects.filter(rule("paired", Q(pk__in=[]), bureau)).values("pk")
    sql, params = rows.query.sql_with_params()
    before = seen("paired", Q(pk__in=[]), bureau)
    other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def read() -> set[int]:
        return {row[0] for row in other.execute(sql, params).fetchall()}

    assert read() == before
    CurrentResult.objects.filter(demand=demand).update(run_id=run.pk)
    assert read() == before
    name_ids(pause=0)
    assert read() == before
    other.commit()
    assert read() == seen("paired", Q(pk__in=[]), bureau) != before


def test_who_makes_bits_does_not_see_what_moves_meanwhile(
    committed: World, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A move that began before is committed after the bits were read: its mark stays."""
    run, demand = moved(committed)
    NamedIds.objects.all().delete()
    other.execute(MOVE, [run.pk, demand.pk])
    made = naming._bits

    def meanwhile(rows: Any) -> Any:
        other.commit()
        return made(rows)

    monkeypatch.setattr(naming, "_bits", meanwhile)
    assert name_ids_of(demand.alliance_id)
    assert unproved([demand.alliance_id]).exists()
    assert compare(committed)
    assert name_ids_of(demand.alliance_id)
    assert not unproved([demand.alliance_id]).exists()
    assert compare(committed)


def test_one_makes_bits_and_the_other_goes_away(committed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    demand, made, told = committed.demands["open"], naming._bits, []

    def second() -> None:
        told.append(name_ids_of(demand.alliance_id))
        connection.close()

    def meanwhile(rows: Any) -> Any:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        return made(rows)

    monkeypatch.setattr(naming, "_bits", meanwhile)
    assert name_ids_of(demand.alliance_id)
    assert told == [False]


def test_a_demand_that_is_given_away_while_its_pointer_goes(committed: World, other: Any) -> None:
    """Who removes the pointer waits for the new alliance and marks that one."""
    demand = committed.demands["everywhere"]
    south = committed.alliances["south"]
    name_ids(pause=0)
    other.execute("UPDATE matching_demand SET alliance_id = %s WHERE id = %s", [south.pk, demand.pk])
    gone, build = threading.Event(), threading.Event()

    def remove() -> None:
        with transaction.atomic():
            CurrentResult.objects.filter(demand=demand).delete()
            gone.set()
            assert build.wait(20)
        connection.close()

    thread = threading.Thread(target=remove)
    thread.start()
    assert not gone.wait(0.5), "it did not wait"
    other.commit()
    assert gone.wait(20)
    name_ids(pause=0)
    assert names_are_proved()
    assert compare(committed), "the pointer is still there"
    build.set()
    thread.join()
    assert unproved([south.pk]).exists()
    compare(committed)
    name_ids(pause=0)
    compare(committed)


def test_readers_beside_movers_and_makers(committed: World) -> None:
    """Each reader asks the bits and the arrays in one statement: they never differ."""
    demand, north = committed.demands["everywhere"], committed.alliances["north"]
    bureau = replace(NOBODY, bureau_alliances=frozenset([north.pk]))
    runs = [moved(committed)[0], CurrentResult.objects.get(demand=demand).run_id]
    keys = [runs[0].pk, runs[1]]
    sql, params = (
        Capability.objects.filter(rule("paired", Q(pk__in=[]), bureau)).values("pk").query.sql_with_params()
    )
    arrays = """SELECT DISTINCT unnest(r.capabilities) FROM matching_demandresult r
                JOIN matching_currentresult c USING (demand_id, run_id) JOIN matching_demand d ON d.id = r.demand_id
                WHERE d.published AND d.alliance_id = %s"""
    question = (
        f"SELECT ARRAY(SELECT pk FROM ({sql}) a ORDER BY 1), ARRAY(SELECT * FROM ({arrays}) b ORDER BY 1)"
    )
    stop, wrong, found = threading.Event(), [], set()

    def working(step: Callable[[], None]) -> Callable[[], None]:
        def work() -> None:
            try:
                while not stop.is_set():
                    step()
            finally:
                connection.close()

        return work

    def move() -> None:
        CurrentResult.objects.filter(demand=demand).update(run_id=random.choice(keys))
        stop.wait(0.01)

    def read() -> None:
        with connection.cursor() as cursor:
            cursor.execute(question, (*params, north.pk))
            told, true = cursor.fetchone()
        found.add(tuple(true))
        if told != true:
            wrong.append((told, true))

    steps = (move, lambda: name_ids_of(north.pk) and None, lambda: name_ids_of(north.pk) and None, read, read)
    threads = [threading.Thread(target=working(step)) for step in steps]
    for thread in threads:
        thread.start()
    stop.wait(4)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(found) == 2, "nothing moved: equal answers would say nothing"
