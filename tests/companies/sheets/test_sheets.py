"""A firm's spreadsheet: read in every usual encoding, refused as a bomb, checked cell by cell, saved, undone."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation
from openpyxl import Workbook, load_workbook

from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Change
from companies.models import Capability, SheetImport
from companies.selectors.imports import own_table
from companies.services.sheets import (
    capabilities_sheet,
    choose_columns,
    commented_sheet,
    confirm,
    guess,
    mend,
    template_sheet,
    undo,
    upload,
    work_on_sheet,
)
from companies.services.sheets.reading import read_file
from tests.cast import World

HEAD = [
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


def table(*rows: list[Any], head: list[str] = HEAD) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return out.getvalue().encode()


def row(number: int, **more: Any) -> list[Any]:
    told = {
        "id": f"p-{number}", "type": "DRV-RED", "title": f"减速器 {number}", "plant": "", "capacity": 100,
        "proto": 10, "lead": 30, "price": 900, "torque": "12 N*m",
    } | more  # fmt: skip
    return list(told.values())


def workbook(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    for each in rows:
        book.active.append(each)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def send(world: World) -> Callable[..., SheetImport]:
    def begin(blob: bytes, who: str = "supplier_editor", **more: Any) -> SheetImport:
        firm = world.organisations["supplier"]
        return upload(firm, blob, user=world.person(who), file_name="表.csv", **more)

    return begin


def checked(world: World, sheet: SheetImport) -> SheetImport:
    """The columns as guessed are confirmed."""
    choose_columns(sheet, sheet.mapping, user=world.person("supplier_editor"))
    sheet.refresh_from_db()
    return sheet


# --- reading ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le"])
def test_usual_encodings_are_read(send: Callable[..., SheetImport], encoding: str) -> None:
    sheet = send(table(row(1)).decode().encode(encoding))
    assert sheet.header[0] == "编号"
    assert sheet.cells.rows[0][2][2] == "减速器 1"


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"   \n",
        bytes(range(128, 256)) * 40,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600,
        b"PK\x03\x04not a zip",
        b"a,b\n" + b"x" * 5000 + b",1\n",
        ("," * 300 + "\n1\n").encode(),
    ],
    ids=["empty", "blank", "no text", "xls", "broken zip", "long cell", "wide"],
)
def test_what_cannot_be_read_says_so_in_one_sentence(world: World, send: Any, blob: bytes) -> None:
    before = Change.objects.count()
    with pytest.raises(DomainError) as told:
        send(blob)
    assert told.value.field == "file"
    assert Change.objects.count() == before
    assert SheetImport.objects.count() == 1  # the one of the cast


def test_bombs_are_not_inflated() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (400 * 1024 * 1024))
    with pytest.raises(DomainError):
        read_file(out.getvalue(), lambda header: True)


def test_a_cell_at_the_far_corner_costs_nothing() -> None:
    book = Workbook()
    book.active["A1"] = "编号"
    book.active["A2"] = "x"
    book.active["XFD1048576"] = "far"
    out = io.BytesIO()
    book.save(out)
    assert len(read_file(out.getvalue(), lambda header: True)) == 2


def test_only_known_headings(send: Any) -> None:
    with pytest.raises(DomainError, match=r"编号|Own id"):
        send(b"foo,bar\n1,2\n")


# --- the story -------------------------------------------------------------------------------------------------------
def test_every_bad_cell_is_named_and_nothing_is_saved(world: World, send: Any) -> None:
    sheet = checked(
        world,
        send(
            table(
                row(1),
                row(2, torque="12 apples"),
                row(3, type="谐波减速机x"),
                row(4, capacity="viel"),
                row(5, lead="3.5"),
                row(1, title="twice"),
            )
        ),
    )
    assert sheet.state == "checked"
    wrong = {(p["row"], p["field"]) for p in sheet.problems}
    assert wrong == {
        (3, "spec:rated_torque"), (4, "component_type"), (5, "capacity_per_month"), (6, "volume_lead_days"),
        (7, "external_id"),
    }  # fmt: skip
    assert not Capability.objects.filter(external_id__startswith="p-").exists()
    with pytest.raises(ConflictError):
        confirm(sheet, user=world.person("supplier_editor"), version=sheet.version)


def test_mending_saving_again_and_undoing(world: World, send: Any) -> None:
    editor = world.person("supplier_editor")
    sheet = checked(world, send(table(row(1), row(2, torque="12 apples"), row(3, torque="12 apples"))))
    bad = sheet.problems[0]
    mend(sheet, {f"{bad['sheet']}!{bad['row']}:{bad['column']}": "13"}, user=editor, everywhere=True)
    sheet.refresh_from_db()
    assert sheet.counts["errors"] == 0
    assert sheet.counts["new"] == 3
    confirm(sheet, user=editor, version=sheet.version)
    sheet.refresh_from_db()
    assert sheet.state == "saved"
    made = {c.external_id: c for c in Capability.objects.filter(external_id__startswith="p-")}
    assert [made[f"p-{n}"].specs for n in (1, 2, 3)] == [
        {"rated_torque": 12},
        {"rated_torque": 13},
        {"rated_torque": 13},
    ]
    assert all(c.published for c in made.values())
    assert made["p-1"].terms.unit_price == 900

    again = send(table(row(1), row(2, torque=13, price=800), row(3, torque=13)))
    assert again.state == "checked", "what was mapped once is not asked again"
    assert {k: again.counts[k] for k in ("new", "changed", "same")} == {"new": 0, "changed": 1, "same": 2}
    confirm(again, user=editor, version=again.version)
    made["p-2"].refresh_from_db()
    assert made["p-2"].version == 2
    assert made["p-2"].terms.__class__.objects.get(pk=made["p-2"].pk).unit_price == 800
    assert undo(again, user=editor) == {"restored": 1, "removed": 0, "skipped": 0}
    assert made["p-2"].terms.__class__.objects.get(pk=made["p-2"].pk).unit_price == 900
    Capability.objects.filter(external_id="p-3").update(version=9)
    assert undo(sheet, user=editor)["skipped"] == 2
    assert set(Capability.objects.filter(external_id__startswith="p-").values_list("external_id", flat=True)) == {
        "p-2", "p-3"
    }  # fmt: skip
    with pytest.raises(ConflictError):
        undo(sheet, user=editor)


def test_units_of_a_heading_ranges_and_words(world: World, send: Any) -> None:
    head = [*HEAD[:-1], "额定扭矩 (kgf*cm) [rated_torque]"]
    sheet = checked(world, send(table(row(1, torque=100), head=head)))
    assert sheet.counts["errors"] == 0
    confirm(sheet, user=world.person("supplier_editor"), version=sheet.version)
    assert Capability.objects.get(external_id="p-1").specs["rated_torque"] == pytest.approx(9.80665)


def test_others_do_not_upload_see_or_confirm(world: World, send: Any) -> None:
    with pytest.raises(ForbiddenError):
        send(table(row(1)), who="supplier_viewer")
    with pytest.raises(NotFoundError):
        send(table(row(1)), who="rival_owner")
    sheet = checked(world, send(table(row(1))))
    assert not SheetImport.objects.visible_to(world.person("rival_owner")).exists()
    with pytest.raises(NotFoundError):
        confirm(sheet, user=world.person("rival_owner"), version=sheet.version)


def test_a_stalled_worker_writes_nothing(world: World, send: Any) -> None:
    """Whoever lost the sheet to another finds its version moved."""
    sheet = checked(world, send(table(row(1))))
    SheetImport.objects.filter(pk=sheet.pk).update(state="saving")
    assert work_on_sheet(sheet.pk)
    assert not work_on_sheet(sheet.pk)
    assert Capability.objects.filter(external_id="p-1").count() == 1


def test_what_is_exported_imports_unchanged(world: World, send: Any) -> None:
    supplier, editor = world.organisations["supplier"], world.person("supplier_editor")
    Capability.objects.filter(pk=world.capabilities["supplier"].pk).update(title="=SUM(A1)")
    for form in ("xlsx", "csv"):
        blob = capabilities_sheet(own_table(editor, supplier), form)
        sheet = checked(world, upload(supplier, blob, user=editor, file_name=f"t.{form}"))
        assert sheet.problems == []
        assert sheet.counts["same"] == Capability.objects.filter(organisation=supplier).count(), sheet.counts
        assert sheet.counts["changed"] == sheet.counts["new"] == 0


def test_a_template_has_drop_downs_and_its_example_is_not_read(world: World) -> None:
    blob = template_sheet(
        [world.types["sensor"], world.types["reducer"]], [world.facilities["supplier"]], "xlsx"
    )
    book = load_workbook(io.BytesIO(blob))
    assert [s.title for s in book.worksheets if s.sheet_state == "visible"] == ["SNS", "DRV-RED"]
    rules = [rule.formula1 for rule in book["SNS"].data_validations.dataValidation]
    assert '"CAN,EtherCAT"' in rules
    with pytest.raises(DomainError, match=r"."):
        upload(
            world.organisations["supplier"],
            blob,
            user=world.person("supplier_editor"),
            file_name="empty.xlsx",
        )


def test_comments_mark_the_bad_cells(world: World, send: Any) -> None:
    sheet = checked(world, send(table(row(1, torque="=cmd()"))))
    page = load_workbook(io.BytesIO(commented_sheet(sheet))).active
    bad = page.cell(2, 9)
    assert bad.comment is not None
    assert bad.data_type == "s"


def test_a_large_sheet_goes_to_a_worker(world: World, send: Any) -> None:
    sheet = send(table(*(row(n) for n in range(1500))))
    choose_columns(sheet, sheet.mapping, user=world.person("supplier_editor"))
    sheet.refresh_from_db()
    assert sheet.state == "checking"
    assert work_on_sheet(sheet.pk)
    sheet.refresh_from_db()
    confirm(sheet, user=world.person("supplier_editor"), version=sheet.version)
    assert work_on_sheet(sheet.pk)
    assert Capability.objects.filter(external_id__startswith="p-").count() == 1500
    assert Change.objects.filter(kind="capabilities", verb="imported").count() == 1


def test_the_pages(world: World, signed_in: Callable[[str], Client]) -> None:
    editor = signed_in("supplier_editor")
    file = SimpleUploadedFile("表.csv", table(row(1), row(2, capacity="?")))
    answer = editor.post("/import/", {"file": file, "component_type": ""})
    assert answer.status_code == 302
    place = answer.headers["Location"]
    sheet = SheetImport.objects.get(file_name="表.csv")
    mapping = {f"c{n}": field for n, field in sheet.mapping.items()}
    assert editor.post(f"{place}map/", mapping).status_code == 302
    page = editor.get(place).content.decode()
    assert 'name="at:!3:4"' in page
    assert editor.post(f"{place}mend/", {"at:!3:4": "50"}).status_code == 302
    sheet.refresh_from_db()
    assert editor.post(f"{place}confirm/", {"version": sheet.version}).status_code == 302
    assert Capability.objects.filter(external_id__startswith="p-").count() == 2
    assert editor.get(place).status_code == 200
    assert editor.post(f"{place}undo/").status_code == 302
    assert not Capability.objects.filter(external_id__startswith="p-").exists()
    assert editor.get(f"{place}comments.xlsx").status_code == 200
    for address in ("/import/", "/import/template/?type=DRV-RED&form=xlsx", "/import/export/?format=csv"):
        assert editor.get(address).status_code == 200
    assert signed_in("rival_owner").get(place).status_code == 404


def test_the_headings_of_the_form_are_known_in_a_sheet(world: World) -> None:
    """Who writes down the words of the form is not asked which column is what."""
    words = {
        "外部编号": "external_id", "名称": "title", "生产地点": "facility", "月产能（件）": "capacity_per_month",
        "已占用（件/月）": "committed_per_month", "起订量（件）": "min_order_quantity",
        "不含税单价（元）": "unit_price",
        "打样周期（天）": "prototype_lead_days", "批量交期（天）": "volume_lead_days", "可接单日期": "available_from",
        "有效期至": "valid_until", "External id": "external_id",
    }  # fmt: skip
    for heading, field in words.items():
        with translation.override("zh-hans"):
            assert guess([heading], [], {})[0] == {"0": field}, heading
