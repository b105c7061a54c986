"""The whole story in a browser: five people from a firm's registration to a delivery that changes a later score."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.utils import timezone

from alliance.models import Alliance, Organisation
from matching.models import Demand, Introduction, Match, MatchRun
from matching.services.generation.credit_codes import credit_code
from matching.services.runs import create_run, work_on_run
from tests.browser.conftest import Visit
from tests.cast import World

CODE = credit_code("510100", 77)
PASSWORD = "a-good-long-secret-42"
SHEET = (
    "编号,部件类型,名称,月产能,打样天数,交期,单价,额定扭矩 [rated_torque]\n"
    "r-1,DRV-RED,谐波减速器 A,300,15,40,900,16 apples\n"
    "r-2,DRV-RED,谐波减速器 B,200,15,4x,950,15 N*m\n"
)
pytestmark = pytest.mark.timeout(240)


def work() -> None:
    """Match everything as a worker does. (The feed of changes waits for the oldest transaction of the whole server,
    other tests' included, so the runs are queued here.)"""
    for alliance in Alliance.objects.order_by("pk"):
        work_on_run(create_run(alliance, cause="asked").pk)
    assert not MatchRun.objects.filter(state__in=["queued", "running"]).exists()


@pytest.fixture
def today(site: tuple[str, World]) -> World:
    """The cast's alliances are matched as of today."""
    _, world = site
    Alliance.objects.update(as_of=timezone.localdate())
    work()
    return world


class Person:
    """A window and what its person does in it."""

    def __init__(self, window: Visit) -> None:
        self.window, self.page = window, window.page

    def goes(self, address: str) -> None:
        assert self.window.open(address).status == 200, address

    def fills(self, **values: str) -> None:
        for name, value in values.items():
            self.page.fill(f"main [name={name}]", value)

    def presses(self, selector: str) -> None:
        with self.page.expect_navigation():
            self.page.click(f"main {selector}")

    def steps(self, introduction: Introduction, name: str, **values: str) -> None:
        """Open the introduction, unfold the step where it is folded, and do it."""
        self.goes(f"/introductions/{introduction.public_id}/")
        form = f'form[action$="/{name}/"]'
        if not self.page.is_visible(f"{form} button"):
            self.page.click(f"details:has({form}) > summary")
        for field, value in values.items():
            self.page.fill(f"{form} [name={field}]", value)
        self.presses(f"{form} button")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_from_registration_to_delivery(visit: Callable[..., Visit], today: World, language: str) -> None:
    def enter(name: str) -> Person:
        return Person(visit(name, language=language))

    firm = registers(enter(""), language)
    verifies(enter("partner_official"), firm)
    owner = Person(visit("", language=language))
    owner.goes("/")
    owner.fills(username="xin.cai", password=PASSWORD)
    owner.presses(".btn-primary")
    uploads_and_mends(owner)
    lab, lead, partner = enter("lab_owner"), enter("lead_official"), enter("partner_official")
    demand = publishes(lab)
    work()
    row = introduces(lead, demand, firm)
    before = Match.objects.current().get(line_id=row.line_id, capability_id=row.capability_id)
    owner.steps(row, "accept")
    lab.steps(row, "accept")
    lab.goes(f"/introductions/{row.public_id}/")
    assert "028-7654321" in lab.page.content(), "both have accepted: contacts are open"
    partner.steps(row, "agree")
    owner.steps(row, "talk")
    owner.steps(row, "sample", note="样品三周后寄出")
    lead.steps(row, "sign")
    lab.steps(row, "deliver", delivered_on=timezone.localdate().isoformat())
    row.refresh_from_db()
    assert (row.state, row.on_time) == ("delivered", True)
    work()
    after = Match.objects.current().get(line_id=row.line_id, capability_id=row.capability_id)
    assert after.trust > before.trust
    assert after.score > before.score
    for person in (owner, lab, lead, partner):
        assert person.window.messages == []
        assert person.window.outside == []


def registers(person: Person, language: str) -> Organisation:
    person.goes("/register/")
    person.fills(uscc=f" {CODE.lower()} ")
    person.presses(".btn-primary")
    assert "/register/details/" in person.page.url
    person.fills(
        name_zh="新材精密", city="协同市 (990200)", person="林工", phone="028-7654321", contact_email="lin@example.org",
        display_name="林工", username="xin.cai", password=PASSWORD,
    )  # fmt: skip
    person.page.check("main [name=roles][value=manufacturer]")
    person.presses("button.btn-primary")
    assert person.page.get_attribute("html", "lang") == ("en" if language == "en" else "zh-Hans")
    firm = Organisation.objects.get(uscc=CODE)
    assert not firm.listed
    return firm


def verifies(person: Person, firm: Organisation) -> None:
    person.goes("/")
    assert "新材精密" in person.page.content(), "today names the firm that waits"
    person.goes("/verifications/")
    person.page.click(f"main tr:has-text('{firm.name_zh}') a.btn")
    person.page.wait_for_load_state("load")
    person.presses("button[value=yes]")
    firm.refresh_from_db()
    assert firm.verified


def uploads_and_mends(person: Person) -> None:
    person.goes("/facilities/new/")
    person.page.fill("main [name=name]", "一号厂")
    person.page.select_option("main [name=city]", "990200")
    person.presses("button.btn-primary")
    person.goes("/import/")
    person.page.set_input_files(
        "main [name=file]", {"name": "能力.csv", "mimeType": "text/csv", "buffer": SHEET.encode("gb18030")}
    )
    person.presses("form[enctype] .btn-primary")
    person.presses('form[action$="/map/"] .btn-primary')
    boxes = person.page.locator('main [name^="at:"]')
    assert boxes.count() == 2
    boxes.nth(0).fill("16 N*m")
    boxes.nth(1).fill("42")
    if "16" not in (boxes.nth(0).get_attribute("aria-label") or ""):
        rows = person.page.locator("main form[action$='/mend/'] tbody tr")
        for number in range(2):
            text = rows.nth(number).inner_text()
            rows.nth(number).locator("input").fill("16 N*m" if "apples" in text else "42")
    person.presses('form[action$="/mend/"] .btn-primary')
    person.presses('form[action$="/confirm/"] button')
    firm = Organisation.objects.get(uscc=CODE)
    assert firm.capabilities.filter(published=True).count() == 2


def publishes(person: Person) -> Demand:
    person.goes("/demands/new/")
    person.fills(title="新型巡检机器人", lab_city="牵头市 (990100)", need_by="2099-08-31")
    person.fills(start_date=timezone.localdate().isoformat())
    person.presses("button.btn-primary")
    person.goes(re.sub(r"^https?://[^/]+", "", person.page.url) + "?type=DRV-RED")
    person.fills(quantity="500", monthly_rate="20")
    person.page.fill("main [name=value-rated_torque]", "14 N*m")
    person.presses("button.btn-primary")
    demand = Demand.objects.latest("pk")
    person.goes(f"/demands/{demand.public_id}/preview/")
    assert "新材精密" in person.page.content(), "the lab sees what it would find"
    person.presses('form[action$="/publish/"] button')
    demand.refresh_from_db()
    assert demand.published
    return demand


def introduces(person: Person, demand: Demand, firm: Organisation) -> Introduction:
    person.goes(f"/demands/{demand.public_id}/")
    link = person.page.locator(f"main tr:has-text('{firm.name_zh}') a[href*='/introductions/new/']").first
    person.goes(link.get_attribute("href"))
    person.presses("button.btn-primary")
    return Introduction.objects.get(demand=demand, supplier=firm)


def test_refusals_say_why(visit: Callable[..., Visit], today: World) -> None:
    """A firm that is not verified, a proposal that is declined and does not come back, a lost race."""
    official = Person(visit("partner_official", language="zh-hans"))
    row = today.verifications["draft"]
    official.goes(f"/verifications/{row.public_id}/")
    official.presses("button[value=no]")
    assert "请说明原因" in official.page.content()
    official.page.fill("main [name=reason]", "营业执照缺页")
    official.presses("button[value=no]")
    row.refresh_from_db()
    assert (row.state, row.reason) == ("refused", "营业执照缺页")

    introduction = today.introductions["open"]
    supplier, second = (Person(visit("supplier_owner", language="zh-hans")) for _ in range(2))
    second.goes(f"/introductions/{introduction.public_id}/")
    supplier.steps(introduction, "decline", reason="产能已满")
    second.page.click('details:has(form[action$="/decline/"]) > summary')
    second.page.fill('form[action$="/decline/"] [name=reason]', "太晚")
    second.presses('form[action$="/decline/"] button')
    assert "已先一步" in second.page.content()
    introduction.refresh_from_db()
    assert introduction.declined_reason == "产能已满"

    lead = Person(visit("lead_official", language="zh-hans"))
    line, part = today.lines["open"], today.capabilities["supplier"]
    lead.goes(f"/introductions/new/?line={line.public_id}&capability={part.public_id}")
    assert "产能已满" in lead.page.content()
    assert "不再提议" in lead.page.content()
    assert lead.page.locator("main form button.btn-primary").count() == 0
    assert Introduction.objects.filter(line=line, capability=part).count() == 1
