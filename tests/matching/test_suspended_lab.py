"""A lab that is shut out: its demands leave the market, its introductions stay, and lifting it puts all of it back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from alliance.errors import ConflictError
from alliance.models import Change, Suspension
from alliance.services.suspending import lift_suspension, suspend_firm
from matching.models import CurrentResult, Demand
from matching.services.demands import publish_demand, withdraw_demand
from matching.services.introductions import introduce, take_step
from tests import factories as make
from tests.cast import World, build_world

REASON = "licence revoked"


def published(world: World) -> set[str]:
    keys = {row.pk: name for name, row in world.demands.items()}
    rows = Demand.objects.filter(owner=world.organisations["lab"], published=True)
    return {keys[pk] for pk in rows.values_list("pk", flat=True)}


def shut_out(world: World) -> Suspension:
    return suspend_firm(world.organisations["lab"], user=world.person("lead_official"), reason=REASON)


def let_in(world: World) -> None:
    lab = world.organisations["lab"]
    lab.refresh_from_db()
    lift_suspension(lab, user=world.person("lead_official"), reason="mended")


@pytest.mark.django_db
def test_its_demands_leave_the_market_and_come_back(world: World, signed_in: Any) -> None:
    before = published(world)
    shut_out(world)
    assert published(world) == set()
    own = [row.pk for name, row in world.demands.items() if name != "foreign"]
    assert not CurrentResult.objects.filter(demand__in=own).exists()
    # The supplier was introduced to the open one, and goes on seeing it with its bureau; the others are gone.
    place = reverse("demand", args=[world.demands["members"].public_id])
    for who, status in (("rival_owner", 404), ("partner_official", 404), ("lead_official", 200)):
        assert signed_in(who).get(place).status_code == status, who
    told = Change.objects.filter(kind="demand", verb="withdrawn").latest("id")
    assert told.after == {"published": False, "because": "suspended"}
    let_in(world)
    assert published(world) == before
    assert signed_in("partner_official").get(place).status_code == 200
    # The feed says so to the matcher: each demand is matched anew.
    again = Change.objects.filter(kind="demand", verb="published").values_list("object_id", flat=True)
    assert set(again) == {str(world.demands[name].public_id) for name in before}


@pytest.mark.django_db
def test_what_was_changed_meanwhile_stays_as_it_is(world: World) -> None:
    withdraw_demand(world.demands["members"], user=world.person("lab_owner"))
    shut_out(world)
    Demand.objects.filter(pk=world.demands["unmatched"].pk).update(version=99)
    Demand.objects.filter(pk=world.demands["introduction"].pk).update(archived_at="2026-11-20T00:00Z")
    Demand.objects.filter(pk=world.demands["everywhere"].pk).update(outcome="signed elsewhere")
    let_in(world)
    assert published(world) == {"open"}  # what its lab had withdrawn itself stays withdrawn too
    shut_out(world)
    let_in(world)
    assert published(world) == {"open"}


@pytest.mark.django_db
def test_introductions_under_way_stay_and_no_new_one_begins(world: World) -> None:
    pair, official = world.introductions["open"], world.person("lead_official")
    shut_out(world)
    pair.refresh_from_db()
    pair = take_step(pair, "accept", user=world.person("supplier_owner"))
    assert pair.state == "proposed"
    let_in(world)
    # The supplier too: until the next run its offers are still among the results.
    suspend_firm(world.organisations["rival"], user=world.person("partner_official"), reason=REASON)
    make.point_to(world.runs["north"], world.demands["members"])
    line, capability = world.lines["members"], world.capabilities["rival"]
    with pytest.raises(ConflictError):
        introduce(user=official, line=make_fresh(line), capability=make_fresh(capability))


def make_fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


@pytest.mark.django_db
def test_the_page_says_what_happens_to_demands(world: World, signed_in: Any, settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    browser, lab = signed_in("lead_official"), world.organisations["lab"]
    place = reverse("firm-suspend", args=[lab.public_id])
    number = len(published(world))
    page = browser.get(place, headers={"accept-language": "en"}).content.decode()
    assert f"{number}, are withdrawn until the suspension is lifted" in page
    browser.post(place, {"reason": REASON, "do": "suspend"})
    page = browser.get(place, headers={"accept-language": "en"}).content.decode()
    assert f"{number}, are published and matched again unless they were changed since" in page


@pytest.mark.django_db
def test_a_suspension_from_before_is_lifted(world: World) -> None:
    """One that was made before demands were withdrawn with it, or by an import, has nothing to put back."""
    shut_out(world)
    Suspension.objects.update(done={})
    let_in(world)
    assert published(world) == set()


def test_publishing_and_suspending_at_once_leave_nothing_published(committed_db: None) -> None:
    world = build_world()
    draft, lab = world.demands["draft"], world.organisations["lab"]
    make.make_line(draft, world.types["sensor"]) if not draft.lines.exists() else None
    gate, owner, official = threading.Barrier(2), world.people["lab_owner"], world.people["lead_official"]

    def publish() -> None:
        try:
            gate.wait(5)
            publish_demand(draft, user=owner)
        except Exception:  # noqa: S110 - either may lose
            pass
        finally:
            connection.close()

    def suspend() -> None:
        try:
            gate.wait(5)
            suspend_firm(lab, user=official, reason=REASON)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for work in (publish, suspend)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    lab.refresh_from_db()
    assert lab.suspended
    assert not Demand.objects.filter(owner=lab, published=True).exists()
