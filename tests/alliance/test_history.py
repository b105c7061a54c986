"""The history of a row says each difference in words, sheets row by row, and only to its own side."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from alliance.changes import Detail, acting_for, record, record_details
from alliance.models import Change, Organisation
from companies.services.sheets import choose_columns, confirm, undo, upload
from matching.services.changes.affected import IRRELEVANT
from matching.services.demands.inputs import LineInput
from matching.services.demands.lines import remove_line, save_line, save_need
from matching.services.introductions import set_milestone, take_step
from scenarios.services import SiteInput, add_window, remove_window, update_site
from tests.cast import World
from tests.chance import without_chance
from tests.matrix.roles import client

pytestmark = pytest.mark.django_db


def page_of(world: World, who: str, kind: str, row: Any, query: str = "") -> Any:
    browser = Client()
    browser.force_login(world.person(who), backend="django.contrib.auth.backends.ModelBackend")
    place = reverse("history", args=[kind, row.public_id])
    return browser.get(place + query, headers={"accept-language": "en"})


def told(world: World, who: str, kind: str, row: Any) -> str:
    """What the table says, without its tags."""
    answer = page_of(world, who, kind, row)
    assert answer.status_code == 200
    table = answer.content.decode().split("<tbody>")[-1].split("</tbody>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", table).split())


def test_a_changed_price_is_told_to_its_own_side_and_to_nobody_else(world: World) -> None:
    row = world.capabilities["supplier"]
    with transaction.atomic():
        record(
            "changed",
            "capability",
            str(row.public_id),
            before={"p": 41017, "q": 5},
            after={"p": 41019, "q": 5},
        )
        record("verified", "evidence", str(row.public_id), after={"key": "torque-proof"})
    for name, seen in (
        ("supplier_editor", True),
        ("supplier_viewer", True),
        ("partner_official", True),
        ("rival_owner", False),
        ("lead_official", False),
        ("platform_admin", False),
    ):
        answer = page_of(world, name, "capability", row)
        assert answer.status_code == (200 if seen else 404), name
        if seen:
            page = answer.content.decode()
            assert "<b>p</b> 41017 → 41019" in page
            assert "<b>q</b>" not in page
            assert "torque-proof" in page


def test_an_unknown_kind_is_missing(world: World) -> None:
    for kind in ("user", "verification", "nothing"):
        assert page_of(world, "supplier_owner", kind, world.capabilities["supplier"]).status_code == 404


def sheet_of(*rows: tuple[str, str, str, str]) -> bytes:
    """external id, torque, price, days of making."""
    out = io.StringIO()
    head = [
        "编号",
        "部件类型",
        "名称",
        "工厂",
        "月产能",
        "打样天数",
        "交期",
        "单价",
        "rated_torque [rated_torque]",
    ]
    body = [[key, "DRV-RED", key, "", 100, 10, lead, price, torque] for key, torque, price, lead in rows]
    csv.writer(out).writerows([head, *body])
    return out.getvalue().encode()


def saved(world: World, blob: bytes) -> Any:
    editor = world.person("supplier_editor")
    sheet = upload(world.organisations["supplier"], blob, user=editor, file_name="t.csv")
    if sheet.state != "checked":
        choose_columns(sheet, sheet.mapping, user=editor)
        sheet.refresh_from_db()
    assert sheet.state == "checked", sheet.problems
    # A worker saves it: nobody is signed in there.
    confirm(sheet, user=editor, version=sheet.version)
    sheet.refresh_from_db()
    return sheet


def test_a_sheet_tells_what_it_did_to_each_capability(world: World) -> None:
    from companies.models import Capability

    saved(world, sheet_of(("p-1", "12 N*m", "900", "30"), ("p-2", "12 N*m", "900", "30")))
    again = saved(world, sheet_of(("p-1", "12 N*m", "900", "30"), ("p-2", "13 N*m", "800", "30")))
    one, two = (Capability.objects.get(external_id=key) for key in ("p-1", "p-2"))
    first = told(world, "supplier_viewer", "capability", one)
    assert "800" not in without_chance(first)
    second = told(world, "supplier_viewer", "capability", two)
    assert "by a sheet: imported" in second
    assert "Unit price (CNY) 900 → 800" in second
    assert re.search(r"12 N·m → 13 N·m", second)
    assert str(world.people["supplier_editor"]) in second
    assert page_of(world, "lead_official", "capability", two).status_code == 404
    undo(again, user=world.person("supplier_editor"))
    assert "Unit price (CNY) 800 → 900" in told(world, "supplier_viewer", "capability", two)
    assert "capability row" in IRRELEVANT


def test_a_large_sheet_writes_its_history_in_a_few_statements(world: World) -> None:
    rows = [(f"p-{number}", "12 N*m", "900", "30") for number in range(300)]
    with CaptureQueriesContext(connection) as asked:
        saved(world, sheet_of(*rows))
    inserts = [q for q in asked if q["sql"].startswith('INSERT INTO "alliance_change"')]
    assert len(inserts) < 12
    assert Change.objects.filter(kind="capability row").count() == 300


def test_lines_tell_prices_and_requirements_before_and_after(world: World) -> None:
    lab, demand = world.person("lab_owner"), world.demands["open"]
    asked = [{"key": "rated_torque", "op": ">=", "value": 12}]
    line = save_line(
        demand,
        LineInput(world.types["reducer"], "100", "10", target_unit_price="900", requirements=asked),
        user=lab,
    )
    asked = [{"key": "rated_torque", "op": ">=", "value": 14, "hard": False, "weight": 3}]
    given = LineInput(world.types["reducer"], "100", "10", target_unit_price="950", requirements=asked)
    save_line(demand, given, user=lab, line=line)
    page = told(world, "lab_viewer", "demand", demand)
    assert "Target price (CNY) 900 → 950" in page
    assert re.search(r"≥ 12 N·m \(hard\) → [^→]*≥ 14 N·m \(soft 3\)", page)
    assert "Quantity 100 → 100" not in page
    remove_line(demand, line, user=lab)
    assert "Target price (CNY) 950 → —" in told(world, "lead_official", "demand", demand)
    for who in ("partner_official", "supplier_owner"):
        assert page_of(world, who, "demand", demand).status_code == 404, who


def test_what_is_asked_of_the_site_is_told(world: World) -> None:
    from matching.services.demands.inputs import NeedInput

    lab, demand = world.person("lab_owner"), world.demands["draft"]
    for height in (7, 9):
        asked = [{"key": "clear_height", "op": ">=", "value": height}]
        save_need(demand, NeedInput(world.scenario_types["line"], "3", 30, asked), user=lab)
    assert re.search(r"≥ 7[^→]*→ [^→]*≥ 9", told(world, "lab_viewer", "demand", demand))


def test_sites_tell_conditions_parameters_and_windows_in_words(world: World) -> None:
    site, owner = world.sites["open"], world.person("operator_owner")
    given = SiteInput(
        site.name,
        site.city,
        site.scenario_type,
        site.fleet_capacity,
        params={"clear_height": "9"},
        conditions=[{"key": "rated_torque", "op": ">=", "value": 21}],
    )
    update_site(site, given, user=owner, version=site.version)
    add_window(site, date(2028, 3, 1), date(2028, 4, 30), user=owner)
    remove_window(site, date(2028, 3, 1), date(2028, 4, 30), user=owner)
    page = told(world, "operator_owner", "site", site)
    assert re.search(r"8[^→]* → 9", page)
    assert re.search(r"Part conditions [^→]*→ [^→]*≥ 21 N·m", page)
    assert "Window 2028-03-01 – 2028-04-30 → —" in page
    assert "{" not in page


def test_introductions_and_projects_have_a_history(world: World) -> None:
    pair, project = world.introductions["open"], world.projects["open"]
    # The lab's people are named in it: the supplier's side waits until both have accepted.
    take_step(pair, "accept", user=world.person("lab_owner"))
    set_milestone(
        project,
        "prototype",
        user=world.person("lab_owner"),
        planned_on=date(2027, 2, 1),
        actual_on=date(2027, 2, 9),
    )
    everybody = ("lab_viewer", "lead_official", "supplier_viewer", "partner_official", "rival_owner")
    assert [page_of(world, who, "introduction", pair).status_code for who in everybody] == [
        200, 200, 404, 404, 404
    ]  # fmt: skip
    take_step(pair, "accept", user=world.person("supplier_owner"))
    assert [page_of(world, who, "introduction", pair).status_code for who in everybody] == [
        200, 200, 200, 200, 404
    ]  # fmt: skip
    assert [page_of(world, who, "project", project).status_code for who in everybody] == [
        200, 200, 404, 200, 404
    ]  # fmt: skip
    page = told(world, "supplier_viewer", "introduction", pair)
    assert "State proposed → accepted" in page
    assert "Lead" in page, "whose turn is told by name"
    assert "Prototype: reached — → 2027-02-09" in told(world, "lab_viewer", "project", project)


def test_organisations_have_a_history(world: World) -> None:
    row = world.organisations["supplier"]
    with transaction.atomic():
        record(
            "changed",
            "organisation",
            str(row.public_id),
            before={"city": "990200", "roles": ["rnd"]},
            after={"city": "990100", "roles": ["manufacturer"]},
        )
    page = told(world, "supplier_viewer", "organisation", row)
    assert f"City {world.cities['partner']} → {world.cities['lead']}" in page
    for who, status in (("partner_official", 200), ("lead_official", 404), ("lab_owner", 404)):
        assert page_of(world, who, "organisation", row).status_code == status, who


def test_the_history_of_a_merged_entry_comes_along(world: World) -> None:
    row, gone = world.organisations["supplier"], world.organisations["bystander"]
    with transaction.atomic():
        record("changed", "organisation", str(gone.public_id), after={"name_zh": "旧名"})
    assert "旧名" not in told(world, "supplier_viewer", "organisation", row)
    Organisation.objects.filter(pk=gone.pk).update(merged_into=row, listed=False)
    assert "旧名" in told(world, "supplier_viewer", "organisation", row)


def test_long_histories_have_pages_with_the_same_number_of_questions(world: World) -> None:
    row = world.capabilities["supplier"]

    def change(number: int) -> None:
        with transaction.atomic():
            record("changed", "capability", str(row.public_id), after={"title": f"name {number}."})

    change(0)
    page_of(world, "supplier_viewer", "capability", row)
    with CaptureQueriesContext(connection) as one:
        page_of(world, "supplier_viewer", "capability", row)
    for number in range(1, 120):
        change(number)
    with CaptureQueriesContext(connection) as many:
        first = page_of(world, "supplier_viewer", "capability", row).content.decode()
    assert len(one) == len(many)
    assert "name 119." in first
    assert "name 69." not in first
    assert 'href="?page=2"' in first
    last = page_of(world, "supplier_viewer", "capability", row, "?page=3").content.decode()
    assert "name 0." in last
    assert 'href="?page=4"' not in last
    for query in ("?page=4", "?page=0", "?page=-1", "?page=x", "?page=99999999", "?page=%00", "?page=１"):
        assert page_of(world, "supplier_viewer", "capability", row, query).status_code in (400, 404), query


def test_details_are_written_with_their_change_or_not_at_all(world: World) -> None:
    before = Change.objects.count()

    def write() -> None:
        with transaction.atomic(), acting_for(world.people["lab_owner"].pk):
            record_details("imported", "capability row", [Detail("x", None, {"a": 1})])
            assert Change.objects.latest("id").actor == world.people["lab_owner"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert Change.objects.count() == before


def test_junk_that_was_recorded_long_ago_is_shown_as_it_is(world: World) -> None:
    junk: list[Any] = [
        None,
        0,
        -1.5,
        "",
        [],
        {},
        [None],
        [[None]],
        {"a": [1]},
        "x" * 5000,
        [{"op": 1}],
        {"": None},
    ]
    kinds = {"demand": world.demands["open"], "site": world.sites["open"]}
    for kind, row in {**kinds, "capability": world.capabilities["supplier"]}.items():
        names = (
            "specs",
            "params",
            "conditions",
            "requirements",
            "certificates",
            "turn",
            "city",
            "window",
            "values",
        )
        with transaction.atomic():
            for value in junk:
                both = dict.fromkeys(names, value)
                record("changed", kind, str(row.public_id), before=both, after={"specs": {"a": value}})
        who = {"demand": "lab", "site": "operator_owner", "capability": "owner"}[kind]
        if kind == "site":
            assert page_of(world, who, kind, row).status_code == 200
        else:
            place = reverse("history", args=[kind, row.public_id])
            assert client(world, who).get(place).status_code == 200
