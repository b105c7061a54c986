"""What a second pair of eyes found: looked at before it is decided, taken back only where nobody was there since."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alliance.choices import JoinKind
from alliance.errors import ConflictError, DomainError, ForbiddenError
from alliance.models import (
    Attachment,
    Change,
    Invitation,
    JoinRequest,
    Mail,
    Membership,
    Notice,
    Organisation,
    User,
    Verification,
)
from alliance.services.attachments import attach
from alliance.services.invitations import (
    accept_as_new,
    accept_invitation,
    change_role,
    erase_person,
    invite,
    password_link,
    remove_member,
    revoke_invitation,
)
from alliance.services.limits import LIMITS, Limit
from alliance.services.mail import send_waiting
from alliance.services.reference import save_reference
from alliance.services.registration import (
    NewPerson,
    ask_for_verification,
    ask_to_belong,
    decide_join,
    decide_verification,
)
from alliance.services.second_factor import may_reset, reset_second_factor
from companies.models import Capability, CapabilityTerms
from tests import factories as make
from tests.alliance.test_joining import code
from tests.alliance.test_several import confirm, post, undo
from tests.cast import World

PASSWORD = "a-good-long-secret-42"


def _waiting(world: World) -> Verification:
    firm = world.organisations["supplier"]
    Organisation.objects.filter(pk=firm.pk).update(verified=False)
    return ask_for_verification(firm, world.person("supplier_owner"))


# --- verification ----------------------------------------------------------------------------------------------------
def _official(world: World) -> str:
    firm = world.organisations["supplier"]
    seats = Membership.objects.filter(
        organisation__cares_for__city=firm.city_id, role="official"
    ).select_related("user")
    return next(seat.user.username for seat in seats)


def test_nobody_vouches_for_a_name_that_was_never_on_the_page(world: World, signed_in: Any) -> None:
    row, page = _waiting(world), signed_in(_official(world))
    address = reverse("verification", args=[row.public_id])
    seen = page.get(address).context["firm"].version
    Organisation.objects.filter(pk=row.organisation_id).update(name_zh="另一家", version=seen + 1)
    answer = page.post(address, {"granted": "yes", "version": seen})
    assert answer.status_code == 409
    row.refresh_from_db()
    assert row.state == "waiting"
    assert not Organisation.objects.get(pk=row.organisation_id).verified
    assert f'name="version" value="{seen + 1}"' in answer.content.decode()
    assert page.post(address, {"granted": "yes", "version": seen + 1}).status_code == 302
    assert Organisation.objects.get(pk=row.organisation_id).verified


def test_a_decision_without_a_version_is_for_who_has_not_looked(world: World) -> None:
    row, user = _waiting(world), User.objects.get(username=_official(world))
    with pytest.raises(ConflictError):
        decide_verification(row, user=user, granted=True, seen=row.organisation.version + 1)
    assert decide_verification(row, user=user, granted=True).state == "granted"


def test_a_claimed_entry_counts_as_changed(world: World) -> None:
    """Programs that copy a region ask for what changed since."""
    entry = make.make_firm(world.organisations["supplier"].city, "Entry", claimed=False, uscc=None)
    told = NewPerson("claims.it", PASSWORD)
    asked = ask_to_belong(entry, told, kind=JoinKind.CLAIM, uscc=code())
    before = timezone.now()
    official = User.objects.get(username=_official(world))
    decide_join(asked, user=official, granted=True)
    assert Organisation.objects.get(pk=entry.pk).updated_at > before


# --- taking back -----------------------------------------------------------------------------------------------------
def test_what_somebody_has_changed_since_is_not_taken_back(world: World, signed_in: Any) -> None:
    client = signed_in("supplier_editor")
    row = make.make_capability(world.facilities["supplier"], world.types["reducer"])
    terms = CapabilityTerms.objects.filter(capability=row)
    terms.update(capacity_per_month=500, committed_per_month=10)
    preview = post(client, "capabilities", [row], "free", asked="1", free="120")
    done = confirm(client, "capabilities", preview, "free", asked="1", free="120")
    terms.update(committed_per_month=499)  # a colleague
    Capability.objects.filter(pk=row.pk).update(version=99)
    assert undo(client, "capabilities", done).status_code == 409
    assert terms.get().free_per_month == 1


# --- people ----------------------------------------------------------------------------------------------------------
def _link(world: World, **more: Any) -> str:
    _row, link = invite(
        world.organisations["supplier"], "viewer", user=world.person("supplier_owner"), **more
    )
    return link.rstrip("/").rsplit("/", 1)[-1]


def test_who_is_invited_is_asked_to_confirm_the_address(world: World) -> None:
    told = {"display_name": "New", "username": "new.one", "password": PASSWORD, "email": "new@example.org"}
    assert Client().post(f"/invitations/{_link(world)}/", told).status_code == 302
    body = Mail.objects.get(to="new@example.org").body
    link = next(word for word in body.split() if "/confirm/" in word)
    Client().get(link.removeprefix(site.SITE_URL))
    assert User.objects.get(username="new.one").email_confirmed_at is not None


def test_a_link_that_was_used_meanwhile_leaves_no_account_behind(world: World) -> None:
    secret = _link(world)
    accept_invitation(secret, world.person("nobody"))
    with pytest.raises(DomainError):
        accept_as_new(secret, NewPerson("too.late", PASSWORD, email="late@example.org"))
    assert not User.objects.filter(username="too.late").exists()
    assert not Mail.objects.filter(to="late@example.org").exists()


def test_the_link_to_confirm_can_be_had_again_but_not_for_ever(world: World, signed_in: Any) -> None:
    User.objects.filter(username="lab_owner").update(email="lab@example.org", email_confirmed_at=None)
    page = signed_in("lab_owner")
    assert 'name="confirm"' in page.get("/account/").content.decode()
    answers = [page.post("/account/", {"confirm": "1"}).status_code for _try in range(7)]
    assert answers == [302] * 5 + [429] * 2
    assert Mail.objects.filter(to="lab@example.org").count() == 5
    User.objects.filter(username="lab_owner").update(email_confirmed_at=timezone.now())
    assert 'name="confirm"' not in page.get("/account/").content.decode()


def test_the_account_page_mails_nobody_for_ever(world: World, signed_in: Any) -> None:
    page = signed_in("lab_owner")
    told = {"display_name": "", "password": make.PASSWORD}
    answers = [
        page.post("/account/", told | {"email": f"victim{n}@example.org"}).status_code for n in range(12)
    ]
    assert answers == [302] * 10 + [429] * 2
    assert page.post("/account/", {"display_name": "Lab", "email": "victim9@example.org"}).status_code == 302


def test_another_address_asks_for_the_password(world: World, signed_in: Any) -> None:
    """Whoever sits down at an open screen would else have the next link to a new password."""
    User.objects.filter(username="lab_owner").update(email="lab@example.org")
    page = signed_in("lab_owner")
    for password in ("", "wrong"):
        for email in ("thief@example.org", ""):
            told = {"display_name": "Lab", "email": email, "password": password}
            answer = page.post("/account/", told, headers={"accept-language": "en"})
            assert answer.status_code == 400
            assert "The password is not right." in answer.content.decode()
            assert password not in ("wrong",) or "wrong" not in answer.content.decode()
    assert User.objects.get(username="lab_owner").email == "lab@example.org"
    assert not Mail.objects.filter(to="thief@example.org").exists()
    assert page.post("/account/", {"display_name": "Li", "email": "lab@example.org"}).status_code == 302
    good = {"display_name": "Li", "email": "li@example.org", "password": make.PASSWORD}
    assert page.post("/account/", good).status_code == 302
    assert User.objects.get(username="lab_owner").email == "li@example.org"
    tries = [page.post("/account/", good | {"email": "x@example.org", "password": "no"}) for _n in range(9)]
    assert [answer.status_code for answer in tries] == [400] * 8 + [429]


def test_erasing_oneself_asks_for_the_password(world: World, signed_in: Any) -> None:
    page = signed_in("supplier_viewer")
    for told in ({"word": "erase"}, {"word": "erase", "password": "wrong"}, {"password": make.PASSWORD}):
        assert page.post("/account/erase/", told).headers["Location"] == "/account/"
        assert User.objects.filter(username="supplier_viewer", is_active=True).exists()
    answer = page.post("/account/erase/", {"word": "注销", "password": make.PASSWORD})
    assert answer.headers["Location"] == "/accounts/login/"
    assert not User.objects.filter(username="supplier_viewer").exists()


def test_erasing_leaves_no_address(world: World) -> None:
    person = world.person("supplier_editor")
    User.objects.filter(pk=person.pk).update(email="Zhang@example.org")
    invite(
        world.organisations["supplier"],
        "viewer",
        user=world.person("supplier_owner"),
        email="zhang@example.org",
    )
    JoinRequest.objects.create(
        kind="join", organisation=world.organisations["rival"], person=person, note="call 138 0000 0000"
    )
    changes = Change.objects.order_by("-pk").first()
    assert changes is not None
    erase_person(User.objects.get(pk=person.pk))
    assert not Mail.objects.filter(to__iexact="zhang@example.org").exists()
    assert not Invitation.objects.filter(email__iexact="zhang@example.org").exists()
    assert not JoinRequest.objects.filter(person=person).exclude(note="").exists()
    told = Change.objects.filter(pk__gte=changes.pk - 3).values_list("before", "after")
    assert "example.org" not in str(list(told))


def test_an_address_that_two_share_stays_the_others(world: World) -> None:
    User.objects.filter(username__in=["supplier_editor", "lab_owner"]).update(email="office@example.org")
    invite(
        world.organisations["supplier"],
        "viewer",
        user=world.person("supplier_owner"),
        email="office@example.org",
    )
    erase_person(User.objects.get(username="supplier_editor"))
    assert Mail.objects.filter(to="office@example.org").exists()
    assert Invitation.objects.filter(email="office@example.org").exists()


def test_what_came_since_the_page_was_read_stays_unread(world: World, signed_in: Any) -> None:
    person, page = world.person("lab_owner"), signed_in("lab_owner")
    Notice.objects.filter(user=person).delete()
    told = {"user": person, "group": "joining", "key": "x", "kind": "x", "object_id": "x"}
    old = Notice.objects.create(**told, source="old")
    html = page.get("/notifications/").content.decode()
    fresh = Notice.objects.create(**told, source="fresh")
    assert f'name="until" value="{old.public_id}"' in html
    page.post("/notifications/read/", {"until": str(old.public_id)})
    assert list(Notice.objects.filter(user=person, read_at=None)) == [fresh]
    assert page.post("/notifications/read/", {"until": "x"}).status_code == 404
    page.post("/notifications/read/")
    assert not Notice.objects.filter(user=person, read_at=None).exists()


# --- reference -------------------------------------------------------------------------------------------------------
def test_what_the_platform_admin_changes_has_another_version(world: World) -> None:
    """Or a program that read the bureau before writes over it with the ETag it has."""
    bureau = world.organisations["lead_bureau"]
    before = Organisation.objects.get(pk=bureau.pk).version
    row = Organisation.objects.get(pk=bureau.pk)
    row.name_zh = "新名字"
    save_reference(row, kind="organisation", object_id=str(row.public_id))
    assert Organisation.objects.get(pk=bureau.pk).version == before + 1


# --- files -----------------------------------------------------------------------------------------------------------
def _zip64(entries: int) -> bytes:
    """A directory of many entries whose plain end says one: the 64-bit end is what is believed."""
    name = b"a"
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + name
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + name
    directory = entry * entries
    at, size = len(local), len(directory)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, size, at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at + size, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), at, 0)
    return local + directory + end64 + locator + end


def test_a_huge_directory_does_not_hide_behind_a_small_number(
    world: World, tmp_path: Path, settings: Any
) -> None:
    settings.FILES_DIR = tmp_path
    blob = _zip64(20_000)
    assert len(zipfile.ZipFile(io.BytesIO(blob)).infolist()) == 20_000
    with pytest.raises(DomainError) as told:
        attach(world.demands["open"], [blob], user=world.person("lab_owner"), name="many.zip")
    assert told.value.field == "file"
    assert not Attachment.objects.filter(name="many.zip").exists()


# --- mail ------------------------------------------------------------------------------------------------------------
def _settings(names: str, **environment: str) -> str:
    told = {
        "PATH": "/usr/bin:/bin",
        "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "DATABASE_URL": "postgres://nobody@127.0.0.1/none",
        "REDIS_URL": "redis://127.0.0.1/0",
        "ALLOWED_HOSTS": "alliance.example.org",
        "SITE_URL": "https://alliance.example.org",
    }
    code = f"from alliance import settings as s; print([getattr(s, n, None) for n in {names.split()!r}])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=told | environment,
        cwd=site.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_silent_mail_server_is_given_up_and_the_sender_is_one_of_ours() -> None:
    names = "EMAIL_TIMEOUT DEFAULT_FROM_EMAIL EMAIL_HOST"
    url = "smtp+tls://box@example.org:secret@mail.example.org:587"
    assert _settings(names, EMAIL_URL=url) == "[20, 'box@example.org', 'mail.example.org']"
    url = "smtp+tls://box:secret@mail.example.org:587/?timeout=5"
    assert _settings(names, EMAIL_URL=url) == "[5, 'noreply@alliance.example.org', 'mail.example.org']"
    told = _settings(names, EMAIL_URL=url, EMAIL_FROM="联盟 <office@example.org>")
    assert told == "[5, '联盟 <office@example.org>', 'mail.example.org']"


def test_a_mail_that_no_server_can_take_does_not_hold_up_the_others(
    world: World, settings: Any, monkeypatch: Any
) -> None:
    settings.EMAIL_URL = "smtp://mail.example.org"
    Mail.objects.all().delete()
    bad = Mail.objects.create(to="bad@example.org", subject="x", body="x")
    good = Mail.objects.create(to="good@example.org", subject="x", body="x")
    send = EmailMessage.send

    def picky(self: EmailMessage, fail_silently: bool = False) -> int:
        if self.to == ["bad@example.org"]:
            raise ValueError("Invalid address")
        return send(self, fail_silently)

    monkeypatch.setattr(EmailMessage, "send", picky)
    assert send_waiting() == 1
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.attempts, bad.sent_at, good.sent_at is not None) == (1, None, True)


# --- coming in -------------------------------------------------------------------------------------------------------
def test_the_code_of_a_suspended_firm_does_not_lead_round_in_a_circle(world: World) -> None:
    firm = world.organisations["supplier"]
    Organisation.objects.filter(pk=firm.pk).update(uscc=code(7), suspended=True)
    answer = Client().post("/register/", {"uscc": code(7)})
    assert answer.status_code == 400
    assert answer.context["form"].errors["uscc"]


def test_names_of_entries_are_not_looked_up_for_ever(world: World, monkeypatch: Any) -> None:
    monkeypatch.setitem(LIMITS, "look up", {"address": Limit(2, 3600)})
    browser = Client()
    browser.post("/register/", {"uscc": code(8)})
    answers = [browser.get("/register/details/", {"q": "精密"}).status_code for _try in range(3)]
    assert answers == [200, 200, 429]
    assert browser.get("/register/details/").status_code == 200


def test_a_form_of_ten_megabytes_is_not_read_into_memory(world: World) -> None:
    body = b"username=" + b"x" * 10_000_000
    answer = Client().post("/accounts/login/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400


# --- who is above whom -----------------------------------------------------------------------------------------------
def test_an_official_makes_no_alliance_admin_of_himself(world: World, signed_in: Any) -> None:
    bureau, official = world.organisations["lead_bureau"], world.person("lead_official")
    own = Membership.objects.get(user=official, organisation=bureau)
    admin = Membership.objects.get(user__username="alliance_admin", organisation=bureau)
    for forbidden in (
        lambda: change_role(own, "admin", user=official),
        lambda: change_role(admin, "official", user=official),
        lambda: remove_member(admin, user=official),
        lambda: invite(bureau, "admin", user=official),
        lambda: password_link(admin.user, user=official),
        lambda: reset_second_factor(admin.user, user=official),
    ):
        with pytest.raises(ForbiddenError):
            forbidden()
    assert not may_reset(admin.user, official)
    html = signed_in("lead_official").get(reverse("people", args=[bureau.public_id])).content.decode()
    assert 'value="admin"' not in html
    assert reverse("member-edit", args=[bureau.public_id, "alliance_admin"]) not in html
    assert reverse("member-edit", args=[bureau.public_id, "lead_official"]) in html


def test_an_admin_and_the_platform_admin_do(world: World, signed_in: Any) -> None:
    bureau, admin = world.organisations["lead_bureau"], world.person("alliance_admin")
    member = Membership.objects.get(user__username="lead_official", organisation=bureau)
    assert (
        'value="admin"'
        in signed_in("alliance_admin").get(reverse("people", args=[bureau.public_id])).content.decode()
    )
    row, _link = invite(bureau, "admin", user=admin)
    with pytest.raises(ForbiddenError):
        revoke_invitation(row.public_id, user=world.person("lead_official"))
    revoke_invitation(row.public_id, user=admin)
    change_role(member, "admin", user=admin)
    member.refresh_from_db()
    assert member.role == "admin"
    assert password_link(member.user, user=world.person("platform_admin"))
    change_role(member, "official", user=world.person("platform_admin"))
    assert password_link(world.person("lead_official"), user=admin)
    # One's own place may be given up.
    change_role(member, "admin", user=admin)
    remove_member(member, user=world.person("lead_official"))


def test_what_was_mailed_is_read_by_its_reader_only(world: World, signed_in: Any) -> None:
    """The link to a new password among it: it opens the account of who asked."""
    waits = Mail.objects.create(to="a@example.org", subject="x", body="link-one")
    gone = Mail.objects.create(to="b@example.org", subject="x", body="link-two", sent_at=timezone.now())
    html = signed_in("platform_admin").get("/outbox/").content.decode()
    assert waits.body in html
    assert gone.body not in html
