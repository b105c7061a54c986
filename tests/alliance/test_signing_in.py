"""Signing in: the second step, codes that work once, tries that are counted, victims that are not locked out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from alliance.errors import ConflictError, DomainError, ForbiddenError, TooManyError
from alliance.models import Attempt, Change, Mail, RecoveryCode, SecondFactor, User
from alliance.services import second_factor
from alliance.services.invitations import password_link
from alliance.services.limits import LIMITS, count_try, forget_old_attempts, plain_address, plain_name
from alliance.services.people import join_organisation
from matching.services.generation.credit_codes import credit_code
from tests.cast import World
from tests.factories import PASSWORD

NOW = "2026-11-21T08:00:00+08:00"
WORDS = "This code is wrong, used, or too old"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def code_of(person: User, steps: int = 0) -> str:
    """What the person's app shows, some half minutes from now."""
    made = TOTP(bytes.fromhex(SecondFactor.objects.get(person=person).key))
    made.t0 = -30 * steps
    return f"{made.token():06d}"


def switch_on(person: User) -> list[str]:
    second_factor.begin(person)
    return second_factor.confirm(person, code_of(person, -1))


def give_password(name: str, password: str = PASSWORD, browser: Client | None = None, **more: Any) -> Any:
    browser = browser or Client(headers={"accept-language": "en"})
    return browser.post("/accounts/login/", {"username": name, "password": password}, **more), browser


# --- the second step --------------------------------------------------------------------------------------------
def test_enrolling_on_the_page(world: World, signed_in: Callable[[str], Client], clock: Any) -> None:
    browser, person = signed_in("lab_owner"), world.people["lab_owner"]
    person.email = "lab@example.org"
    person.save()
    assert browser.post("/account/two-steps/", {"step": "begin"}).status_code == 302
    page = browser.get("/account/two-steps/").content.decode()
    row = SecondFactor.objects.get(person=person)
    assert second_factor.typed_key(row) in page
    assert "<svg" in page
    assert "style=" not in page
    assert not second_factor.has_second_factor(person)
    assert browser.post("/account/two-steps/", {"step": "confirm", "code": "000000"}).status_code == 400
    answer = browser.post("/account/two-steps/", {"step": "confirm", "code": code_of(person)})
    codes = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", answer.content.decode())
    assert len(set(codes)) == 10
    assert "no-store" in answer.headers["Cache-Control"]
    again = browser.get("/account/two-steps/").content.decode()
    assert not any(code in again for code in codes)
    assert second_factor.typed_key(row) not in again
    assert not RecoveryCode.objects.filter(digest__in=[code.replace("-", "") for code in codes]).exists()
    assert (
        Change.objects.filter(verb="second factor on", object_id=world.people["lab_owner"].pseudonym).count()
        == 1
    )
    assert Mail.objects.filter(to="lab@example.org").count() == 1
    with pytest.raises(ConflictError):
        second_factor.begin(person)


def test_the_qr_code_carries_the_key(world: World) -> None:
    row = second_factor.begin(world.people["lab_owner"])
    told = second_factor.key_address(row)
    assert told.startswith("otpauth://totp/Robot%20Alliance%3Alab_owner?secret=")
    assert second_factor.typed_key(row).replace(" ", "") in told
    assert len(bytes.fromhex(row.key)) == 20


def test_password_then_code(world: World, clock: Any) -> None:
    person = world.people["lab_owner"]
    switch_on(person)
    answer, browser = give_password("lab_owner")
    assert answer.headers["Location"] == "/accounts/login/code/"
    assert browser.get("/demands/").status_code == 302
    wrong = browser.post("/accounts/login/code/", {"code": "000000"})
    assert wrong.status_code == 400
    assert WORDS in wrong.content.decode()
    right = browser.post("/accounts/login/code/", {"code": f" {code_of(person)[:3]} {code_of(person)[3:]} "})
    assert right.status_code == 302
    assert browser.get("/demands/").status_code == 200
    assert browser.get("/accounts/login/code/").status_code == 302


def test_it_leads_where_one_wanted_to_go_and_nowhere_else(world: World, clock: Any) -> None:
    person = world.people["lab_owner"]
    switch_on(person)
    for number, (asked, led) in enumerate((("/firms/", "/firms/"), ("https://example.org/", "/"))):
        clock.shift(60 * (number + 1))
        browser = Client()
        told = {"username": "lab_owner", "password": PASSWORD, "next": asked}
        browser.post("/accounts/login/", told)
        answer = browser.post("/accounts/login/code/", {"code": code_of(person)})
        assert answer.headers["Location"] == led


