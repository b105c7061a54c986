"""Capabilities by file through the API: the pages' upload, its words for what is wrong, confirmed or not at all."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from alliance.errors import ConflictError
from alliance.models import Change
from companies.models import Capability, SheetImport
from companies.services.sheets import confirm, work_on_sheet, working
from tests.cast import World

PLACE = "/api/v1/imports/"
CSV = (
    "external_id,component_type,facility,title,rated_torque,capacity_per_month,"
    "prototype_lead_days,volume_lead_days,unit_price"
)
GOOD = "{id},DRV-RED,{plant},Part {id},12 N*m,100,20,40,900"


def table(world: World, *ids: str, torque: str = "12 N*m") -> bytes:
    plant = world.facilities["supplier"].external_id
    rows = [GOOD.format(id=name, plant=plant).replace("12 N*m", torque) for name in ids]
    return "\n".join([CSV, *rows]).encode()


def lines(world: World, *ids: str, **more: Any) -> bytes:
    return "\n".join(
        json.dumps(
            {
                "external_id": name,
                "component_type": {"code": "DRV-RED", "name": "x"},
                "facility": str(world.facilities["supplier"].public_id),
                "title": f"Part {name}",
                "specs": {"rated_torque": "12 N*m"},
                "terms": {"capacity_per_month": 100, "unit_price": 900},
                "prototype_lead_days": 20,
                "volume_lead_days": 40,
                "certificates": [{"code": "ISO9001", "expires_on": "2029-06-30"}],
                **more,
            }
        )
        for name in ids
    ).encode()


def send(asker: Client, blob: bytes, name: str = "parts.csv", key: str = "", **told: Any) -> Any:
    headers = {"idempotency-key": key} if key else {}
    return asker.post(PLACE, {"file": SimpleUploadedFile(name, blob), **told}, headers=headers)


def step(asker: Client, answer: Any, move: str, etag: str = "", **more: Any) -> Any:
    place = f"{PLACE}{answer.json()['id']}/steps/"
    headers = {"if-match": etag or answer.headers["ETag"]}
    body = json.dumps({"move": move, **more})
    return asker.post(place, body, content_type="application/json", headers=headers)


@pytest.fixture
def erp(world: World, with_token: Any) -> Client:
    return with_token("supplier:service")  # type: ignore[no-any-return]


@pytest.mark.parametrize("make", [table, lines])
def test_checked_confirmed_taken_back(world: World, erp: Client, make: Any) -> None:
    sent = send(erp, make(world, "n-1", "n-2"))
    assert sent.status_code == 201, sent.content
    told = sent.json()
    assert (told["state"], told["mode"], told["rows"], told["problems"]) == ("checked", "check", 2, [])
    assert told["counts"] == {"rows": 2, "new": 2, "changed": 0, "same": 0, "errors": 0}
    assert "specs.rated_torque" in {column["field"] for column in told["columns"]}
    assert not Capability.objects.filter(external_id="n-1").exists(), "nothing before it is confirmed"
    assert erp.get(sent.headers["Location"]).json() == told
    saved = step(erp, sent, "confirm")
    assert saved.json()["state"] == "saved"
    row = Capability.objects.get(external_id="n-2")
    assert (row.specs, row.terms.unit_price) == ({"rated_torque": 12}, 900)
    assert step(erp, sent, "undo").status_code == 412, "the ETag from before"
    assert step(erp, saved, "undo").json()["state"] == "undone"
    assert not Capability.objects.filter(external_id="n-1").exists()


def test_what_is_wrong_is_named_by_row_and_column_as_on_the_page(world: World, erp: Client) -> None:
    sent = send(erp, table(world, "n-1", "n-2", torque="40 kg"), mode="save")
    told = sent.json()
    assert (told["state"], told["counts"]["errors"]) == ("checked", 2)
    place = {"row": 3, "column": 5, "heading": "rated_torque", "field": "specs.rated_torque"}
    problem = told["problems"][1]
    assert problem.items() >= {**place, "value": "40 kg"}.items()
    page = SheetImport.objects.get(public_id=told["id"]).problems[1]
    assert problem["reason"] == page["reason"] != ""
    assert step(erp, sent, "confirm").status_code == 409
    book = load_workbook(io.BytesIO(b"".join(erp.get(f"{PLACE}{told['id']}/file/").streaming_content)))
    assert problem["reason"] in book.active.cell(3, 5).comment.text
    assert not Capability.objects.filter(external_id="n-1").exists()


def test_saved_without_another_word_where_that_was_asked(world: World, erp: Client) -> None:
    sent = send(erp, table(world, "n-1"), mode="save", key="i")
    assert sent.json()["state"] == "saved"
    assert sent.json()["counts"]["new"] == 1
    again = send(erp, table(world, "n-1"), mode="save", key="i")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (sent.json(), "true")
    assert send(erp, table(world, "n-2"), mode="save", key="i").status_code == 422
    same = send(erp, table(world, "n-1"), mode="save").json()
    assert (same["counts"]["same"], same["state"]) == (1, "saved")
    assert Capability.objects.filter(external_id="n-1").count() == 1
    change = Change.objects.get(kind="sheet", verb="imported", object_id=sent.json()["id"])
    assert change.after is not None
    assert (change.after["new"], change.after["sha256"]) == (1, sent.json()["sha256"])


def test_unknown_headings_wait_for_a_word(world: World, erp: Client) -> None:
    blob = table(world, "n-1").replace(b"unit_price", b"what it costs")
    sent = send(erp, blob, mode="save")
    assert sent.json()["state"] == "mapping"
    assert sent.json()["columns"][-1] == {"heading": "what it costs", "field": ""}
    refused = step(erp, sent, "map", columns={"nonsense": "unit_price"})
    assert refused.json()["errors"][0]["field"] == "columns"
    assert step(erp, sent, "map").status_code == 400
    assert step(erp, sent, "confirm", columns={}).status_code == 400
    mapped = step(erp, sent, "map", columns={"what it costs": "unit_price"})
    assert mapped.json()["state"] == "saved"
    assert Capability.objects.get(external_id="n-1").terms.unit_price == 900
    told = json.dumps({"what it costs": ""})
    left_out = send(erp, blob.replace(b"n-1", b"n-2"), columns=told)
    assert left_out.json()["state"] == "checked"


def test_cancelled_is_the_end(world: World, erp: Client) -> None:
    sent = send(erp, table(world, "n-1"))
    ended = step(erp, sent, "cancel")
    assert ended.json()["state"] == "cancelled"
    for move in ("confirm", "cancel", "undo"):
        assert step(erp, ended, move).status_code == 409
    assert not Capability.objects.filter(external_id="n-1").exists()


def test_cancelled_while_a_worker_is_at_it(world: World, erp: Client, monkeypatch: Any) -> None:
    """The worker finds its claim gone, and what it did is rolled back."""
    monkeypatch.setattr(working, "AT_ONCE", 0)
    sent = send(erp, table(world, "n-1"), mode="save")
    assert sent.json()["state"] == "checking"
    sheet = SheetImport.objects.get(public_id=sent.json()["id"])
    work_on_sheet(sheet.pk)  # the check; saving waits for the next message
    checker = working.SheetChecker

    def cancelled_meanwhile(held: Any) -> Any:
        assert step(erp, sent, "cancel", etag="*").status_code == 200
        return checker(held)

    monkeypatch.setattr(working, "SheetChecker", cancelled_meanwhile)
    with pytest.raises(working.LeaseLostError):
        work_on_sheet(sheet.pk)
    assert not Capability.objects.filter(external_id="n-1").exists()
    assert erp.get(sent.headers["Location"]).json()["state"] == "cancelled"
    assert not work_on_sheet(sheet.pk)


def test_two_who_confirm_save_once(world: World) -> None:
    """Both have looked before either has written: the second finds another version."""
    person = world.person("supplier_editor")
    sheet = SheetImport.objects.get(pk=world.sheets["supplier"].pk)
    SheetImport.objects.filter(pk=sheet.pk).update(state="checked", counts={"errors": 0})
    first, second = (SheetImport.objects.get(pk=sheet.pk) for _ in range(2))
    working.begin_saving(first)
    with pytest.raises(ConflictError):
        working.begin_saving(second)
    with pytest.raises(ConflictError):
        confirm(second, user=person, version=second.version)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"mode": "now"}, "mode"),
        ({"columns": "[1]"}, "columns"),
        ({"columns": "{"}, "columns"),
        ({"nonsense": "x"}, "nonsense"),
        ({"component_type": "XYZ"}, "component_type"),
        ({"organisation": "00000000-0000-0000-0000-000000000000"}, "organisation"),
        ({"mode": ["check", "save"]}, "mode"),
    ],
)
def test_what_a_form_may_not_say(world: World, erp: Client, told: Any, field: str) -> None:
    refused = send(erp, table(world, "n-1"), **told)
    assert refused.status_code == 400, refused.content
    assert refused.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\x00\x01",
        b"PK\x03\x04junk",
        b'{"a": 1, "a": 2}',
        b'{"external_id": NaN}',
        b'{"external_id": "\\u0000"}',
        b'{"external_id": {"a": 1}}',
        b'{"external_id": "a", "certificates": [null]}',
        b'{"external_id": "a", "certificates": [{"code": 5}]}',
        b'{"external_id": "a", "component_type": {}}',
        b'{"external_id": "\\ud800"}',
        b"{" * 5000,
        b'{"x": ' * 3000 + b"1" + b"}" * 3000,
        b"[1]",
        b"nonsense\n1",
    ],
)
def test_what_is_no_table(world: World, erp: Client, blob: bytes) -> None:
    refused = send(erp, blob)
    assert refused.status_code == 400, refused.content
    assert refused.json()["errors"][0]["field"] == "file"
    assert SheetImport.objects.count() == 1


def test_who_may(world: World, with_token: Any, erp: Client) -> None:
    assert send(with_token("supplier_editor:read"), table(world, "n")).json()["code"] == "needs_write"
    assert send(with_token("partner_bureau:service"), table(world, "n")).status_code == 403
    sent = send(erp, table(world, "n-1"))
    lab = with_token("lab_editor:write")
    for answer in (lab.get(sent.headers["Location"]), lab.get(f"{sent.headers['Location']}file/")):
        assert answer.status_code == 404
    assert step(lab, sent, "confirm").status_code == 404
    assert erp.post(PLACE, "{}", content_type="application/json").status_code == 415
