"""Takes the pictures of docs/images from a running program; run by hand, not by pytest.

    make run                                                  # in one terminal
    .venv/bin/python -m tests.browser.screenshots             # in another: writes docs/images/*.png
    .venv/bin/python -m tests.browser.screenshots --tour /tmp/tour   # every page as every demo person

The tour also names every page that scrolls sideways at 360 px, writes to the console or does not answer 200.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.browser.chromium import FLAGS, chromium_path
from tests.browser.palette import with_palette

CHECKOUT = Path(__file__).resolve().parents[2]
DEFAULT_PEOPLE = CHECKOUT / ".run" / "demo-people.txt"
IMAGES = CHECKOUT / "docs" / "images"
WIDTHS = {1440: 1000, 390: 844}
PERSON = "chengdu-official"
# What the README shows: a demand with rich choice, and one whose pipelines tell most.
DEMAND, PIPELINE = "室内搬运人形机器人", "罐区巡检四足机器人"
LARGEST = 400_000
#: What no link of another page leads to.
UNLINKED = ("/search/?q=%E5%87%8F%E9%80%9F", "/waiting/", "/organisations/new/", "/demands/?q=zzzz")
OUTSIDE = (
    "/accounts/login/",
    "/accounts/reset/",
    "/accounts/reset/sent/",
    "/accounts/reset/done/",
    "/register/",
)
NO_PAGE = re.compile(
    r"\.ics|\.xlsx|format=|[?&]form=|/import/(template|export)|^/files/[0-9a-f-]{36}/$|^/(admin|api)/"
)
#: Parts of an address that make another page of it.
TELLING = {
    "view",
    "look",
    "columns",
    "about",
    "pipeline",
    "line",
    "near",
    "capability",
    "site",
    "firm",
    "open",
}
MOST_PAGES = 120


@dataclass
class Window:
    """One browser window of one person."""

    page: Any
    base: str
    messages: list[str]

    def open(self, address: str) -> int:
        answer = self.page.goto(address if address.startswith("http") else self.base + address)
        self.page.wait_for_load_state("networkidle")
        return int(answer.status)

    def sign_in(self, name: str, password: str) -> None:
        self.open("/")
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", password)
        self.page.click("main button[type=submit], main .btn-primary")
        self.page.wait_for_load_state("networkidle")
        if self.page.locator("input[name=password]").count():
            raise SystemExit(f"{name} could not sign in at {self.page.url}")

    def picture(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path), full_page=True)

    def small_picture(self, path: Path) -> None:
        """The same in 256 colours, about half the size: for pictures that live in the repository."""
        blank = self.page.context.new_page()
        path.write_bytes(with_palette(blank, self.page.screenshot(full_page=True)))
        blank.close()

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def first_link(self, pattern: str) -> str | None:
        for link in self.page.locator("main a[href]").all():
            address = link.get_attribute("href") or ""
            if re.search(pattern, address):
                return address.split("?")[0]
        return None


@contextmanager
def window(
    browser: Any, base: str, language: str = "zh-hans", width: int = 1440, theme: str = "light"
) -> Iterator[Window]:
    context = browser.new_context(viewport={"width": width, "height": WIDTHS.get(width, 800)}, locale="zh-CN")
    cookies = {"django_language": language, "theme": theme}
    context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    try:
        yield Window(page, base, messages)
    finally:
        context.close()


def people_of(path: Path) -> dict[str, str]:
    """Name and password of each demo person, as `make run` wrote them."""
    rows = (
        line.split() for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    )
    return {row[0]: row[1] for row in rows if len(row) > 1}


def address_of(shown: Window, what: str, title: str) -> str:
    """The page of the demand (or of its best pipeline) with this title."""
    shown.open(f"/demands/?q={quote(title)}")
    address = shown.first_link(r"/demands/[0-9a-f-]{36}/")
    if address is None:
        raise SystemExit(f"no demand {title}: is the sample region loaded?")
    if what == "demand":
        return address
    shown.open(address)
    pipeline = shown.first_link(r"/pipelines/[0-9a-f-]{36}/[0-9a-f-]{36}/")
    if pipeline is None:
        raise SystemExit(f"the demand {title} has no pipeline: has it been matched?")
    return pipeline


def documentation(browser: Any, base: str, people: dict[str, str]) -> None:
    for language, short in (("zh-hans", "zh"), ("en", "en")):
        for width in WIDTHS:
            with window(browser, base, language, width) as shown:
                shown.sign_in(PERSON, people[PERSON])
                addresses = {"dashboard": "/", "demand": address_of(shown, "demand", DEMAND)}
                if (short, width) == ("zh", 1440):
                    addresses["pipeline"] = address_of(shown, "pipeline", PIPELINE)
                for name, address in addresses.items():
                    shown.open(address)
                    path = IMAGES / f"{name}-{short}-{width}.png"
                    shown.small_picture(path)
                    size = path.stat().st_size
                    print(f"{path.relative_to(CHECKOUT)}  {size // 1000} kB")
                    if size > LARGEST:
                        raise SystemExit(f"{path} is larger than {LARGEST // 1000} kB")


def tour(browser: Any, base: str, people: dict[str, str], folder: Path, only: str) -> int:
    """Pictures of every page a person can reach, in both languages and widths, and dark; returns the faults found."""
    faults = 0
    for name in [name for name in ("nobody", *people) if re.search(only, name)]:
        pages = OUTSIDE if name == "nobody" else reachable(browser, base, name, people[name])
        for language, width, theme in (
            ("zh-hans", 1440, "light"),
            ("zh-hans", 390, "light"),
            ("en", 1440, "light"),
            ("en", 390, "light"),
            ("zh-hans", 1440, "dark"),
        ):
            with window(browser, base, language, width, theme) as shown:
                if name != "nobody":
                    shown.sign_in(name, people[name])
                for address in pages:
                    status = shown.open(address)
                    label = re.sub(r"[^a-z0-9]+", "-", shape(address)).strip("-") or "today"
                    shown.picture(folder / f"{name}-{label}-{language[:2]}-{width}-{theme}.png")
                    faults += faulty(shown, f"{name} {address}", status, narrow=width == 390)
    return faults


def shape(address: str) -> str:
    """Two addresses of one shape are the same page of two rows."""
    path, _sep, query = address.partition("?")
    path = re.sub(r"/cities/\d+/", "/cities/x/", re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "x", path))
    telling = TELLING & {part.split("=")[0] for part in query.split("&")}
    return "?".join(filter(None, [path, "&".join(sorted(telling))]))


def reachable(browser: Any, base: str, name: str, password: str) -> tuple[str, ...]:
    """One page of each shape that links lead to, from the first page on."""
    found: dict[str, str] = {}
    waiting, seen = ["/", *UNLINKED], set[str]()
    with window(browser, base) as shown:
        shown.sign_in(name, password)
        while waiting and len(found) < MOST_PAGES:
            address = waiting.pop(0)
            if shape(address) in seen or NO_PAGE.search(address):
                continue
            seen.add(shape(address))
            if shown.open(address) != 200 or shown.page.evaluate("document.contentType") != "text/html":
                continue
            found[shape(address)] = address
            links = shown.page.locator("a[href^='/']").all()
            waiting += [(link.get_attribute("href") or "").split("#")[0] for link in links]
    return tuple(found.values())


def faulty(shown: Window, what: str, status: int, *, narrow: bool) -> int:
    words = [f"answers {status}"] if status != 200 else []
    words += shown.messages
    shown.messages.clear()
    if narrow:
        shown.page.set_viewport_size({"width": 360, "height": 800})
        if (wider := shown.overflow()) > 0:
            words.append(f"{wider} px wider than 360")
        shown.page.set_viewport_size({"width": 390, "height": WIDTHS[390]})
    for word in words:
        print(f"{what}: {word}", file=sys.stderr)
    return len(words)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="where the program answers")
    parser.add_argument("--people", type=Path, default=DEFAULT_PEOPLE)
    parser.add_argument("--tour", type=Path, metavar="FOLDER", help="every page as every demo person")
    parser.add_argument("--only", default=".", help="with --tour: people whose name matches")
    chosen = parser.parse_args()
    path = chromium_path()
    if path is None or not shutil.which(path):
        print("no Chromium on the PATH (set CHROMIUM to its path)", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright

    people = people_of(chosen.people)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        if chosen.tour:
            return 1 if tour(browser, chosen.base, people, chosen.tour, chosen.only) else 0
        documentation(browser, chosen.base, people)
    return 0


if __name__ == "__main__":
    sys.exit(main())
