"""A real browser for tests: windows in which a person of the cast has signed in, and what they saw go wrong.

Needs a Chromium (CHROMIUM=/path, or on the PATH); without one the tests are skipped and say so, unless
REQUIRE_BROWSER=1 makes that an error.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from tests.browser.chromium import FLAGS, chromium_path
from tests.cast import World, build_world

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
#: Of everything axe can say: what it calls serious or critical is a bug here; the rest too where it is found.
_FOUND = ".then(r => r.violations.map(v => [v.id, v.nodes[0].html.slice(0, 200)]))"
ALL_RULES = f"axe.run({{resultTypes: ['violations']}}){_FOUND}"
BUT_COLOURS = (
    f"axe.run({{resultTypes: ['violations'], rules: {{'color-contrast': {{enabled: false}}}}}}){_FOUND}"
)
CONTRAST = f"axe.run({{resultTypes: ['violations'], runOnly: ['color-contrast']}}){_FOUND}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs the browser and a database with committed rows.

    With named apps the database is emptied by TRUNCATE … CASCADE: one table belongs to a model that is swapped out.
    """
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(
                pytest.mark.django_db(transaction=True, available_apps=list(settings.INSTALLED_APPS))
            )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = chromium_path()
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but no Chromium is on the PATH (set CHROMIUM to its path)")
        pytest.skip("no Chromium on the PATH (set CHROMIUM to its path)")
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread; Django would refuse the database because of it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module", autouse=True)
def _emptiable_history(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The table of changes refuses TRUNCATE. A live server asks for its database before any fixture of a test,
    so its emptying comes after them: the trigger rests for the whole module."""

    def switch(how: str) -> None:
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE alliance_change {how} TRIGGER change_no_truncate")

    switch("DISABLE")
    yield
    switch("ENABLE")


@pytest.fixture
def site(live_server: Any) -> Iterator[tuple[str, World]]:
    return live_server.url, build_world()


@pytest.fixture
def visit(browser: Any, site: tuple[str, World]) -> Iterator[Callable[..., "Visit"]]:
    """Opens windows; closes them before the server stops, so that no connection outlives the test."""
    base, world = site
    open_windows: list[Visit] = []

    def begin(person: str, **how: Any) -> Visit:
        open_windows.append(Visit(browser, base, world, person, **how))
        return open_windows[-1]

    yield begin
    for window in open_windows:
        window.context.close()


class Visit:
    """A browser window in which a person of the cast has signed in; it collects what the console says."""

    def __init__(
        self,
        browser: Any,
        base: str,
        world: World,
        person: str,
        *,
        width: int = 1440,
        theme: str = "light",
        language: str = "en",
    ) -> None:
        self.base = base
        self.messages: list[str] = []
        self.outside: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="en-US", reduced_motion="reduce"
        )
        cookies = {"django_language": language, "theme": theme}
        if person:
            client = Client()
            client.force_login(world.people[person], backend="django.contrib.auth.backends.ModelBackend")
            cookies["sessionid"] = client.cookies["sessionid"].value
        self.context.add_cookies(
            [{"name": name, "value": value, "url": base} for name, value in cookies.items()]
        )
        self.page = self.context.new_page()
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", self._note_outside)

    def _note_message(self, message: Any) -> None:
        """What the console says; a browser asks for an icon by itself where a piece of a page names none."""
        if not str(message.location.get("url", "")).endswith("/favicon.ico"):
            self.messages.append(message.text)

    def _note_outside(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.outside.append(request.url)

    def open(self, address: str) -> Any:
        response = self.page.goto(self.base + address)
        self.page.wait_for_load_state("networkidle")
        return response

    def findings(self, rules: str = ALL_RULES) -> list[str]:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        return [f"{rule}: {html}" for rule, html in self.page.evaluate(rules)]

    def sideways(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))
