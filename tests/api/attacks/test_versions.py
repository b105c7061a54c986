"""`ETag` and `If-Match` as odd programs send them, and two writers at once on a real database."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from companies.models import Facility
from tests.cast import World, build_world
from tests.factories import make_facility, make_token

JSON = "application/json"
PLACE = "/api/v1/facilities/"
PLANT = {"name": "Plant 2", "city": "990200"}


def send(asker: Client, method: str, place: str, body: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asker.generic(method, place, json.dumps(body), content_type=JSON, headers=named)


@pytest.fixture
def erp(world: World, with_token: Any) -> Client:
    return with_token("supplier_editor:write")  # type: ignore[no-any-return]


#: If-Match of a row that is at version 1 → the answer
SAID = {
    '"1"': 200,
    'W/"1"': 200,  # a proxy that packs answers marks them so
    '"0", "1"': 200,
    '"9" , W/"1"': 200,
    "*": 200,
    "": 412,
    "1": 412,
    "'1'": 412,
    '"01"': 412,
    '"1.0"': 412,
    '"+1"': 412,
    '"2"': 412,
    '"0", "2"': 412,
    "null": 412,
    'w/"1"': 412,
    '"1";': 412,
}


@pytest.mark.parametrize("said", SAID)
def test_which_version_is_meant(world: World, erp: Client, said: str) -> None:
    plant = make_facility(world.organisations["supplier"])
    place = f"{PLACE}{plant.public_id}/"
    assert erp.get(place).headers["ETag"] == '"1"'
    assert send(erp, "PATCH", place, {"name": "Other"}, If_Match=said).status_code == SAID[said]
    plant.refresh_from_db()
    assert (plant.name == "Other") is (SAID[said] == 200)


def test_a_version_is_the_rows_whoever_reads_it_in_whatever_language(world: World, with_token: Any) -> None:
    """So who reads in Chinese writes in English; and a supplier's ETag says no more than that the row has changed."""
    erp, plant = with_token("supplier_editor:write"), make_facility(world.organisations["supplier"])
    place = f"{PLACE}{plant.public_id}/"
    tags = {erp.get(place, headers={"accept-language": each}).headers["ETag"] for each in ("en", "zh-hans")}
    tags.add(with_token("alliance_admin:read").get(place).headers["ETag"])
    assert tags == {'"1"'}
    (tag,) = tags
    assert send(erp, "PATCH", place, {"name": "A"}, If_Match=tag, Accept_Language="en").status_code == 200
    assert (
        send(erp, "PATCH", place, {"name": "B"}, If_Match=tag, Accept_Language="zh-hans").status_code == 412
    )


def test_a_foreign_row_is_missing_whatever_version_is_named(world: World, with_token: Any) -> None:
    """Neither 412 nor 428 tells that there is such a row, or at which version it is."""
    stranger = with_token("outside_owner:write")
    there = f"{PLACE}{make_facility(world.organisations['draft']).public_id}/"
    nowhere = f"{PLACE}00000000-0000-4000-8000-000000000000/"
    for method in ("PATCH", "PUT", "DELETE"):
        for headers in ({}, {"If_Match": '"1"'}, {"If_Match": '"9"'}, {"If_Match": "*"}):
            told = [send(stranger, method, place, PLANT, **headers) for place in (there, nowhere)]
            assert [answer.status_code for answer in told] == [404, 404], (method, headers)
            assert "ETag" not in told[0].headers


def test_if_none_match_never_hides_what_somebody_else_was_shown(world: World, with_token: Any) -> None:
    """An ETag is a version, not what was shown: a 304 could keep a price in a program that may not know it any more."""
    capability = world.capabilities["supplier"]
    place = f"/api/v1/capabilities/{capability.public_id}/"
    for who in ("supplier_editor:read", "alliance_admin:read", "lab_editor:read"):
        asker = with_token(who)
        whole = asker.get(place)
        again = asker.get(place, headers={"if-none-match": whole.headers["ETag"]})
        assert (again.status_code, again.json()) == (200, whole.json())
    listed = with_token("supplier_editor:read").get(PLACE, headers={"if-none-match": "*"})
    assert listed.status_code == 200


def test_an_upsert_hears_which_versions_are_not_meant(world: World, erp: Client) -> None:
    place = f"{PLACE}by-external-id/p-1/"
    assert send(erp, "PUT", place, PLANT, If_None_Match='"1"').status_code == 201
    assert send(erp, "PUT", place, PLANT | {"name": "B"}, If_None_Match='"1"').status_code == 412
    assert send(erp, "PUT", place, PLANT | {"name": "B"}, If_None_Match='"7", W/"1"').status_code == 412
    assert send(erp, "PUT", place, PLANT | {"name": "B"}, If_None_Match='"7"').status_code == 200
    assert send(erp, "PUT", place, PLANT, If_None_Match="*").status_code == 412
    assert Facility.objects.get(external_id="p-1").name == "B"


