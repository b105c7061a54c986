"""The page of the API's description: a newcomer authorises with a token, tries an operation out, and it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from companies.models import Facility
from tests.cast import World
from tests.factories import make_city

UPSERT = "/api/v1/facilities/by-external-id/{external_id}/"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_try_it_out_with_a_token(visit: Callable[..., Any], site: tuple[str, World], language: str) -> None:
    """Nobody is signed in, nothing comes from outside, and the strict policy stops nothing of the page."""
    _, world = site
    make_city("510100", "Chengdu", "成都市")
    window = visit("", language=language)
    page = window.page
    window.open("/api/v1/docs/")
    page.locator(".opblock").first.wait_for(timeout=30_000)
    chinese = language == "zh-hans"
    assert page.locator("button.authorize").first.inner_text() == ("授权" if chinese else "Authorize")
    page.locator("button.authorize").first.click()
    page.locator(".modal-ux input").first.fill(world.tokens["supplier_editor:write"])
    page.locator(".modal-ux button.authorize").first.click()
    page.locator(".modal-ux button.btn-done").first.click()
    block = page.locator(".opblock", has=page.locator(f"[data-path='{UPSERT}']"))
    block.locator(".opblock-summary").click()
    button = block.locator(".try-out__btn").first
    assert button.inner_text() == ("试一试" if chinese else "Try it out")
    button.click()
    assert button.inner_text() == ("取消" if chinese else "Cancel")
    assert block.locator(".execute").inner_text() == ("执行" if chinese else "Execute")
    block.locator("tr[data-param-name=external_id] input").fill("plant-1")
    block.locator(".execute").click()
    told = block.locator(".live-responses-table .response-col_status").nth(1)
    told.wait_for(timeout=30_000)
    assert told.inner_text().startswith("201")
    assert block.locator(".btn-clear").inner_text() == ("清除" if chinese else "Clear")
    plant = Facility.objects.get(external_id="plant-1")
    assert (plant.name, plant.organisation) == ("Main plant", world.organisations["supplier"])
    words = page.locator(".opblock-tag-section").first.inner_text()
    assert ("城市" in words) is chinese
    assert (window.messages, window.outside) == ([], [])
