"""A lab writes a demand from nothing to published; what the preview says is what the run finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Thread

import pytest
from django.db import connection
from django.test import Client

from alliance.errors import ConflictError, DomainError
from alliance.models import Alliance, Change
from matching.models import CurrentResult, Demand, DemandLine, LineResult, MatchRun
from matching.services.demands import (
    LineInput,
    clone_demand,
    close_demand,
    preview_demand,
    publish_demand,
    remove_line,
    save_line,
)
from matching.services.runs import create_run, work_on_run
from tests.cast import World, build_world
from tests.factories import AS_OF

PROGRAMME = {
    "title": "新型巡检机器人",
    "alliance": "north",
    "lab_city": "牵头市 (990100)",
    "start_date": "2026-12-01",
    "need_by": "2027-08-31",
    "iterations": "2",
    "scope": "alliance",
    "confidentiality": "members",
    "open_points": "外壳颜色待定",
}
LINE = {
    "type": "DRV-RED",
    "quantity": "1,200",
    "monthly_rate": "10",
    "ceiling_unit_price": "2000",
    "version": "1",
}


def write(browser: Client, **more: str) -> Demand:
    """The steps as a person takes them."""
    answer = browser.post("/demands/new/", PROGRAMME)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    place = answer.headers["Location"]
    assert "谐波" in browser.get(place + "?q=谐波").content.decode() or browser.get(place).status_code == 200
    asked = {"op-rated_torque": ">=", "value-rated_torque": "12 N*m", "hard-rated_torque": "hard"}
    answer = browser.post(place, LINE | asked | more)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return Demand.objects.latest("pk")


@pytest.fixture
def lab(world: World, signed_in: Callable[[str], Client]) -> Client:
    for alliance in world.alliances.values():
        alliance.as_of = AS_OF
        alliance.save()
    return signed_in("lab_editor")


def test_from_nothing_to_published(world: World, lab: Client) -> None:
    demand = write(lab)
    assert not demand.published
    line = demand.lines.get()
    assert (line.quantity, line.monthly_rate) == (1200, 10)
    assert line.requirements.get().value == 12
    place = f"/demands/{demand.public_id}/"
    site = {
        "type": "IND-LINE",
        "fleet_size": "4",
        "trial_days": "30",
        "version": "2",
        "value-clear_height": "3",
        "op-clear_height": ">=",
    }
    assert lab.post(place + "site/", site).status_code == 302
    page = lab.get(place + "preview/")
    assert page.status_code == 200
    assert "Supplier" in page.content.decode()
    version = {"version": str(Demand.objects.get(pk=demand.pk).version)}
    assert lab.post(place + "step/publish/", version).status_code == 302
    demand.refresh_from_db()
    assert demand.published
    assert Change.objects.filter(kind="demand", verb="published", object_id=demand.public_id).exists()


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"quantity": "-3"}, "id_quantity_errors"),
        ({"quantity": "many"}, "id_quantity_errors"),
        ({"value-rated_torque": "12 apples"}, "e-rated_torque"),
        ({"value-rated_torque": "3~5 mm"}, "e-rated_torque"),
        ({"op-rated_torque": "is"}, "e-rated_torque"),
        ({"hard-rated_torque": "soft", "weight-rated_torque": "9"}, "e-rated_torque"),
        ({"target_unit_price": "3000"}, "id_ceiling_unit_price_errors"),
    ],
)
def test_bad_values_are_named_and_nothing_is_saved(lab: Client, more: dict[str, str], named: str) -> None:
    place = lab.post("/demands/new/", PROGRAMME).headers["Location"]
    before = Change.objects.count()
    asked = {"op-rated_torque": ">=", "value-rated_torque": "12", "hard-rated_torque": "hard"}
    answer = lab.post(place, LINE | asked | more)
    assert answer.status_code == 400
    assert named in answer.content.decode()
    assert (
        DemandLine.objects.filter(demand=Demand.objects.latest("pk")).count(),
        Change.objects.count(),
    ) == (0, before)


def test_two_people_at_once_one_is_told(world: World, lab: Client) -> None:
    demand = write(lab)
    page = {**PROGRAMME, "version": str(demand.version), "title": "A"}
    place = f"/demands/{demand.public_id}/programme/"
    assert lab.post(place, page).status_code == 302
    assert lab.post(place, page | {"title": "B"}).status_code == 400
    demand.refresh_from_db()
    assert demand.identity.title == "A"


def test_looking_writes_nothing(world: World, lab: Client) -> None:
    demand = write(lab)
    counts = (MatchRun.objects.count(), LineResult.objects.count(), Change.objects.count())
    assert lab.get(f"/demands/{demand.public_id}/preview/").status_code == 200
    demand.refresh_from_db()
    assert not demand.published
    assert (MatchRun.objects.count(), LineResult.objects.count(), Change.objects.count()) == counts
    assert not CurrentResult.objects.filter(demand=demand).exists()


def test_cloning_closing_and_the_line_that_stays(world: World) -> None:
    owner = world.person("lab_owner")
    copy = clone_demand(world.demands["open"], user=owner)
    assert not copy.published
    assert copy.lines.count() == world.demands["open"].lines.count()
    assert copy.site_need.scenario_type == world.demands["open"].site_need.scenario_type
    assert [r.value for r in copy.lines.get().requirements.all()] == [
        r.value for r in world.lines["open"].requirements.all()
    ]
    with pytest.raises(ConflictError):
        remove_line(world.demands["open"], world.lines["open"], user=owner)
    with pytest.raises(DomainError):
        close_demand(world.demands["members"], user=owner, outcome=" ")
    closed = close_demand(world.demands["members"], user=owner, outcome="已采购")
    assert not closed.published
    assert not CurrentResult.objects.filter(demand=closed).exists()


def test_others_do_not_write(world: World, signed_in: Callable[[str], Client]) -> None:
    place = f"/demands/{world.demands['open'].public_id}/"
    for who in ("lab_viewer", "lead_official", "supplier_owner", "platform_admin"):
        for step in ("edit/", "programme/", "lines/new/", "site/", "preview/"):
            assert signed_in(who).get(place + step).status_code == 404, (who, step)
        assert signed_in(who).post(place + "step/close/", {"outcome": "x"}).status_code == 404


@pytest.mark.usefixtures("committed_db")
def test_the_preview_is_what_the_run_finds() -> None:
    world = build_world()
    for alliance in world.alliances.values():
        alliance.as_of = AS_OF
        alliance.save()
    owner, demand = world.person("lab_owner"), world.demands["draft"]
    save_line(
        demand,
        LineInput(
            world.types["reducer"],
            "100",
            "10",
            requirements=[{"key": "rated_torque", "op": ">=", "value": 12}],
        ),
        user=owner,
    )

    def look(row: Demand) -> set[tuple[int, int, int]]:
        rows = LineResult.objects.current().filter(demand_id=row.pk)
        places = {
            line: place for place, line in enumerate(row.lines.order_by("id").values_list("pk", flat=True))
        }
        return {
            (places[line], feasible, near)
            for line, feasible, near in rows.values_list("line_id", "feasible", "near")
        }

    told = preview_demand(demand, user=owner, look=look)
    Demand.objects.filter(pk=demand.pk).update(published=True)
    work_on_run(create_run(demand.alliance, demand=demand, cause="asked").pk)
    assert told.seen
    assert told.seen == look(demand)


def test_a_programme_must_make_sense(world: World, lab: Client) -> None:
    for name, value in (
        ("need_by", "2026-01-01"),
        ("lab_city", "Nirgends"),
        ("title", ""),
        ("alliance", "south"),
    ):
        assert lab.post("/demands/new/", PROGRAMME | {name: value}).status_code == 400, name


def test_saving_a_line_untouched_changes_nothing(world: World, lab: Client) -> None:
    """Two requirements on one key, and a number of many digits, come back as they were."""
    demand = write(lab, quantity="1234567")
    line = demand.lines.get()
    hard = line.requirements.get()
    line.requirements.create(key=hard.key, position=1, op=">=", value=18.123456, hard=False, weight=3)
    place = f"/demands/{demand.public_id}/lines/{line.public_id}/edit/"
    page = lab.get(place).content.decode()
    names = re.findall(r'name="((?:op|value|hard|weight|tolerance)-rated_torque(?:~2)?)"', page)
    assert len(names) == 10
    boxes = {"op-rated_torque": ">=", "value-rated_torque": "12", "hard-rated_torque": "hard"}
    boxes |= {"op-rated_torque~2": ">=", "value-rated_torque~2": "18.123456", "hard-rated_torque~2": "soft"}
    boxes |= {"weight-rated_torque~2": "3", "tolerance-rated_torque~2": "20"}
    assert 'value="1234567"' in page
    assert 'value="18.123456"' in page
    told = {"quantity": "1234567", "monthly_rate": "10", "version": str(demand.version)}
    assert lab.post(place, boxes | told).status_code == 302
    asked = list(line.requirements.order_by("position").values_list("hard", "value", "weight"))
    assert asked == [(True, 12, 1), (False, 18.123456, 3)]
    assert demand.lines.get().quantity == 1234567
    assert lab.post(place, boxes | told).status_code == 400, "the version has moved"


def test_a_closed_demand_and_one_of_an_unlisted_firm_stay_drafts(world: World) -> None:
    owner = world.person("lab_owner")
    closed = close_demand(world.demands["members"], user=owner, outcome="已采购")
    with pytest.raises(ConflictError):
        publish_demand(closed, user=owner)
    draft = world.demands["draft"]
    save_line(draft, LineInput(world.types["reducer"], "1", "1"), user=owner)
    world.organisations["lab"].listed = False
    world.organisations["lab"].save()
    with pytest.raises(ConflictError):
        publish_demand(draft, user=owner)


def test_every_step_is_told_from_which_state_it_was_decided(world: World, lab: Client) -> None:
    """Who is second gets the page with what is true now, and nothing is overwritten."""
    demand = write(lab)
    line = demand.lines.get()
    place, stale = f"/demands/{demand.public_id}/", {"version": str(demand.version)}
    save_line(demand, LineInput(world.types["sensor"], "1", "1"), user=world.person("lab_owner"))
    before = Change.objects.count()
    for step in ("publish", "archive", "close"):
        answer = lab.post(f"{place}step/{step}/", stale | {"outcome": "x"})
        assert answer.status_code == 409, step
        assert 'role="alert"' in answer.content.decode()
    for address in (f"lines/{line.public_id}/remove/", "site/remove/"):
        assert lab.post(place + address, stale).status_code == 409
    assert lab.post(f"{place}step/publish/").status_code == 409, "no version is no state"
    demand.refresh_from_db()
    assert (demand.published, demand.archived_at, demand.lines.count()) == (False, None, 2)
    assert Change.objects.count() == before
    now = {"version": str(demand.version)}
    assert lab.post(f"{place}lines/{line.public_id}/remove/", now).status_code == 302
    assert demand.lines.count() == 1


def test_the_life_of_a_demand_from_its_own_page(world: World, lab: Client) -> None:
    demand = write(lab)
    place = f"/demands/{demand.public_id}/"

    def does(step: str, **more: str) -> str:
        """Press the button of the page: it carries the version that the page was made from."""
        page = lab.get(place).content.decode()
        form = page[page.index(f"{place}step/{step}/") :]
        version = re.search(r'name="version" value="(\d+)"', form)
        told = {"version": version[1]} if version else {}
        answer = lab.post(f"{place}step/{step}/", told | more)
        assert answer.status_code == 302, (step, answer.status_code)
        return str(answer.headers["Location"])

    assert "publish" in lab.get(place).content.decode()
    does("publish")
    does("withdraw")
    does("archive")
    demand.refresh_from_db()
    assert demand.archived_at
    assert str(demand.public_id) not in lab.get("/demands/").content.decode()
    assert str(demand.public_id) in lab.get("/demands/?closed=true").content.decode()
    with pytest.raises(ConflictError):
        save_line(demand, LineInput(world.types["sensor"], "1", "1"), user=world.person("lab_owner"))
    does("reopen")
    does("publish")
    does("close", outcome="已采购")
    assert "已采购" in lab.get(place).content.decode()
    copy = does("clone")
    assert Demand.objects.get(public_id=copy.split("/")[2]).lines.get().requirements.get().value == 12
    for other in ("lead_official", "supplier_owner", "lab_viewer"):
        page = Client()
        page.force_login(world.people[other], backend="django.contrib.auth.backends.ModelBackend")
        assert "/step/" not in page.get(place).content.decode(), other


def test_without_a_first_run_the_preview_says_so(world: World, lab: Client) -> None:
    demand = write(lab)
    Alliance.objects.update(as_of=None)
    page = lab.get(f"/demands/{demand.public_id}/preview/").content.decode()
    assert "还没有匹配过" in page
    assert "先添加" not in page


@pytest.mark.usefixtures("committed_db")
def test_nobody_waits_for_a_preview() -> None:
    """While the copy is matched, another connection changes the very draft."""
    world = build_world()
    for alliance in world.alliances.values():
        alliance.as_of = AS_OF
        alliance.save()
    owner, demand = world.person("lab_owner"), world.demands["draft"]
    told: list[object] = []

    def elsewhere() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            told.append(save_line(demand, LineInput(world.types["sensor"], "1", "1"), user=owner).pk)
        except Exception as error:
            told.append(error)
        finally:
            connection.close()

    def look(copy: Demand) -> int:
        writer = Thread(target=elsewhere)
        writer.start()
        writer.join(10)
        return copy.lines.count()

    found = preview_demand(demand, user=owner, look=look)
    assert found.seen == 1
    assert isinstance(told[0], int), told
    assert demand.lines.count() == 2
    assert Demand.objects.count() == len(world.demands), "the copy is gone"
