"""Pages in a real browser: no console message under the strict CSP, no finding of axe, no sideways scroll, print.

Needs a Chromium (CHROMIUM=/path, or on the PATH); without one the tests are skipped and say so, unless
REQUIRE_BROWSER=1 makes that an error.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.browser.chromium import FLAGS, chromium_path
from tests.cast import World, build_world

# With named apps the database is emptied by TRUNCATE … CASCADE: one table here belongs to a model that is swapped out.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, available_apps=list(settings.INSTALLED_APPS)),
]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"


@pytest.fixture(scope="module")
def browser():
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
def _emptiable_history(django_db_setup, django_db_blocker):
    """The table of changes refuses TRUNCATE. A live server asks for its database before any fixture of a test,
    so its emptying comes after them: the trigger rests for the whole module."""

    def switch(how: str) -> None:
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE alliance_change {how} TRIGGER change_no_truncate")

    switch("DISABLE")
    yield
    switch("ENABLE")


@pytest.fixture
def site(live_server) -> Iterator[tuple[str, World]]:
    return live_server.url, build_world()


@pytest.fixture
def visit(browser, site):
    """Opens windows; closes them before the server stops, so that no connection outlives the test."""
    base, world = site
    open_windows: list[Visit] = []

    def begin(person: str, **how) -> Visit:
        open_windows.append(Visit(browser, base, world, person, **how))
        return open_windows[-1]

    yield begin
    for window in open_windows:
        window.context.close()


class Visit:
    """A browser window in which a person of the cast has signed in; it collects what the console says."""

    def __init__(
        self, browser, base: str, world: World, person: str, *, width: int = 1440, theme: str = "light"
    ) -> None:
        self.base = base
        self.messages: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-US")
        cookies = {"django_language": "en", "theme": theme}
        if person:
            client = Client()
            client.force_login(world.people[person], backend="django.contrib.auth.backends.ModelBackend")
            cookies["sessionid"] = client.cookies["sessionid"].value
        self.context.add_cookies(
            [{"name": name, "value": value, "url": base} for name, value in cookies.items()]
        )
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))

    def open(self, address: str):
        response = self.page.goto(self.base + address)
        self.page.wait_for_load_state("networkidle")
        return response

    def findings(self) -> list[str]:
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "axe.run().then(r => r.violations.map(v => [v.id, v.nodes[0].html.slice(0, 200)]))"
        )
        return [f"{rule}: {html}" for rule, html in found]

    def sideways(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > innerWidth")


def addresses(world: World) -> list[str]:
    demand, site = world.demands["open"], world.sites["open"]
    line, part = world.lines["open"], world.capabilities["supplier"]
    return [
        reverse("dashboard"),
        *(
            reverse(name)
            for name in (
                "demands",
                "capabilities",
                "firms",
                "sites",
                "pipelines",
                "runs",
                "cities",
                "matches",
            )
        ),
        reverse("demand", args=[demand.public_id]),
        reverse("pipeline", args=[demand.public_id, site.public_id]),
        reverse("match", args=[line.public_id, part.public_id]),
        reverse("capability", args=[part.public_id]),
        reverse("firm", args=[world.organisations["supplier"].public_id]),
        reverse("site", args=[site.public_id]),
        reverse("city", args=[world.cities["lead"].code]),
        reverse("run", args=[world.runs["north"].public_id]),
        reverse("password_change"),
    ]


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (360, "light")])
def test_pages_are_quiet_accessible_and_narrow_enough(visit, site, width, theme):
    _, world = site
    window = visit("alliance_admin", width=width, theme=theme)
    wrong = []
    for address in addresses(world):
        status = window.open(address).status
        wrong += [f"{address}: {status}"] if status != 200 else []
        wrong += [f"{address}: {finding}" for finding in window.findings()]
        wrong += [f"{address}: scrolls sideways"] if window.sideways() else []
    assert wrong == []
    assert window.messages == []


@pytest.mark.parametrize("person", ["supplier_owner", "lab_owner"])
def test_a_firms_pages_are_quiet_and_accessible(visit, site, person):
    _, world = site
    window = visit(person, width=390)
    for address in (
        reverse("dashboard"),
        reverse("matches"),
        reverse("demand", args=[world.demands["open"].public_id]),
    ):
        assert window.open(address).status == 200
        assert window.findings() == []
        assert not window.sideways()
    assert window.messages == []


def test_signing_in_and_out(visit, site):
    from tests.factories import PASSWORD

    base, _ = site
    window = visit("", width=390)
    window.open("/")
    assert window.findings() == []
    window.page.fill("[name=username]", "lab_owner")
    window.page.fill("[name=password]", PASSWORD)
    window.page.click(".gate .btn-primary")
    window.page.wait_for_url(base + "/")
    window.page.click("summary[aria-label^=Account]")
    window.page.click("text=Sign out")
    window.page.wait_for_url("**/accounts/login/**")
    assert window.messages == []


def test_a_row_of_the_demand_page_opens_in_place(visit, site):
    _, world = site
    window = visit("lab_owner")
    window.open(reverse("demand", args=[world.demands["open"].public_id]))
    row = window.page.locator("#x2")
    assert not row.is_visible()
    window.page.click("[aria-controls=x2]")
    row.locator("text=How the score 0.720 comes about").wait_for()
    assert window.page.get_attribute("[aria-controls=x2]", "aria-expanded") == "true"
    window.page.click("[aria-controls=x2]")
    assert not row.is_visible()
    assert window.messages == []


def test_the_theme_is_kept_and_the_menu_opens_on_a_phone(visit, site):
    base, _ = site
    window = visit("alliance_admin", width=390)
    window.open("/")
    window.page.click("#theme")
    window.open(reverse("demands"))
    assert window.page.get_attribute("html", "data-bs-theme") == "dark"
    assert not window.page.is_visible("#nav")
    window.page.click("#menu")
    window.page.click("#nav >> text=Sites")
    assert window.page.url == base + reverse("sites")


def test_language_changes_the_page_and_stays(visit, site):
    base, _ = site
    window = visit("alliance_admin")
    window.open(reverse("demands"))
    window.page.click("button[name=language]")
    window.page.wait_for_load_state("networkidle")
    assert window.page.url == base + reverse("demands")
    assert window.page.get_attribute("html", "lang") == "zh-Hans"


def test_the_demand_page_prints_on_paper(visit, site):
    _, world = site
    window = visit("lab_owner")
    window.open(reverse("demand", args=[world.demands["open"].public_id]))
    window.page.emulate_media(media="print")
    assert not window.page.is_visible(".top")
    assert not window.page.is_visible(".acts")
    assert window.page.is_visible(".sb >> nth=0")
    assert window.page.pdf(format="A4").startswith(b"%PDF")