def test_a_code_works_once_and_older_ones_not_after_it(world: World, clock: Any) -> None:
    person = world.people["lab_owner"]
    switch_on(person)
    clock.shift(90)
    code, older = code_of(person), code_of(person, -1)
    second_factor.accept_code(person, code)
    for text in (code, older, "", "abc", "12345", "１２３４５６７", "-00001", "9" * 40):
        with pytest.raises(DomainError) as told:
            second_factor.accept_code(person, text)
        assert "wrong, used, or too old" in told.value.message or "错误" in told.value.message
    clock.shift(30)
    second_factor.accept_code(person, code_of(person))


def test_a_code_is_good_half_a_minute_around_and_no_longer(world: World, clock: Any) -> None:
    person = world.people["lab_owner"]
    switch_on(person)
    clock.shift(600)
    for steps, good in ((-2, False), (2, False), (-1, True), (1, True)):
        if good:
            second_factor.accept_code(person, code_of(person, steps))
        else:
            with pytest.raises(DomainError):
                second_factor.accept_code(person, code_of(person, steps))


def test_a_recovery_code_lets_in_once(world: World, clock: Any) -> None:
    person = world.people["lab_owner"]
    codes = switch_on(person)
    for code, status in ((codes[0].upper(), 302), (codes[0], 400), (codes[1].replace("-", " "), 302)):
        _answer, browser = give_password("lab_owner")
        assert browser.post("/accounts/login/code/", {"code": code}).status_code == status
    assert second_factor.codes_left(person) == 8
    assert Change.objects.filter(verb="used recovery code").count() == 2


def test_a_few_wrong_codes_and_the_password_is_asked_again(world: World, clock: Any) -> None:
    person = world.people["lab_owner"]
    switch_on(person)
    _answer, browser = give_password("lab_owner")
    for _number in range(5):
        browser.post("/accounts/login/code/", {"code": "000000"})
    last = browser.post("/accounts/login/code/", {"code": code_of(person)})
    assert last.headers["Location"] == "/accounts/login/"
    for _number in range(5):
        give_password("lab_owner", browser=browser)
        shut = browser.post("/accounts/login/code/", {"code": "000000"})
    give_password("lab_owner", browser=browser)
    shut = browser.post("/accounts/login/code/", {"code": code_of(person)})
    assert shut.status_code == 429
    assert int(shut.headers["Retry-After"]) > 0


def test_the_second_step_does_not_wait_for_ever_nor_outlive_the_password(world: World, clock: Any) -> None:
    person = world.people["lab_owner"]
    switch_on(person)
    _answer, browser = give_password("lab_owner")
    clock.shift(601)
    assert browser.post("/accounts/login/code/", {"code": code_of(person)}).headers["Location"] == (
        "/accounts/login/"
    )
    _answer, browser = give_password("lab_owner")
    person.set_password("another-good-secret")
    person.save()
    assert browser.get("/accounts/login/code/").status_code == 302


def test_no_other_way_in(world: World, clock: Any) -> None:
    """The reference data's own sign-in would not ask for the code; tokens are not asked."""
    person = world.people["platform_admin"]
    switch_on(person)
    told = {"username": person.username, "password": PASSWORD}
    browser = Client()
    answer = browser.post("/admin/login/", told)
    assert answer.status_code == 405
    assert browser.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert (
        browser.get("/admin/login/?next=/admin/").headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"
    )
    switch_on(world.people["lab_editor"])
    token = world.tokens["lab_editor:read"]
    assert Client(headers={"authorization": f"Bearer {token}"}).get("/api/v1/demands/").status_code == 200


def test_switching_off_needs_password_and_code(world: World, clock: Any) -> None:
    person = world.people["lab_owner"]
    codes = switch_on(person)
    for password, code in ((PASSWORD, "000000"), ("wrong", codes[0]), (PASSWORD, "")):
        with pytest.raises(DomainError):
            second_factor.turn_off(person, password=password, code=code)
    fresh = second_factor.renew_codes(person, password=PASSWORD, code=codes[0])
    with pytest.raises(DomainError):
        second_factor.turn_off(person, password=PASSWORD, code=codes[1])
    second_factor.turn_off(person, password=PASSWORD, code=fresh[0])
    assert not SecondFactor.objects.filter(person=person).exists()
    answer, _browser = give_password("lab_owner")
    assert answer.headers["Location"] == "/"


