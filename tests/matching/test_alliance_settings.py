"""An alliance's settings: officials read them, its admin sets weights and cities; what would change is told first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import AllianceCity, AllianceReach, AllianceWeights, Change
from alliance.services.alliances import remove_city, set_city, set_weights
from matching.encoding.surroundings import read_weights
from matching.models import Match
from matching.selectors.weighing import shifts, weigh
from matching.services.changes import affected_by
from tests import factories as make
from tests.cast import World, build_world

EN = {"accept-language": "en"}
PLACE = "/alliance/settings/"


def browser(world: World, name: str = "alliance_admin") -> Client:
    found = Client(headers=EN)
    found.force_login(world.people[name])
    return found


def test_weights_are_set_recorded_and_matched_again(world: World) -> None:
    north = world.alliances["north"]
    told = {"do": "weights", "version": north.version, "line_price": "60", "site_wait": "0"}
    assert browser(world).post(PLACE, told).status_code == 302
    row = AllianceWeights.objects.get(alliance=north)
    assert (row.number, row.line, row.site, row.set_by.username) == (
        1,
        {"price": 60},
        {"wait": 0},
        "alliance_admin",
    )
    assert read_weights(north.pk).line.tolist() == [30, 60, 15, 10, 15, 5, 10]
    change = Change.objects.get(kind="weights")
    assert affected_by([change]).alliances == {north.pk}
    assert browser(world).post(PLACE, told).status_code == 409
    page = browser(world, "partner_official").get(PLACE).content.decode()
    assert "60" in page
    assert 'name="do"' not in page


def test_a_preview_changes_nothing_and_says_who_would_be_first(world: World) -> None:
    """The supplier's price is 0.9, the rival's made worse and its proximity better: only proximity puts it first."""
    make.change_matches({"proximity": 1, "price": 0.2}, supplier_id=world.organisations["rival"].pk)
    told = {"do": "preview", "version": 1, "line_proximity": "900"}
    page = browser(world).post(PLACE, told).content.decode()
    assert "another offer would come first" in page
    assert "Rival" in page
    assert not AllianceWeights.objects.exists()
    weights = {"fit": 0, "price": 0, "lead_time": 0, "capacity": 0, "proximity": 1, "role": 0, "trust": 0}
    found = shifts(world.person("alliance_admin"), world.alliances["north"], weights)
    assert (found.changed, found.lines) == (3, 4)
    row = Match.objects.filter(supplier_id=world.organisations["rival"].pk).first()
    assert row is not None
    assert weigh(row, weights) == 1


def test_a_preview_names_no_demand_that_hides(world: World) -> None:
    make.change_matches({"proximity": 1, "price": 0.2}, supplier_id=world.organisations["rival"].pk)
    told = {"do": "preview", "version": 1, "line_proximity": "900"}
    page = browser(world).post(PLACE, told).content.decode()
    assert "Secret programme open" in page
    assert world.demands["introduction"].pk
    hidden = "Secret programme introduction" in page
    # The admin's own city asks: the lead bureau reads it. A partner's official may not set, but may look.
    assert hidden
    page = browser(world, "partner_official").post(PLACE, told).content.decode()
    assert "Secret programme introduction" not in page
    assert "Secret programme open" in page


@pytest.mark.parametrize(
    "told",
    [
        {"line_fit": "-1"},
        {"line_fit": "nan"},
        {"line_fit": "inf"},
        {"line_fit": "1001"},
        {"line_fit": "abc"},
        {
            f"line_{term}": "0"
            for term in ("fit", "price", "lead_time", "capacity", "proximity", "role", "trust")
        },
        {f"site_{term}": "0" for term in ("fit", "wait", "capacity", "role", "trust")},
        {"version": "0"},
        {"version": ""},
    ],
)
def test_bad_weights_change_nothing(world: World, told: dict[str, str]) -> None:
    answer = browser(world).post(PLACE, {"do": "weights", "version": "1"} | told)
    assert answer.status_code == 400
    assert not AllianceWeights.objects.exists()
    assert browser(world).post(PLACE, {"do": "nothing"}).status_code == 404


def test_only_its_admin_sets_and_only_officials_look(world: World) -> None:
    north = world.alliances["north"]
    for name, error in (
        ("lead_official", ForbiddenError),
        ("partner_official", ForbiddenError),
        ("supplier_owner", ForbiddenError),
        ("outside_admin", ForbiddenError),
        ("nobody", NotFoundError),
    ):
        with pytest.raises(error):
            set_weights(north, user=world.person(name), version=1, line={"fit": 1}, site={})
        with pytest.raises(error):
            remove_city(north, world.cities["partner"], user=world.person(name), version=1)
    assert browser(world, "supplier_owner").get(PLACE).status_code == 404
    set_weights(north, user=world.person("platform_admin"), version=1, line={"fit": 1}, site={})


def test_a_city_comes_in_changes_and_leaves(world: World) -> None:
    north, admin = world.alliances["north"], browser(world)
    told = {
        "do": "city",
        "version": 1,
        "city": "970100",
        "roles": ["components"],
    }
    assert admin.post(PLACE, told).status_code == 302
    assert AllianceReach.objects.filter(alliance=north, city=world.cities["nowhere"]).exists()
    again = told | {"version": 2, "roles": ["sites", "rnd"]}
    assert admin.post(PLACE, again).status_code == 302
    assert AllianceCity.objects.get(alliance=north, city=world.cities["nowhere"]).roles == ["rnd", "sites"]
    assert admin.post(PLACE, again | {"version": 3}).status_code == 400
    assert admin.post(PLACE, {"do": "remove", "version": 3, "city": "970100"}).status_code == 302
    assert not AllianceReach.objects.filter(alliance=north, city=world.cities["nowhere"]).exists()
    assert admin.post(PLACE, {"do": "remove", "version": 4, "city": "970100"}).status_code == 409
    assert admin.post(PLACE, {"do": "remove", "version": 4, "city": "990100"}).status_code == 409
    rows = list(Change.objects.filter(kind="membership").order_by("id"))
    assert [row.verb for row in rows] == ["created", "changed", "deleted"]
    assert affected_by(rows).alliances == {north.pk}


def test_consequences_are_counted_with_the_districts(world: World) -> None:
    page = browser(world).get(PLACE).content.decode()
    assert (
        "Without this city 4 firms with" in page
    )  # supplier, rival of the district, bystander, the shut-out one
    assert "Parton bureau" in page


def test_people_of_other_bureaus_are_not_named(world: World) -> None:
    page = browser(world, "partner_official").get(PLACE).content.decode()
    assert "partner official" in page
    assert "lead official" not in page
    assert "known to their own bureau" in page


def test_roles_are_checked(world: World) -> None:
    for roles in ([], ["king"]):
        with pytest.raises(DomainError):
            set_city(
                world.alliances["north"],
                world.cities["nowhere"],
                roles,
                user=world.person("alliance_admin"),
                version=1,
            )


def test_of_two_admins_one_wins(committed_db: None) -> None:
    world = build_world()
    north = world.alliances["north"]

    def one(number: int) -> bool:
        try:
            set_weights(
                north, user=world.person("alliance_admin"), version=1, line={"fit": number + 1}, site={}
            )
        except ConflictError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, range(6))) == 1
    assert AllianceWeights.objects.count() == 1


def test_more_cities_take_no_more_queries(world: World, django_assert_num_queries: Any) -> None:
    from django.test.utils import CaptureQueriesContext

    admin = browser(world)
    admin.get(PLACE)
    with CaptureQueriesContext(connection) as before:
        admin.get(PLACE)
    for name, version in (("nowhere", 1), ("outside", 2)):
        set_city(
            world.alliances["north"],
            world.cities[name],
            ["rnd"],
            user=world.person("alliance_admin"),
            version=version,
        )
    with CaptureQueriesContext(connection) as after:
        admin.get(PLACE)
    assert len(after) == len(before)
