"""The history of a row says each difference, and only to its own side."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from alliance.changes import record
from tests.cast import build_world

pytestmark = pytest.mark.django_db


def test_a_changed_price_is_told_to_who_keeps_the_row_and_to_nobody_else() -> None:
    world = build_world()
    row = world.capabilities["supplier"]
    with transaction.atomic():
        record(
            "changed",
            "capability",
            str(row.public_id),
            before={"p": 41017, "q": 5},
            after={"p": 41019, "q": 5},
        )
        record("verified", "evidence", str(row.public_id), after={"key": "torque-proof"})
    url = reverse("history", args=["capability", row.public_id])
    for name, told in (
        ("supplier_editor", True),
        ("partner_official", True),
        ("supplier_viewer", False),
        ("rival_owner", False),
        ("lead_official", False),
        ("platform_admin", False),
    ):
        browser = Client()
        browser.force_login(world.person(name), backend="django.contrib.auth.backends.ModelBackend")
        answer = browser.get(url)
        assert answer.status_code == (200 if told else 404), name
        if told:
            page = answer.content.decode()
            assert "<b>p</b> 41017 → 41019" in page
            assert "<b>q</b>" not in page
            assert "torque-proof" in page


def test_an_unknown_kind_is_missing() -> None:
    world = build_world()
    browser = Client()
    browser.force_login(world.person("supplier_owner"), backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.get(reverse("history", args=["user", world.capabilities["supplier"].public_id]))
    assert answer.status_code == 404
