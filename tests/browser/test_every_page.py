"""Every page as every role, from the permission matrix: quiet, on this host only, accessible in both themes, narrow."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Error

from tests.browser.conftest import ALL_RULES, BUT_COLOURS, CONTRAST, Visit
from tests.cast import World
from tests.matrix.roles import OUT, ROLES, TOKENS
from tests.matrix.routes import address
from tests.matrix.rows import ROWS

#: What is fetched by other pages or by machines, not opened in a window.
NOT_PAGES = {"healthz", "readyz", "my-calendar", "meeting-calendar"}
PEOPLE = sorted(set(ROLES) - TOKENS - (OUT - {"anonymous"}))
#: who open a page, of all who see it: the matrix asks each of them for it, a window costs a second
WINDOWS = 4


def pages_of(world: World, role: str) -> dict[str, bool]:
    """The addresses that answer this role with a page of their own, and whether it judges the colours there.

    Of those who see a page some open it, and one of them judges the colours, in both themes, which takes half of all
    the time. Who that is goes round, so that all have a like share.
    """
    rows = [row for row in ROWS if not row.api and row.method == "GET" and row.route not in NOT_PAGES]
    pages: dict[str, bool] = {}
    for place, row in enumerate(rows):
        seeing = [each for each in PEOPLE if row.expected(each) == 200]
        turn = place % len(seeing) if seeing else 0
        opening = (seeing[turn:] + seeing[:turn])[:WINDOWS]
        if role in opening:
            where = address(world, row)
            pages[where] = pages.get(where, False) or opening[0] == role
    return pages


@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", PEOPLE)
def test_every_page_is_quiet_accessible_and_narrow_enough(
    visit: Callable[..., Visit], site: tuple[str, World], role: str
) -> None:
    _, world = site
    window = visit(ROLES[role], width=360, language="zh-hans")
    wrong: list[str] = []
    for where, colours in pages_of(world, role).items():
        wrong += [f"{where}: {problem}" for problem in problems(window, where, colours)]
    assert wrong == []


def problems(window: Visit, where: str, colours: bool) -> list[str]:
    """One load: at 360 px by all rules, in the light theme; the colours of the dark theme; sideways on a desktop."""
    window.messages.clear()
    window.outside.clear()
    try:
        answer: Any = window.page.goto(window.base + where)
    except Error as error:
        if "Download is starting" in str(error):
            return []
        raise
    if answer is None or "text/html" not in answer.headers.get("content-type", ""):
        return []
    if "<html" not in answer.text()[:500]:
        return []  # a piece of a page
    found = [] if answer.status == 200 else [f"answers {answer.status}"]
    found += window.findings(ALL_RULES if colours else BUT_COLOURS)
    found += ["scrolls sideways at 360 px"] if window.sideways() else []
    if colours:
        window.page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
        # A button's colours take a moment to change.
        window.page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")
        found += [f"dark: {finding}" for finding in window.findings(CONTRAST)]
    window.page.set_viewport_size({"width": 1280, "height": 900})
    found += ["scrolls sideways at 1280 px"] if window.sideways() else []
    window.page.set_viewport_size({"width": 360, "height": 900})
    return (
        found
        + [f"console: {text}" for text in window.messages]
        + [f"outside: {url}" for url in window.outside]
    )
