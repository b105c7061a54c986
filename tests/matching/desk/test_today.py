"""Today: what waits, whose turn it is, what is not proposed again, for the same number of queries however many rows."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from alliance.models import Change, Verification
from matching.models import Introduction, LastVisit, Project
from matching.selectors import Desk, board, changes_since, queue
from matching.services.visits import note_visit
from scenarios.models import SiteWindow
from tests import factories as make


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


def groups(world, person="lead_official", chosen=""):
    found = queue(Desk(world.person(person), world.alliances["north"]), chosen)
    return {group.key: group for group in found.groups}


def introduce(world, name="members", supplier="supplier", **more):
    org = world.organisations
    values = {
        "demand": world.demands[name],
        "line": world.lines[name],
        "capability": world.capabilities[supplier],
        "lab": org["lab"],
        "supplier": org[supplier],
        "lab_bureau": org["lead_bureau"],
        "supplier_bureau": org["partner_bureau"],
        "turn": org["lead_bureau"],
        "due_on": timezone.localdate() - timedelta(days=6),
        "opened_by": world.people["lead_official"],
        "capability_version": world.capabilities[supplier].version,
        "demand_version": world.demands[name].version,
    }
    return Introduction.objects.create(**{**values, **more})


@pytest.fixture
def fresh(world):
    """The world without the introductions that the cast brings."""
    from matching.models import IntroductionBasis, IntroductionStep, Milestone

    for model in (IntroductionBasis, IntroductionStep, Milestone, Introduction, Project):
        model.objects.all().delete()
    return world


# --- introductions ------------------------------------------------------------------------------------
def test_an_overdue_introduction_says_whose_turn_it_is_and_since_when(fresh):
    introduce(fresh)
    (item,) = groups(fresh)["introductions"].items
    assert (item.late, item.mine, item.urgent) == (6, True, True)
    assert item.state == "6 days overdue"
    assert "Supplier" in item.title
    (theirs,) = groups(fresh, "partner_official")["introductions"].items
    assert (theirs.mine, theirs.urgent) == (False, False)
    assert "Leadton bureau" in theirs.turn


def test_an_introduction_due_later_waits_with_whose_turn_it_is_only(fresh):
    introduce(fresh, due_on=timezone.localdate() + timedelta(days=20))
    assert len(groups(fresh)["introductions"].items) == 1
    assert groups(fresh, "partner_official")["introductions"].items == []


def test_an_ended_introduction_does_not_wait(fresh):
    introduce(fresh, state="declined", declined_reason="no", turn=None, due_on=None)
    assert groups(fresh)["introductions"].items == []


def test_a_hidden_lab_is_not_named_even_when_it_is_its_turn(fresh):
    introduce(fresh, "introduction", turn=fresh.organisations["lab"])
    item = groups(fresh, "partner_official")["introductions"].items[0]
    assert "Secret" not in item.title + item.why + item.turn
    assert "Leadton" in item.turn


# --- proposals ------------------------------------------------------------------------------------------
def lines_proposed(world, person="lead_official"):
    items = groups(world, person)["openings"].items
    return {item.address for item in items}


def test_a_pipeline_with_a_project_is_not_proposed_again(fresh):
    place = reverse("pipeline", args=[fresh.demands["members"].public_id, fresh.sites["open"].public_id])
    assert place in lines_proposed(fresh)
    Project.objects.create(
        demand=fresh.demands["members"], site=fresh.sites["open"], opened_by=fresh.people["lead_official"]
    )
    assert place not in lines_proposed(fresh)


def test_a_declined_pair_comes_back_only_when_something_changed(fresh):
    demand, line, capability = (
        fresh.demands["everywhere"],
        fresh.lines["everywhere"],
        fresh.capabilities["far"],
    )
    pair = reverse("match", args=[line.public_id, capability.public_id])
    from matching.models import Pipeline

    Pipeline.objects.filter(demand_id=demand.pk).delete()
    assert pair in lines_proposed(fresh)
    introduce(
        fresh, "everywhere", "outsider", capability=capability, capability_version=capability.version,
        state="declined", declined_reason="too far", turn=None, due_on=None,
    )  # fmt: skip
    assert pair not in lines_proposed(fresh)
    type(capability).objects.filter(pk=capability.pk).update(version=capability.version + 1)
    assert pair in lines_proposed(fresh)


# --- the other groups -------------------------------------------------------------------------------------
def test_firms_in_ones_care_wait_for_verification(world):
    names = {item.title for item in groups(world, "partner_official")["firms"].items}
    assert any("Draft firm" in name for name in names)
    assert any("Bystander" in name for name in names)
    assert not any("Draft firm" in item.title for item in groups(world)["firms"].items)


def test_who_asked_to_be_verified_comes_first_and_is_overdue_after_three_days(world):
    for other in Verification.objects.all():
        other.delete()
    asked = Verification.objects.create(
        organisation=world.organisations["draft"], asked_by=world.people["draft_owner"]
    )
    Verification.objects.filter(pk=asked.pk).update(created_at=timezone.now() - timedelta(days=5))
    items = groups(world, "partner_official")["firms"].items
    assert "Draft firm" in items[0].title
    assert (items[0].late, items[0].urgent) == (2, True)
    assert sum("Draft firm" in item.title for item in items) == 1
    assert not any("Draft firm" in item.title for item in groups(world)["firms"].items)


def test_a_line_nobody_can_supply_says_what_would_help(world):
    line = make.make_line(world.demands["open"], world.types["sensor"])
    make.make_line_result(world.runs["north"], line, 0, 2)
    bare = groups(world)["bare"]
    assert bare.total == 1
    assert bare.items[0].action == "What to relax"
    assert "2 firms more" in bare.items[0].why
    # To a bureau whose cities it does not concern nobody says that every line has a supplier.
    theirs = groups(world, "partner_official")["bare"]
    assert (theirs.total, theirs.items) == (1, [])
    assert theirs.nothing.startswith("None of them is in the cities you look after")


def test_a_window_lapses_when_no_later_one_follows(world):
    site = world.sites["open"]
    SiteWindow.objects.filter(site=site).update(starts=date(2026, 11, 1), ends=date(2026, 12, 10))
    assert [item.title for item in groups(world)["windows"].items] == [site.name]
    SiteWindow.objects.create(site=site, starts=date(2027, 6, 1), ends=date(2027, 8, 1))
    assert groups(world)["windows"].items == []


def test_a_failed_run_waits_until_a_later_one_succeeds(world):
    run = make.make_run(world.alliances["north"], state="failed", error="out of memory\nat line 3")
    (item,) = groups(world)["runs"].items
    assert "out of memory" in item.why
    assert "line 3" not in item.why
    make.make_run(world.alliances["north"])
    assert run.pk
    assert groups(world)["runs"].items == []


def test_filters_count_what_they_show(fresh):
    introduce(fresh)
    user = fresh.person("lead_official")
    everything = queue(Desk(user, fresh.alliances["north"]))
    late = queue(Desk(user, fresh.alliances["north"]), "late")
    assert (everything.late, late.late) == (1, 1)
    assert sum(len(items) for _group, items in late.shown) == 1
    assert everything.count == sum(len(items) for _group, items in everything.shown)
    assert everything.oldest.late == 6


# --- the page ---------------------------------------------------------------------------------------------
def test_the_headline_counts_and_names_the_overdue(signed_in, fresh):
    introduce(fresh)
    words = re.sub(r"<[^>]+>", " ", signed_in("lead_official").get("/").content.decode())
    assert re.search(r"\d+ things to do today, 1 of them overdue", words)
    assert "6 days overdue" in words


def test_an_alliance_with_nothing_open_says_so_group_by_group(signed_in, fresh):
    page = signed_in("outside_official").get("/").content.decode()
    assert page.count('class="gn') >= 5
    assert "No failure" in page


def test_the_map_shows_lines_or_introductions(fresh):
    introduce(fresh)
    user = fresh.person("lead_official")
    lines = board(Desk(user, fresh.alliances["north"]))
    work = board(Desk(user, fresh.alliances["north"]), work=True)
    assert [flow.label for flow in work.flows] == ["1"]
    assert lines.flows[0].label != ""
    assert {row.city.pk: row.running for row in work.cities}[fresh.cities["partner"].pk] == 1


def test_changes_of_others_since_the_last_visit(world):
    user = world.person("lead_official")
    for name in ("supplier", "draft"):
        Change.objects.create(
            actor=world.people["supplier_owner"], verb="changed", kind="capability",
            object_id=str(world.capabilities[name].public_id),
        )  # fmt: skip
    Change.objects.create(
        actor=user, verb="changed", kind="site", object_id=str(world.sites["open"].public_id)
    )
    names = [row.name for row in changes_since(user, None)]
    assert names == [str(world.capabilities["supplier"])]
    assert changes_since(user, timezone.now() + timedelta(minutes=1)) == []


def test_a_visit_ends_after_half_an_hour(world):
    user = world.person("lead_official")
    assert note_visit(user) is None
    then = timezone.now() - timedelta(hours=3)
    LastVisit.objects.filter(user=user).update(seen_at=then)
    assert note_visit(user) == then
    assert note_visit(user) == then


def test_as_many_queries_for_one_row_as_for_many(signed_in, fresh):
    client = signed_in("lead_official")
    introduce(fresh)
    line = make.make_line(fresh.demands["open"], fresh.types["sensor"])
    make.make_line_result(fresh.runs["north"], line, 0, 2)
    make.make_run(fresh.alliances["north"], state="failed")

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/").status_code == 200
        return len(queries)

    count()
    few = count()
    introduce(fresh, "open", "rival")
    for _ in range(3):
        more = make.make_line(fresh.demands["members"], fresh.types["sensor"])
        make.make_line_result(fresh.runs["north"], more, 0, 1)
        make.make_run(fresh.alliances["north"], state="failed")
        make.make_firm(fresh.cities["lead"], verified=False)
    assert count() == few


def test_today_says_what_the_step_before_it_did(fresh, signed_in):
    """Unread news once stood in the template under the name of what a step says: one hid the other."""
    window = signed_in("lead_official")
    window.post(reverse("notices-read"))
    assert "Everything is marked as read." in window.get("/").content.decode()


def test_a_failed_run_of_everything_is_not_made_good_by_one_of_a_few_demands(world):
    north, mine = world.alliances["north"], world.demands["open"]
    make.make_run(north, state="failed", error="out of memory")
    make.make_run(north, mine)
    make.make_run(north, demands=[mine.pk, world.demands["members"].pk])
    (item,) = groups(world)["runs"].items
    assert "out of memory" in item.why
    make.make_run(north)
    assert groups(world)["runs"].items == []


def test_a_failed_run_of_one_demand_waits_for_a_later_one_that_covers_it(world):
    north, mine, other = world.alliances["north"], world.demands["open"], world.demands["members"]
    make.make_run(north, mine, state="failed", error="of one")
    make.make_run(north, state="failed", demands=[mine.pk, other.pk], error="of two")
    make.make_run(north, other)
    make.make_run(north, demands=[other.pk])
    assert len(groups(world)["runs"].items) == 2
    make.make_run(north, demands=[mine.pk])
    (item,) = groups(world)["runs"].items
    assert "of two" in item.why
    make.make_run(north, demands=[mine.pk, other.pk])
    assert groups(world)["runs"].items == []