# --- many rows ----------------------------------------------------------------------------------------------------
def rows(**conditions: Any) -> list[dict[str, Any]]:
    return [
        {**PLANT, "external_id": name, "name": "New", "if_match": said} for name, said in conditions.items()
    ]


def test_a_stale_row_among_many(world: World, erp: Client) -> None:
    first = [{**PLANT, "external_id": name} for name in ("a", "b")]
    assert send(erp, "POST", f"{PLACE}bulk/", {"rows": first}).json()["created"] == 2
    whole = send(erp, "POST", f"{PLACE}bulk/", {"rows": rows(a='"1"', b='"7"')})
    assert whole.status_code == 400
    assert [(each["field"], each["code"]) for each in whole.json()["errors"]] == [("rows.1", "stale")]
    assert not Facility.objects.filter(name="New").exists()
    each = send(
        erp, "POST", f"{PLACE}bulk/", {"atomic": False, "rows": rows(a='"1"', b='"7"', c='"1"')}
    ).json()
    assert [(row["result"], row["status"]) for row in each["results"]] == [
        ("changed", 200),
        ("refused", 412),
        ("refused", 412),
    ]
    assert each["results"][0]["etag"] == '"2"'


@pytest.mark.parametrize("said", [1, None, True, [], {}, ['"1"'], ""])
def test_a_version_that_is_no_text_is_no_wish_to_overwrite(world: World, erp: Client, said: Any) -> None:
    """`"if_match": 1` used to be passed over, and the row was written whatever its version."""
    assert send(erp, "PUT", f"{PLACE}by-external-id/a/", PLANT).status_code == 201
    answer = send(erp, "POST", f"{PLACE}bulk/", {"atomic": False, "rows": rows(a=said)}).json()
    assert answer["results"][0]["result"] == "refused"
    assert {each["field"] for each in answer["results"][0]["errors"]} <= {"if_match", ""}
    assert Facility.objects.get(external_id="a").name == PLANT["name"]


@pytest.mark.parametrize("name", [5, None, [], {}, True])
def test_a_name_that_is_no_text_comes_back_as_none(world: World, erp: Client, name: Any) -> None:
    told = send(
        erp, "POST", f"{PLACE}bulk/", {"atomic": False, "rows": [{**PLANT, "external_id": name}]}
    ).json()
    assert (told["results"][0]["result"], told["results"][0]["external_id"]) == ("refused", None)


# --- two at once --------------------------------------------------------------------------------------------------
def at_once(tokens: str, requests: list[tuple[str, str, Any, dict[str, str]]]) -> list[int]:
    def one(request: tuple[str, str, Any, dict[str, str]]) -> int:
        try:
            asker = Client(headers={"authorization": f"Bearer {tokens}"}, raise_request_exception=False)
            return int(send(asker, *request[:3], **request[3]).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(one, requests))


@pytest.mark.usefixtures("committed_db")
def test_two_writers_of_one_version_and_one_wins() -> None:
    """By PATCH, PUT, upsert, bulk and DELETE against each other, all with the version that both have read."""
    world = build_world()
    token = make_token(world.people["supplier_editor"], "read", "write")
    for number in range(6):
        plant = make_facility(world.organisations["supplier"], external_id=f"race-{number}")
        place, mine = f"{PLACE}{plant.public_id}/", {"If_Match": '"1"'}
        named = {"external_id": plant.external_id}
        tried: list[tuple[str, str, Any, dict[str, str]]] = [
            ("PATCH", place, {"name": "By patch"}, mine),
            ("PUT", place, {**PLANT, "name": "By put"}, mine),
            ("PUT", f"{PLACE}by-external-id/{plant.external_id}/", {**PLANT, "name": "By name"}, mine),
            ("POST", f"{PLACE}bulk/", {"rows": [{**PLANT, **named, "name": "Many", "if_match": '"1"'}]}, {}),
            ("DELETE", place, {}, mine),
        ]
        found = at_once(token, tried)
        assert sum(status < 300 for status in found) == 1, found
        assert {status for status in found if status >= 300} <= {400, 412}, found
        plant.refresh_from_db()
        assert plant.version == 2


@pytest.mark.usefixtures("committed_db")
def test_many_rows_in_two_orders_wait_for_each_other() -> None:
    """Two bulk requests over the same rows, one backwards: neither is told of a deadlock, the last word is whole."""
    world = build_world()
    token = make_token(world.people["supplier_editor"], "read", "write")
    names = [f"x-{number}" for number in range(12)]
    tried: list[tuple[str, str, Any, dict[str, str]]] = [
        (
            "POST",
            f"{PLACE}bulk/",
            {"rows": [{**PLANT, "external_id": each, "name": f"By {number}"} for each in order]},
            {},
        )
        for number, order in enumerate([names, names[::-1], names[6:] + names[:6], names[::-1]])
    ]
    assert at_once(token, tried) == [200] * 4
    assert len({row.name for row in Facility.objects.filter(external_id__in=names)}) == 1
