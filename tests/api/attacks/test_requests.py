"""Requests that could be read in two ways, methods in disguise, places and times that are none."""

import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from alliance.models import Change
from companies.models import Facility
from tests.cast import World
from tests.factories import make_facility, make_token
from tests.judge import FILE

PLACE = "/api/v1/facilities/"
PLANT = {"name": "Plant 2", "city": "990200"}
JSON = "application/json"
DOCUMENT: dict[str, Any] = json.loads(FILE.read_text())
NOBODY = "00000000-0000-4000-8000-000000000000"


def address(path: str) -> str:
    return path.replace("{id}", NOBODY).replace("{code}", "none").replace("{external_id}", "none")


@pytest.fixture
def erp(world: World, with_token: Any) -> Client:
    return with_token("supplier_editor:write")  # type: ignore[no-any-return]


def made() -> int:
    return Facility.objects.filter(name=PLANT["name"]).count()


# --- bodies -----------------------------------------------------------------------------------------------------
TEXT = json.dumps(PLANT)
ODD: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "with a byte order mark": (201, b"\xef\xbb\xbf" + TEXT.encode(), {}),
    "in UTF-16": (400, TEXT.encode("utf-16"), {"content_type": f"{JSON}; charset=utf-16"}),
    "in UTF-32": (400, TEXT.encode("utf-32"), {"content_type": f"{JSON}; charset=utf-32"}),
    "packed": (415, gzip.compress(TEXT.encode()), {"HTTP_CONTENT_ENCODING": "gzip"}),
    "said to be packed": (415, TEXT.encode(), {"HTTP_CONTENT_ENCODING": "br"}),
    "packed and not said so": (400, gzip.compress(TEXT.encode()), {}),
    "as it is": (201, TEXT.encode(), {"HTTP_CONTENT_ENCODING": "identity"}),
    "twice": (400, (TEXT + TEXT).encode(), {}),
    "with a comment": (400, b"/**/" + TEXT.encode(), {}),
    "with one key twice": (400, b'{"name": "Plant 2", "name": "Plant 2", "city": "990200"}', {}),
    "with one key twice, once escaped": (
        400,
        b'{"name": "A", "n\\u0061me": "Plant 2", "city": "990200"}',
        {},
    ),
    "with NUL": (400, json.dumps(PLANT | {"name": "Plant\x00 2"}).encode(), {}),
    "with half a character": (400, b'{"name": "Plant \\ud83e", "city": "990200"}', {}),
    "with half a character as a key": (400, b'{"name": "Plant 2", "city": "990200", "\\udc00": 1}', {}),
    "with a number without end": (400, b'{"name": "Plant 2", "city": "990200", "latitude": 1e400}', {}),
    "with no number": (400, b'{"name": "Plant 2", "city": "990200", "latitude": NaN}', {}),
    "with a huge whole number": (400, TEXT[:-1].encode() + b', "latitude": ' + b"9" * 400 + b"}", {}),
    "deep": (400, TEXT[:-1].encode() + b', "certificates": ' + b"[" * 3000 + b"]" * 3000 + b"}", {}),
    "as a form": (415, b"name=Plant+2&city=990200", {"content_type": "application/x-www-form-urlencoded"}),
    "as a form with parts": (
        415,
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nPlant 2\r\n--x--\r\n',
        {"content_type": "multipart/form-data; boundary=x"},
    ),
    "as text": (415, TEXT.encode(), {"content_type": "text/plain"}),
    "as nothing": (415, TEXT.encode(), {"content_type": ""}),
    "as JSON of another kind": (415, TEXT.encode(), {"content_type": "application/vnd.api+json"}),
    "in a list": (400, f"[{TEXT}]".encode(), {}),
}


@pytest.mark.parametrize("how", ODD)
def test_a_body(erp: Client, how: str) -> None:
    status, body, more = ODD[how]
    answer = erp.generic("POST", PLACE, body, **{"content_type": JSON, **more})
    assert answer.status_code == status, answer.content
    assert made() == (1 if status == 201 else 0)