def test_who_may_see_and_reset_it(world: World, clock: Any) -> None:
    """Who looks after every place of a person; and nobody oneself."""
    editor = world.people["supplier_editor"]
    switch_on(editor)
    for name in ("supplier_editor", "supplier_viewer", "lab_owner", "partner_official", "alliance_admin"):
        with pytest.raises(ForbiddenError):
            second_factor.reset_second_factor(editor, user=world.person(name))
    place = f"/organisations/{world.organisations['supplier'].public_id}/people/"
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(world.people["supplier_owner"])
    assert "Switch off two-step sign-in" in browser.get(place).content.decode()
    seen = Client(headers={"accept-language": "en"})
    seen.force_login(world.people["supplier_viewer"])
    assert "Two-step sign-in" not in seen.get(place).content.decode()
    assert browser.post(f"{place}supplier_editor/", {"role": "one step"}).status_code == 302
    assert not second_factor.has_second_factor(editor)
    assert Change.objects.filter(
        verb="second factor reset", object_id=world.people["supplier_editor"].pseudonym
    ).exists()
    with pytest.raises(ConflictError):
        second_factor.reset_second_factor(editor, user=world.person("platform_admin"))


def test_an_owner_cannot_take_over_a_colleagues_other_place(world: World, clock: Any) -> None:
    """An official who also belongs to a firm: its owner makes no password link and resets nothing."""
    official = world.people["lead_official"]
    join_organisation(official, world.organisations["supplier"], "viewer")
    switch_on(official)
    owner = world.person("supplier_owner")
    with pytest.raises(ForbiddenError):
        password_link(official, user=owner)
    with pytest.raises(ForbiddenError):
        second_factor.reset_second_factor(official, user=owner)
    second_factor.reset_second_factor(official, user=world.person("platform_admin"))


