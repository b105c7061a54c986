"""Large exports: what the list shows, in one file, for who may see it when it is written and when it is fetched."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from alliance.models import Change, Membership
from companies.models import Capability
from matching.models import Demand, Export
from matching.services.exports import sweep_exports, work_on_export, working
from tests.cast import World, build_world
from tests.factories import make_token

PLACE = "/api/v1/exports/"


def ask(asker: Client, resource: str, form: str = "jsonl", key: str = "", **filters: str) -> Any:
    body = json.dumps({"resource": resource, "format": form, "filters": filters})
    headers = {"idempotency-key": key} if key else {}
    return asker.post(PLACE, body, content_type="application/json", headers=headers)


def written(asker: Client, resource: str, form: str = "jsonl", **filters: str) -> tuple[Any, bytes]:
    """Asked for, written by a worker, and fetched: (the export as it is shown then, the file)."""
    asked = ask(asker, resource, form, **filters)
    assert asked.status_code == 202, asked.content
    assert work_on_export(Export.objects.get(public_id=asked.json()["id"]).pk)
    told = asker.get(asked.headers["Location"]).json()
    return told, fetch(asker, told)


def fetch(asker: Client, told: Any, status: int = 200) -> bytes:
    answer = asker.get(f"{PLACE}{told['id']}/file/", headers={"accept": "text/csv"})
    assert answer.status_code == status, answer.content
    if status != 200:
        return bytes(answer.content)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    return b"".join(answer.streaming_content)


def listed(asker: Client, resource: str) -> set[str]:
    return {row["id"] for row in asker.get(f"/api/v1/{resource}/", {"limit": 200}).json()["results"]}


@pytest.mark.parametrize("resource", ["capabilities", "demands", "matches"])
@pytest.mark.parametrize("who", ["supplier_editor", "lab_editor", "lead_official", "outside_owner"])
def test_a_file_tells_what_the_list_tells(world: World, resource: str, who: str) -> None:
    asker = Client(headers={"authorization": f"Bearer {make_token(world.people[who], 'read')}"})
    told, file = written(asker, resource)
    rows = [json.loads(line) for line in file.splitlines()]
    assert {row["id"] for row in rows} == listed(asker, resource)
    assert (told["state"], told["done"], told["size"]) == ("done", told["rows"], len(file))
    for row in rows if resource != "matches" else ():
        shown = asker.get(f"/api/v1/{resource}/{row['id']}/").json()
        assert row["title"] == shown["title"]
        firm = shown["organisation"]
        assert row["organisation"] == (firm and firm["id"])
        if resource == "capabilities":
            assert row["unit_price"] == (shown["terms"] and shown["terms"]["unit_price"])
        else:
            line = next(each for each in shown["lines"] if each["id"] == row["line"])
            assert row["quantity"] == line["quantity"]
            assert row["ceiling_unit_price"] == (line["price"] and line["price"]["ceiling_unit_price"])


def test_formats_and_filters(world: World, with_token: Any) -> None:
    erp = with_token("supplier:service")
    _told, blob = written(erp, "capabilities", "csv", q="capability")
    rows = list(csv.DictReader(io.StringIO(blob.decode("utf-8-sig"))))
    assert {row["id"] for row in rows} == listed(erp, "capabilities")
    Capability.objects.filter(pk=world.capabilities["supplier"].pk).update(title="=cmd()")
    _told, book = written(erp, "capabilities", "xlsx", component_type="DRV-RED")
    sheet = load_workbook(io.BytesIO(book)).active
    heading = [cell.value for cell in sheet[1]]
    titles = {row[heading.index("title")].value for row in sheet.iter_rows(min_row=2)}
    assert "'=cmd()" in titles
    assert len(titles) < len(rows)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"resource": "firms", "format": "csv"}, "resource"),
        ({"resource": "matches", "format": "pdf"}, "format"),
        ({"resource": "matches", "format": "csv", "filters": {"nonsense": "1"}}, "filters.nonsense"),
        ({"resource": "matches", "format": "csv", "filters": {"min_score": "x"}}, "filters.min_score"),
        ({"resource": "matches", "format": "csv", "filters": {"min_score": 1}}, "filters"),
        ({"resource": "matches", "format": "csv", "filters": []}, "filters"),
        ({"resource": "matches", "format": "csv", "more": 1}, "more"),
    ],
)
def test_what_the_list_would_refuse(world: World, with_token: Any, body: Any, field: str) -> None:
    asker = with_token("lab_editor:read")
    refused = asker.post(PLACE, json.dumps(body), content_type="application/json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == field


def test_asked_twice_with_one_key_is_one_file_and_six_are_too_many(world: World, with_token: Any) -> None:
    asker = with_token("lab_editor:read")
    first, again = (ask(asker, "matches", key="k") for _ in range(2))
    assert first.json() == again.json()
    for _more in range(4):
        assert ask(asker, "matches").status_code == 202
    assert ask(asker, "matches").status_code == 409
    ended = asker.delete(f"{PLACE}{first.json()['id']}/", headers={"if-match": first.headers["ETag"]})
    assert ended.status_code == 204
    assert ask(asker, "matches").status_code == 202


def test_rights_that_have_gone_take_the_file_with_them(world: World, with_token: Any) -> None:
    asker = with_token("supplier_editor:read")
    told, _file = written(asker, "capabilities")
    Membership.objects.filter(user=world.people["supplier_editor"]).update(role="viewer")
    assert json.loads(fetch(asker, told, 409))["code"] == "rights_changed"
    Membership.objects.filter(user=world.people["supplier_editor"]).update(role="editor")
    assert fetch(asker, told)


@pytest.mark.parametrize("resource", ["capabilities", "demands"])
def test_rows_that_are_not_to_be_seen_any_more_take_the_file_with_them(
    world: World, with_token: Any, resource: str
) -> None:
    asker = with_token("supplier_editor:read")
    told, _file = written(asker, resource)
    if resource == "capabilities":
        Capability.objects.filter(pk=world.capabilities["rival"].pk).update(published=False)
    else:  # still seen, but its title and lab are not
        Demand.objects.filter(pk=world.demands["open"].pk).update(confidentiality="introduction")
    assert json.loads(fetch(asker, told, 409))["code"] == "rights_changed"


def test_a_file_is_of_who_asked(world: World, with_token: Any) -> None:
    told, _file = written(with_token("supplier:service"), "capabilities")
    for name in ("supplier_editor:write", "lab_editor:write", "partner_bureau:service"):
        other = with_token(name)
        assert told["id"] not in {row["id"] for row in other.get(PLACE).json()["results"]}
        assert b"not_found" in fetch(other, told, 404)
        assert other.delete(f"{PLACE}{told['id']}/", headers={"if-match": "*"}).status_code == 404


def test_expired_cancelled_failed(world: World, with_token: Any) -> None:
    asker = with_token("lab_editor:read")
    asked = ask(asker, "demands")
    assert json.loads(fetch(asker, asked.json(), 409))["code"] == "not_ready"
    told, file = written(asker, "demands")
    row = Export.objects.get(public_id=told["id"])
    path = settings.FILES_DIR / row.place
    assert path.read_bytes() == file
    Export.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert json.loads(fetch(asker, told, 409))["code"] == "not_ready"
    Export.objects.filter(public_id=asked.json()["id"]).update(attempts=5)
    sweep_exports()
    assert not path.exists()
    states = {each["id"]: each["state"] for each in asker.get(PLACE).json()["results"]}
    assert states == {told["id"]: "expired", asked.json()["id"]: "failed"}


def test_cancelled_while_it_is_written(
    world: World, with_token: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asker = with_token("lab_editor:read")
    asked = ask(asker, "matches")
    pieces = working.pieces

    def cancelled_meanwhile(*args: Any) -> Any:
        assert asker.delete(asked.headers["Location"], headers={"if-match": "*"}).status_code == 204
        return pieces(*args)

    monkeypatch.setattr(working, "pieces", cancelled_meanwhile)
    row = Export.objects.get(public_id=asked.json()["id"])
    assert not work_on_export(row.pk)
    row.refresh_from_db()
    assert (row.state, row.place) == ("cancelled", "")
    assert not work_on_export(row.pk)
    assert not Change.objects.filter(kind="export", verb="exported", object_id=str(row.public_id)).exists()


def test_a_file_and_its_audit(world: World, with_token: Any) -> None:
    told, _file = written(with_token("lab_editor:read"), "matches")
    change = Change.objects.get(kind="export", verb="exported", object_id=told["id"])
    assert change.actor_id == world.people["lab_editor"].pk
    assert change.after == {"resource": "matches", "rows": told["rows"], "sha256": told["sha256"]}


def test_many_rows_cost_as_many_queries_as_few(world: World, with_token: Any) -> None:
    asker = with_token("lab_editor:read")

    def count(**filters: str) -> tuple[int, int]:
        row = Export.objects.get(public_id=ask(asker, "demands", "csv", **filters).json()["id"])
        with CaptureQueriesContext(connection) as caught:
            work_on_export(row.pk)
        row.refresh_from_db()
        return row.rows or 0, len(caught)

    (few, queries), (many, the_same) = count(confidentiality="open", published="true"), count()
    assert 1 <= few < many
    assert queries == the_same


DIE = """
import os, signal, sys
import django
django.setup()
from matching.services.exports import working
pieces = working.pieces
def deadly(*args):
    for piece in pieces(*args):
        yield piece
        os.kill(os.getpid(), signal.SIGKILL)
