"""What only happens to large sheets, or to two at once: kept short by lowering the limits."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import Workbook

from alliance.errors import ConflictError
from alliance.models import Change
from companies.models import Capability, SheetImport
from companies.services.sheets import (
    cancel,
    choose_columns,
    confirm,
    mend,
    undo,
    upload,
    work_on_sheet,
    working,
)
from companies.services.sheets import checking as checks
from companies.services.sheets import progress as telling
from companies.services.sheets.reading import read_file
from tests import factories as make
from tests.cast import World, build_world
from tests.companies.sheets.test_sheets import row, table, workbook


def sent(world: World, *rows: list[Any], name: str = "大表.csv") -> SheetImport:
    user = world.person("supplier_editor")
    sheet = upload(world.organisations["supplier"], table(*rows), user=user, file_name=name)
    choose_columns(sheet, sheet.mapping, user=user)
    sheet.refresh_from_db()
    return sheet


@pytest.mark.django_db
def test_more_is_wrong_than_is_kept_and_all_of_it_is_mended(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(checks, "MOST_PROBLEMS", 3)
    sheet = sent(world, *(row(n, capacity="?", lead="x") for n in range(10)))
    assert sheet.counts["errors"] == 20
    assert len(sheet.problems) == 3
    user = world.person("supplier_editor")
    places = {p["column"]: f"{p['sheet']}!{p['row']}:{p['column']}" for p in sheet.problems}
    assert len(places) == 2
    edits = dict.fromkeys(places.values(), "50")
    mend(sheet, edits, user=user, everywhere=True)
    sheet.refresh_from_db()
    assert sheet.counts["errors"] == 0
    confirm(sheet, user=user, version=sheet.version)
    assert Capability.objects.filter(external_id__startswith="p-", volume_lead_days=50).count() == 10


@pytest.mark.django_db
def test_a_suggestion_is_looked_for_once_for_each_value(world: World) -> None:
    with patch.object(checks.SheetChecker, "_nearest", autospec=True, return_value="") as nearest:
        sent(world, *(row(n, type="减速") for n in range(20)))
    assert nearest.call_count == 1


@pytest.mark.django_db
def test_a_page_that_follows_the_work_reads_no_cells(world: World, signed_in: Any) -> None:
    sheet = sent(world, *(row(n) for n in range(3)))
    SheetImport.objects.filter(pk=sheet.pk).update(state="saving", done=1)
    place = reverse("import", args=[sheet.public_id])
    with CaptureQueriesContext(connection) as asked:
        answer = signed_in("supplier_editor").get(place, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "33" in answer.content.decode()  # of a hundred
    said = " ".join(one["sql"] for one in asked)
    assert "sheetrows" not in said
    assert '"problems"' not in said


@pytest.mark.django_db
def test_a_step_that_always_fails_ends_visibly(world: World, signed_in: Any) -> None:
    sheet = sent(world, row(1))
    confirmed = {"state": "saving", "attempts": 0, "lease_until": None}
    SheetImport.objects.filter(pk=sheet.pk).update(**confirmed)
    with patch.object(working, "store", side_effect=RuntimeError("broken")):
        for attempt in range(5):
            with pytest.raises(RuntimeError):
                work_on_sheet(sheet.pk)
            sheet.refresh_from_db()
            assert (sheet.state, sheet.attempts) == ("saving", attempt + 1)
            assert not work_on_sheet(sheet.pk)  # not at once
            SheetImport.objects.filter(pk=sheet.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert work_on_sheet(sheet.pk)
    sheet.refresh_from_db()
    assert sheet.state == "failed"
    assert not Capability.objects.filter(external_id="p-1").exists()
    page = signed_in("supplier_editor").get(reverse("import", args=[sheet.public_id])).content.decode()
    assert "?columns=1" in page
    # Tried again it has five tries again.
    choose_columns(sheet, sheet.mapping, user=world.person("supplier_editor"))
    sheet.refresh_from_db()
    assert (sheet.state, sheet.attempts) == ("checked", 1)


@pytest.mark.django_db
def test_rows_that_another_sheet_made_meanwhile_are_found(world: World) -> None:
    sheet = sent(world, row(1), row(2))
    user = world.person("supplier_editor")
    real, calls = checks.SheetChecker.run, []

    def late(self: Any, *rest: Any) -> Any:
        """Between looking and writing somebody else makes one of the rows."""
        report = real(self, *rest)
        calls.append(1)
        if len(calls) == 1:
            make.make_capability(world.facilities["supplier"], world.types["reducer"], external_id="p-1")
        return report

    with patch.object(checks.SheetChecker, "run", late):
        confirm(sheet, user=user, version=sheet.version)
    assert len(calls) == 2
    sheet.refresh_from_db()
    assert sheet.state == "saved"
    assert (sheet.counts["new"], sheet.counts["changed"]) == (1, 1)


@pytest.mark.django_db
def test_taking_back_many_keeps_what_something_refers_to(world: World) -> None:
    sheet = sent(world, *(row(n) for n in range(9)))
    user = world.person("supplier_editor")
    confirm(sheet, user=user, version=sheet.version)
    held = Capability.objects.get(external_id="p-4")
    bureaus = (world.organisations["lead_bureau"], world.organisations["partner_bureau"])
    make.make_introduction(world.lines["members"], held, world.people["lead_official"], bureaus)
    sheet.refresh_from_db()
    assert undo(sheet, user=user) == {"restored": 0, "removed": 9, "skipped": 0}
    (left,) = Capability.objects.filter(external_id__startswith="p-")
    assert (left.pk, left.published) == (held.pk, False)
    assert left.archived_at is not None


@pytest.mark.django_db
def test_a_large_sheet_is_taken_back_by_a_worker(
    world: World, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request only begins it; the page follows it, and says in the end what was put back and what was not."""
    sheet = sent(world, *(row(n) for n in range(5)))
    confirm(sheet, user=world.person("supplier_editor"), version=sheet.version)
    Capability.objects.filter(external_id="p-3").update(version=7)
    monkeypatch.setattr(working, "AT_ONCE", 0)
    owner, place = signed_in("supplier_owner"), reverse("import", args=[sheet.public_id])
    assert owner.post(f"{place}undo/").status_code == 302
    sheet.refresh_from_db()
    assert sheet.state == "undoing"
    assert Capability.objects.filter(external_id__startswith="p-").count() == 5
    assert 'hx-trigger="every 2s"' in owner.get(place).content.decode()
    assert owner.post(f"{place}undo/").status_code == 409
    with pytest.raises(ConflictError):
        cancel(sheet, user=world.person("supplier_editor"), version=sheet.version)
    assert work_on_sheet(sheet.pk)
    sheet.refresh_from_db()
    assert (sheet.state, sheet.counts["removed"], sheet.counts["skipped"]) == ("undone", 4, 1)
    assert [row.external_id for row in Capability.objects.filter(external_id__startswith="p-")] == ["p-3"]
    done = Change.objects.get(kind="sheet", verb="undone", object_id=str(sheet.public_id))
    assert done.actor_id == world.person("supplier_owner").pk, "who took it back, not who sent the file"
    assert "arrow-counterclockwise" in owner.get(place).content.decode()
    assert not work_on_sheet(sheet.pk)


