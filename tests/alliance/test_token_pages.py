"""The page of one's own API tokens."""

import re
from typing import Any

from django.test import Client

from alliance.models import ApiToken
from tests.cast import World

PLACE = "/account/tokens/"


def test_a_token_made_on_the_page_works_and_is_not_shown_again(world: World, signed_in: Any) -> None:
    browser = signed_in("lab_owner")
    answer = browser.post(PLACE, {"name": "ERP", "scopes": ["read"], "days": 30})
    assert answer.headers["Cache-Control"] == "no-store"
    (text,) = re.findall(r"<code>([0-9a-f]{64})</code>", answer.content.decode())
    assert Client(headers={"authorization": f"Bearer {text}"}).get("/api/v1/demands/").status_code == 200
    again = browser.get(PLACE).content.decode()
    assert "ERP" in again
    assert text not in again


def test_a_bad_form_makes_no_token_and_says_why(world: World, signed_in: Any) -> None:
    answer = signed_in("lab_owner").post(PLACE, {"name": "", "scopes": ["root"], "days": "0"})
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {"name", "scopes", "days"}
    assert not ApiToken.objects.filter(user=world.people["lab_owner"]).exists()


def test_who_belongs_nowhere_gets_none(world: World, signed_in: Any) -> None:
    answer = signed_in("shut_out_owner").post(PLACE, {"name": "x", "scopes": ["read"], "days": 1})
    assert answer.status_code == 400
    assert not ApiToken.objects.filter(user=world.people["shut_out_owner"]).exists()


def test_revoking(world: World, signed_in: Any) -> None:
    browser = signed_in("alliance_admin")
    row = ApiToken.objects.filter(user=world.people["alliance_admin"]).first()
    assert row is not None
    assert browser.post(f"{PLACE}{row.public_id}/revoke/").status_code == 302
    assert not ApiToken.objects.filter(pk=row.pk).exists()
