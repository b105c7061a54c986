"""机会清单: an operator asks in one form, a maker sees its fit and answers, the bureau introduces."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alliance.errors import ConflictError, ForbiddenError, NotFoundError
from companies.models import ComponentParameter
from matching.models import Answer, Demand, Introduction
from matching.selectors.answers import standing_answers
from matching.services.answers import answer, withdraw_answer
from tests import factories as make
from tests.cast import World

FORM = {
    "robot": "ROB-ARM",
    "quantity": "1,200",
    "need_by": "2027-11-30",
    "alliance": "north",
    "confidentiality": "open",
    "ceiling_unit_price": "300000",
    "open_points": "夜间作业",
}


@pytest.fixture
def robots(world: World) -> None:
    """A branch of whole robots with torque, of which the supplier makes one."""
    world.types["robots"] = make.make_component_type("ROB")
    world.types["arm"] = make.make_component_type("ROB-ARM", world.types["robots"])
    ComponentParameter.objects.create(type=world.types["robots"], key=world.keys["torque"], position=0)


@pytest.mark.usefixtures("robots")
def test_an_operator_asks_in_one_form(world: World, signed_in: Callable[[str], Client]) -> None:
    site = world.sites["open"]
    operator = signed_in("operator_owner")
    assert operator.get("/opportunities/new/").status_code == 200
    answer_ = operator.post("/opportunities/new/", FORM | {"site": str(site.public_id)})
    assert answer_.status_code == 302, answer_.content.decode()[-3000:]
    demand = Demand.objects.latest("pk")
    assert answer_.headers["Location"] == f"/demands/{demand.public_id}/preview/"
    assert (demand.published, demand.deployment_city, demand.lab_city) == (False, site.city, site.city)
    assert not hasattr(demand, "site_need")
    line = demand.lines.get()
    assert (line.component_type.code, line.quantity) == ("ROB-ARM", 1200)
    assert line.monthly_rate == pytest.approx(1200 / 12, rel=0.1)
    assert line.price.ceiling_unit_price == 300000
    condition = site.part_conditions.get()
    asked = line.requirements.get()
    assert (asked.key, asked.op, asked.value, asked.hard) == (
        condition.key,
        condition.op,
        condition.value,
        True,
    )
    assert site.name in demand.open_points.first().text
    assert operator.get(answer_.headers["Location"]).status_code == 200


@pytest.mark.usefixtures("robots")
@pytest.mark.parametrize(
    ("name", "value"),
    [("robot", "DRV-RED"), ("quantity", "-1"), ("quantity", ""), ("need_by", "2020-01-01"), ("site", "x")],
)
def test_what_cannot_be_is_named(
    world: World, signed_in: Callable[[str], Client], name: str, value: str
) -> None:
    before = Demand.objects.count()
    form = FORM | {"site": str(world.sites["open"].public_id)} | {name: value}
    page = signed_in("operator_owner").post("/opportunities/new/", form)
    assert page.status_code == 400
    assert f"id_{name}_errors" in page.content.decode()
    assert Demand.objects.count() == before


@pytest.mark.usefixtures("robots")
def test_a_site_of_others_cannot_be_asked_for(world: World, signed_in: Callable[[str], Client]) -> None:
    form = FORM | {"site": str(world.sites["open"].public_id)}
    assert signed_in("supplier_owner").post("/opportunities/new/", form).status_code == 400
    assert signed_in("lead_official").get("/opportunities/new/").status_code == 404


def robot_demand(world: World, number: int = 1) -> Demand:
    demand = make.make_demand(
        world.organisations["operator"], world.alliances["north"], f"Robots {number}", confidentiality="open"
    )
    line = make.make_line(demand, world.types["arm"], world.keys["torque"])
    make.point_to(world.runs["north"], demand)
    make.make_match(world.runs["north"], line, world.capabilities["supplier"], 1, 0.9)
    make.make_line_result(world.runs["north"], line, 1, 0)
    return demand


@pytest.mark.usefixtures("robots")
def test_a_maker_sees_its_fit_and_answers(world: World, signed_in: Callable[[str], Client]) -> None:
    demand = robot_demand(world)
    line, capability = demand.lines.get(), world.capabilities["supplier"]
    maker, official = signed_in("supplier_editor"), signed_in("lead_official")
    page = maker.get("/opportunities/").content.decode()
    place = f"/matches/{line.public_id}/{capability.public_id}/"
    assert place in page
    assert "契合" in page
    assert place not in signed_in("rival_owner").get("/opportunities/").content.decode()
    assert maker.post(place + "answer/", {"note": "我们有现货"}).status_code == 302
    assert "我们有现货" in maker.get(place).content.decode()
    today = official.get("/").content.decode()
    where = f"/introductions/new/?line={line.public_id}&amp;capability={capability.public_id}"
    assert "我们有现货" in today
    assert where in today
    assert "我们有现货" in official.get(f"/demands/{demand.public_id}/").content.decode()
    assert "我们有现货" in signed_in("operator_owner").get(f"/demands/{demand.public_id}/").content.decode()
    assert "我们有现货" not in signed_in("rival_owner").get(f"/demands/{demand.public_id}/").content.decode()
    done = official.post(where.replace("&amp;", "&"), {"due_on": str(timezone.localdate()), "note": ""})
    assert done.status_code == 302, done.content.decode()[-2000:]
    assert Introduction.objects.filter(line=line, capability=capability).exists()
    assert where not in official.get("/").content.decode()
    assert maker.post(place + "answer/", {"note": "again"}).status_code == 409


@pytest.mark.usefixtures("robots")
def test_who_may_answer_what(world: World, signed_in: Callable[[str], Client]) -> None:
    line, capability = robot_demand(world).lines.get(), world.capabilities["supplier"]
    with pytest.raises(ForbiddenError):
        answer(line, capability, user=world.person("supplier_viewer"))
    with pytest.raises(ForbiddenError):
        answer(line, capability, user=world.person("rival_owner"))
    with pytest.raises(ConflictError):
        answer(line, world.capabilities["unpublished"], user=world.person("supplier_owner"))
    with pytest.raises(NotFoundError):
        answer(line, world.capabilities["outsider"], user=world.person("supplier_owner"))
    editor = world.person("supplier_editor")
    row = answer(line, capability, user=editor, note="a")
    assert answer(line, capability, user=editor, note="b").pk == row.pk
    for name, sees in {
        "supplier_viewer": True, "operator_owner": True, "partner_official": True, "lead_official": True,
        "rival_owner": False, "bystander_owner": False, "outside_official": False, "lab_owner": False,
    }.items():  # fmt: skip
        assert standing_answers(world.person(name)).exists() is sees, name
    withdraw_answer(line, capability, user=editor)
    assert not standing_answers(editor).exists()
    with pytest.raises(ConflictError):
        withdraw_answer(line, capability, user=editor)
    assert Answer.objects.count() == 1


@pytest.mark.usefixtures("robots")
@pytest.mark.parametrize("who", ["supplier_owner", "lead_official"])
def test_the_list_asks_the_same_for_one_and_for_many(
    world: World, signed_in: Callable[[str], Client], who: str
) -> None:
    browser = signed_in(who)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as told:
            assert browser.get("/opportunities/").status_code == 200
        return len(told)

    robot_demand(world)
    queries()
    one = queries()
    for number in range(2, 5):
        robot_demand(world, number)
    assert queries() == one
