"""Pages in a real browser: no console message under the strict CSP, no finding of axe, no sideways scroll, print."""

from django.urls import reverse

from tests.cast import World


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


def test_pages_are_accessible_on_a_desktop_in_english(visit, site):
    """The other width and language of what `test_every_page.py` looks at for every role."""
    _, world = site
    window = visit("alliance_admin", width=1440)
    wrong = []
    for address in addresses(world):
        status = window.open(address).status
        wrong += [f"{address}: {status}"] if status != 200 else []
        wrong += [f"{address}: {finding}" for finding in window.findings()]
        wrong += [f"{address}: scrolls sideways"] if window.sideways() else []
    assert wrong == []
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


def test_the_bell_of_an_open_page_rings_without_being_asked(visit, site):
    """Once a minute it is looked at again; not while the page is hidden, and never under the reader's finger."""
    from alliance.models import Notice

    _, world = site
    window = visit("lab_owner")
    window.page.clock.install()
    window.open("/notifications/")
    bell = window.page.locator("#bell")
    assert bell.locator(".badge-n").count() == 0
    Notice.objects.create(
        user=world.people["lab_owner"],
        source="bell",
        group="introductions",
        key="introduction proposed",
        kind="introduction",
        object_id=str(world.introductions["open"].public_id),
    )
    bell.focus()
    window.page.clock.fast_forward(61_000)
    assert bell.locator(".badge-n").count() == 0
    window.page.locator("h1").click()
    window.page.evaluate("document.activeElement.blur()")
    window.page.clock.fast_forward(61_000)
    bell.locator(".badge-n").wait_for()
    assert bell.inner_text().strip() == "1"
    assert window.messages == []