@pytest.mark.parametrize("header", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_no_header_makes_another_method(world: World, erp: Client, header: str) -> None:
    plant = world.facilities["supplier"]
    headers = {header: "DELETE", "if-match": "*"}
    place = f"{PLACE}{plant.public_id}/"
    assert erp.get(place, headers=headers).status_code == 200
    assert erp.generic("POST", place, b"{}", content_type=JSON, headers=headers).status_code == 405
    assert erp.get(f"{PLACE}?_method=DELETE").status_code == 400
    plant.refresh_from_db()
    assert plant.archived_at is None


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_methods_that_nobody_described(world: World, path: str) -> None:
    """HEAD is GET without its body; nothing else is there, and what is there is named."""
    token = make_token(world.people["supplier_owner"], "read", "write", "webhooks")
    erp = Client(headers={"authorization": f"Bearer {token}"})
    told = {name.upper() for name in DOCUMENT["paths"][path]}
    place = address(path)
    for method in ("OPTIONS", "TRACE", "CONNECT", "LINK", "PROPFIND"):
        answer = erp.generic(method, place)
        assert answer.status_code == 405, (method, answer.content)
        allowed = {*answer.headers["Allow"].split(", ")} - {"HEAD", "OPTIONS"}
        assert allowed == told
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
    head, get = erp.head(place), erp.get(place)
    if not get.streaming:
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers.get("ETag") == get.headers.get("ETag")


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_an_address_without_its_last_slash_does_nothing(erp: Client, path: str) -> None:
    """A POST that is redirected would come back as a GET: it is told that there is nothing."""
    before = Change.objects.count()
    for method in {*DOCUMENT["paths"][path]} - {"get"}:
        answer = erp.generic(method.upper(), address(path).rstrip("/"), b"{}", content_type=JSON)
        assert answer.status_code == 404, (method, answer.status_code)
    assert Change.objects.count() == before


# --- places and times ---------------------------------------------------------------------------------------------
TIMES = {
    "0000-01-01T00:00:00Z": 400,
    "0001-01-01T00:00:00+14:00": 200,  # before the calendar of this program: everything is later
    "0001-01-01T00:00:00Z": 200,
    "9999-12-31T23:59:59-14:00": 200,
    "9999-12-31T23:59:59Z": 200,
    "2999-01-01T00:00:00Z": 200,
    "2026-11-20T00:00:00 08:00": 400,  # a plus sign that was not encoded
    "2026-11-20T00:00:00+24:00": 400,
    "2026-11-20T00:00:00+99:99": 400,
    "2026-11-20T00:00:00-00:00": 200,
    "2026-11-20T24:00:00Z": 400,
    "2026-11-20T23:59:60Z": 400,
    "2026-02-30T00:00:00Z": 400,
    "1700000000": 400,
    "now": 400,
    "2026-11-20T00:00:00Z\x00": 400,
}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("kind", ["facilities", "demands"])
def test_a_time_that_nobody_can_mean(erp: Client, kind: str, time: str) -> None:
    answer = erp.get(f"/api/v1/{kind}/?modified_since={quote(time)}")
    assert answer.status_code == TIMES[time], answer.content
    if time.startswith("2999"):
        assert answer.json()["results"] == []


def test_a_cursor_of_somebody_else_shows_ones_own_rows(world: World, with_token: Any) -> None:
    """A place in a list is no right: whoever uses it goes on from there in what they see themselves."""
    for _number in range(3):
        make_facility(world.organisations["supplier"])
    own, other = with_token("supplier_editor:read"), with_token("outside_owner:read")
    cursor = own.get(f"{PLACE}?limit=1").json()["next"].partition("cursor=")[2]
    seen = {row["id"] for row in other.get(f"{PLACE}?limit=200").json()["results"]}
    found = other.get(f"{PLACE}?limit=200&cursor={cursor}")
    assert found.status_code == 200
    assert {row["id"] for row in found.json()["results"]} <= seen


def test_a_spoiled_cursor_is_no_place(world: World, erp: Client) -> None:
    for _number in range(2):
        make_facility(world.organisations["supplier"])
    cursor = erp.get(f"{PLACE}?limit=1").json()["next"].partition("cursor=")[2]
    spoiled = [cursor[:-1], cursor[1:], cursor + "A", cursor.swapcase(), cursor.replace("%3A", "%3B")]
    spoiled += [f"{cursor[:number]}!{cursor[number + 1 :]}" for number in range(0, len(cursor), 7)]
    for each in spoiled:
        assert erp.get(f"{PLACE}?limit=1&cursor={each}").status_code in (400, 404), each
    for kind in ("sites", "capabilities", "organisations", "demands", "changes"):
        assert erp.get(f"/api/v1/{kind}/?cursor={cursor}").status_code == 404, kind


def test_the_feeds_cursor_is_a_place_and_no_right(world: World, with_token: Any) -> None:
    """An alliance's place in the feed, used by another one's program: it hears of its own rows only."""
    north, south = with_token("alliance_admin:read"), with_token("outside_owner:read")
    start = north.get("/api/v1/changes/?start=now").json()["cursor"]
    with_token("supplier_editor:write").post(PLACE, PLANT, content_type=JSON)
    foreign = south.get("/api/v1/changes/", {"cursor": start})
    assert foreign.status_code == 200
    assert foreign.json()["results"] == []
    for spoiled in (start[:-2], start.swapcase(), "A" * len(start), start * 2):
        assert north.get("/api/v1/changes/", {"cursor": spoiled}).status_code == 404


# --- the id of a request --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("said", ["a" * 5000, "a\tb", "<script>", "谐波", " ", "'; --", "{}", "0"])
def test_an_id_that_the_caller_gave_does_no_harm(erp: Client, said: str) -> None:
    """It stands in the answer, the log and the row of the audit."""
    answer = erp.post(PLACE, PLANT, content_type=JSON, headers={"x-request-id": said})
    assert answer.status_code == 201, answer.content
    row = Change.objects.get(kind="facility", object_id=answer.json()["id"])
    assert row.request_id == answer.headers["X-Request-ID"]
    assert len(row.request_id) <= 64
