"""Tokens that may not, may not any more, or are sent where they do not belong; at every operation that is described."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from alliance.models import ApiToken, Change, Membership
from alliance.services.tokens import revoke_token, rotate_token
from companies.models import Capability, SheetImport
from companies.services.sheets import work_on_sheet, working
from matching.models import Export
from matching.services.exports import work_on_export
from tests.api.attacks.test_requests import DOCUMENT, JSON, address
from tests.api.test_imports import table
from tests.cast import World
from tests.factories import make_facility, make_token

PLACE = "/api/v1/facilities/"
PLANT = {"name": "Plant 2", "city": "990200"}
#: POSTs that write nothing of anybody's: a question, and a file for who asks
READS = {"/api/v1/match-preview/", "/api/v1/exports/"}


def program(text: str) -> Client:
    return Client(headers={"authorization": f"Bearer {text}"})


def operations(writes: bool) -> Iterator[tuple[str, str]]:
    for path, item in DOCUMENT["paths"].items():
        for method in item:
            if (method != "get") is writes:
                yield method.upper(), path


def answers(asker: Client, writes: bool) -> dict[tuple[str, str], tuple[int, str]]:
    found = {}
    for method, path in operations(writes):
        answer = asker.generic(method, address(path), b"{}", content_type=JSON, headers={"if-match": "*"})
        code = json.loads(answer.content).get("code", "") if answer.status_code >= 400 else ""
        found[method, path] = (answer.status_code, code)
    return found


# --- scopes -----------------------------------------------------------------------------------------------------
def test_a_reading_token_writes_nothing_anywhere(world: World) -> None:
    before = Change.objects.count()
    asker = program(make_token(world.people["alliance_admin"], "read"))
    for (method, path), (status, code) in answers(asker, writes=True).items():
        if method == "POST" and path in READS:
            assert status == 400, path
        elif path == "/api/v1/exports/{id}/":
            assert status == 404, "one's own file may be taken away"
        elif "webhook" in path:
            assert (status, code) == (403, "needs_webhooks"), (method, path)
        else:
            assert (status, code) == (403, "needs_write"), (method, path)
    assert Change.objects.count() == before


@pytest.mark.parametrize("writes", [False, True])
def test_a_token_for_webhooks_opens_webhooks_and_nothing_else(world: World, writes: bool) -> None:
    asker = program(make_token(world.people["supplier_owner"], "webhooks"))
    for (method, path), (status, code) in answers(asker, writes).items():
        if "webhook" in path:
            assert status in (200, 400, 404), (method, path)
        else:
            assert (status, code[:6]) == (403, "needs_"), (method, path)


def test_a_writing_token_neither_reads_lists_nor_keeps_webhooks(world: World) -> None:
    asker = program(make_token(world.people["supplier_owner"], "write"))
    for (method, path), (status, code) in answers(asker, writes=False).items():
        wanted = "needs_webhooks" if "webhook" in path else "needs_read"
        assert (status, code) == (403, wanted), (method, path)
    assert asker.get("/api/v1/webhooks/").json()["code"] == "needs_webhooks"


def test_no_token_makes_turns_or_ends_tokens(world: World) -> None:
    asker = program(make_token(world.people["supplier_owner"], "read", "write", "webhooks"))
    for (method, path), (status, code) in answers(asker, writes=True).items():
        if "/tokens/" in path:
            assert (status, code) == (403, "session_only"), (method, path)


def test_a_token_of_one_organisation_does_nothing_for_another(world: World) -> None:
    """Its person owns both; the token was given to a program of one of them."""
    person, org = world.people["supplier_owner"], world.organisations
    Membership.objects.create(user=person, organisation=org["rival"], role="owner")
    asker = program(make_token(person, "read", "write", organisation=org["rival"]))
    foreign = world.facilities["supplier"]
    row = {"external_id": foreign.external_id, **PLANT}
    named = {"organisation": str(org["supplier"].public_id)}
    place = f"{PLACE}{foreign.public_id}/"
    tried = [
        asker.post(PLACE, PLANT | named, content_type=JSON),
        asker.put(f"{PLACE}by-external-id/x/", PLANT | named, content_type=JSON),
        asker.post(f"{PLACE}bulk/", {"rows": [row], **named}, content_type=JSON),
        asker.post(f"{PLACE}bulk/", {"rows": [row | named]}, content_type=JSON),
        asker.patch(place, {"name": "Taken"}, content_type=JSON, headers={"if-match": "*"}),
        asker.delete(place, headers={"if-match": "*"}),
    ]
    assert {answer.status_code for answer in tried} <= {400, 403, 404}, [a.status_code for a in tried]
    foreign.refresh_from_db()
    assert (foreign.name != "Taken", foreign.archived_at) == (True, None)
    assert asker.post(PLACE, PLANT, content_type=JSON).json()["organisation"]["id"] == str(
        org["rival"].public_id
    )


def test_a_token_of_one_organisation_is_not_told_where_else_its_person_works(world: World) -> None:
    """Lists of what belongs to a person, not to a firm: tokens and exports."""
    person, org = world.people["supplier_owner"], world.organisations
    Membership.objects.create(user=person, organisation=org["rival"], role="owner")
    here = make_token(person, "read", "write", organisation=org["rival"])
    make_token(person, "read", organisation=org["supplier"])
    everywhere = program(make_token(person, "read", "write"))
    everywhere.post("/api/v1/exports/", {"resource": "demands", "format": "csv"}, content_type=JSON)
    assert len(everywhere.get("/api/v1/tokens/").json()["results"]) >= 3
    assert len(everywhere.get("/api/v1/exports/").json()["results"]) == 1
    limited = program(here)
    shown = limited.get("/api/v1/tokens/").json()["results"]
    assert [row["organisation"] for row in shown] == [str(org["rival"].public_id)]
    assert limited.get("/api/v1/exports/").json()["results"] == []
    other = everywhere.get("/api/v1/tokens/").json()["results"]
    foreign = next(row["id"] for row in other if row["organisation"] != str(org["rival"].public_id))
    assert limited.get(f"/api/v1/tokens/{foreign}/").status_code == 404


# --- where a token is read ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "auth", "key", "api_key"])
def test_a_token_in_an_address_or_a_cookie_is_none(world: World, name: str) -> None:
    """Addresses are written down by everything that they pass."""
    text = world.tokens["supplier_editor:write"]
    assert Client().get(PLACE, {name: text}).status_code == 401
    assert Client(headers={"cookie": f"{name}={text}"}).get(PLACE).status_code == 401
    assert (
        Client(headers={name.replace("authorization", "x-authorization"): text}).get(PLACE).status_code == 401
    )


@pytest.mark.parametrize(
    "said", ["{}", "Token {}", "Basic {}", "Bearer {}x", "Bearer {} {}", "Bearer", "Bearer  ", "bearer\t{}"]
)
def test_a_token_that_is_not_said_right_is_none(world: World, said: str) -> None:
    text = world.tokens["supplier_editor:write"]
    header = said.replace("{}", text)
    answer = Client(headers={"authorization": header}).get(PLACE)
    assert answer.status_code in (200, 401)
    assert (answer.status_code == 200) is (header.split() == ["bearer", text])


def test_a_session_and_a_wrong_token_is_a_wrong_token(world: World, signed_in: Any) -> None:
    """A program that means its token must not write in the name of whoever is signed in."""
    browser = signed_in("supplier_owner")
    assert browser.get(PLACE).status_code == 200
    assert browser.get(PLACE, headers={"authorization": "Bearer " + "0" * 64}).status_code == 401


@pytest.mark.parametrize(
    "lie",
    [
        {},
        {"x-csrftoken": "a" * 64},
        {"origin": "https://evil.example.org"},
        {"referer": "https://evil.example.org/"},
        {"content-type": "text/plain"},
    ],
)
def test_a_session_writes_nothing_from_elsewhere(world: World, lie: dict[str, str]) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["supplier_owner"], "django.contrib.auth.backends.ModelBackend")
    kind = lie.get("content-type", JSON)
    headers = {name: value for name, value in lie.items() if name != "content-type"}
    for method, path in operations(writes=True):
        answer = browser.generic(method, address(path), json.dumps(PLANT), content_type=kind, headers=headers)
        assert answer.status_code == 403, (method, path, answer.content)


# --- the end of a right, between two requests and in the middle of a job ---------------------------------------------
def halfway(world: World, asker: Client) -> str:
    for _number in range(3):
        make_facility(world.organisations["supplier"])
    page = asker.get(f"{PLACE}?limit=1")
    assert page.status_code == 200
    return str(page.json()["next"])


def test_a_revoked_token_reads_no_second_page(world: World) -> None:
    person = world.person("supplier_owner")
    text = make_token(person, "read", "write")
    asker = program(text)
    following = halfway(world, asker)
    revoke_token(person, ApiToken.objects.get(token_key=text[:15]).public_id)
    assert asker.get(following).status_code == 401
    assert asker.post(PLACE, PLANT, content_type=JSON).status_code == 401


def test_a_rotated_token_reads_on_only_while_both_are_good(world: World) -> None:
    person = world.person("supplier_owner")
    text = make_token(person, "read")
    asker = program(text)
    following = halfway(world, asker)
    token = ApiToken.objects.get(token_key=text[:15])
    _fresh, second = rotate_token(person, token.public_id, keep_hours=1)
    assert asker.get(following).json() == program(second).get(following).json()
    ApiToken.objects.filter(pk=token.pk).update(expiry=timezone.now() - timedelta(seconds=1))
    assert asker.get(following).status_code == 401
    assert program(second).get(following).status_code == 200


@pytest.mark.parametrize("how", ["left", "firm suspended", "person suspended", "expired"])
def test_whoever_is_out_reads_no_second_page(world: World, how: str) -> None:
    person, firm = world.person("supplier_editor"), world.organisations["supplier"]
    text = make_token(person, "read", "write", organisation=firm)
    asker = program(text)
    following = halfway(world, asker)
    if how == "left":
        Membership.objects.filter(user=person).delete()
    elif how == "firm suspended":
        firm.suspended = True
        firm.save()
    elif how == "person suspended":
        person.is_active = False
        person.save()
    else:
        ApiToken.objects.filter(token_key=text[:15]).update(expiry=timezone.now())
    wanted = 401 if how in ("person suspended", "expired") else 403
    assert asker.get(following).status_code == wanted
    assert asker.post(PLACE, PLANT, content_type=JSON).status_code == wanted


def test_the_roles_of_today_count_on_the_second_page(world: World) -> None:
    """An editor who became a viewer reads on, and writes no more."""
    asker = program(world.tokens["supplier_editor:write"])
    following = halfway(world, asker)
    Membership.objects.filter(user=world.people["supplier_editor"]).update(role="viewer")
    assert asker.get(following).status_code == 200
    assert asker.post(PLACE, PLANT, content_type=JSON).status_code == 403


def confirmed(world: World, asker: Client, monkeypatch: pytest.MonkeyPatch) -> SheetImport:
    """A file that a worker has to save: confirmed, and not worked on yet."""
    monkeypatch.setattr(working, "AT_ONCE", 0)
    monkeypatch.setattr(working, "_nudge", lambda pk: None)
    file = SimpleUploadedFile("parts.csv", table(world, "n-1", "n-2"))
    sent = asker.post("/api/v1/imports/", {"file": file, "mode": "save"})
    assert sent.status_code == 201, sent.content
    return SheetImport.objects.get(public_id=sent.json()["id"])


def worked(sheet: SheetImport) -> tuple[str, int]:
    for _step in range(4):
        work_on_sheet(sheet.pk)
    sheet.refresh_from_db()
    return sheet.state, Capability.objects.filter(external_id__in=("n-1", "n-2")).count()


def test_an_import_goes_on_when_its_token_was_revoked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was the firm's word when it was given; whoever takes it back cancels the import."""
    text = make_token(world.people["supplier_owner"], "read", "write")
    sheet = confirmed(world, program(text), monkeypatch)
    ApiToken.objects.filter(token_key=text[:15]).delete()
    assert worked(sheet) == ("saved", 2)


