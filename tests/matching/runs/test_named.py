"""The bits of what an alliance's demands name: the rows of the rule itself, whatever moves, in every snapshot."""

import random
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from alliance.access import NOBODY, Viewer, viewer_of
from alliance.models import Alliance, Organisation
from companies.models import Capability
from matching.models import (
    CurrentResult,
    Demand,
    DemandResult,
    Match,
    NamedIds,
    NamedMark,
    NearMiss,
    Pipeline,
)
from matching.models.named import unproved
from matching.services.merging import merge_firms, undo_merge
from matching.services.reconciling import Reconciler
from matching.services.results.naming import name_ids, name_ids_of, names_are_proved
from matching.services.runs.sweeping import sweep
from scenarios.models import Site
from tests import factories as make
from tests.cast import World
from tests.matching.runs.conftest import match_now
from tests.matching.runs.naming import Comparison, compare, everybody, oracle, rule, seen


class Mover:
    """Everything that moves what demands name, at random."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)
        self.capabilities = list(Capability.objects.values_list("pk", "organisation_id"))
        self.sites = list(Site.objects.values_list("pk", flat=True))
        self.moves = [
            self.point, self.point, self.unpoint, self.publish, self.widen, self.give_away, self.edit, self.forget,
            self.bulk, self.sweep,
        ]  # fmt: skip

    def once(self) -> str:
        move = self.random.choice(self.moves)
        move()
        return move.__name__

    def demand(self) -> Demand:
        return self.random.choice(list(Demand.objects.all()))

    def names(self) -> dict[str, list[int]]:
        """What a result may name: firms are those of the capabilities."""
        found: dict[str, list[int]] = {}
        for column, firms in (("capabilities", "suppliers"), ("team", "team_suppliers")):
            rows = self.random.sample(self.capabilities, self.random.randint(0, 4))
            found |= {column: sorted(pk for pk, _ in rows), firms: sorted({firm for _, firm in rows})}
        return found | {"sites": sorted(self.random.sample(self.sites, self.random.randint(0, 2)))}

    def point(self) -> None:
        demand = self.demand()
        run = make.make_run(demand.alliance)
        DemandResult.objects.create(run_id=run.pk, demand_id=demand.pk, feasible_sites=0, **self.names())
        CurrentResult.objects.update_or_create(demand=demand, defaults={"run_id": run.pk, "as_of": run.as_of})

    def unpoint(self) -> None:
        CurrentResult.objects.filter(demand=self.demand()).delete()

    def publish(self) -> None:
        demand = self.demand()
        demand.published = not demand.published
        demand.save()

    def widen(self) -> None:
        demand = self.demand()
        Demand.objects.filter(pk=demand.pk).update(scope="alliance" if demand.scope == "open" else "open")

    def give_away(self) -> None:
        to = self.random.choice(list(Alliance.objects.all()))
        Demand.objects.filter(pk=self.demand().pk).update(alliance=to)

    def edit(self) -> None:
        row = self.random.choice([*DemandResult.objects.all()] or [None])
        if row is not None:
            for name, ids in self.names().items():
                setattr(row, name, ids)
            row.save()

    def forget(self) -> None:
        row = self.random.choice([*DemandResult.objects.all()] or [None])
        if row is not None:
            row.delete()

    def bulk(self) -> None:
        Demand.objects.filter(pk__in=[self.demand().pk, self.demand().pk]).update(
            published=True, scope="open"
        )

    def sweep(self) -> None:
        sweep()

    def build(self) -> None:
        name_ids_of(self.random.choice(list(Alliance.objects.values_list("pk", flat=True))))


@pytest.mark.parametrize("seed", range(3))
def test_bits_say_what_the_rule_says_whatever_moves(world: World, seed: int, settings: Any) -> None:
    settings.RESULT_GRACE_SECONDS = 0
    mover, same, done = Mover(world, seed), Comparison(world), []
    proved = named = 0
    for _ in range(20):
        done.append(mover.once())
        named += same()
        mover.build()
        named += same()
        proved += 2 - unproved(Alliance.objects.values_list("pk", flat=True)).count()
    assert proved > 10, f"bits told nothing: {done}"
    assert named > 200, f"nothing was named: {done}"


def test_bits_tell_and_not_the_arrays(world: World) -> None:
    """Where they are proved: bits that were made wrong on purpose are believed."""
    assert names_are_proved()
    north = viewer_of(world.people["lead_official"])
    far = world.capabilities["far"].pk
    assert far in seen("offered", Q(pk__in=[]), north)
    NamedIds.objects.update(offered=b"", paired=b"")
    assert seen("offered", Q(pk__in=[]), north) == set()
    NamedMark.objects.create(alliance_id=world.alliances["north"].pk)
    assert far in seen("offered", Q(pk__in=[]), north)


@pytest.mark.parametrize(
    "who", ["lead_official", "partner_official", "outside_official", "platform_admin", "lab_owner"]
)
def test_who_sees_what_does_not_depend_on_bits(world: World, who: str) -> None:
    viewer = viewer_of(world.people[who])
    assert names_are_proved()

    def visible() -> dict[Any, set[int]]:
        return {
            (model, few): set(
                (model.objects.visible_few(viewer) if few else model.objects.visible_to(viewer)).values_list(
                    "pk", flat=True
                )
            )
            for model in (Capability, Organisation, Site)
            for few in (False, True)
        }

    by_bits = visible()
    NamedIds.objects.all().delete()
    assert visible() == by_bits
    assert any(by_bits.values())


def test_a_run_leaves_one_mark_and_its_bits_are_made_anew(world: World) -> None:
    north = world.alliances["north"]
    match_now(north)
    assert not names_are_proved()
    assert NamedMark.objects.filter(alliance_id=north.pk).exists()
    assert not NamedMark.objects.exclude(alliance_id=north.pk).exists()
    compare(world)
    assert name_ids(pause=0) == 1
    assert names_are_proved()
    assert not NamedMark.objects.exists()
    assert compare(world)
    assert name_ids(pause=0) == 0


def test_a_merge_and_its_undoing_move_them(world: World) -> None:
    survivor, official = world.organisations["supplier"], world.people["partner_official"]
    same, north = world.capabilities["supplier"], world.alliances["north"]
    gone = make.make_firm(survivor.city)
    make.make_capability(
        make.make_facility(gone), same.component_type, specs=same.specs, certificates=["ISO9001"]
    )
    match_now(north)
    name_ids(pause=0)
    bureau = replace(NOBODY, bureau_alliances=frozenset([north.pk]))
    assert gone.pk in seen("suppliers", Q(pk__in=[]), bureau)
    row = merge_firms(gone, survivor, user=official)
    assert gone.pk not in seen("suppliers", Q(pk__in=[]), bureau)
    assert compare(world)
    name_ids(pause=0)
    assert gone.pk not in seen("suppliers", Q(pk__in=[]), bureau)
    undo_merge(row, user=official)
    assert gone.pk in seen("suppliers", Q(pk__in=[]), bureau)
    name_ids(pause=0)
    assert names_are_proved()
    assert compare(world)


def test_a_deleted_demand_names_nobody(world: World) -> None:
    demand = make.make_demand(world.organisations["lab"], world.alliances["north"], scope="open")
    run, caps = make.make_run(demand.alliance), [each.pk for each in world.capabilities.values()]
    make.make_known(run, demand.pk, **everybody(world))
    make.point_to(run, demand)
    name_ids(pause=0)
    bureau = replace(NOBODY, bureau_alliances=frozenset([demand.alliance_id]))
    assert seen("paired", Q(pk__in=[]), bureau) == set(caps)
    demand.identity.delete()
    demand.delete()
    assert seen("paired", Q(pk__in=[]), bureau) < set(caps)
    assert compare(world)


def test_a_pointer_whose_result_is_missing_proves_nothing(world: World) -> None:
    """It may come any time, without a mark."""
    demand = make.make_demand(world.organisations["lab"], world.alliances["north"])
    run = make.make_run(demand.alliance)
    CurrentResult.objects.create(demand=demand, run_id=run.pk, as_of=run.as_of)
    name_ids(pause=0)
    assert not NamedMark.objects.exists()
    assert not names_are_proved()
    make.make_known(run, demand.pk, **everybody(world))
    bureau = replace(NOBODY, bureau_alliances=frozenset([demand.alliance_id]))
    assert world.capabilities["outsider"].pk in seen("paired", Q(pk__in=[]), bureau)
    assert compare(world)


def test_an_alliance_without_demands_and_ids_beyond_the_end(world: World) -> None:
    empty = make.make_alliance("empty", world.cities["nowhere"], {world.cities["nowhere"]: ["rnd"]})
    name_ids(pause=0)
    assert names_are_proved()
    assert bytes(NamedIds.objects.get(alliance=empty).offered) == b""
    bureau = replace(NOBODY, bureau_alliances=frozenset([empty.pk, world.alliances["north"].pk]))
    end = 8 * len(bytes(NamedIds.objects.get(alliance=world.alliances["north"]).offered))
    for key in (end - 1, end, end + 1, 2**40):
        with connection.cursor() as cursor:
            cursor.execute(*_asks_about(key, bureau))
            assert cursor.fetchone()[0] is (key in oracle("offered", Q(alliance=world.alliances["north"]))), (
                key
            )
    named = max(oracle("offered", Q(alliance=world.alliances["north"])))
    with connection.cursor() as cursor:
        cursor.execute(*_asks_about(named, bureau))
        assert cursor.fetchone()[0] is True


def _asks_about(key: int, bureau: Viewer) -> tuple[str, tuple[Any, ...]]:
    """The condition as it is written for rows, asked about a number that no row has."""
    sql, params = (
        Capability.objects.filter(rule("offered", Q(pk__in=[]), bureau)).values("pk").query.sql_with_params()
    )
    condition = sql.partition(" WHERE ")[2].partition(" ORDER BY ")[0]
    return f'SELECT ({condition}) FROM (SELECT {key}::bigint AS id) AS "companies_capability"', params


def test_a_pointer_stays_with_its_demand(world: World) -> None:
    pointer = CurrentResult.objects.first()
    assert pointer is not None
    other = make.make_demand(world.organisations["lab"], world.alliances["north"])
    with pytest.raises(IntegrityError, match="stays with its demand"), transaction.atomic():
        CurrentResult.objects.filter(pk=pointer.pk).update(demand=other)
    with pytest.raises(IntegrityError, match="to no demand"), transaction.atomic():
        CurrentResult.objects.create(demand_id=2**40, run_id=1, as_of=pointer.as_of)


def test_emptied_tables_leave_no_bits(world: World) -> None:
    assert NamedIds.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing may wait for the end of what is emptied
        cursor.execute("TRUNCATE matching_demandresult")
    assert not NamedIds.objects.exists()
    assert compare(world) == 0


def test_what_says_nothing_new_leaves_no_mark(world: World) -> None:
    demand = world.demands["open"]
    demand.iterations += 1
    demand.save()
    Demand.objects.update(outcome="")
    assert not NamedMark.objects.exists()


def test_the_reconciler_makes_them(world: World) -> None:
    NamedIds.objects.all().delete()
    assert name_ids in Reconciler()._steps()


def test_an_alliance_where_things_move_all_the_time_is_not_made_all_the_time(world: World) -> None:
    NamedIds.objects.update(took=60_000)
    for alliance in Alliance.objects.all():
        NamedMark.objects.create(alliance_id=alliance.pk)
    assert name_ids() == 0
    assert name_ids(pause=0) == Alliance.objects.count()
    NamedIds.objects.filter(alliance=world.alliances["south"]).delete()
    assert name_ids() == 1, "one that has none waits for nothing"


def test_matches_are_what_arrays_say(world: World) -> None:
    """The whole way: rows of a run, their arrays, their bits."""
    north = world.alliances["north"]
    run = match_now(north)
    name_ids(pause=0)
    bureau = replace(NOBODY, bureau_alliances=frozenset([north.pk]))
    pairs: set[int] = set()
    for model in (Match, NearMiss):
        pairs |= set(model.objects.current().filter(run_id=run.pk).values_list("capability_id", flat=True))
    assert pairs
    assert Pipeline.objects.exists()
    assert pairs <= seen("paired", Q(pk__in=[]), bureau)
