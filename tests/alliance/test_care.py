"""What a bureau does with the firms of its city: it enters them, suspends them, lets them in again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Change, JoinRequest, Mail, Membership, Organisation, Suspension
from alliance.services.directory import NewEntry, enter_firm
from alliance.services.registration import NewPerson, ask_to_belong, decide_join
from alliance.services.suspending import lift_suspension, suspend_firm
from matching.models import Match
from matching.services.changes import affected_by
from matching.services.generation.credit_codes import credit_code
from tests.cast import World, build_world
from tests.factories import PASSWORD

EN = {"accept-language": "en"}
REASON = "The licence is out of date."


def entry(world: World, number: int = 1, **more: object) -> NewEntry:
    told = {
        "uscc": credit_code("510100", number),
        "name_zh": "德阳轴承有限公司",
        "city": world.cities["partner"],
    }
    return NewEntry(**told | more)  # type: ignore[arg-type]


# --- suspension -------------------------------------------------------------------------------------------------
def test_its_people_see_why_and_whom_to_ask_and_nothing_else(world: World) -> None:
    firm, owner = world.organisations["supplier"], world.people["supplier_owner"]
    owner.email = "owner@example.org"
    owner.save()
    suspend_firm(firm, user=world.person("partner_official"), reason=REASON)
    browser = Client(headers=EN)
    browser.force_login(owner)
    for address in ("/", "/waiting/"):
        page = browser.get(address, follow=True).content.decode()
        assert REASON in page
        assert "Parton bureau" in page
    assert browser.get(f"/firms/{firm.public_id}/").status_code == 404
    token = Client(headers={"authorization": f"Bearer {world.tokens['supplier_editor:read']}"})
    assert token.get("/api/v1/demands/").status_code == 403
    assert REASON in Mail.objects.get(to="owner@example.org").body
    other = Client(headers=EN)
    other.force_login(world.people["rival_owner"])
    assert REASON not in other.get("/waiting/").content.decode()


def test_it_leaves_the_matching_and_comes_back(world: World) -> None:
    firm, official = world.organisations["supplier"], world.person("partner_official")
    for change, verb in ((suspend_firm, "suspended"), (lift_suspension, "suspension lifted")):
        change(firm, user=official, reason=REASON)
        rows = list(Change.objects.filter(kind="organisation", verb=verb, object_id=str(firm.public_id)))
        assert len(rows) == 1
        assert world.demands["open"].pk in affected_by(rows).demands
        firm.refresh_from_db()
        assert firm.suspended == (verb == "suspended")
    row = Suspension.objects.get(organisation=firm)
    assert (row.reason, row.by, row.lifted_by, row.lifted_because) == (REASON, official, official, REASON)
    assert Match.objects.filter(supplier_id=firm.pk).exists()  # rows of a run stay until the next one


@pytest.mark.parametrize(
    "name",
    ["lead_official", "outside_official", "alliance_admin", "platform_admin", "supplier_owner", "lab_owner"],
)
def test_only_the_bureau_of_its_city(world: World, name: str) -> None:
    with pytest.raises(NotFoundError):
        suspend_firm(world.organisations["supplier"], user=world.person(name), reason=REASON)


def test_a_reason_is_needed_and_a_second_click_changes_nothing(world: World) -> None:
    firm, official = world.organisations["supplier"], world.person("partner_official")
    for empty in ("", " \n\t"):
        with pytest.raises(DomainError):
            suspend_firm(firm, user=official, reason=empty)
    suspend_firm(firm, user=official, reason=REASON)
    with pytest.raises(ConflictError):
        suspend_firm(firm, user=official, reason=REASON)
    browser = Client()
    browser.force_login(official)
    place = f"/firms/{firm.public_id}/suspend/"
    assert browser.post(place, {"reason": REASON, "do": "suspend"}).status_code == 409
    assert browser.post(place, {"reason": REASON, "do": "lift"}).status_code == 302
    assert browser.post(place, {"reason": REASON, "do": "lift"}).status_code == 409


def test_of_two_officials_one_suspends(committed_db: None) -> None:
    world = build_world()
    firm = world.organisations["supplier"]

    def one(number: int) -> bool:
        try:
            suspend_firm(firm, user=world.person("partner_official"), reason=REASON)
        except ConflictError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, range(6))) == 1
    assert Suspension.objects.count() == 1


def test_a_firm_that_an_import_suspended_is_let_in(world: World, signed_in: Callable[[str], Client]) -> None:
    firm = world.organisations["shut_out"]
    assert "—" not in signed_in("shut_out_owner").get("/waiting/").content.decode()[-1:]
    lift_suspension(firm, user=world.person("partner_official"), reason=REASON)
    assert signed_in("shut_out_owner").get(f"/firms/{firm.public_id}/").status_code == 200


def test_the_page_says_what_hangs_on_it(world: World) -> None:
    browser = Client(headers=EN)
    browser.force_login(world.people["partner_official"])
    page = browser.get(f"/firms/{world.organisations['supplier'].public_id}/suspend/").content.decode()
    assert "2, leave the matching" in page
    assert "1, stays: the bureaus decide whether it goes on" in page


# --- the bureau's own entries -------------------------------------------------------------------------------------
def test_an_entry_is_claimed_by_who_registers_with_its_code(world: World) -> None:
    row = enter_firm(entry(world), user=world.person("partner_official"))
    assert (row.claimed, row.listed, row.verified, row.uscc) == (False, True, False, None)
    browser = Client(headers=EN)
    first = browser.post("/register/", {"uscc": credit_code("510100", 1)})
    assert first.headers["Location"] == f"/register/details/?claim={row.public_id}"
    person = {"display_name": "Wu", "username": "wu", "password": "a-good-long-secret-42"}
    assert browser.post(first.headers["Location"], person).status_code == 302
    asked = JoinRequest.objects.get(person__username="wu")
    decide_join(asked, user=world.person("partner_official"), granted=True)
    row.refresh_from_db()
    assert (row.claimed, row.verified, row.uscc) == (True, True, credit_code("510100", 1))
    assert Membership.objects.get(organisation=row).role == "owner"
    assert browser.get(f"/firms/{row.public_id}/").status_code == 200


def test_another_code_does_not_claim_it(world: World) -> None:
    row = enter_firm(entry(world), user=world.person("partner_official"))
    with pytest.raises(DomainError):
        ask_to_belong(row, NewPerson("eve", PASSWORD), kind="claim", uscc=credit_code("510100", 9))


def test_codes_names_and_cities_are_checked(world: World, signed_in: Callable[[str], Client]) -> None:
    official = world.person("partner_official")
    wrong = credit_code("510100", 1)[:-1] + "?"
    for told, error in (
        (entry(world, uscc=wrong), DomainError),
        (entry(world, name_zh=""), DomainError),
        (entry(world, city=world.cities["lead"]), ForbiddenError),
    ):
        with pytest.raises(error):
            enter_firm(told, user=official)
    enter_firm(entry(world), user=official)
    with pytest.raises(ConflictError):
        enter_firm(entry(world), user=official, although_alike=True)
    with pytest.raises(ConflictError) as told:
        enter_firm(entry(world, 2, name_zh="德阳轴承股份有限公司"), user=official)
    assert told.value.field == "although_alike"
    enter_firm(entry(world, 2, name_zh="德阳轴承股份有限公司"), user=official, although_alike=True)
    enter_firm(entry(world, 3, name_zh="东区丝杠", city=world.cities["district"]), user=official)
    for name in ("supplier_owner", "platform_admin"):
        assert signed_in(name).get("/organisations/new/").status_code == 404


def test_the_page_shows_firms_of_like_name_first(world: World) -> None:
    browser = Client(headers=EN)
    browser.force_login(world.people["partner_official"])
    told = {"uscc": credit_code("510100", 5), "name_en": "Supplier Ltd.", "city": "Parton (990200)"}
    page = browser.post("/organisations/new/", told)
    assert page.status_code == 409
    assert str(world.organisations["supplier"].public_id) in page.content.decode()
    assert browser.post("/organisations/new/", told | {"although_alike": "on"}).status_code == 302
    assert Organisation.objects.get(name_en="Supplier Ltd.").external_id == credit_code("510100", 5)
