"""A firm's profile: certificates with their last day, whom it keeps away from, who reads its contact."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from alliance.errors import DomainError, ForbiddenError, NotFoundError
from alliance.models import (
    Certification,
    Change,
    Disclosure,
    Exclusion,
    Organisation,
    OrganisationCertificate,
)
from alliance.services.alliances import remove_city, set_city
from alliance.services.holdings import admit_firm, drop_certificate, exclude_firm, hold_certificate
from alliance.services.profile import update_account
from matching.services.changes import affected_by
from matching.services.changes.affected import Affected
from tests.cast import World

EN = {"accept-language": "en"}


def browser(world: World, name: str) -> Client:
    found = Client(headers=EN)
    found.force_login(world.people[name])
    return found


def place(world: World, name: str = "lab") -> str:
    return f"/organisations/{world.organisations[name].public_id}/edit/"


def test_certificates_by_code_name_or_synonym(world: World) -> None:
    Certification.objects.create(code="ISO9001", name_zh="质量管理体系认证", synonyms=["GB/T 19001"])
    supplier, owner = world.organisations["supplier"], browser(world, "supplier_owner")
    told = {"do": "certificate", "code": "质量管理体系认证", "expires_on": "2027-05-31"}
    assert owner.post(place(world, "supplier"), told).status_code == 302
    row = OrganisationCertificate.objects.get(organisation=supplier)
    assert (row.code, row.known, row.expires_on) == ("ISO9001", True, date(2027, 5, 31))
    assert owner.post(place(world, "supplier"), told | {"code": "gb/t 19001"}).status_code == 409
    renewed = told | {"code": "iso9001", "expires_on": "2030-05-31"}
    assert owner.post(place(world, "supplier"), renewed).status_code == 302
    assert OrganisationCertificate.objects.get(organisation=supplier).expires_on == date(2030, 5, 31)
    assert (
        owner.post(place(world, "supplier"), told | {"code": "own mark", "expires_on": ""}).status_code == 302
    )
    page = owner.get(place(world, "supplier")).content.decode()
    assert "own mark" in page
    assert "not on the list" in page
    assert owner.post(place(world, "supplier"), {"do": "drop", "code": "ISO9001"}).status_code == 302
    assert owner.post(place(world, "supplier"), {"do": "drop", "code": "ISO9001"}).status_code == 409
    changes = list(Change.objects.filter(kind="organisation", object_id=str(supplier.public_id)))
    assert len(changes) == 4
    assert world.demands["open"].pk in affected_by(changes).demands


@pytest.mark.parametrize(
    "told",
    [{"code": ""}, {"code": "x", "expires_on": "2026-02-30"}, {"code": "x", "expires_on": "1999-01-01"}],
)
def test_bad_certificates(world: World, told: dict[str, str]) -> None:
    answer = browser(world, "supplier_owner").post(place(world, "supplier"), {"do": "certificate"} | told)
    assert answer.status_code == 400
    assert not OrganisationCertificate.objects.exists()
    for code in ("", "a\x00b", "x" * 65):
        with pytest.raises(DomainError):
            hold_certificate(world.organisations["supplier"], code, None, user=world.person("supplier_owner"))


def test_exclusions_by_code_full_name_or_choice(world: World) -> None:
    lab, owner = world.organisations["lab"], browser(world, "lab_owner")
    assert owner.post(place(world), {"do": "exclude", "firm": "Rival"}).status_code == 302
    assert Exclusion.objects.filter(organisation=lab, excluded=world.organisations["rival"]).exists()
    assert owner.post(place(world), {"do": "exclude", "firm": "Rival"}).status_code == 409
    part = owner.post(place(world), {"do": "exclude", "firm": "Suppl"})
    assert part.status_code == 400
    key = str(world.organisations["supplier"].public_id)
    assert key in part.content.decode()
    assert owner.post(place(world), {"do": "exclude", "chosen": key}).status_code == 302
    changes = Change.objects.filter(kind="organisation", object_id=str(lab.public_id)).order_by("-id")[:1]
    assert world.demands["open"].pk in affected_by(changes).demands
    assert owner.post(place(world), {"do": "admit", "chosen": key}).status_code == 302
    assert owner.post(place(world), {"do": "admit", "chosen": key}).status_code == 404
    for junk in ({"firm": ""}, {"firm": "Nobody there"}, {"chosen": "x"}, {"firm": "Secret Lab"}):
        assert owner.post(place(world), {"do": "exclude"} | junk).status_code == 400
    assert owner.post(place(world), {"do": "nonsense"}).status_code == 404


def test_foreign_firms_are_not_found_by_excluding(world: World) -> None:
    """An answer must not tell whether a firm outside exists."""
    supplier = browser(world, "supplier_owner")
    spot = place(world, "supplier")
    outside = supplier.post(spot, {"do": "exclude", "firm": "Draft firm"})
    nobody = supplier.post(spot, {"do": "exclude", "firm": "Nobody"})
    assert outside.status_code == nobody.status_code == 400
    assert "There is no such firm." in outside.content.decode()
    with pytest.raises(NotFoundError):
        exclude_firm(
            world.organisations["supplier"], world.organisations["draft"], user=world.person("supplier_owner")
        )


def test_two_people_see_both_profiles_and_choose(world: World) -> None:
    """Nothing that was typed is lost: the other's values stand beside it, and the next save goes on top of them."""
    lab, owner, spot = world.organisations["lab"], browser(world, "lab_owner"), place(world)
    city = f"{lab.city} ({lab.city.code})"
    base = {"name_zh": lab.name_zh, "name_en": lab.name_en, "city": city, "roles": lab.roles}
    told = base | {"version": lab.version, "person": "", "phone": "", "contact_email": "", "address": ""}
    theirs = told | {"phone": "028 1111 2222", "address": "theirs"}
    assert owner.post(spot, theirs).status_code == 302
    mine = told | {"person": "Wang", "phone": "028 3333 4444"}
    answer = owner.post(spot, mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    for field in ("person", "phone", "address"):
        assert f'name="pick-{field}" value="theirs"' in page, field
    assert "pick-city" not in page
    assert "pick-roles" not in page
    lab.refresh_from_db()
    assert f'name="version" value="{lab.version}"' in page
    assert 'value="Wang"' in page
    again = mine | {"version": lab.version, "pick-phone": "theirs", "pick-person": "mine"}
    assert owner.post(spot, again).status_code == 302
    lab.refresh_from_db()
    assert (lab.contact.person, lab.contact.phone, lab.contact.address) == ("Wang", "028 1111 2222", "")


def test_saving_the_same_again_leaves_no_trace(world: World) -> None:
    firm, owner, spot = (
        world.organisations["supplier"],
        browser(world, "supplier_owner"),
        place(world, "supplier"),
    )
    told = {"name_zh": firm.name_zh, "name_en": firm.name_en, "city": f"{firm.city} ({firm.city.code})"}
    told |= {"person": "Wang", "phone": "028 1111 2222", "contact_email": "", "address": ""}
    told |= {"roles": firm.roles, "version": firm.version}
    assert owner.post(spot, told).status_code == 302
    change = Change.objects.latest("pk")
    assert (change.kind, change.before, change.after) == ("organisation", {}, {"contact": True})
    assert affected_by([change]) == Affected()
    firm.refresh_from_db()
    told |= {"version": firm.version, "roles": [*reversed(firm.roles)]}
    assert owner.post(spot, told).status_code == 302
    assert Change.objects.latest("pk") == change
    assert Organisation.objects.get(pk=firm.pk).version == firm.version
    # Nor does an account that is saved as it is.
    person = world.person("supplier_owner")
    update_account(person, display_name=person.display_name, email=person.email)
    assert Change.objects.latest("pk") == change
    assert "Contact changed" in owner.get(f"/history/organisation/{firm.public_id}/").content.decode()


def test_who_may(world: World) -> None:
    lab, rival = world.organisations["lab"], world.organisations["rival"]
    for name in ("lead_official", "lab_viewer", "supplier_owner", "platform_admin"):
        with pytest.raises(ForbiddenError):
            exclude_firm(lab, rival, user=world.person(name))
        with pytest.raises(ForbiddenError):
            admit_firm(lab, world.organisations["bystander"], user=world.person(name))
    with pytest.raises(NotFoundError):
        hold_certificate(lab, "ISO9001", None, user=world.person("supplier_owner"))
    hold_certificate(lab, "ISO9001", None, user=world.person("lead_official"))
    drop_certificate(lab, "ISO9001", user=world.person("lab_editor"))
    page = browser(world, "lead_official").get(place(world)).content.decode()
    assert "Bystander" in page
    assert 'value="exclude"' not in page
    assert "Bystander" in browser(world, "lab_owner").get(place(world)).content.decode()


def test_who_reads_the_contact_now(world: World) -> None:
    lab = world.organisations["lab"]
    told: dict[str, Any] = {"kind": "organisation", "object_id": lab.public_id}
    Disclosure.objects.filter(**told).delete()
    page = browser(world, "lab_owner").get(place(world)).content.decode()
    assert "Open now to nobody else." in page
    Disclosure.objects.create(organisation=world.organisations["supplier"], stage=1, **told)
    Disclosure.objects.create(organisation=world.organisations["rival"], stage=0, **told)
    page = browser(world, "lab_owner").get(place(world)).content.decode()
    readers = page.split("Open now to:")[1].split("</li>")[0]
    assert "Supplier" in readers
    assert "Rival" not in readers


def test_more_rows_take_no_more_queries(world: World) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    owner = browser(world, "lab_owner")
    owner.get(place(world))
    with CaptureQueriesContext(connection) as before:
        owner.get(place(world))
    for name in ("supplier", "rival", "operator"):
        exclude_firm(world.organisations["lab"], world.organisations[name], user=world.person("lab_owner"))
        hold_certificate(world.organisations["lab"], name, None, user=world.person("lab_owner"))
    with CaptureQueriesContext(connection) as after:
        owner.get(place(world))
    assert len(after) == len(before)


# --- two alliances -----------------------------------------------------------------------------------------------
def test_switching_is_remembered_by_the_person(world: World) -> None:
    """Parton joins the south too: its people choose, on the next device as well, and nobody else's alliance."""
    set_city(
        world.alliances["south"],
        world.cities["partner"],
        ["components"],
        user=world.person("outside_admin"),
        version=1,
    )
    owner = browser(world, "supplier_owner")
    page = owner.get("/demands/").content.decode()
    assert "north alliance" in page
    assert 'value="south"' in page
    assert owner.post("/alliance/", {"alliance": "south", "next": "/firms/"}).headers["Location"] == "/firms/"
    owner.post("/accounts/logout/")
    again = browser(world, "supplier_owner")
    page = again.get("/demands/").content.decode()
    assert "<span>south alliance</span>" in page
    assert again.post("/alliance/", {"alliance": "nowhere"}).status_code == 404
    assert (
        again.post("/alliance/", {"alliance": "north", "next": "https://example.org/"}).headers["Location"]
        == "/"
    )
    stranger = browser(world, "lab_owner")
    assert stranger.post("/alliance/", {"alliance": "south"}).status_code == 404
    assert 'value="south"' not in stranger.get("/demands/").content.decode()


def test_an_alliance_that_the_city_has_left_is_not_looked_at_any_more(world: World) -> None:
    admin = world.person("outside_admin")
    set_city(world.alliances["south"], world.cities["partner"], ["components"], user=admin, version=1)
    owner = browser(world, "supplier_owner")
    owner.post("/alliance/", {"alliance": "south"})
    remove_city(world.alliances["south"], world.cities["partner"], user=admin, version=2)
    page = owner.get("/demands/").content.decode()
    assert "<span>north alliance</span>" in page
    assert 'value="south"' not in page
