"""One step on several ticked rows: previewed by the services themselves, all or nothing, taken back."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from alliance.models import Change
from companies.models import Capability, CapabilityTerms
from matching.models import Demand, Introduction
from tests import factories as make
from tests.cast import World


def post(client: Client, name: str, rows, action: str, **more):
    ids = [str(getattr(row, "public_id", row)) for row in rows]
    return client.post(
        reverse("several", args=[name]), {"row": ids, "action": action, "next": f"/{name}/"} | more
    )


def confirm(client: Client, name: str, preview, action: str, **more):
    """Press the button of the preview, as a browser would."""
    html = preview.content.decode()
    rows = re.findall(r'name="row" value="([^"]+)"', html)
    return post(client, name, rows, action, confirmed="1", **more)


def token(answer) -> str:
    return re.search(r'name="undo" value="([^"]+)"', answer.content.decode())[1]


def undo(client: Client, name: str, answer):
    return client.post(reverse("several", args=[name]), {"undo": token(answer), "next": f"/{name}/"})


@pytest.fixture
def three(world: World) -> list[Capability]:
    facility = world.facilities["supplier"]
    return [make.make_capability(facility, world.types["reducer"], title=f"Part {n}") for n in range(3)]


def test_a_preview_says_what_happens_and_changes_nothing(world: World, signed_in, three) -> None:
    changes = Change.objects.count()
    foreign = world.capabilities["rival"]
    page = post(signed_in("supplier_editor"), "capabilities", [*three, foreign], "withdraw")
    refused = [outcome for outcome, _name in page.context["rows"] if outcome.refused]
    assert page.status_code == 200
    assert [outcome.row for outcome in refused] == [foreign]
    assert page.context["fine"] == 3
    assert Change.objects.count() == changes
    assert Capability.objects.filter(pk__in=[row.pk for row in three], published=True).count() == 3


def test_done_and_taken_back(world: World, signed_in, three) -> None:
    client = signed_in("supplier_editor")
    done = confirm(client, "capabilities", post(client, "capabilities", three, "withdraw"), "withdraw")
    keys = [row.pk for row in three]
    assert done.status_code == 200
    assert not Capability.objects.filter(pk__in=keys, published=True).exists()
    assert undo(client, "capabilities", done).status_code == 200
    assert Capability.objects.filter(pk__in=keys, published=True).count() == 3
    verbs = Change.objects.filter(kind="capability").order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[-6:] == ["withdrawn"] * 3 + ["published"] * 3


def test_archived_rows_come_back_as_they_were(world: World, signed_in, three) -> None:
    client = signed_in("supplier_editor")
    Capability.objects.filter(pk=three[0].pk).update(published=False)
    done = confirm(client, "capabilities", post(client, "capabilities", three, "archive"), "archive")
    undo(client, "capabilities", done)
    rows = Capability.objects.filter(pk__in=[row.pk for row in three]).order_by("pk")
    assert [(row.published, row.archived_at) for row in rows] == [(False, None), (True, None), (True, None)]


def test_all_or_nothing_when_somebody_was_faster(world: World, signed_in, three) -> None:
    client = signed_in("supplier_editor")
    preview = post(client, "capabilities", three, "withdraw")
    Capability.objects.filter(pk=three[1].pk).update(version=99)
    answer = confirm(client, "capabilities", preview, "withdraw")
    assert answer.status_code == 409
    assert Capability.objects.filter(pk__in=[row.pk for row in three], published=True).count() == 3


def test_free_capacity_of_several(world: World, signed_in, three) -> None:
    client = signed_in("supplier_editor")
    for row, capacity in zip(three, (500, 50, 900), strict=True):
        CapabilityTerms.objects.filter(capability=row).update(
            capacity_per_month=capacity, committed_per_month=10
        )
    asked = post(client, "capabilities", three, "free")
    assert asked.context["form"] is not None
    preview = post(client, "capabilities", three, "free", asked="1", free="120")
    assert preview.context["fine"] == 2
    assert preview.context["left_out"] == 1
    done = confirm(client, "capabilities", preview, "free", asked="1", free="120")
    free = [
        terms.free_per_month for terms in CapabilityTerms.objects.filter(capability__in=three).order_by("pk")
    ]
    assert free == [120, 40, 120]
    undo(client, "capabilities", done)
    free = [
        terms.free_per_month for terms in CapabilityTerms.objects.filter(capability__in=three).order_by("pk")
    ]
    assert free == [490, 40, 890]


@pytest.mark.parametrize("free", ["", "-1", "many", "1e999", "nan"])
def test_a_number_that_is_none_is_asked_again(world: World, signed_in, three, free: str) -> None:
    answer = post(
        signed_in("supplier_editor"), "capabilities", three, "free", asked="1", free=free, confirmed="1"
    )
    assert answer.status_code == 400


def test_demands_are_closed_and_opened_again(world: World, signed_in) -> None:
    client, row = signed_in("lab_owner"), world.demands["open"]
    preview = post(client, "demands", [row], "close", asked="1", outcome="Bought elsewhere")
    done = confirm(client, "demands", preview, "close", asked="1", outcome="Bought elsewhere")
    assert Demand.objects.get(pk=row.pk).outcome == "Bought elsewhere"
    undo(client, "demands", done)
    found = Demand.objects.get(pk=row.pk)
    assert (found.published, found.archived_at) == (True, None)


def test_introductions_get_a_date_and_back(world: World, signed_in) -> None:
    row = next(r for r in world.introductions.values() if r.state not in ("delivered", "declined"))
    client = signed_in("alliance_admin")
    was = (row.due_on, row.turn_id)
    values = {"asked": "1", "due_on": "2027-01-15", "turn": "supplier"}
    preview = post(client, "introductions", [row], "plan", **values)
    done = confirm(client, "introductions", preview, "plan", **values)
    fresh = Introduction.objects.get(pk=row.pk)
    assert (fresh.due_on.isoformat(), fresh.turn_id) == ("2027-01-15", row.supplier_id)
    undo(client, "introductions", done)
    fresh.refresh_from_db()
    assert (fresh.due_on, fresh.turn_id) == was


def test_officials_verify_who_has_asked(world: World, signed_in) -> None:
    waiting = next(v for v in world.verifications.values() if v.state == "waiting")
    client = signed_in("partner_official")
    preview = post(client, "firms", [waiting.organisation, world.organisations["supplier"]], "verify")
    assert preview.context["fine"] == 1
    confirm(client, "firms", preview, "verify")
    waiting.refresh_from_db()
    assert waiting.state == "granted"


@pytest.mark.parametrize(
    ("who", "name", "action", "status"),
    [
        ("supplier_viewer", "capabilities", "publish", 404),
        ("supplier_editor", "capabilities", "explode", 404),
        ("supplier_editor", "nothing", "publish", 404),
        ("lab_owner", "demands", "reopen", 404),
        ("lab_owner", "firms", "verify", 404),
    ],
)
def test_steps_that_are_not_offered_are_missing(
    world: World, signed_in, three, who, name, action, status
) -> None:
    assert post(signed_in(who), name, three, action).status_code == status


def test_nobody_takes_back_what_another_did(world: World, signed_in, three) -> None:
    client = signed_in("supplier_editor")
    done = confirm(client, "capabilities", post(client, "capabilities", three, "withdraw"), "withdraw")
    other = signed_in("supplier_owner")
    assert undo(other, "capabilities", done).status_code == 404
    bad = client.post(reverse("several", args=["capabilities"]), {"undo": token(done) + "x"})
    assert bad.status_code == 400


@pytest.mark.parametrize("rows", [[], ["nonsense"], ["x:y"], ["00000000-0000-0000-0000-000000000000"]])
def test_nothing_ticked_goes_back_and_says_so(world: World, signed_in, rows) -> None:
    answer = post(signed_in("supplier_editor"), "capabilities", rows, "publish")
    assert answer["Location"] == "/capabilities/"


def test_foreign_rows_look_missing(world: World, signed_in) -> None:
    """A row that the asker does not see is not even named in the preview."""
    hidden = world.capabilities["unpublished"]
    page = post(signed_in("rival_owner"), "capabilities", [hidden], "publish")
    assert page.status_code == 302


def boxes(answer) -> set[str]:
    return set(re.findall(r'name="row" value="([^"]+)" form="several"', answer.content.decode()))


def test_only_rows_that_one_can_change_have_a_box(world: World, signed_in) -> None:
    """A supplier sees the demands of others, a lab its own among them, an official the firms that wait for it."""
    shown = signed_in("supplier_editor").get(reverse("demands"))
    assert shown.context["rows"]
    assert boxes(shown) == set()
    assert 'id="several"' not in shown.content.decode()
    lab = signed_in("lab_editor").get(reverse("demands"))
    own = {str(row.public_id) for row in lab.context["rows"] if row.owner_id == world.organisations["lab"].pk}
    assert boxes(lab) == own != set()
    waiting = {str(v.organisation.public_id) for v in world.verifications.values() if v.state == "waiting"}
    for who in ("lead_official", "partner_official"):
        firms = signed_in(who).get(reverse("firms"))
        assert boxes(firms) <= waiting
    introductions = signed_in("lead_official").get(reverse("introductions"))
    open_ = {
        str(row.public_id)
        for row in introductions.context["rows"]
        if row.state not in ("declined", "delivered")
    }
    assert boxes(introductions) == open_ != set()


def test_a_list_offers_ticks_to_who_may_act_only(world: World, signed_in) -> None:
    assert 'form="several"' in signed_in("supplier_editor").get(reverse("capabilities")).content.decode()
    assert 'form="several"' not in signed_in("supplier_viewer").get(reverse("capabilities")).content.decode()
