"""The board and the drawer of introductions, and declined pairs that are not proposed again as they stand."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from matching.models import Demand, DemandLine, Introduction
from matching.selectors.introduction_board import MOST, introduction_board
from matching.selectors.introductions import introduction_list
from tests import factories as make
from tests.cast import World


def more(world: World, number: int) -> None:
    """Further introductions of the supplier, each on a line of its own."""
    pair = (world.organisations["lead_bureau"], world.organisations["partner_bureau"])
    for _n in range(number):
        line = make.make_line(world.demands["open"], world.types["reducer"])
        make.make_introduction(line, world.capabilities["supplier"], world.people["lead_official"], pair)


def test_the_board_holds_every_state_and_the_most_urgent(world: World) -> None:
    more(world, MOST + 3)
    user = world.person("lead_official")
    latest = Introduction.objects.filter(demand=world.demands["open"]).latest("id")
    Introduction.objects.filter(pk=latest.pk).update(due_on="2020-01-01")
    columns = introduction_board(user, introduction_list(user))
    assert [column.state.value for column in columns][:2] == ["proposed", "accepted"]
    first = columns[0]
    assert (first.total, len(first.cards), first.more) == (MOST + 4, MOST, 4)
    assert first.cards[0].pk == latest.pk
    assert sum(column.total for column in columns) == introduction_list(user).count()


def test_the_board_page_filters_and_asks_the_same_for_many(
    world: World, signed_in: Callable[[str], Client]
) -> None:
    browser = signed_in("lead_official")

    def queries() -> int:
        with CaptureQueriesContext(connection) as told:
            assert browser.get("/introductions/?look=board").status_code == 200
        return len(told)

    queries()
    one = queries()
    more(world, 3)
    assert queries() == one
    page = browser.get("/introductions/?look=board&state=signed").content.decode()
    assert "data-card" not in page
    assert 'name="look" value="board"' in page, "filtering stays on the board"
    assert browser.get("/introductions/?look=junk").status_code == 400
    assert signed_in("rival_owner").get("/introductions/?look=board").content.decode().count("data-card") == 0


def test_the_drawer_is_a_part_of_the_page_and_steps_in_place(
    world: World, signed_in: Callable[[str], Client]
) -> None:
    row = world.introductions["open"]
    place, browser = f"/introductions/{row.public_id}/", signed_in("supplier_owner")
    assert f'href="{place}"' in browser.get("/introductions/").content.decode(), (
        "a plain link without scripts"
    )
    part = browser.get(place, headers={"hx-request": "true"})
    words = part.content.decode()
    assert part.status_code == 200
    assert "<html" not in words
    assert f'hx-post="{place}accept/"' in words
    assert "Secret Lab" not in words or "Secret Lab" in browser.get(place).content.decode()
    version = re.search(r'name="version" value="(\d+)"', words)
    assert version
    stale = browser.post(place + "accept/", {"version": "99"}, headers={"hx-request": "true"})
    assert (stale.status_code, 'class="note bad"' in stale.content.decode()) == (200, True)
    done = browser.post(
        place + "accept/", {"version": version[1]}, headers={"hx-request": "true"}, follow=True
    )
    row.refresh_from_db()
    assert row.supplier_accepted_at
    assert done.status_code == 200
    assert signed_in("rival_owner").get(place, headers={"hx-request": "true"}).status_code == 404


@pytest.mark.parametrize("changed", ["", "demand", "capability"])
def test_why_a_declined_pair_is_not_proposed_again(
    world: World, signed_in: Callable[[str], Client], changed: str
) -> None:
    row, browser = world.introductions["open"], signed_in("lead_official")
    line, capability = world.lines["open"], world.capabilities["supplier"]
    Introduction.objects.filter(pk=row.pk).update(
        state="declined",
        turn=None,
        due_on=None,
        declined_reason="价格谈不拢",
        demand_version=Demand.objects.get(pk=line.demand_id).version,
        capability_version=capability.version,
    )
    if changed == "demand":
        Demand.objects.filter(pk=line.demand_id).update(version=9)
    elif changed == "capability":
        type(capability).objects.filter(pk=capability.pk).update(version=9)
    place = f"/introductions/new/?line={line.public_id}&capability={capability.public_id}"
    page = browser.get(place).content.decode()
    assert "价格谈不拢" in page
    answer = browser.post(place, {"due_on": str(timezone.localdate()), "note": ""})
    if changed:
        assert "可以再次提议" in page
        assert answer.status_code == 302
    else:
        assert "不再提议" in page
        assert 'class="btn btn-primary"' not in page.split("<main", 1)[1]
        assert answer.status_code == 400


def test_a_near_miss_is_asked_and_named(world: World, signed_in: Callable[[str], Client]) -> None:
    line = DemandLine.objects.get(pk=world.lines["members"].pk)
    place = f"/introductions/new/?line={line.public_id}&capability={world.capabilities['near'].public_id}"
    page = signed_in("lead_official").get(place).content.decode()
    assert "只差一项要求" in page
    assert "询问" in page


def test_an_empty_list_says_what_this_reader_can_do(world, signed_in):
    """A firm does not introduce anybody: it is shown its matches, not the pipelines."""
    page = signed_in("outside_owner").get(reverse("introductions")).content.decode()
    assert f'href="{reverse("matches")}"' in page.split('class="cb acts mid"')[-1]