working.pieces = deadly
working.work_on_export(int(sys.argv[1]))
"""


@pytest.mark.worker
@pytest.mark.xdist_group("committed")
@pytest.mark.usefixtures("committed_db")
def test_a_worker_killed_while_it_writes_costs_time_and_nothing_else(tmp_path: Path) -> None:
    world = build_world()
    asker = Client(headers={"authorization": f"Bearer {world.tokens['lab_editor:read']}"})
    asked = ask(asker, "capabilities", "jsonl")
    row = Export.objects.get(public_id=asked.json()["id"])
    at = connection.settings_dict
    database = f"postgresql://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    environ = {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "alliance.settings"}
    dead = subprocess.run(
        [sys.executable, "-c", DIE, str(row.pk)],
        cwd=settings.BASE_DIR,
        env=os.environ | environ | {"FILES_DIR": str(settings.FILES_DIR)},
    )
    assert dead.returncode == -signal.SIGKILL
    left = list((settings.FILES_DIR / working.FOLDER).glob("*"))
    assert left, "half a file"
    row.refresh_from_db()
    assert row.state == "working"
    assert not work_on_export(row.pk), "the dead worker's lease holds"
    assert json.loads(fetch(asker, asked.json(), 409))["code"] == "not_ready"
    Export.objects.filter(pk=row.pk).update(lease_until=timezone.now())
    assert work_on_export(row.pk)
    rows = [json.loads(line) for line in fetch(asker, asked.json()).splitlines()]
    assert {each["id"] for each in rows} == listed(asker, "capabilities")
    for path in left:
        os.utime(path, (time.time() - 3600,) * 2)
    sweep_exports()
    row.refresh_from_db()
    assert not any(path.exists() for path in left)
    assert (settings.FILES_DIR / row.place).exists()
