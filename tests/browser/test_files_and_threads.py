"""Files and conversations in a real browser: names offered by keyboard, an upload, a download, who opened it."""

from pathlib import Path
from typing import Any

from django.urls import reverse

from alliance.models import Message
from matching.services.introductions import take_step
from tests.cast import World

STEP = b"ISO-10303-21;\nHEADER;\nENDSEC;\n"


def test_a_message_names_somebody_and_a_drawing_goes_to_the_other_side(
    visit: Any, site: tuple[str, World], tmp_path: Path
) -> None:
    world = site[1]
    pair = world.introductions["open"]
    place = reverse("introduction", args=[pair.public_id])

    official = visit("lead_official")
    official.open(place)
    box = official.page.locator("#thread textarea")
    box.click()
    official.page.keyboard.type("Please look, @par")
    offered = official.page.locator("#mention-list [role=option]")
    assert offered.all_inner_texts() == ["@partner official Parton bureau"]
    assert official.findings() == []
    official.page.keyboard.press("Enter")
    official.page.keyboard.type("today")
    assert box.input_value() == "Please look, @partner official today"
    official.page.locator("#thread form button.btn").click()
    official.page.wait_for_url("**#thread")
    assert official.page.locator(".said .at").first.inner_text() == "@partner official"
    assert Message.objects.latest("id").mentions.get() == world.people["partner_official"]

    for who in ("lab_owner", "supplier_owner"):
        take_step(pair, "accept", user=world.person(who))
    drawing = tmp_path / "轴承座.step"
    drawing.write_bytes(STEP)
    supplier = visit("supplier_editor", width=360)
    supplier.open(place)
    supplier.page.locator("#files > details > summary").click()
    supplier.page.set_input_files("#attach_file", drawing)
    supplier.page.select_option("#attach_stage", "1")
    supplier.page.locator("#files form[enctype] button").click()
    supplier.page.wait_for_url("**#files")
    assert not supplier.sideways()

    lab = visit("lab_viewer")
    lab.open(place)
    with lab.page.expect_download() as coming:
        lab.page.get_by_role("link", name="轴承座.step").click()
    assert coming.value.suggested_filename == "轴承座.step"
    assert Path(coming.value.path()).read_bytes() == STEP
    supplier.open(place)
    opened = supplier.page.locator("#files details.flat").first
    opened.locator("summary").click()
    assert str(world.people["lab_viewer"]) in opened.inner_text()
    for window in (official, supplier, lab):
        assert window.messages == []
        assert window.outside == []


def test_without_script_everything_still_works(browser: Any, visit: Any, site: tuple[str, World]) -> None:
    base, world = site
    signed_in = visit("lead_official")
    cookies = signed_in.context.cookies()
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(cookies)
    page = plain.new_page()
    place = reverse("demand", args=[world.demands["open"].public_id])
    page.goto(base + place)
    page.locator("#thread summary").click()
    assert "@partner official" in page.locator("#people").inner_text()
    page.fill("#message_text", "@partner official by hand")
    page.locator("#thread form button.btn").click()
    assert page.url.endswith(f"{place}#thread")
    assert page.locator(".said").inner_text().count("by hand") == 1
    plain.close()