@pytest.mark.parametrize("who", ["firm", "person"])
def test_an_import_stops_when_its_firm_or_person_was_suspended(
    world: World, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    person, firm = world.people["supplier_owner"], world.organisations["supplier"]
    sheet = confirmed(world, program(make_token(person, "read", "write")), monkeypatch)
    if who == "firm":
        firm.suspended = True
        firm.save()
    else:
        person.is_active = False
        person.save()
    assert worked(sheet) == ("cancelled", 0)


def test_taking_back_stops_as_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asker = program(make_token(world.people["supplier_owner"], "read", "write"))
    sheet = confirmed(world, asker, monkeypatch)
    assert worked(sheet) == ("saved", 2)
    place = f"/api/v1/imports/{sheet.public_id}/steps/"
    undo = asker.post(place, {"move": "undo"}, content_type=JSON, headers={"if-match": "*"})
    assert (undo.status_code, undo.json()["state"]) == (200, "undoing")
    world.organisations["supplier"].suspended = True
    world.organisations["supplier"].save()
    assert worked(sheet) == ("saved", 2)


def test_an_export_is_not_written_for_who_has_left(world: World) -> None:
    person = world.people["supplier_editor"]
    asked = program(make_token(person, "read")).post(
        "/api/v1/exports/", {"resource": "capabilities", "format": "csv"}, content_type=JSON
    )
    assert asked.status_code == 202
    Membership.objects.filter(user=person).delete()
    row = Export.objects.get(public_id=asked.json()["id"])
    work_on_export(row.pk)
    row.refresh_from_db()
    assert (row.state, row.place) == ("failed", "")


# --- answers that are kept ------------------------------------------------------------------------------------------
def test_a_kept_answer_is_not_told_to_who_has_left(world: World) -> None:
    """The same program, the same key, the same body: what it was told then is the firm's, not its own any more."""
    person, org = world.people["supplier_editor"], world.organisations
    Membership.objects.create(user=person, organisation=org["rival"], role="viewer")
    asker = program(make_token(person, "read", "write"))
    key = {"idempotency-key": "k"}
    assert asker.post(PLACE, PLANT, content_type=JSON, headers=key).status_code == 201
    assert asker.post(PLACE, PLANT, content_type=JSON, headers=key).status_code == 201
    Membership.objects.filter(user=person, organisation=org["supplier"]).delete()
    answer = asker.post(PLACE, PLANT, content_type=JSON, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "rights_changed")
    assert PLANT["name"] not in answer.content.decode()


def test_more_rights_do_not_lose_a_kept_answer(world: World) -> None:
    person = world.people["supplier_editor"]
    asker, key = program(make_token(person, "read", "write")), {"idempotency-key": "k"}
    assert asker.post(PLACE, PLANT, content_type=JSON, headers=key).status_code == 201
    Membership.objects.create(user=person, organisation=world.organisations["rival"], role="owner")
    again = asker.post(PLACE, PLANT, content_type=JSON, headers=key)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")


def test_one_key_at_another_address_or_by_another_method_is_another_request(world: World) -> None:
    asker, key = program(world.tokens["supplier_editor:write"]), {"idempotency-key": "k"}
    assert asker.post(PLACE, PLANT, content_type=JSON, headers=key).status_code == 201
    others = [
        asker.put(f"{PLACE}by-external-id/x/", PLANT, content_type=JSON, headers=key),
        asker.put(f"{PLACE}by-external-id/y/", PLANT, content_type=JSON, headers=key),
        asker.post(f"{PLACE}bulk/", {"rows": [PLANT]}, content_type=JSON, headers=key),
    ]
    assert [answer.json()["code"] for answer in others] == ["idempotency_key_reused"] * 3
    assert {answer.status_code for answer in others} == {422}
