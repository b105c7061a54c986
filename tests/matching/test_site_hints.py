"""What a site is told of open demands: the same number that the matcher finds, and counts only."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alliance.errors import NotFoundError
from matching.encoding import encode
from matching.kernel.solve import Solver
from matching.models import Demand, SiteNeed, SiteRequirement
from matching.services.preview.sites import site_hint
from scenarios.models import SiteWindow
from tests import factories as make
from tests.cast import World


def needs(world: World, dice: random.Random, number: int) -> None:
    """Demands of many kinds of sites, in both alliances, some looking everywhere, some drafts."""
    types = [world.scenario_types["industry"], world.scenario_types["line"]]
    for _n in range(number):
        south = dice.random() < 0.2
        demand = make.make_demand(
            world.organisations["outsider" if south else "lab"],
            world.alliances["south" if south else "north"],
            scope=dice.choice(["alliance", "open"]),
            published=dice.random() < 0.9,
            start_date=date(2026, 12, 1) + timedelta(days=dice.randrange(90)),
            need_by=date(2027, 3, 1) + timedelta(days=dice.randrange(200)),
        )
        make.make_line(demand, world.types["reducer"])
        need = SiteNeed.objects.create(
            demand=demand,
            scenario_type=dice.choice(types),
            fleet_size=dice.choice([2, 20, 21]),
            trial_days=dice.choice([1, 30, 90]),
        )
        if dice.random() < 0.7:
            SiteRequirement.objects.create(
                site_need=need,
                key=world.scenario_keys["height"],
                position=0,
                op=dice.choice([">=", "<="]),
                value=dice.choice([6, 8, 10]),
                hard=dice.random() < 0.7,
            )


def feasible(world: World, site_id: int) -> set[int]:
    """Demands that the matcher itself finds this site feasible for."""
    found = set()
    for alliance in world.alliances.values():
        assert alliance.as_of is not None
        frozen = encode(alliance.pk, alliance.as_of)
        if frozen is None:
            continue
        rows = Solver(frozen.problem).solve().sites
        sites, demands = frozen.identities.sites, frozen.identities.demands
        found |= {
            int(demands[d]) for d, s in zip(rows.demand, rows.site, strict=True) if int(sites[s]) == site_id
        }
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_number_is_the_matchers(world: World, seed: int) -> None:
    for alliance in world.alliances.values():
        alliance.as_of = make.AS_OF
        alliance.save()
    needs(world, random.Random(seed), 40)
    for name in ("open", "unpublished"):
        site = world.sites[name]
        hint = site_hint(site, user=world.person("operator_owner"))
        site.published = True
        site.save()
        found = feasible(world, site.pk)
        assert hint.suits == len(found) > 0
        assert hint.asked > hint.suits
        # Every cause that alone keeps demands away wins exactly those when it is gone.
        assert sum(cause.alone for cause in hint.causes) <= hint.asked - hint.suits
        site.fleet_capacity = 1000
        site.save()
        room = next(
            (cause for cause in hint.causes if cause.name in ("room for robots", "可容纳机器人数量")), None
        )
        assert len(feasible(world, site.pk)) == hint.suits + (room.alone if room else 0)


def test_windows_and_heights_are_named(world: World) -> None:
    for alliance in world.alliances.values():
        alliance.as_of = make.AS_OF
        alliance.save()
    site, user = world.sites["open"], world.person("operator_owner")
    before = site_hint(site, user=user)
    assert before.suits == Demand.objects.filter(published=True, alliance=world.alliances["north"]).count()
    SiteWindow.objects.filter(site=site).delete()
    after = site_hint(site, user=user)
    assert (after.suits, after.worst.alone if after.worst else 0) == (0, before.suits)


def test_who_asks(world: World, signed_in: Callable[[str], Client]) -> None:
    site = world.sites["open"]
    place = f"/sites/{site.public_id}/"
    for name, status in {
        "operator_owner": 200, "lead_official": 200, "lab_owner": 404, "supplier_owner": 404,
        "partner_official": 404, "outside_official": 404,
    }.items():  # fmt: skip
        assert signed_in(name).get(place + "demands/").status_code == status, name
        assert (place + "demands/" in signed_in(name).get(place).content.decode()) is (status == 200)
    with pytest.raises(NotFoundError):
        site_hint(site, user=world.person("lab_owner"))
    card = (
        signed_in("operator_owner").get(place + "demands/", headers={"hx-request": "true"}).content.decode()
    )
    assert "<html" not in card
    assert "Secret" not in card


def test_it_asks_the_same_however_many_demands_there_are(world: World) -> None:
    site, user = world.sites["open"], world.person("operator_owner")

    def queries() -> int:
        with CaptureQueriesContext(connection) as told:
            site_hint(site, user=user)
        return len(told)

    queries()
    few = queries()
    needs(world, random.Random(9), 20)
    assert queries() == few
