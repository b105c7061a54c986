"""The drawer beside the introductions and the board's arrow keys, in a real browser and without scripts' help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.cast import World


def test_the_drawer_opens_steps_and_closes(visit: Callable[..., Any], site: tuple[str, World]) -> None:
    window = visit("supplier_owner", language="zh-hans")
    page = window.page
    window.open("/introductions/")
    link = page.locator("main tbody a.b").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#drawer:not([hidden]) form")
    assert page.url.endswith("/introductions/"), "no page was loaded"
    assert not window.findings()
    assert not window.sideways()
    page.keyboard.press("Escape")
    page.wait_for_selector("#drawer", state="hidden")
    assert page.evaluate("document.activeElement.matches('main tbody a.b')"), "the focus goes back"
    link.click()
    page.wait_for_selector('#drawer form[action$="/accept/"] button')
    page.click('#drawer form[action$="/accept/"] button')
    page.wait_for_selector("#drawer .note.ok, #drawer .msgs")
    row = site[1].introductions["open"]
    row.refresh_from_db()
    assert row.supplier_accepted_at
    with page.expect_navigation():
        page.click("#drawer [data-drawer-close]")


def test_the_board_by_keyboard(visit: Callable[..., Any]) -> None:
    window = visit("lead_official", language="zh-hans")
    page = window.page
    window.open("/introductions/?look=board")
    page.locator("[data-card]").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.matches('[data-card]')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#drawer:not([hidden])")
    assert not window.findings()
    assert not window.sideways()
