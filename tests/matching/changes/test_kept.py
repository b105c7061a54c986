"""Runs of few demands over what a worker keeps in memory: after any changes their rows are those of a full run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction

from alliance.changes import record
from alliance.models import Alliance, Change, City
from companies.models import Capability
from companies.services import clone_capability, publish_capability, set_free_capacity
from matching.models import Demand, MatchRun
from matching.services.runs import queueing, small, warm_up
from matching.services.runs.supplying import one_snapshot
from scenarios.models import Site
from tests.matching.changes.steps import Hand

pytest.importorskip("numba", reason="without the compiled loops nothing is kept")

from numba.core import event

from matching.encoding import kept, snapshot
from matching.encoding.kept import world
from matching.kernel.compiled import stocks
from matching.kernel.compiled.__main__ import compile_all
from matching.kernel.solve import Solver
from tests.matching.kernel.compilations import Listener

pytestmark = pytest.mark.compiled
SEQUENCES = int(os.environ.get("SEQUENCES", "10"))
Settled = Callable[[], dict[str, Any]]


@pytest.fixture
def over(region: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Small runs go over what is kept; the list takes how many demands each had."""
    monkeypatch.setenv("MATCH_COMPILED", "1")
    assert compile_all()
    settings.SNAPSHOT_DIR = tmp_path / "snapshots"
    sizes: list[int] = []
    real = kept.over_kept

    def counted(*asked: Any) -> Any:
        found = real(*asked)
        sizes.append(len(found.frozen.identities.demands) if found else 0)
        return found

    monkeypatch.setattr(kept, "over_kept", counted)
    forget()
    yield sizes
    forget()


def forget() -> None:
    snapshot.forget()
    kept.forget()


