"""A firm's first page: what waits for it, each leading to where it is done; who belongs nowhere is led to the door."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alliance.models import Notice, OrganisationContact, Verification
from companies.models import Capability
from matching.models import Introduction
from matching.selectors import inbox
from scenarios.models import Site
from tests import factories as make


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


def groups(world, name):
    return {group.key: group for group in inbox(world.person(name))}


def text(answer):
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


# --- introductions ------------------------------------------------------------------------------------
def test_an_answer_that_is_owed_leads_to_the_introduction_and_says_how_late_it_is(world):
    row = world.introductions["open"]
    Introduction.objects.filter(pk=row.pk).update(due_on=timezone.localdate() - timedelta(days=2))
    (item,) = groups(world, "supplier_owner")["introductions"].items
    assert (item.action, item.late, item.urgent) == ("Answer", 2, True)
    assert item.where == f"/introductions/{row.public_id}/"
    assert "a lab in Leadton" in item.why
    # It is not the lab's turn, and a viewer of the supplier may only look.
    assert groups(world, "lab_owner")["introductions"].items == []
    (looked,) = groups(world, "supplier_viewer")["introductions"].items
    assert (looked.action, looked.mine) == ("Go there", False)


def test_nothing_of_anybody_else(world, signed_in):
    said = text(signed_in("rival_owner").get("/", headers={"accept-language": "en"}))
    assert "No introduction waits" in said
    assert world.capabilities["supplier"].title not in said


# --- verification and what is missing ---------------------------------------------------------------------
def test_a_firm_that_waits_or_was_refused_reads_so(world):
    (waits, *_rest) = groups(world, "draft_owner")["standing"].items
    assert waits.state == "waits for the bureau"
    Verification.objects.filter(pk=world.verifications["draft"].pk).update(
        state="refused", reason="no licence"
    )
    (refused, *_rest) = groups(world, "draft_owner")["standing"].items
    assert "no licence" in refused.why
    assert refused.where == f"/organisations/{world.organisations['draft'].public_id}/edit/"


def test_a_complete_firm_misses_nothing_and_a_new_one_reads_what_to_do_next(world):
    assert groups(world, "supplier_owner")["standing"].items == []
    new = make.make_firm(world.cities["partner"], "New", roles=["manufacturer", "rnd", "operator"])
    OrganisationContact.objects.filter(organisation=new).update(phone="", email="")
    make.make_person("new_owner", (new, "owner"))
    make.make_person("new_viewer", (new, "viewer"))
    from alliance.models import User

    def asked(name):
        found = {g.key: g for g in inbox(User.objects.get(username=name))}
        return [item.action for item in found["standing"].items]

    assert asked("new_owner") == ["Add a contact", "Add a plant", "Write a demand", "Write a site"]
    assert asked("new_viewer") == []  # a viewer cannot mend it
    plant = make.make_facility(new)
    assert "Describe a part" in asked("new_owner")
    make.make_capability(plant, world.types["reducer"])
    assert "Describe a part" not in asked("new_owner")


# --- drafts --------------------------------------------------------------------------------------------------
def test_drafts_of_all_kinds_lead_to_their_forms(world):
    supplier = groups(world, "supplier_editor")["drafts"]
    addresses = {item.where for item in supplier.items}
    assert f"/capabilities/{world.capabilities['unpublished'].public_id}/edit/" in addresses
    assert f"/import/{world.sheets['supplier'].public_id}/" in addresses
    assert supplier.total == len(supplier.items) == 2
    (demand,) = groups(world, "lab_owner")["drafts"].items
    assert demand.title == "Secret programme draft"
    (site,) = groups(world, "operator_owner")["drafts"].items
    assert site.where == f"/sites/{world.sites['unpublished'].public_id}/edit/"


def test_a_viewer_and_a_closed_or_archived_row_have_no_drafts(world):
    assert groups(world, "supplier_viewer")["drafts"].items == []
    world.demands["draft"].outcome = "gave up"
    world.demands["draft"].save()
    Site.objects.filter(pk=world.sites["unpublished"].pk).update(archived_at=timezone.now())
    assert groups(world, "lab_owner")["drafts"].items == []
    assert groups(world, "operator_owner")["drafts"].items == []


# --- what is new ---------------------------------------------------------------------------------------------
def test_unread_notices_are_told_in_short_until_they_are_read(world, signed_in):
    browser = signed_in("supplier_owner")
    said = text(browser.get("/", headers={"accept-language": "en"}))
    assert "1 unread notice" in said
    assert "introduced: both firms are asked to answer" in said
    Notice.objects.update(read_at=timezone.now())
    said = text(browser.get("/", headers={"accept-language": "en"}))
    assert "Nothing has changed that you have not read." in said


def test_the_headline_counts_what_waits(world, signed_in):
    said = signed_in("supplier_owner").get("/", headers={"accept-language": "en"}).content.decode()
    assert re.search(r"<h1>3 things wait for you</h1>", said)
    said = signed_in("outside_owner").get("/", headers={"accept-language": "en"}).content.decode()
    assert "<h1>1 thing waits for you</h1>" in said


# --- who belongs nowhere ----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["nobody", "shut_out_owner"])
def test_who_belongs_nowhere_is_led_to_where_one_asks(world, signed_in, name):
    answer = signed_in(name).get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/waiting/")
    assert signed_in(name).get("/waiting/").status_code == 200


def test_who_belongs_somewhere_is_told_what_is_waited_for_or_sent_on(world, signed_in):
    """A firm that its bureau has not verified yet waits; a firm that waits for nothing has its own page."""
    firm = world.verifications["draft"].organisation
    owner = firm.memberships.first().user
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(owner)
    page = browser.get("/waiting/").content.decode()
    assert f"{firm} waits to be verified" in page
    assert "Parton bureau" in page
    sent = signed_in("supplier_owner").get("/waiting/")
    assert (sent.status_code, sent["Location"]) == (302, "/")


def test_a_firm_in_no_alliance_has_its_inbox_all_the_same(world):

    lone = make.make_firm(world.cities["nowhere"], "Lone")
    browser = Client()
    browser.force_login(
        make.make_person("lone_owner", (lone, "owner")),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    said = text(browser.get("/", headers={"accept-language": "en"}))
    assert "belongs to no alliance" in said
    assert "Add a plant" in said


# --- the number of queries ---------------------------------------------------------------------------------
def test_as_many_queries_for_one_row_as_for_many(world):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            found = inbox(world.person("supplier_owner"))
        return sum(len(group.items) for group in found), len(seen)

    few, one = queries()
    for name in ("members", "introduction"):
        bureaus = (world.organisations["lead_bureau"], world.organisations["partner_bureau"])
        make.make_introduction(
            world.lines[name], world.capabilities["supplier"], world.people["lead_official"], bureaus
        )
        make.make_capability(world.facilities["supplier"], world.types["reducer"], published=False)
    many, several = queries()
    assert many == few + 4
    assert several == one
    assert Capability.objects.filter(published=False).count() == 3
