"""An open demand page shows newer results by itself, and leaves people where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alliance.models import Alliance
from companies.models import CapabilityTerms
from companies.services import set_free_capacity
from matching.models import CurrentResult
from matching.services.demands import publish_demand, withdraw_demand
from matching.services.runs import create_run, work_on_run
from tests.cast import World

MARK = "document.getElementById('run-banner').dataset.mark"


def match() -> None:
    """As a worker does; a feed of changes waits for other tests' transactions."""
    for alliance in Alliance.objects.order_by("pk"):
        work_on_run(create_run(alliance, cause="asked").pk)


def test_new_results_come_without_a_reload(visit: Callable[..., Any], site: tuple[str, World]) -> None:
    """Focus and scroll stay; a screen reader is told politely."""
    _, world = site
    match()
    window = visit("lab_owner")
    page = window.page
    window.open(f"/demands/{world.demands['open'].public_id}/")
    page.evaluate("window.sameDocument = true")
    rows = page.locator("table.caps tbody tr:has(.nm)").count()
    assert rows >= 1
    before = page.evaluate(MARK)
    page.locator("main [data-print]").first.focus()
    page.evaluate("window.scrollTo(0, 200)")
    scrolled = page.evaluate("window.scrollY")

    set_free_capacity(world.capabilities["supplier"], 1, user=world.person("supplier_owner"))
    match()
    page.locator(f"#run-banner:not([data-mark='{before}'])").wait_for(state="attached", timeout=20_000)
    page.locator("#live-said:not(:empty)").wait_for(state="attached", timeout=10_000)
    assert page.locator("#live-said").get_attribute("role") == "status"
    assert page.evaluate("window.sameDocument") is True, "the page was not loaded anew"
    assert page.locator("table.caps tbody tr:has(.nm)").count() != rows
    assert page.evaluate("document.activeElement.hasAttribute('data-print')"), "focus stays where it was"
    assert abs(page.evaluate("window.scrollY") - scrolled) < 400
    assert window.messages == []


def test_a_published_demand_fills_by_itself(visit: Callable[..., Any], site: tuple[str, World]) -> None:
    _, world = site
    demand = world.demands["open"]
    match()
    withdraw_demand(demand, user=world.person("lab_owner"))
    demand.refresh_from_db()
    publish_demand(demand, user=world.person("lab_owner"))
    assert not CurrentResult.objects.filter(demand=demand).exists()
    window = visit("lab_owner")
    page = window.page
    window.open(f"/demands/{demand.public_id}/")
    assert page.locator("#run-banner [role=status]").inner_text().strip()
    assert page.locator("table.caps").count() == 0
    assert CapabilityTerms.objects.exists()
    match()
    page.wait_for_selector("table.caps .nm", timeout=20_000)
    assert page.locator("#lines a").count() == demand.lines.count()
    assert window.messages == []
