"""What a token narrows, what an organisation's token outlives, rotation, and rates that all processes share."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as Lost

from alliance.errors import DomainError, ForbiddenError, NotFoundError
from alliance.models import ApiToken, Change, Membership, User
from alliance.rest import throttling
from alliance.services.tokens import issue_token, rotate_token
from tests.cast import World
from tests.factories import make_city, make_firm, make_person, make_token

ASKED: dict[str, Any] = {"name": "ERP", "scopes": ["read"], "days": 30}
PLACE = "/api/v1/capabilities/"


def program(text: str) -> Client:
    return Client(headers={"authorization": f"Bearer {text}"})


def seen(text: str, place: str = PLACE) -> set[str]:
    answer = program(text).get(place)
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


def test_a_token_limited_to_one_organisation_sees_only_what_that_one_may(world: World) -> None:
    person = world.people["supplier_owner"]
    Membership.objects.create(user=person, organisation=world.organisations["outsider"], role="owner")
    both = seen(make_token(person, "read"))
    one = seen(make_token(person, "read", organisation=world.organisations["outsider"]))
    assert str(world.capabilities["outsider"].public_id) in both & one
    assert str(world.capabilities["unpublished"].public_id) in both - one


def test_a_limited_token_of_a_platform_admin_is_none(world: World) -> None:
    text = make_token(world.people["platform_admin"], "read", organisation=world.organisations["supplier"])
    assert program(text).get(PLACE).status_code == 403


def test_an_organisations_token_stays_when_its_maker_leaves(world: World) -> None:
    text = world.tokens["supplier:service"]
    before = seen(text)
    assert str(world.capabilities["unpublished"].public_id) in before
    Membership.objects.filter(user=world.people["supplier_owner"]).delete()
    assert seen(text) == before


def test_an_organisations_token_ends_with_its_organisation_or_a_suspended_maker(world: World) -> None:
    firm, maker = world.organisations["supplier"], world.people["supplier_owner"]
    firm.suspended = True
    firm.save()
    assert program(world.tokens["supplier:service"]).get(PLACE).status_code == 403
    firm.suspended, maker.is_active = False, False
    firm.save()
    maker.save()
    assert program(world.tokens["supplier:service"]).get(PLACE).status_code == 401


def test_an_organisations_token_does_not_read_its_makers_own_tokens(world: World) -> None:
    make_token(world.people["supplier_owner"], "read")
    assert seen(world.tokens["supplier:service"], "/api/v1/tokens/") == set()


@pytest.mark.parametrize(
    ("who", "organisation", "service", "error"),
    [
        ("supplier_editor", "supplier", True, ForbiddenError),
        ("supplier_owner", "rival", True, DomainError),
        ("supplier_owner", "rival", False, DomainError),
        ("supplier_owner", None, True, DomainError),
    ],
)
def test_who_may_not_make_a_token_for_whom(
    world: World, who: str, organisation: str | None, service: bool, error: type[Exception]
) -> None:
    firm = world.organisations[organisation] if organisation else None
    with pytest.raises(error):
        issue_token(world.person(who), organisation=firm, service=service, **ASKED)


def test_rotation_ends_the_old_secret_now_or_later(world: World) -> None:
    person = world.person("lab_owner")
    token, first = issue_token(person, **ASKED)
    fresh, second = rotate_token(person, token.public_id, keep_hours=24)
    assert program(first).get(PLACE).status_code == program(second).get(PLACE).status_code == 200
    assert (fresh.name, fresh.scopes) == (token.name, token.scopes)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert program(first).get(PLACE).status_code == 401
        assert program(second).get(PLACE).status_code == 200
    _last, third = rotate_token(person, fresh.public_id)
    assert program(second).get(PLACE).status_code == 401
    assert program(third).get(PLACE).status_code == 200
    assert not Change.objects.filter(after__icontains=third).exists()


@pytest.mark.usefixtures("committed_db")
def test_ten_who_rotate_one_token_at_once_make_one_of_it() -> None:
    """Whoever comes second finds the old one gone, and gets no secret of their own."""
    person = make_person("owner", (make_firm(make_city("990100", "Leadton", "牵头市"), "Firm"), "owner"))
    token, _text = issue_token(person, **ASKED)

    def rotate(number: int) -> bool:
        try:
            rotate_token(User.objects.get(pk=person.pk), token.public_id)
        except NotFoundError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(rotate, range(10))) == [False] * 9 + [True]
    assert ApiToken.objects.filter(user=person).count() == 1


def test_nobody_rotates_a_foreign_token(world: World) -> None:
    service = ApiToken.objects.get(token_key=world.tokens["supplier:service"][:15])
    for who in ("supplier_editor", "rival_owner", "partner_official"):
        with pytest.raises(NotFoundError):
            rotate_token(world.person(who), service.public_id)


def test_an_owner_keeps_the_firms_tokens_on_their_page(world: World, signed_in: Any) -> None:
    browser = signed_in("supplier_owner")
    place = f"/organisations/{world.organisations['supplier'].public_id}/tokens/"
    page = browser.post(place, {"name": "Firm ERP", "scopes": ["read"], "days": 9})
    assert page.status_code == 200
    row = ApiToken.objects.get(name="Firm ERP")
    assert (row.service, row.organisation) == (True, world.organisations["supplier"])
    own = browser.get("/account/tokens/")
    assert "Firm ERP" not in own.content.decode()
    back = browser.post(
        f"/account/tokens/{row.public_id}/revoke/", {"organisation": str(row.organisation.public_id)}
    )
    assert back.headers["Location"] == place
    assert not ApiToken.objects.filter(name="Firm ERP").exists()


# --- rates ---------------------------------------------------------------------------------------------------
@time_machine.travel("2026-11-21T08:00:10Z", tick=False)
def test_every_answer_says_what_is_left(world: World, with_token: Any, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = {"token": 3, "person": 3, "anonymous": 2}
    asker = with_token("lab_editor:read")
    left = [asker.get("/api/v1/cities/").headers for _number in range(4)]
    assert [h["RateLimit-Remaining"] for h in left] == ["2", "1", "0", "0"]
    assert {h["RateLimit-Limit"] for h in left} == {"3"}
    assert left[-1]["RateLimit-Reset"] == "50"
    assert int(left[-1]["Retry-After"]) == 50


def test_a_lost_counter_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*args: Any, **more: Any) -> None:
        raise Lost("no server")

    monkeypatch.setattr(throttling._Shared, "muted_until", 0.0)
    monkeypatch.setattr(throttling, "_add", _adder(throttling._add, lose))
    assert [throttling.count("some") for _number in range(3)] == [1, 2, 3]
    assert throttling._Shared.muted_until > 0


def _adder(real: Any, lose: Any) -> Any:
    return lambda cache, key: lose() if cache == "rates" else real("default", key)


def test_two_processes_count_together() -> None:
    """The cache of the real settings, on the broker's server: what one connection adds, another one sees."""
    import importlib

    from django.conf import settings as now

    from alliance.rest.rates import CountingCache

    told = importlib.import_module("alliance.settings").CACHES["rates"]
    assert told["BACKEND"].endswith("CountingCache")
    one, two = (CountingCache(now.REDIS_URL, {"KEY_PREFIX": uuid4().hex}) for _number in range(2))
    two.key_prefix = one.key_prefix
    assert [one.count("caller", 60), two.count("caller", 60), one.count("caller", 60)] == [1, 2, 3]
    assert two.count("another", 60) == 1
    assert one.get("caller") == 3
    one.count("short", 1)
    sleep(1.1)
    assert two.count("short", 1) == 1


@pytest.mark.parametrize(("proxies", "blocked"), [(0, True), (1, False), (2, True)])
@time_machine.travel("2026-11-21T08:00:10Z", tick=False)
def test_addresses_behind_proxies(world: World, settings: Any, proxies: int, blocked: bool) -> None:
    """One proxy of ours: the last address that it wrote counts; what the caller wrote before it does not."""
    from rest_framework.settings import api_settings

    settings.API_REQUESTS_PER_MINUTE = {"token": 3, "person": 3, "anonymous": 2}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}
    assert proxies == api_settings.NUM_PROXIES
    answers = [
        Client().get("/api/v1/schema/", headers={"x-forwarded-for": f"6.6.6.6, 10.0.0.{number}"}).status_code
        for number in range(4)
    ]
    assert (429 in answers) is blocked
