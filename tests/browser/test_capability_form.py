"""The form of a capability in a real browser: search by keyboard, units, strange values, unsaved changes, preview."""

from typing import Any

import pytest
from django.urls import reverse

from companies.models import Capability, ComponentParameter
from companies.services import verify_values
from tests import factories as make
from tests.cast import World


@pytest.fixture
def world(site: tuple[str, World]) -> World:
    """With a reducer that has a mass, and a verified torque."""
    _, found = site
    found.types["reducer"].synonyms_zh = ["谐波减速机"]
    found.types["reducer"].save()
    key = make.make_component_key("mass", found.types["reducer"], unit="kg", symbol="kg")
    ComponentParameter.objects.filter(key=key).update(attributes={"typical_min": 0.1, "typical_max": 3.2})
    verify_values(
        found.capabilities["supplier"],
        ["rated_torque"],
        user=found.person("partner_official"),
        basis="report 7",
    )
    return found


def test_a_type_is_found_and_opened_by_keyboard(visit: Any, world: World) -> None:
    window = visit("supplier_owner")
    window.open(reverse("capability-new"))
    page = window.page
    page.keyboard.type("谐波减速机")
    page.locator("a.typ >> nth=1").wait_for(state="detached")
    assert window.findings() == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**type=DRV-RED**")
    assert page.input_value("[name=component_type]") == "DRV-RED"
    page.locator("#preview h2").first.wait_for()
    assert window.findings() == []
    assert window.messages == []


def test_units_convert_and_a_strange_value_offers_its_unit(visit: Any, world: World) -> None:
    window = visit("supplier_owner")
    page = window.page
    window.open(reverse("capability-new") + "?type=DRV-RED")
    page.fill("#spec-mass", "620")
    page.select_option("[name=spec-mass-unit]", "g")
    assert page.input_value("#spec-mass") == "620000"
    page.select_option("[name=spec-mass-unit]", "kg")
    assert page.input_value("#spec-mass") == "620"
    page.fill("#spec-rated_torque", "12")
    page.click("[name=do][value=draft]")
    page.wait_for_url("**/edit/")
    page.click("[data-fix=g]")
    assert (page.input_value("#spec-mass"), page.input_value("[name=spec-mass-unit]")) == ("620", "g")
    assert page.is_disabled("[data-publish]")
    for name, value in (
        ("capacity_per_month", "900"),
        ("prototype_lead_days", "9"),
        ("volume_lead_days", "30"),
    ):
        page.fill(f"#{name}", value)
    assert page.is_enabled("[data-publish]")
    page.click("[data-publish]")
    page.wait_for_url("**/capabilities/*-*-*-*-*/")
    made = Capability.objects.order_by("-id")[0]
    assert made.specs == {"mass": 0.62, "rated_torque": 12}
    assert made.published
    assert window.findings() == []
    assert window.messages == []


def test_a_verified_value_turns_into_a_declared_one_while_typing(visit: Any, world: World) -> None:
    window = visit("supplier_owner", width=390)
    page = window.page
    window.open(reverse("capability-edit", args=[world.capabilities["supplier"].public_id]))
    assert not window.sideways()
    mark = page.locator("#row-rated_torque .now")
    assert not mark.is_visible()
    page.fill("#spec-rated_torque", "16")
    assert mark.is_visible()
    page.select_option("[name=spec-rated_torque-unit]", "kgf*m")
    page.select_option("[name=spec-rated_torque-unit]", "N*m")
    page.fill("#spec-rated_torque", "15")
    assert not mark.is_visible()
    assert window.findings() == []
    assert window.messages == []


def test_the_preview_follows_what_is_typed(visit: Any, world: World) -> None:
    window = visit("supplier_owner")
    page = window.page
    window.open(reverse("capability-edit", args=[world.capabilities["supplier"].public_id]))
    fits = page.locator("#preview .big")
    fits.wait_for()
    before = int(fits.inner_text())
    assert before > 0
    page.fill("#spec-rated_torque", "1")
    page.locator("#preview .big:text-is('0')").wait_for()
    assert page.locator("#preview .note.warn").is_visible()
    assert window.findings() == []
    assert window.messages == []


def test_leaving_asks_when_something_is_unsaved(visit: Any, world: World) -> None:
    window = visit("supplier_owner")
    page = window.page
    window.open(reverse("capability-edit", args=[world.capabilities["supplier"].public_id]))
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.fill("#title", "something else")
    window.open(reverse("capabilities"))
    assert asked == ["beforeunload"]
