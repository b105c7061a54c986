"""A firm registers, is verified or refused, lets people in and lets them go; a person leaves no name behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import (
    Change,
    Invitation,
    JoinRequest,
    Mail,
    Membership,
    Organisation,
    User,
    Verification,
)
from alliance.services.confirming import ask_to_confirm
from alliance.services.credit_codes import credit_code_problem, tidy_code
from alliance.services.invitations import (
    accept_as_new,
    accept_invitation,
    change_role,
    erase_person,
    invite,
    password_link,
    remove_member,
)
from alliance.services.mail import post, send_waiting
from alliance.services.notices.preferences import channels_of, choose_channels
from alliance.services.people import set_password, suspend_person
from alliance.services.profile import update_account, update_organisation
from alliance.services.registration import NewPerson, ask_to_belong, decide_join, decide_verification
from alliance.services.second_factor import begin
from matching.services.generation.credit_codes import credit_code
from tests import factories as make
from tests.cast import World

PASSWORD = "a-good-long-secret-42"


def code(number: int = 1) -> str:
    return credit_code("510100", number)


def details(**more: object) -> dict[str, object]:
    return {
        "name_zh": "成都新材精密",
        "city": "Parton (990200)",
        "roles": ["manufacturer"],
        "person": "李工",
        "phone": "028-1234 5678",
        "contact_email": "li@example.org",
        "display_name": "Li",
        "email": "li@example.org",
        "username": "li.gong",
        "password": PASSWORD,
    } | more


def register(browser: Client, uscc: str, **more: object):
    first = browser.post("/register/", {"uscc": uscc})
    assert first.status_code == 302, first.content.decode()[-800:]
    return browser.post(first.headers["Location"], details(**more))


@pytest.mark.parametrize("typed", ["{} ", " {}", "ｗide"])
def test_codes_are_taken_as_people_paste_them(typed: str) -> None:
    text = (
        typed.format(code().lower()) if "{}" in typed else code().translate({ord("9"): "９", ord("1"): "１"})
    )
    assert tidy_code(text) == code()
    assert credit_code_problem(tidy_code(text)) == ""


def test_a_firm_registers_and_is_a_draft_that_only_it_and_its_bureau_see(world: World) -> None:
    browser = Client()
    answer = register(browser, code())
    assert answer.status_code == 302
    firm = Organisation.objects.get(uscc=code())
    assert (firm.verified, firm.listed) == (False, False)
    assert Membership.objects.get(organisation=firm).role == "owner"
    assert browser.get("/").status_code == 200

    def sees(who: str) -> bool:
        return Organisation.objects.visible_to(world.person(who)).filter(pk=firm.pk).exists()

    assert sees("partner_official")
    assert not any(
        sees(who) for who in ("lead_official", "supplier_owner", "outside_official", "alliance_admin")
    )
    row = Verification.objects.get(organisation=firm)
    decide_verification(row, user=world.person("partner_official"), granted=True)
    firm.refresh_from_db()
    assert (firm.verified, firm.listed) == (True, True)
    assert sees("supplier_owner")
    assert Change.objects.filter(kind="organisation", verb="verified", object_id=firm.public_id).exists()


def test_the_place_in_the_code_is_suggested_and_a_short_password_refused_in_chinese(world: World) -> None:
    browser = Client(headers={"accept-language": "zh-hans"})
    browser.post("/register/", {"uscc": code()})
    assert browser.get("/register/details/").context["form"]["city"].value() == ""
    make.make_city("510100", "Chengdu", "成都市")
    assert browser.get("/register/details/").context["form"]["city"].value() == "成都市 (510100)"
    page = browser.post("/register/details/", {"display_name": "A", "username": "aa", "password": "x1"})
    assert "密码太短：至少 10 个字符。" in page.content.decode()
    assert "too short" not in page.content.decode()


def test_a_wrong_code_and_a_taken_one(world: World) -> None:
    browser = Client()
    wrong = code()[:-1] + ("0" if code()[-1] != "0" else "1")
    assert browser.post("/register/", {"uscc": wrong}).status_code == 400
    register(browser, code())
    other = Client()
    answer = other.post("/register/", {"uscc": code()})
    assert answer.headers["Location"] == "/register/join/"
    page = other.get("/register/join/").content.decode()
    assert "成都新材精密" not in page
    asked = other.post("/register/join/", {"display_name": "Wu", "username": "wu", "password": PASSWORD})
    assert asked.status_code == 302
    row = JoinRequest.objects.get(person__username="wu")
    with pytest.raises(NotFoundError):
        decide_join(row, user=world.person("supplier_owner"), granted=True)
    decide_join(row, user=User.objects.get(username="li.gong"), granted=True)
    assert Membership.objects.get(user__username="wu").role == "editor"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("city", "Nirgends"),
        ("roles", []),
        ("username", "lab_owner"),
        ("password", "123"),
        ("name_zh", ""),
        ("phone", "<script>"),
        ("email", "no mail"),
    ],
)
def test_nothing_is_half_registered(world: World, field: str, value: object) -> None:
    before = (Organisation.objects.count(), User.objects.count(), Change.objects.count())
    answer = register(Client(), code(), **{field: value})
    assert answer.status_code == 400
    assert f"id_{field}_errors" in answer.content.decode()
    assert (Organisation.objects.count(), User.objects.count(), Change.objects.count()) == before


def test_an_unclaimed_entry_is_claimed_with_the_bureaus_consent(world: World) -> None:
    entry = Organisation.objects.create(
        external_id="entry", kind="firm", name_zh="名录条目", city=world.cities["partner"], claimed=False
    )
    browser = Client()
    browser.post("/register/", {"uscc": code()})
    assert "名录条目" in browser.get("/register/details/?q=名录").content.decode()
    told = {"display_name": "Zhao", "username": "zhao", "password": PASSWORD, "email": ""}
    assert browser.post(f"/register/details/?claim={entry.public_id}", told).status_code == 302
    row = JoinRequest.objects.get(organisation=entry)
    assert not Membership.objects.filter(user__username="zhao").exists()
    decide_join(row, user=world.person("partner_official"), granted=True)
    entry.refresh_from_db()
    assert (entry.claimed, entry.uscc, entry.verified) == (True, code(), True)
    assert Membership.objects.get(user__username="zhao").role == "owner"


def test_a_refusal_says_why_and_the_firm_asks_again(world: World, signed_in: Callable[[str], Client]) -> None:
    row = world.verifications["draft"]
    official = signed_in("partner_official")
    assert official.post(f"/verifications/{row.public_id}/", {"granted": "no"}).status_code == 400
    told = {"granted": "no", "reason": "营业执照缺页"}
    assert official.post(f"/verifications/{row.public_id}/", told).status_code == 302
    with pytest.raises(ConflictError):
        decide_verification(row, user=world.person("partner_official"), granted=True)
    firm = world.organisations["draft"]
    owner = signed_in("draft_owner")
    assert owner.post(f"/organisations/{firm.public_id}/verify-again/", {"note": "补齐了"}).status_code == 302
    assert Verification.objects.filter(organisation=firm, state="waiting").count() == 1


def test_another_citys_bureau_does_not_decide(world: World) -> None:
    with pytest.raises(NotFoundError):
        decide_verification(world.verifications["draft"], user=world.person("lead_official"), granted=True)
    with pytest.raises(ForbiddenError):
        decide_verification(world.verifications["draft"], user=world.person("draft_owner"), granted=True)


def test_a_verified_firm_that_changes_its_name_waits_again(world: World) -> None:
    firm = world.organisations["supplier"]
    told = {"name_en": firm.name_en, "city": firm.city, "roles": firm.roles, "contact": {"person": "x"}}
    update_organisation(firm, user=world.person("supplier_owner"), version=1, name_zh="新名字", **told)
    firm.refresh_from_db()
    assert not firm.verified
    assert Verification.objects.filter(organisation=firm, state="waiting").exists()
    with pytest.raises(ConflictError):
        update_organisation(firm, user=world.person("supplier_owner"), version=1, name_zh="又一个", **told)


# --- people ------------------------------------------------------------------------------------------------------
def test_an_invitation_lets_one_person_in_once(world: World) -> None:
    firm = world.organisations["supplier"]
    row, link = invite(firm, "viewer", user=world.person("supplier_owner"), email="new@example.org")
    secret = link.rstrip("/").rsplit("/", 1)[-1]
    assert secret not in row.digest
    assert link in Mail.objects.get(to="new@example.org").body
    browser = Client()
    path = "/invitations/" + secret + "/"
    assert browser.get(path).status_code == 200
    told = {"display_name": "New", "username": "new.one", "password": PASSWORD}
    assert browser.post(path, told).status_code == 302
    assert Membership.objects.get(user__username="new.one").organisation == firm
    assert Client().get(path).status_code == 404
    with pytest.raises(NotFoundError):
        accept_invitation(secret, world.person("nobody"))


def test_invitations_expire_and_are_for_who_may(world: World) -> None:
    firm = world.organisations["supplier"]
    for who in ("supplier_editor", "supplier_viewer", "rival_owner", "partner_official", "platform_admin"):
        with pytest.raises(ForbiddenError):
            invite(firm, "viewer", user=world.person(who))
    with pytest.raises(DomainError):
        invite(firm, "official", user=world.person("supplier_owner"))
    _row, link = invite(world.organisations["lead_bureau"], "official", user=world.person("platform_admin"))
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert Client().get(re.sub(r"^https?://[^/]+", "", link)).status_code == 404
    assert Invitation.objects.filter(used_at=None).count() == 2


def test_the_last_owner_stays(world: World) -> None:
    owner = Membership.objects.get(user__username="supplier_owner")
    with pytest.raises(ConflictError):
        remove_member(owner, user=world.person("supplier_owner"))
    remove_member(
        Membership.objects.get(user__username="supplier_viewer"), user=world.person("supplier_viewer")
    )
    assert not Membership.objects.filter(user__username="supplier_viewer").exists()


def test_the_audit_names_nobody_who_was_erased(world: World) -> None:
    """What they did stays under a number that never was a name: the table of changes is never rewritten."""
    owner, firm = world.person("supplier_owner"), world.organisations["supplier"]
    _row, link = invite(firm, "viewer", user=owner, email="zhang@example.org")
    told = NewPerson("zhang.san", "a-good-long-secret-42", "张三", "zhang@example.org")
    person = accept_as_new(link.rstrip("/").rsplit("/", 1)[-1], told).user
    ask_to_confirm(person)
    begin(person)
    choose_channels(person, dict.fromkeys(channels_of(person), "none"), language="en")
    update_account(person, display_name="张三丰", email="san@example.org")
    set_password(person, "another-good-long-secret-42")
    change_role(Membership.objects.get(user=person), "editor", user=owner)
    password_link(person, user=owner)
    other = NewPerson("zhang.er", "a-good-long-secret-42", "张二", "er@zhang.example.org")
    asked = ask_to_belong(world.organisations["rival"], other, kind="join", note="me").person
    suspend_person(person)
    for each in (person, asked):
        erase_person(User.objects.get(pk=each.pk))
    rows = Change.objects.filter(kind="person", object_id=str(person.pk))
    assert {"create", "join", "change role", "set password", "changed", "suspend", "erased"} <= {
        row.verb for row in rows
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM alliance_change c WHERE c::text ~ 'zhang|san@|张三'")
        assert cursor.fetchone() == (0,)


def test_erasing_leaves_no_name(world: World) -> None:
    person = world.person("supplier_editor")
    User.objects.filter(pk=person.pk).update(display_name="张三", email="zhang@example.org")
    erase_person(world.person("supplier_editor"))
    person = User.objects.get(pk=person.pk)
    assert (person.display_name, person.email, person.is_active) == ("", "", False)
    assert person.username.startswith("erased-")
    assert not person.has_usable_password()


# --- passwords and mail -----------------------------------------------------------------------------------------
def test_a_new_password_by_mail_tells_nothing_of_unknown_accounts(world: World) -> None:
    User.objects.filter(username="lab_owner").update(email="lab@example.org")
    pages = [
        Client().post("/accounts/reset/", {"email": email}) for email in ("lab@example.org", "no@example.org")
    ]
    assert [page.headers["Location"] for page in pages] == ["/accounts/reset/sent/"] * 2
    body = Mail.objects.get().body
    link = re.search(r"/accounts/reset/\S+", body)[0]
    browser = Client()
    form = browser.get(link, follow=True)
    fresh = {"new_password1": PASSWORD + "x", "new_password2": PASSWORD + "x"}
    assert browser.post(form.redirect_chain[-1][0], fresh).status_code == 302
    assert User.objects.get(username="lab_owner").check_password(PASSWORD + "x")
    assert "validlink" not in Client().get(link, follow=True).content.decode()


def test_a_new_password_is_mailed_to_confirmed_addresses_only(world: World) -> None:
    """Without a mail server, as above, nothing can be confirmed and the link waits for who hands it over."""
    User.objects.filter(username__in=["lab_owner", "rival_owner"]).update(email="lab@example.org")
    with override_settings(EMAIL_URL="smtp://somewhere"):
        told = Client().post("/accounts/reset/", {"email": "lab@example.org"})
        assert (told.status_code, Mail.objects.count()) == (302, 0)
        # Two people give the same address: whose it is gets the link, for the own account.
        User.objects.filter(username="lab_owner").update(email_confirmed_at=timezone.now())
        assert Client().post("/accounts/reset/", {"email": "lab@example.org"}).status_code == 302
    mail = Mail.objects.get()
    assert "lab_owner" in mail.body
    assert "rival_owner" not in mail.body


def test_an_address_that_is_refused_stands_in_the_mail_and_not_in_the_audit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **more: object) -> None:
        raise SMTPRecipientsRefused({"zhang@example.org": (550, b"no such \0 box")})

    monkeypatch.setattr(mail.EmailMessage, "send", refuse)
    post("zhang@example.org", "Subject", "Body")
    with override_settings(EMAIL_URL="smtp://somewhere"):
        assert send_waiting() == 0
    assert "zhang@" in Mail.objects.get().error
    assert Change.objects.get(verb="not sent").after == {"error": "SMTPRecipientsRefused"}


def test_mail_is_sent_once_and_tried_again(world: World) -> None:
    post("a@example.org", "Subject", "Body")
    assert send_waiting() == 0
    with override_settings(EMAIL_URL="smtp://somewhere"):
        with override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_PORT=1):
            assert send_waiting() == 0
        waiting = Mail.objects.get()
        assert waiting.attempts == 1
        assert waiting.error
        with time_machine.travel(timezone.now() + timedelta(hours=1)):
            Mail.objects.update(next_at=timezone.now() - timedelta(days=1))
            assert send_waiting() == 1
            assert send_waiting() == 0
    assert [m.subject for m in mail.outbox] == ["Subject"]
