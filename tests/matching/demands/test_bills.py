"""A bill of materials by spreadsheet: checked cell by cell, saved in one step, undone, and exported to the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from alliance.errors import ConflictError, DomainError
from alliance.models import Change
from matching.models import BillSheet, Demand
from matching.services.bills import (
    choose_columns,
    confirm,
    lines_sheet,
    mend,
    template_sheet,
    undo,
    upload,
)
from matching.services.bills.states import line_states
from matching.services.demands import LineInput, save_line
from tests.cast import World
from tests.factories import make_component_key

HEAD = [
    "编号",
    "部件",
    "数量",
    "每月",
    "需求日期",
    "目标价",
    "上限价",
    "证书",
    "备注",
    "torque (N*m) [rated_torque]",
]


def table(*rows: list[Any], head: list[str] = HEAD, encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return out.getvalue().encode(encoding)


def row(name: str, **more: Any) -> list[Any]:
    told = {
        "id": name, "type": "DRV-RED", "quantity": "1,200", "rate": 100, "day": "2027-06-30", "target": 800,
        "ceiling": 1000, "certificates": "ISO9001; CE", "points": "外壳颜色|接口待定", "torque": "≥ 12",
    } | more  # fmt: skip
    return list(told.values())


@pytest.fixture
def draft(world: World) -> Demand:
    demand = world.demands["draft"]
    demand.lines.all().delete()
    return demand


def checked(world: World, demand: Demand, blob: bytes) -> BillSheet:
    """Uploaded and its guessed columns confirmed."""
    user = world.person("lab_editor")
    sheet = upload(demand, blob, user=user, file_name="bom.csv")
    if sheet.state == "mapping":
        choose_columns(sheet, sheet.mapping, user=user)
    sheet.refresh_from_db()
    return sheet


def save(world: World, demand: Demand, blob: bytes, **more: Any) -> BillSheet:
    sheet = checked(world, demand, blob)
    assert not sheet.problems, sheet.problems
    confirm(sheet, user=world.person("lab_editor"), version=sheet.version, **more)
    sheet.refresh_from_db()
    return sheet


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_sheet_becomes_lines(world: World, draft: Demand, encoding: str) -> None:
    sheet = save(
        world, draft, table(row("a-1"), row("a-2", torque="10 ~ 20 (软，权重 3)"), encoding=encoding)
    )
    assert sheet.counts["new"] == 2
    first, second = line_states(draft)
    assert (first["quantity"], first["monthly_rate"], first["need_by"]) == (1200, 100, "2027-06-30")
    assert (first["target_unit_price"], first["ceiling_unit_price"]) == (800, 1000)
    assert (first["certificates"], first["open_points"]) == (["ISO9001", "CE"], ["外壳颜色", "接口待定"])
    asked = {"key": "rated_torque", "op": ">=", "value": 12, "hard": True, "weight": 1, "tolerance": 0.2}
    assert first["requirements"] == [asked]
    assert second["requirements"][0] | {"tolerance": 0} == asked | {
        "op": "between", "value": [10, 20], "hard": False, "weight": 3, "tolerance": 0,
    }  # fmt: skip
    version = draft.version
    draft.refresh_from_db()
    assert draft.version == version + 1
    assert Change.objects.filter(kind="demand", object_id=draft.public_id, verb="changed").count() == 1


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_export_imports_again_unchanged(world: World, form: str) -> None:
    demand = world.demands["draft"]
    save_line(
        demand,
        LineInput(
            world.types["sensor"],
            "1234567.25",
            "0.5",
            target_unit_price="=1" and 3.5,
            open_points=["=SUM(A1)", "- 外壳"],
            requirements=[
                {"key": "bus", "op": "one_of", "value": ["CAN", "EtherCAT"], "hard": False, "weight": 2}
            ],
        ),
        user=world.person("lab_editor"),
    )
    before = line_states(demand)
    assert len(before) == 2
    sheet = checked(world, demand, lines_sheet(demand, form))
    assert sheet.remembered or sheet.counts
    assert sheet.counts | {} == {"new": 0, "same": 2, "changed": 0, "errors": 0, "rows": 2, "others": 0}
    demand.refresh_from_db()
    version, changes = demand.version, Change.objects.filter(kind="demand").count()
    confirm(sheet, user=world.person("lab_editor"), version=sheet.version, replace=True)
    demand.refresh_from_db()
    assert (line_states(demand), demand.version) == (before, version)
    assert Change.objects.filter(kind="demand").count() == changes


def test_a_heading_without_unit_is_no_unit(world: World) -> None:
    """A parameter that is counted has the unit 1, which nobody writes behind a number."""
    key = make_component_key("cores", world.types["sensor"], unit="1", symbol="")
    demand = world.demands["draft"]
    asked = [{"key": key.key, "op": ">=", "value": 8}]
    save_line(
        demand, LineInput(world.types["sensor"], "1", "1", requirements=asked), user=world.person("lab_owner")
    )
    sheet = checked(world, demand, lines_sheet(demand, "csv"))
    assert (sheet.counts["same"], sheet.problems) == (2, [])
    assert not any("(1)" in heading for heading in sheet.header)


def test_problems_are_named_and_mended_on_the_page(world: World, draft: Demand) -> None:
    blob = table(
        row("a-1", type="DRV-REED", torque="12"),
        row("a-2", quantity="viele", target=2000),
        row("a-2", torque="12 以上", day="next week"),
    )
    sheet = checked(world, draft, blob)
    told = {(p["row"], p["field"]): p for p in sheet.problems}
    assert set(told) == {
        (2, "component_type"), (3, "quantity"), (3, "ceiling_unit_price"), (4, "external_id"), (4, "need_by"),
    }  # fmt: skip
    assert "DRV-RED" in told[2, "component_type"]["suggestion"]
    with pytest.raises(ConflictError):
        confirm(sheet, user=world.person("lab_editor"), version=sheet.version)
    assert not line_states(draft)
    column = {p["field"]: p["column"] for p in sheet.problems}
    edits = {
        f"!2:{column['component_type']}": told[2, "component_type"]["suggestion"],
        f"!3:{column['quantity']}": "5",
        f"!3:{column['ceiling_unit_price']}": "3000",
        f"!4:{column['external_id']}": "a-3",
        f"!4:{column['need_by']}": "2027/7/1",
        "!99:1": "no such cell",
    }
    mend(sheet, edits, user=world.person("lab_editor"))
    sheet.refresh_from_db()
    (bare,) = sheet.problems
    assert (bare["field"], bare["suggestion"]) == ("spec:rated_torque", "≥ 12")
    mend(sheet, {f"!2:{bare['column']}": bare["suggestion"]}, user=world.person("lab_editor"))
    sheet.refresh_from_db()
    confirm(sheet, user=world.person("lab_editor"), version=sheet.version)
    assert [state["external_id"] for state in line_states(draft)] == ["a-1", "a-2", "a-3"]


def test_append_replace_and_undo(world: World, draft: Demand) -> None:
    save(world, draft, table(row("a-1"), row("a-2")))
    before = line_states(draft)
    sheet = save(world, draft, table(row("a-2", quantity=7), row("a-3")))
    assert [s["external_id"] for s in line_states(draft)] == ["a-1", "a-2", "a-3"]
    assert (sheet.counts["new"], sheet.counts["changed"], sheet.counts["others"]) == (1, 1, 1)
    undo(sheet, user=world.person("lab_editor"))
    assert line_states(draft) == before
    with pytest.raises(ConflictError):
        undo(sheet, user=world.person("lab_editor"))
    sheet = save(world, draft, table(row("a-2", quantity=7)), replace=True)
    assert ([s["quantity"] for s in line_states(draft)], sheet.counts["removed"]) == ([7], 1)
    undo(sheet, user=world.person("lab_editor"))
    assert line_states(draft) == before, "the removed line is back with its address"


def test_a_line_changed_since_is_not_taken_back(world: World, draft: Demand) -> None:
    sheet = save(world, draft, table(row("a-1")))
    save_line(draft, LineInput(world.types["sensor"], "1", "1"), user=world.person("lab_editor"))
    with pytest.raises(ConflictError):
        undo(sheet, user=world.person("lab_editor"))
    assert len(line_states(draft)) == 2


def test_somebody_changed_the_demand_between_check_and_saving(world: World, draft: Demand) -> None:
    sheet = checked(world, draft, table(row("a-1")))
    save_line(
        draft, LineInput(world.types["sensor"], "1", "1", external_id="a-1"), user=world.person("lab_owner")
    )
    with pytest.raises(ConflictError):
        confirm(sheet, user=world.person("lab_editor"), version=sheet.version)
    sheet.refresh_from_db()
    assert (sheet.state, sheet.counts["changed"], sheet.counts["new"]) == ("checked", 1, 0)
    assert line_states(draft)[0]["component_type"] == "SNS"
    with pytest.raises(ConflictError):
        confirm(sheet, user=world.person("lab_editor"), version=sheet.version - 1)


def test_a_line_that_firms_were_introduced_for_stays(world: World) -> None:
    demand = world.demands["open"]
    before = line_states(demand)
    sheet = checked(world, demand, table(row("x-1")))
    with pytest.raises(ConflictError):
        confirm(sheet, user=world.person("lab_editor"), version=sheet.version, replace=True)
    assert line_states(demand) == before
    # An id belongs to one line of a lab: another demand's cannot be taken.
    other = world.demands["members"]
    sheet = checked(world, other, table(row(before[0]["external_id"])))
    assert [p["field"] for p in sheet.problems] == ["external_id"]


def test_columns_are_asked_once(world: World, draft: Demand) -> None:
    user = world.person("lab_editor")
    head = ["Wie viele", "Was", "je Monat 每月"]
    blob = table([5, "DRV-RED", 1], head=[*head, "数量"])
    sheet = upload(draft, table([5, "DRV-RED", 1, 5], head=[*head, "数量"]), user=user, file_name="a.csv")
    assert sheet.state == "mapping"
    choose_columns(sheet, {"0": "quantity", "1": "component_type", "2": "monthly_rate"}, user=user)
    sheet.refresh_from_db()
    assert (sheet.state, sheet.problems) == ("checked", [])
    again = upload(draft, blob, user=user, file_name="b.csv")
    assert (again.state, again.remembered) == ("checked", True)
    with pytest.raises(DomainError):
        choose_columns(again, {"0": "quantity", "1": "quantity"}, user=user)


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"PK\x03\x04junk",
        b"nothing,known\n1,2\n",
        "编号,数量\n".encode(),
        table(*[row(f"a-{n}") for n in range(201)]),
    ],
)
def test_files_that_are_refused(world: World, draft: Demand, blob: bytes) -> None:
    with pytest.raises(DomainError) as told:
        upload(draft, blob, user=world.person("lab_editor"), file_name="x.csv")
    assert told.value.field == "file"
    assert not BillSheet.objects.exclude(pk=world.bills["draft"].pk).exists()


def test_the_template_says_what_may_stand_in_it(world: World) -> None:
    book = load_workbook(io.BytesIO(template_sheet([world.types["reducer"], world.types["sensor"]], "xlsx")))
    page = book.worksheets[0]
    heads = [cell.value for cell in page[1]]
    assert any("[rated_torque]" in head for head in heads)
    assert any("[bus]" in head for head in heads)
    assert len(page.data_validations.dataValidation) >= 2
    assert page["A2"].value.startswith("#")
    assert [page.cell(n, 2).value.endswith(code) for n, code in ((3, "(DRV-RED)"), (4, "(SNS)"))] == [
        True,
        True,
    ]


def test_the_pages_from_upload_to_undo(
    world: World, draft: Demand, signed_in: Callable[[str], Client]
) -> None:
    lab = signed_in("lab_editor")
    place = f"/demands/{draft.public_id}/bill/"
    assert lab.get(place).status_code == 200
    for query in (
        "?form=xlsx",
        "?form=csv",
        "?template=1&type=DRV-RED&type=SNS",
        "?template=1&type=SNS&form=csv",
    ):
        form = query if "form" in query else query + "&form=xlsx"
        assert lab.get(f"{place}file/{form}").status_code == 200
    assert lab.get(f"{place}file/?type=NOPE&form=xlsx").status_code == 400
    answer = lab.post(place, {"file": SimpleUploadedFile("bom.csv", table(row("a-1", torque="12")))})
    assert answer.status_code == 302
    at = answer.headers["Location"]
    sheet = BillSheet.objects.latest("pk")
    assert "rated_torque" in lab.get(at).content.decode()
    columns = {f"c{n}": field for n, field in sheet.mapping.items()}
    assert lab.post(at + "map/", columns).status_code == 302
    assert "≥ 12" in lab.get(at).content.decode()
    assert lab.get(at + "?comments=1").status_code == 200
    assert lab.post(at + "mend/", {"at:!2:9": "≥ 12"}).status_code == 302
    sheet.refresh_from_db()
    assert lab.post(at + "confirm/", {"version": "1"}).status_code == 409
    assert lab.post(at + "confirm/", {"version": str(sheet.version)}).status_code == 302
    assert draft.lines.count() == 1
    assert lab.post(at + "undo/").status_code == 302
    assert draft.lines.count() == 0
    assert lab.post(at + "dance/").status_code == 404
    bureau = signed_in("lead_official")
    assert bureau.get(at).status_code == 200
    assert bureau.post(at + "undo/").status_code == 403
    assert signed_in("supplier_owner").get(at).status_code == 404
