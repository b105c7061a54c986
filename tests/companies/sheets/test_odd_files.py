"""Files that are small or ordinary and yet hurt: a million empty lines, gaps between rows, one endless line."""

from __future__ import annotations

import io
import tracemalloc
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from alliance.errors import DomainError
from alliance.models import Message
from alliance.services.questions import ask_firm
from companies.models import Capability, SpecEvidence
from companies.services import CapabilityChecker, CapabilityInput, CertificateInput, verify_values
from companies.services.sheets import choose_columns, confirm, undo, upload
from companies.services.sheets.reading import MOST_ROWS, read_file
from tests.cast import World
from tests.companies.sheets.test_sheets import HEAD, row, table


def _known(heading: list[str]) -> bool:
    return True


def _peak(blob: bytes) -> float:
    """Megabytes that reading it takes beside the file itself, refused or not."""
    tracemalloc.start()
    try:
        read_file(blob, _known)
    except DomainError:
        pass
    finally:
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most / 1e6


@pytest.mark.parametrize(
    "blob",
    [
        b"a,b\n" + b"\n" * 1_000_000,
        b"a,b\n" + b"," * 1_000_000 + b"\n",
        b'{"a": 1}\n' + b"\n" * 1_000_000,
        b'{"a": [' + b"[]," * 300_000 + b"[]]}\n",
    ],
    ids=["empty lines", "one wide line", "empty lines of json", "one long object"],
)
def test_a_megabyte_of_nothing_takes_a_few_megabytes(blob: bytes) -> None:
    assert _peak(blob) < 15


def test_rows_behind_many_empty_ones_are_not_lost() -> None:
    book = Workbook(write_only=True)
    page = book.create_sheet()
    page.append(["编号", "名称"])
    for number in range(12):
        page.append([f"p-{number}", "减速器"])
        for _gap in range(2_000):
            page.append([])
    out = io.BytesIO()
    book.save(out)
    found = read_file(out.getvalue(), _known)
    assert [cells[0] for _sheet, _row, cells in found] == ["编号", *(f"p-{n}" for n in range(12))]
    assert found[-1][1] == 2 + 11 * 2_001 > MOST_ROWS


def test_a_line_separator_inside_a_json_text_ends_no_line() -> None:
    found = read_file(
        '{"title": "一\u2028二", "external_id": "x"}\r\n{"title": "三\u0085"}\n'.encode(), _known
    )
    assert [cells[0] for _sheet, _row, cells in found] == ["title", "一\u2028二", "三\u0085"]
    assert [number for _sheet, number, _cells in found] == [0, 1, 2]


@pytest.mark.django_db
def test_control_characters_in_a_cell_do_not_break_the_commented_workbook(
    world: World, signed_in: Any
) -> None:
    user = world.person("supplier_editor")
    blob = table(row(1, capacity="1\x07\ufffe2", title="a\x0bb"))
    sheet = upload(world.organisations["supplier"], blob, user=user, file_name="表.csv")
    choose_columns(sheet, sheet.mapping, user=user)
    sheet.refresh_from_db()
    assert sheet.counts["errors"]
    page: Client = signed_in("supplier_editor")
    answer = page.get(reverse("import-comments", args=[sheet.public_id]))
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.content))
    assert book.active.max_row == 2
    assert len(HEAD) == book.active.max_column


@pytest.mark.django_db
@pytest.mark.parametrize("version", ["²", "9" * 5_000, "-1", "x", ""])
def test_a_version_that_is_no_number_is_an_old_one(world: World, signed_in: Any, version: str) -> None:
    user = world.person("supplier_editor")
    sheet = upload(world.organisations["supplier"], table(row(1)), user=user, file_name="表.csv")
    answer = signed_in("supplier_editor").post(
        reverse("import-confirm", args=[sheet.public_id]), {"version": version}
    )
    assert answer.status_code == 409


@pytest.mark.django_db
def test_what_a_bureau_has_verified_or_asked_about_is_put_away_not_deleted(world: World) -> None:
    user, official = world.person("supplier_editor"), world.person("partner_official")
    blob = table(*(row(number, id=f"u-{number}") for number in range(4)))
    sheet = upload(world.organisations["supplier"], blob, user=user, file_name="表.csv")
    choose_columns(sheet, sheet.mapping, user=user)
    sheet.refresh_from_db()
    confirm(sheet, user=user, version=sheet.version)
    made = {each.external_id: each for each in Capability.objects.filter(external_id__startswith="u-")}
    verify_values(made["u-0"], ["rated_torque"], user=official, basis="Report 7")
    asked = ask_firm(made["u-1"], "Can you make it in steel?", user=official)
    sheet.refresh_from_db()
    counts = undo(sheet, user=user)
    assert counts == {"restored": 0, "removed": 4, "skipped": 0}
    left = Capability.objects.filter(external_id__startswith="u-")
    assert {(each.external_id, each.published) for each in left} == {("u-0", False), ("u-1", False)}
    assert all(each.archived_at is not None for each in left)
    assert SpecEvidence.objects.filter(capability=made["u-0"]).count() == 1
    assert Message.objects.visible_to(user).filter(pk=asked.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["9999-12-31", "0202-06-30", "1999/12/31"])
def test_a_slip_of_the_year_is_told_as_the_api_tells_it(world: World, day: str) -> None:
    checker = CapabilityChecker(world.organisations["supplier"])
    given = CapabilityInput(
        component_type="DRV-RED",
        facility=world.facilities["supplier"].external_id,
        valid_until=day,
        certificates=[CertificateInput("ISO9001", day)],
    )
    assert set(checker.check(given).errors) == {"valid_until", "certificates.0"}