@pytest.mark.django_db
def test_taking_back_that_always_fails_leaves_the_sheet_saved(
    world: World, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = sent(world, row(1))
    user = world.person("supplier_editor")
    confirm(sheet, user=user, version=sheet.version)
    monkeypatch.setattr(working, "AT_ONCE", 0)
    undo(sheet, user=user)
    with patch.object(working, "put_back", side_effect=RuntimeError("broken")):
        for _attempt in range(5):
            with pytest.raises(RuntimeError):
                work_on_sheet(sheet.pk)
            SheetImport.objects.filter(pk=sheet.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert work_on_sheet(sheet.pk)
    sheet.refresh_from_db()
    assert (sheet.state, sheet.undo_failed) == ("saved", True)
    assert Capability.objects.filter(external_id="p-1").exists()
    page = signed_in("supplier_editor").get(reverse("import", args=[sheet.public_id])).content.decode()
    assert "x-octagon-fill" in page
    undo(sheet, user=user)
    assert work_on_sheet(sheet.pk)
    assert not Capability.objects.filter(external_id="p-1").exists()


def test_rows_of_a_workbook_end_with_their_last_cell() -> None:
    found = read_file(
        workbook([["编号", "名称"], ["a", None, None, "d"], [None, None], ["b"]]), lambda head: True
    )
    assert [cells for _sheet, _number, cells in found] == [["编号", "名称"], ["a", None, None, "d"], ["b"]]
    wide = Workbook()
    wide.active.cell(1, 201, "x")
    import io

    out = io.BytesIO()
    wide.save(out)
    with pytest.raises(Exception, match="200"):
        read_file(out.getvalue(), lambda head: True)


def test_progress_is_seen_while_the_saving_is_not_done(committed_db: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(telling, "AT_ONCE", 2)
    world = build_world()
    user, seen = world.people["supplier_editor"], []
    sheet = upload(
        world.organisations["supplier"], table(*(row(n) for n in range(8))), user=user, file_name="x.csv"
    )
    choose_columns(sheet, sheet.mapping, user=user)
    real = working.store

    def watched(sheet: Any, report: Any, tell: Any) -> Any:
        def and_look(part: float) -> None:
            tell(part)
            looker = threading.Thread(target=look)
            looker.start()
            looker.join()

        def look() -> None:
            try:
                seen.append(
                    (
                        SheetImport.objects.values_list("done", flat=True).get(pk=sheet.pk),
                        Capability.objects.filter(external_id__startswith="p-").count(),
                    )
                )
            finally:
                connection.close()

        return real(sheet, report, and_look)

    with patch.object(working, "store", watched):
        sheet.refresh_from_db()
        confirm(sheet, user=user, version=sheet.version)
    sheet.refresh_from_db()
    assert sheet.state == "saved"
    assert [rows for _done, rows in seen] == [0] * len(seen)  # nothing of it is there before all of it is
    done = [number for number, _rows in seen]
    assert done == sorted(done)
    assert done[0] >= 4
    assert done[-1] > done[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"), [("en", "is not a number with a unit"), ("zh-hans", "不是带单位的数值")]
)
def test_a_worker_tells_problems_in_the_language_of_who_asked(
    world: World, monkeypatch: Any, language: str, words: str
) -> None:
    monkeypatch.setattr(working, "AT_ONCE", 0)
    with translation.override(language):
        sheet = sent(world, row(1, capacity="?"))
    assert sheet.state == "checking"
    with translation.override("zh-hans" if language == "en" else "en"):
        assert work_on_sheet(sheet.pk)
    sheet.refresh_from_db()
    assert [words in problem["reason"] for problem in sheet.problems] == [True]