# --- tries are counted -------------------------------------------------------------------------------------------
def test_known_and_unknown_accounts_are_answered_alike(world: World) -> None:
    for name in ("lab_owner", "nobody-of-that-name"):
        answers = [give_password(name, "wrong-password")[0] for _number in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0
    one, other = (
        re.sub(r'value="[^"]*"|[0-9a-f-]{36}', "", give_password(name, "wrong-password")[0].content.decode())
        for name in ("lab_owner", "nobody-of-that-name")
    )
    assert one == other


def test_the_right_password_does_not_open_a_door_that_waits(world: World) -> None:
    for _number in range(10):
        give_password("lab_owner", "wrong-password")
    assert give_password("lab_owner")[0].status_code == 429
    assert give_password("supplier_owner")[0].status_code == 302
    assert give_password("lab_owner", REMOTE_ADDR="198.51.100.7")[0].status_code == 302


def test_nobody_locks_a_person_out_of_a_browser_that_knows_it(world: World) -> None:
    _answer, known = give_password("lab_owner")
    known.post("/accounts/logout/")
    for _number in range(12):
        give_password("lab_owner", "wrong-password")
    assert give_password("lab_owner")[0].status_code == 429
    assert give_password("lab_owner", browser=known)[0].status_code == 302
    stranger = Client()
    stranger.cookies = known.cookies.copy()
    stranger.cookies.pop("sessionid", None)
    assert give_password("supplier_owner", "wrong", browser=stranger)[0].status_code == 200


def test_a_known_browser_is_counted_too_and_a_forged_one_is_none(world: World) -> None:
    _answer, known = give_password("lab_owner")
    known.post("/accounts/logout/")
    statuses = [give_password("lab_owner", "wrong", browser=known)[0].status_code for _number in range(21)]
    assert statuses == [200] * 20 + [429]
    forged = Client()
    name = next(name for name in known.cookies if name.startswith("device-"))
    statuses = []
    for number in range(11):
        forged.cookies[name] = f"{number:016x}:1xxxxx:{'A' * 43}"
        statuses.append(give_password("lab_owner", "wrong", browser=forged)[0].status_code)
    assert statuses[-1] == 429


def test_the_browser_of_one_person_is_not_known_for_another(world: World) -> None:
    """A cookie under the name of somebody else's is worth nothing, and none opens anything."""
    _answer, own = give_password("lab_owner")
    _answer, other = give_password("supplier_owner")
    mine = next(name for name in own.cookies if name.startswith("device-"))
    theirs = next(name for name in other.cookies if name.startswith("device-"))
    assert mine != theirs
    forged = Client()
    forged.cookies[theirs] = own.cookies[mine].value
    statuses = [
        give_password("supplier_owner", "wrong", browser=forged)[0].status_code for _number in range(11)
    ]
    assert statuses == [200] * 10 + [429]
    assert forged.get("/demands/").status_code == 302


def test_success_is_not_counted(world: World) -> None:
    for _number in range(15):
        assert give_password("lab_owner")[0].status_code == 302


def test_spraying_one_password_over_many_names_ends(world: World) -> None:
    most = LIMITS["sign in"]["address"].most
    Attempt.objects.all().delete()
    give_password("name-0", "wrong")
    Attempt.objects.filter(what="sign in: address").update(count=most)
    assert give_password("name-1", "wrong")[0].status_code == 429


def test_a_new_window_opens_the_door_and_old_ones_are_forgotten(world: World) -> None:
    for _number in range(11):
        give_password("lab_owner", "wrong-password")
    Attempt.objects.update(ends=timezone.now() - timedelta(minutes=1))
    assert give_password("lab_owner")[0].status_code == 302
    assert forget_old_attempts() == 3


@pytest.mark.parametrize(
    ("proxies", "said", "counted"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "8.8.8.8, 203.0.113.9", "203.0.113.9"),
        (2, "203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "nonsense", "unknown"),
        (1, "", "127.0.0.1"),
    ],
)
def test_whose_word_on_the_address_is_taken(settings: Any, proxies: int, said: str, counted: str) -> None:
    from django.test import RequestFactory

    from alliance.views.guarding import client_address

    settings.NUM_PROXIES = proxies
    assert client_address(RequestFactory().get("/", HTTP_X_FORWARDED_FOR=said)) == counted


def test_the_ways_to_write_a_name_or_an_address_are_one() -> None:
    assert plain_name(" Ｌab_Owner ") == plain_name("lab_owner")
    assert plain_address("::ffff:1.2.3.4") == "1.2.3.4"
    assert plain_address("1.2.3.4:5678") == "1.2.3.4"
    assert plain_address("[2001:db8:1:2::5]:443") == plain_address("2001:db8:1:2::5")
    assert plain_address("2001:db8:1:2::5") == plain_address("2001:db8:1:2:ffff::9")


def test_counting_tells_how_long_to_wait(world: World) -> None:
    limit = LIMITS["invite"]["recipient"]
    for _number in range(limit.most):
        count_try("invite", recipient="somebody@example.org")
    with pytest.raises(TooManyError) as told:
        count_try("invite", recipient="somebody@example.org")
    assert 0 < told.value.wait <= limit.seconds
    count_try("invite", recipient="else@example.org").give_back()
    assert not Attempt.objects.filter(key__contains="example").exists()


# --- the other doors ---------------------------------------------------------------------------------------------
def test_a_reset_is_asked_for_in_the_same_words_and_time(world: World) -> None:
    person = world.people["lab_owner"]
    person.email = "lab@example.org"
    person.save()
    seen = []
    for email in ("lab@example.org", "nobody@example.org"):
        begun = time.monotonic()
        answer = Client().post("/accounts/reset/", {"email": email})
        seen.append((answer.status_code, answer.headers["Location"]))
        assert time.monotonic() - begun >= 0.3
    assert seen[0] == seen[1]
    assert Mail.objects.filter(to="lab@example.org").count() == 1
    most = LIMITS["reset"]["account"].most
    for email in ("lab@example.org", "nobody@example.org"):
        Attempt.objects.filter(what="reset: account").update(count=most)
        shut = Client().post("/accounts/reset/", {"email": email.upper()})
        assert (shut.status_code, int(shut.headers["Retry-After"]) > 0) == (429, True)
    assert Mail.objects.filter(to="lab@example.org").count() == 1


def test_registering_inviting_and_trying_links_have_limits(
    world: World, signed_in: Callable[[str], Client]
) -> None:
    place = f"/organisations/{world.organisations['supplier'].public_id}/people/invite/"
    asked = {"role": "viewer", "email": "wu@example.org"}
    doors = [
        (Client(), "/register/", {"uscc": credit_code("510100", 7)}, "register: address"),
        (Client(), "/invitations/nonsense/", {}, "invitation: address"),
        (signed_in("supplier_owner"), place, asked, "invite: recipient"),
        (signed_in("lab_owner"), "/accounts/password/", {"old_password": "x"}, "password: account"),
    ]
    for browser, address, told, what in doors:
        assert browser.post(address, told).status_code != 429
        Attempt.objects.filter(what=what).update(count=1000)
        shut = browser.post(address, told)
        assert (shut.status_code, int(shut.headers["Retry-After"]) > 0) == (429, True), address


def test_processes_count_together(committed_db: None) -> None:
    """Twenty at once: exactly as many get through as the limit says."""

    def one(number: int) -> bool:
        try:
            count_try("sign in", known_device="somebody")
        except TooManyError:
            return False
        finally:
            connection.close()
        return True

    most = LIMITS["sign in"]["known device"].most
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(most + 12))) == most


def test_one_of_two_with_the_same_code_gets_in(committed_db: None) -> None:
    person = User.objects.create(username="twice")
    codes = switch_on(person)
    code = code_of(person, 1)

    def one(text: str) -> bool:
        try:
            second_factor.accept_code(person, text)
        except DomainError:
            return False
        finally:
            connection.close()
        return True

    for text in (code, codes[0]):
        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(one, [text] * 6)) == 1