def test_random_sequences_equal_a_full_run(
    over: list[int], settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for seed in range(5000, 5000 + SEQUENCES):
        hand = Hand(seed)
        # Runs of all alliances together, or apart, or as many as there are.
        monkeypatch.setattr(queueing, "GROUPS", hand.dice.choice([1, 4]))
        monkeypatch.setattr(queueing, "LEAST_OF_GROUP", hand.dice.choice([1, 8]))
        for _ in range(hand.dice.randrange(1, 6)):
            done.append(hand.step())
        if hand.dice.random() < 0.2:
            forget()  # as a worker that has just begun
        assert settled() == {}, f"sequence {seed}, after {done[-8:]}"
    assert sum(map(bool, over)) > SEQUENCES / 4, "most changes are matched over what is kept"
    assert not MatchRun.objects.exclude(state="finished").exists()


def ask(alliance: Alliance) -> Any:
    demands = Demand.objects.filter(alliance=alliance, published=True).values_list("pk", flat=True)
    with one_snapshot():
        return kept.over_kept([kept.Wanted(alliance.pk, alliance.as_of, sorted(demands))], small.outside())


@pytest.mark.parametrize(
    ("step", "keeps_world", "keeps_sites"),
    [
        ("capacity", True, True),
        ("clone", True, True),
        ("line", True, True),
        ("site", True, False),
        (None, False, False),
    ],
)
def test_only_what_a_change_touches_is_read_again(
    over: list[int], settled: Settled, step: str | None, keeps_world: bool, keeps_sites: bool
) -> None:
    """What nobody foresaw (None: a city moves) makes all of it anew."""
    for alliance in Alliance.objects.exclude(as_of=None):
        ask(alliance)
    before = world._kept[0]
    sites, had = before.sites, dict(before._stocks)
    assert had
    assert len(before.sites.ids) == Site.objects.filter(published=True, organisation__suspended=False).count()
    if step is None:
        city = City.objects.first()
        City.objects.filter(pk=city.pk).update(latitude=city.latitude + 0.5)
        told(city)
    else:
        steps_of(step)
    assert settled() == {}
    for alliance in Alliance.objects.exclude(as_of=None):
        ask(alliance)
    after = world._kept[0]
    assert (after is before) is keeps_world
    assert (after.sites is sites) is keeps_sites
    same = [key for key, stock in after._stocks.items() if stock[2] is had.get(key, (0, 0, None))[2]]
    if step == "capacity":
        mended = [key for key, stock in after._stocks.items() if stock[0] > had[key][0]]
        assert len(same) == len(had)
        assert 0 < len(mended) < len(had), "in stocks of its types one place is put right"
    elif step == "clone":
        assert 0 < len(same) < len(had), "stocks of its types are made anew, the others stay"
    elif keeps_world:
        assert all(stock is after._stocks[key] for key, stock in had.items())


def steps_of(step: str) -> None:
    """Until one has changed something; of capabilities one that somebody could use."""
    newest = Change.objects.latest("pk").pk
    hand = Hand(3)
    used = int(ask(Alliance.objects.exclude(as_of=None).first()).frozen.identities.capabilities[0])
    if step == "capacity":
        row = Capability.objects.get(pk=used)
        set_free_capacity(
            row, (row.terms.capacity_per_month - row.terms.committed_per_month) / 2, user=hand.user
        )
    elif step == "clone":
        made = clone_capability(Capability.objects.get(pk=used), user=hand.user)
        publish_capability(made, user=hand.user)
    for _ in range(20):
        if Change.objects.filter(pk__gt=newest, kind__in=("site", "capability", "demand")).exists():
            return
        hand.step(step)
    pytest.fail("nothing could be changed")


def told(city: City) -> None:
    with transaction.atomic():
        record("update", "city", city.code, before={"latitude": 0}, after={"latitude": 1})


def test_a_stock_that_was_mended_is_the_one_that_is_made_anew(over: list[int], settled: Settled) -> None:
    """Every block of it, slot by slot, and what pipelines read; also blocks that are laid out afterwards."""
    alliances = list(Alliance.objects.exclude(as_of=None))
    ask(alliances[0])
    for seed in range(12):
        hand = Hand(seed)
        hand.step("capacity")
        hand.step("capability")
        hand.step("delivery")
        for alliance in alliances[: 1 + seed % len(alliances)]:
            ask(alliance)
    before = world._kept[0]
    made = {key: kept[2] for key, kept in before._stocks.items()}
    assert any(stock._is_old for stock in made.values())
    compared = 0
    with one_snapshot():
        now = snapshot.current()
        assert now is not None
        for key in made:
            if before._stocks[key][0] < now.revision and now.since(before._stocks[key][0]) is None:
                continue
            [(own, again)] = before.stocks([key], now).values()
            fresh = again()
            assert own.ids.tolist() == fresh.ids.tolist()
            fails = own.asked and fresh.failing(own.asked)
            whole = slice(own.first, own.first + own.size)
            if fails:
                assert (before.pool._fails[whole] == fails[0]).all()
                assert (before.pool._misfits[whole] == fails[1]).all()
            for kind, everywhere, codes, member in list(own._laid):
                places = before.sites.problem.places
                if not everywhere:
                    places = replace(places, member=np.frombuffer(member, bool))
                own.laid(kind, everywhere, places, codes, again)  # takes in the mends that waited for it
                blocked = own._laid[kind, everywhere, codes, member]
                fresh.first = own.first
                fresh.laid(kind, everywhere, places, codes, again)
                expected = fresh._laid[kind, everywhere, codes, member].laid.layout
                for name in expected._fields:
                    was, is_ = getattr(blocked.laid.layout, name), getattr(expected, name)
                    if name != "role":
                        assert np.array_equal(was, is_, equal_nan=was.dtype.kind == "f"), name
                compared += 1
    assert compared > 20


def test_sites_that_were_mended_are_those_that_are_read_anew(over: list[int], settled: Settled) -> None:
    """Column by column; conditions have numbers of their own in each, so what they say is compared."""
    alliance = Alliance.objects.exclude(as_of=None).first()
    ask(alliance)
    in_place = 0
    for seed in range(25):
        hand, before = Hand(seed), world._kept[0]
        sites = before.sites
        hand.step("site")
        ask(alliance)
        mended = world._kept[0].sites
        if world._kept[0] is not before or mended is sites:
            continue
        in_place += mended.ids is sites.ids
        with one_snapshot():
            fresh = world._kept[0]._read_sites(None)
        assert mended.ids.tolist() == fresh.ids.tolist()
        assert mended.operators.tolist() == fresh.operators.tolist()
        own, new = (dict(kept_columns(each)) for each in (mended, fresh))
        assert own.keys() == new.keys()
        for name, column in new.items():
            assert np.array_equal(own[name], column, equal_nan=column.dtype.kind == "f"), (seed, name)
        assert conditions_by_site(mended) == conditions_by_site(fresh), seed
    assert in_place > 5


def kept_columns(sites: Any) -> Iterator[tuple[str, Any]]:
    problem = sites.problem
    rows = problem.sites
    tables = {"site": rows, "operator": problem.organisations, "window": rows.windows}
    tables |= {"param": rows.params, "condition": rows.conditions}
    for of, table in tables.items():
        yield from ((f"{of} {item.name}", getattr(table, item.name)) for item in columns_of(table))
    yield from ((f"loops {name}", column) for name, column in sites.table._asdict().items())
    yield "trust", sites.shared.trust


def columns_of(table: Any) -> list[Any]:
    return [item for item in fields(table) if "dtype" in item.metadata]


def conditions_by_site(sites: Any) -> list[list[str]]:
    asked, table = sites.shared.conditions, sites.asked
    lists = [[repr(asked[number]) for number in members] for members in sites.shared.condition_sets]
    of_table = [
        [repr(table.conditions[number]) for number in table.item[begin:end]]
        for begin, end in pairwise(table.start.tolist())
    ]
    assert of_table[: len(lists)] == lists
    return [lists[number] for number in sites.shared.condition_set.tolist()]


def test_a_stock_with_too_many_mends_that_nobody_asked_for_is_made_anew(
    over: list[int], settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stocks, "MOST_MENDS", 1)
    for _ in range(4):
        steps_of("capacity")
        assert settled() == {}
    assert any(over)
    assert all(len(stock._mends) <= 1 for _, _, stock in world._kept[0]._stocks.values())


def test_stocks_beyond_their_room_go_and_come_back(
    over: list[int], settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "MOST_BYTES", 1)
    for _ in range(3):
        steps_of("capacity")
        assert settled() == {}
    assert any(over)
    assert len(world._kept[0]._stocks) <= 2


def test_what_a_process_adds_to_stocks_of_its_parent_counts_for_its_room(
    over: list[int], settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stocks stay, they are shared; blocks that this process has laid out in them go when its room is full."""
    alliances = list(Alliance.objects.exclude(as_of=None))
    for alliance in alliances:
        ask(alliance)
    here = world._kept[0]
    before = {key: stock for key, (_, _, stock) in here._stocks.items()}
    for stock in before.values():
        stock.process = 0
        stock._laid.clear()
    for alliance in alliances:
        ask(alliance)
    added = sum(stock.own_bytes for stock in before.values())
    assert added
    assert not here.is_full()
    monkeypatch.setattr(world, "MOST_BYTES", 1)
    ask(alliances[0])
    assert {key: stock for key, (_, _, stock) in here._stocks.items()} == before
    assert 0 < sum(stock.own_bytes for stock in before.values()) < added
    steps_of("capacity")
    assert settled() == {}


def test_a_value_that_does_not_suit_is_left_to_who_asks_for_it(over: list[int], settled: Settled) -> None:
    """A broken row is read around, as without anything kept."""
    alliance = Alliance.objects.exclude(as_of=None).first()
    ready = ask(alliance)
    row = Capability.objects.get(pk=ready.frozen.identities.capabilities[0])
    with transaction.atomic(), connection.cursor() as cursor:
        record("changed", "capability", str(row.public_id))
        cursor.execute(
            "UPDATE companies_capability SET specs = specs || jsonb_build_object("
            "(SELECT key FROM jsonb_object_keys(specs) key LIMIT 1), 'nonsense'::text) WHERE id = %s",
            [row.pk],
        )
    assert ask(alliance) is None


def test_it_solves_like_any_other_and_compiles_nothing(over: list[int]) -> None:
    """Asked for by position, some of the demands, twice."""
    listener = Listener()
    event.register("numba:compile", listener)
    alliance = Alliance.objects.exclude(as_of=None).first()
    ready = ask(alliance)
    (part,) = ready.parts
    solver = Solver(part.problem, made=part.solver)
    whole = solver.solve()
    assert len(whole.demand_totals.demand) > 3
    again = solver.solve([1, 2])
    assert again.demand_totals.demand.tolist() == [1, 2]
    assert solver.solve().equals(whole)
    event.unregister("numba:compile", listener)
    assert listener.begun == []


def test_stocks_of_days_gone_by_go(over: list[int], settled: Settled) -> None:
    alliance = Alliance.objects.exclude(as_of=None).first()
    demands = sorted(Demand.objects.filter(alliance=alliance, published=True).values_list("pk", flat=True))
    for later in (0, 1, 2, 3):
        with one_snapshot():
            day = alliance.as_of + timedelta(later)
            kept.over_kept([kept.Wanted(alliance.pk, day, demands)], small.outside())
    newest = [alliance.as_of + timedelta(later) for later in (2, 3)]
    assert sorted({day for _, day in world._kept[0]._stocks}) == newest


def test_a_worker_begins_with_what_was_laid_out_before(over: list[int], settled: Settled) -> None:
    """The parent of a worker's processes: nothing before a snapshot is there, then all that lines ask for."""
    assert warm_up() == 0
    assert not world._kept
    for alliance in Alliance.objects.exclude(as_of=None):
        ask(alliance)
    asked_for = set(world._kept[0]._stocks)
    forget()
    assert warm_up() > len(asked_for) / 2
    before = world._kept[0]
    assert set(before._stocks) == asked_for
    steps_of("capacity")
    assert settled() == {}
    assert world._kept[0] is before
    assert sum(map(bool, over))
    forget()
    assert warm_up(seconds=0) == 0
