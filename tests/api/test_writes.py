"""Writing through the API: by id with a version, by external id, many at once, the same words as the forms."""

import json
from typing import Any

import pytest
from django.test import Client

from alliance.models import Change, Organisation
from companies.models import Capability, Facility
from matching.models import Demand, DemandLine
from scenarios.models import Site
from tests.cast import World
from tests.factories import make_token

JSON = "application/json"


def send(client: Client, method: str, place: str, body: Any = None, **headers: str) -> Any:
    """One request with a JSON body; `If_Match="…"` for a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic(
        method, place, json.dumps(body) if body is not None else b"", content_type=JSON, headers=named
    )


@pytest.fixture
def erp(with_token: Any) -> Client:
    """The supplier's program."""
    client: Client = with_token("supplier_editor:write")
    return client


@pytest.fixture
def lab(with_token: Any) -> Client:
    client: Client = with_token("lab_editor:write")
    return client


def fields(answer: Any, status: int = 400) -> set[str]:
    assert answer.status_code == status, answer.content
    return {error["field"] for error in answer.json().get("errors", [])}


def capability(world: World, **more: Any) -> dict[str, Any]:
    return {
        "component_type": "DRV-RED",
        "facility": str(world.facilities["supplier"].public_id),
        "title": "Made by a program",
        "specs": {"rated_torque": "0.02 kN*m"},
        "terms": {"capacity_per_month": "1,500", "unit_price": 900},
        "prototype_lead_days": "21 d",
        "volume_lead_days": 40,
        "certificates": [{"code": "ISO9001", "expires_on": "2028-01-01"}],
        **more,
    }


def programme(world: World, **more: Any) -> dict[str, Any]:
    line = {
        "external_id": "joint-1",
        "component_type": "DRV-RED",
        "quantity": 12,
        "monthly_rate": 100,
        "requirements": [{"key": "rated_torque", "op": ">=", "value": "12 N*m"}],
        "certificates": ["ISO9001"],
        "price": {"target_unit_price": 800, "ceiling_unit_price": 1200},
        "open_points": ["which bus?"],
    }
    return {
        "title": "A walker",
        "start_date": "2026-12-01",
        "need_by": "2027-09-01",
        "alliance": "north",
        "lines": [line],
        "site_need": {
            "scenario_type": "IND",
            "fleet_size": 4,
            "trial_days": 30,
            "requirements": [{"key": "clear_height", "op": ">=", "value": 3}],
        },
        "open_points": ["power?"],
        **more,
    }


def site(**more: Any) -> dict[str, Any]:
    return {
        "name": "Yard",
        "city": "990100",
        "scenario_type": "IND-LINE",
        "params": {"clear_height": "7 m"},
        "fleet_capacity": 12,
        "latitude": 30.5,
        "longitude": 104.1,
        "windows": [{"starts": "2027-01-01", "ends": "2027-03-01"}],
        "part_conditions": [{"key": "rated_torque", "op": ">=", "value": 5, "unit": "N*m"}],
        **more,
    }


PLACES = ("capabilities", "facilities", "sites", "demands")


def body(world: World, kind: str, **more: Any) -> dict[str, Any]:
    if kind == "capabilities":
        return capability(world, **more)
    if kind == "facilities":
        return {"name": "Plant 2", "city": "990200", "certificates": [{"code": "ISO9001"}], **more}
    return site(**more) if kind == "sites" else programme(world, **more)


def owner(world: World, kind: str) -> Client:
    who = {"sites": "operator_owner", "demands": "lab_editor"}.get(kind, "supplier_editor")
    return Client(headers={"authorization": f"Bearer {make_token(world.people[who], 'read', 'write')}"})


# --- one row, its whole life -------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", PLACES)
def test_the_life_of_a_row(world: World, kind: str) -> None:
    asker, place = owner(world, kind), f"/api/v1/{kind}/"
    made = send(asker, "POST", place, body(world, kind, external_id="e-1"))
    assert made.status_code == 201, made.content
    address, tag = made.headers["Location"], made.headers["ETag"]
    read = asker.get(address)
    assert read.json() == made.json()
    assert read.headers["ETag"] == tag
    assert read.json()["external_id"] == "e-1"
    # What was read is accepted as it is, read-only fields included, and changes nothing.
    changes = Change.objects.count()
    same = send(asker, "PUT", address, read.json(), If_Match=tag)
    assert same.status_code == 200, same.content
    assert (same.json(), same.headers["ETag"]) == (read.json(), tag)
    assert Change.objects.count() == changes
    # Without a version, with a stale one, with the right one.
    title = "title" if kind in ("capabilities", "demands") else "name"
    assert send(asker, "PATCH", address, {title: "Other"}).status_code == 428
    assert send(asker, "PATCH", address, {title: "Other"}, If_Match='"99"').status_code == 412
    patched = send(asker, "PATCH", address, {title: "Other"}, If_Match=tag)
    assert patched.status_code == 200, patched.content
    assert patched.headers["ETag"] != tag
    changed = {name for name in read.json() if read.json()[name] != patched.json()[name]}
    assert changed == {title, "updated_at"}
    assert send(asker, "PATCH", address, {title: "Late"}, If_Match=tag).status_code == 412
    assert Change.objects.count() > changes
    # Away, once.
    assert send(asker, "DELETE", address).status_code == 428
    listed, key = f"/api/v1/{kind}/", made.json()["id"]
    assert key in {row["id"] for row in asker.get(listed).json()["results"]}
    assert send(asker, "DELETE", address, If_Match=patched.headers["ETag"]).status_code == 204
    # Out of the list, unless it is asked for; its address says when it was put away.
    assert key not in {row["id"] for row in asker.get(listed).json()["results"]}
    if kind != "facilities":
        asked = {"closed": "true"} if kind == "demands" else {"state": "archived"}
        assert key in {row["id"] for row in asker.get(listed, asked).json()["results"]}
    assert asker.get(address).json()["archived_at"] is not None
    assert send(asker, "DELETE", address, If_Match="*").status_code == 409


@pytest.mark.parametrize("kind", PLACES)
def test_upserts_by_external_id(world: World, kind: str) -> None:
    asker, place = owner(world, kind), f"/api/v1/{kind}/by-external-id/p-7/"
    given = body(world, kind)
    made = send(asker, "PUT", place, given)
    assert made.status_code == 201, made.content
    assert made.json()["external_id"] == "p-7"
    changes = Change.objects.count()
    again = send(asker, "PUT", place, given)
    assert again.status_code == 200, again.content
    assert (again.json(), again.headers["ETag"]) == (made.json(), made.headers["ETag"])
    assert Change.objects.count() == changes
    assert send(asker, "PUT", place, given, If_None_Match="*").status_code == 412
    assert send(asker, "PUT", place, given, If_Match='"99"').status_code == 412
    assert fields(send(asker, "PUT", place, {**given, "external_id": "other"})) == {"external_id"}
    # What was archived comes back under its name.
    address = f"/api/v1/{kind}/{made.json()['id']}/"
    assert send(asker, "DELETE", address, If_Match=made.headers["ETag"]).status_code == 204
    back = send(asker, "PUT", place, given)
    assert back.status_code == 200, back.content
    assert back.json()["id"] == made.json()["id"]


@pytest.mark.parametrize("kind", PLACES)
def test_many_at_once(world: World, kind: str) -> None:
    asker, place = owner(world, kind), f"/api/v1/{kind}/bulk/"
    if kind == "demands":
        rows = [body(world, kind, external_id=f"b-{n}", lines=[]) for n in range(3)]
    else:
        rows = [body(world, kind, external_id=f"b-{n}") for n in range(3)]
    bad = {**rows[1], "external_id": "b-9", **({"city": "nowhere"} if "city" in rows[1] else {"nonsense": 1})}
    refused = send(asker, "POST", place, {"rows": [*rows, bad]})
    assert all(name.startswith("rows.3.") for name in fields(refused))
    assert not _model(kind).objects.filter(external_id__startswith="b-").exists()
    some = send(asker, "POST", place, {"atomic": False, "rows": [*rows, bad]}).json()
    assert (some["created"], some["refused"]) == (3, 1)
    assert [row["status"] for row in some["results"]] == [201, 201, 201, 400]
    assert some["results"][3]["errors"][0]["field"] in ("city", "nonsense")
    again = send(asker, "POST", place, {"rows": rows}).json()
    assert (again["unchanged"], again["changed"], again["created"]) == (3, 0, 0)
    assert [row["etag"] for row in again["results"]] == [row["etag"] for row in some["results"][:3]]
    stale = send(asker, "POST", place, {"atomic": False, "rows": [{**rows[0], "if_match": '"99"'}]}).json()
    assert stale["results"][0]["status"] == 412


def _model(kind: str) -> Any:
    return {"capabilities": Capability, "facilities": Facility, "sites": Site, "demands": Demand}[kind]


def test_a_thousand_rows_and_no_more(world: World, erp: Client) -> None:
    rows = [{"name": f"Plant {n}", "city": "990200", "external_id": f"m-{n}"} for n in range(1001)]
    assert fields(send(erp, "POST", "/api/v1/facilities/bulk/", {"rows": rows})) == {"rows"}
    answer = send(erp, "POST", "/api/v1/facilities/bulk/", {"rows": rows[:1000]})
    assert answer.json()["created"] == 1000
    assert fields(send(erp, "POST", "/api/v1/facilities/bulk/", {"rows": []})) == {"rows"}


# --- the words of the forms --------------------------------------------------------------------------------
def test_what_is_wrong_is_named_and_said_as_the_form_says_it(world: World, erp: Client, lab: Client) -> None:
    wrong = capability(
        world,
        specs={"rated_torque": "12 kg", "colour": "red"},
        terms={"capacity_per_month": -5, "committed_per_month": 3},
        volume_lead_days=1.5,
        facility="nowhere",
    )
    answer = send(erp, "POST", "/api/v1/capabilities/", wrong)
    assert fields(answer) == {
        "specs.rated_torque",
        "specs.colour",
        "terms.capacity_per_month",
        "volume_lead_days",
        "facility",
    }
    bare = programme(world)
    bare["lines"][0] |= {"quantity": 0}
    assert fields(send(lab, "POST", "/api/v1/demands/", bare)) == {"lines.0.quantity"}
    bare = programme(world)
    bare["lines"][0]["requirements"][0]["value"] = "many"
    assert fields(send(lab, "POST", "/api/v1/demands/", bare)) == {"lines.0.requirements.rated_torque"}
    bare["site_need"]["trial_days"] = 0
    bare["lines"] = []
    assert fields(send(lab, "POST", "/api/v1/demands/", bare)) == {"site_need.trial_days"}
    assert not Demand.objects.filter(identity__title="A walker").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"owner": 1.5}, "owner"),
        ({"published": "yes"}, "published"),
        ({"published": 1}, "published"),
        ({"title": 5}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"specs": []}, "specs"),
        ({"component_type": {"code": "DRV", "colour": 1}}, "component_type.colour"),
        ({"component_type": 5}, "component_type"),
        ({"available_from": "1999-01-01"}, "available_from"),
        ({"available_from": 20270101}, "available_from"),
        ({"terms": {"unit_price": True}}, "terms.unit_price"),
        ({"terms": {"unit_price": [1]}}, "terms.unit_price"),
        ({"certificates": [{"code": "X", "holder": 1}]}, "certificates.0.holder"),
        ({"organisation": "00000000-0000-0000-0000-000000000000"}, "organisation"),
        ({"organisation": 7}, "organisation"),
    ],
)
def test_nothing_is_guessed_at(world: World, erp: Client, change: Any, field: str) -> None:
    before = Capability.objects.count()
    assert fields(send(erp, "POST", "/api/v1/capabilities/", capability(world, **change))) == {field}
    assert Capability.objects.count() == before


def test_a_changed_read_only_field_is_refused(world: World, erp: Client) -> None:
    address = f"/api/v1/capabilities/{world.capabilities['supplier'].public_id}/"
    for name, value in (("id", "x"), ("updated_at", "2026-01-01"), ("archived_at", "2026-01-01")):
        answer = send(erp, "PATCH", address, {name: value}, If_Match="*")
        assert fields(answer) == {name}
        assert answer.json()["errors"][0]["code"] == "read_only"


def test_a_patch_touches_only_the_keys_it_names(world: World, erp: Client) -> None:
    row = world.capabilities["supplier"]
    address = f"/api/v1/capabilities/{row.public_id}/"
    before = erp.get(address).json()
    answer = send(erp, "PATCH", address, {"terms": {"unit_price": 777}}, If_Match="*").json()
    assert answer["terms"] == {**before["terms"], "unit_price": 777}
    assert answer["specs"] == before["specs"]
    gone = send(erp, "PATCH", address, {"specs": {"rated_torque": None}}, If_Match="*").json()
    assert gone["specs"] == {}


def test_a_draft_that_is_sent_back_stays_untold(world: World, erp: Client) -> None:
    given = capability(world)
    del given["volume_lead_days"], given["terms"]
    made = send(erp, "POST", "/api/v1/capabilities/", given).json()
    assert set(made["missing"]) == {"volume_lead_days", "capacity_per_month"}
    address = f"/api/v1/capabilities/{made['id']}/"
    same = send(erp, "PUT", address, made, If_Match="*")
    assert same.status_code == 200, same.content
    assert same.json() == made
    refused = send(erp, "PATCH", address, {"published": True}, If_Match="*")
    assert fields(refused) == {"volume_lead_days", "terms.capacity_per_month"}


def test_lines_keep_their_rows_and_leave_when_unnamed(world: World, lab: Client) -> None:
    made = send(lab, "POST", "/api/v1/demands/", programme(world, published=True))
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["published"] is True
    first = told["lines"][0]
    second = {**first, "external_id": "joint-2", "quantity": 5}
    del second["id"]
    address = f"/api/v1/demands/{told['id']}/"
    both = send(lab, "PATCH", address, {"lines": [second, first]}, If_Match=made.headers["ETag"])
    assert both.status_code == 200, both.content
    assert [line["external_id"] for line in both.json()["lines"]] == ["joint-2", "joint-1"]
    assert both.json()["lines"][1]["id"] == first["id"]
    one = send(lab, "PATCH", address, {"lines": [second]}, If_Match=both.headers["ETag"])
    assert [line["external_id"] for line in one.json()["lines"]] == ["joint-2"]
    assert not DemandLine.objects.filter(public_id=first["id"]).exists()
    none = send(lab, "PATCH", address, {"lines": []}, If_Match=one.headers["ETag"])
    assert none.status_code == 409
    stranger = {**second, "id": str(world.lines["foreign"].public_id)}
    assert fields(send(lab, "PATCH", address, {"lines": [stranger]}, If_Match="*")) == {"lines.0.id"}


def test_another_unit_beside_a_value_is_converted(world: World, lab: Client) -> None:
    given = programme(world)
    given["lines"][0]["requirements"] = [{"key": "rated_torque", "op": ">=", "value": 0.02, "unit": "kN*m"}]
    made = send(lab, "POST", "/api/v1/demands/", given)
    assert made.json()["lines"][0]["requirements"][0]["value"] == 20


def test_a_firm_that_is_not_verified_keeps_drafts(world: World) -> None:
    text = make_token(world.people["draft_owner"], "read", "write")
    asker = Client(headers={"authorization": f"Bearer {text}"})
    given = capability(world, facility=str(world.facilities["draft"].public_id))
    assert send(asker, "POST", "/api/v1/capabilities/", given).status_code == 201
    assert send(asker, "POST", "/api/v1/capabilities/", {**given, "published": True}).status_code == 409


# --- whose rows --------------------------------------------------------------------------------------------
def test_who_may_not_write(world: World, with_token: Any, erp: Client) -> None:
    address = f"/api/v1/capabilities/{world.capabilities['supplier'].public_id}/"
    given = {"title": "Mine now"}
    bureau = make_token(world.people["partner_official"], "read", "write")
    official = Client(headers={"authorization": f"Bearer {bureau}"})
    assert send(official, "PATCH", address, given, If_Match="*").status_code == 403
    assert send(with_token("outside_owner:write"), "PATCH", address, given, If_Match="*").status_code == 404
    assert send(with_token("supplier_editor:read"), "PATCH", address, given, If_Match="*").status_code == 403
    assert send(official, "POST", "/api/v1/capabilities/", capability(world)).status_code == 403
    rival = f"/api/v1/capabilities/{world.capabilities['rival'].public_id}/"
    assert send(erp, "DELETE", rival, If_Match="*").status_code == 403


def test_a_name_of_another_firm_is_another_name(world: World, erp: Client) -> None:
    """External ids are a firm's own: nobody reads from an error that another firm uses one."""
    name = world.capabilities["rival"].external_id
    answer = send(erp, "PUT", f"/api/v1/capabilities/by-external-id/{name}/", capability(world))
    assert answer.status_code == 201
    assert (
        world.capabilities["rival"].organisation_id
        != Capability.objects.get(public_id=answer.json()["id"]).organisation_id
    )


def test_a_name_that_is_taken(world: World, erp: Client) -> None:
    name = world.capabilities["supplier"].external_id
    answer = send(erp, "POST", "/api/v1/capabilities/", capability(world, external_id=name))
    assert fields(answer) == {"external_id"}


def test_an_organisation_says_what_it_is(world: World) -> None:
    asker = Client(
        headers={"authorization": f"Bearer {make_token(world.people['supplier_owner'], 'read', 'write')}"}
    )
    address = f"/api/v1/organisations/{world.organisations['supplier'].public_id}/"
    read = asker.get(address)
    same = send(asker, "PUT", address, read.json(), If_Match=read.headers["ETag"])
    assert same.status_code == 200, same.content
    assert same.json() == read.json()
    answer = send(asker, "PATCH", address, {"contact": {"phone": "028 1"}}, If_Match=read.headers["ETag"])
    assert answer.json()["contact"]["phone"] == "028 1"
    assert answer.json()["verified"] is True
    moved = send(asker, "PATCH", address, {"name_en": "New name"}, If_Match="*").json()
    assert moved["verified"] is False
    assert fields(send(asker, "PATCH", address, {"verified": True}, If_Match="*")) == {"verified"}
    assert Organisation.objects.get(pk=world.organisations["supplier"].pk).name_en == "New name"


# --- introductions -----------------------------------------------------------------------------------------
def official(world: World, who: str = "lead_official") -> Client:
    return Client(headers={"authorization": f"Bearer {make_token(world.people[who], 'read', 'write')}"})


def test_an_introduction_by_steps(world: World, erp: Client, lab: Client) -> None:
    bureau = official(world)
    pair = {
        "line": str(world.lines["members"].public_id),
        "capability": str(world.capabilities["supplier"].public_id),
    }
    made = send(bureau, "POST", "/api/v1/introductions/", {**pair, "note": "please meet"})
    assert made.status_code == 201, made.content
    address = made.headers["Location"]
    assert made.json()["state"] == "proposed"
    assert send(bureau, "POST", "/api/v1/introductions/", pair).status_code == 409
    steps = f"{address}steps/"
    assert send(erp, "POST", steps, {"move": "accept"}).status_code == 428
    assert send(erp, "POST", steps, {"move": "accept"}, If_Match='"9"').status_code == 412
    half = send(erp, "POST", steps, {"move": "accept"}, If_Match=made.headers["ETag"])
    assert half.status_code == 200, half.content
    assert half.json()["turn"] == "lab"
    assert send(erp, "POST", steps, {"move": "accept"}, If_Match=half.headers["ETag"]).status_code == 409
    assert send(lab, "POST", steps, {"move": "deliver"}, If_Match=half.headers["ETag"]).status_code == 409
    both = send(lab, "POST", steps, {"move": "accept"}, If_Match=half.headers["ETag"])
    assert both.json()["state"] == "accepted"
    assert [step["move"] for step in both.json()["steps"]] == ["propose", "accept", "accept"]
    assert fields(send(bureau, "POST", steps, {"move": "decline"}, If_Match="*")) == {"reason"}
    assert fields(send(bureau, "POST", steps, {"move": "jump"}, If_Match="*")) == {"move"}
    read = erp.get(address)
    assert read.json()["state"] == "accepted"
    assert "decline" in read.json()["moves"]


@pytest.mark.parametrize(
    "given", [{}, {"line": "x"}, {"line": 1, "capability": 2}, {"demand": None, "site": None}]
)
def test_an_introduction_needs_a_pair(world: World, given: Any) -> None:
    assert send(official(world), "POST", "/api/v1/introductions/", given).status_code == 400


def test_firms_do_not_introduce_themselves(world: World, lab: Client) -> None:
    pair = {
        "line": str(world.lines["members"].public_id),
        "capability": str(world.capabilities["supplier"].public_id),
    }
    assert send(lab, "POST", "/api/v1/introductions/", pair).status_code == 403


def test_of_a_price_that_changes_others_hear_that_something_has_and_no_more(
    world: World, erp: Client
) -> None:
    """docs/visibility.md, "That and when": the body that a rival reads stays as it was but for `updated_at`."""
    address = f"/api/v1/capabilities/{world.capabilities['supplier'].public_id}/"
    rival = Client(headers={"authorization": f"Bearer {make_token(world.people['bystander_owner'], 'read')}"})
    assert send(erp, "PATCH", address, {"title": "As it is written"}, If_Match="*").status_code == 200
    before = rival.get(address)
    assert before.json()["terms"] is None
    terms = {"unit_price": 777, "capacity_per_month": 8888, "committed_per_month": 11}
    assert send(erp, "PATCH", address, {"terms": terms}, If_Match="*").status_code == 200
    after = rival.get(address)
    differing = {name for name, value in after.json().items() if value != before.json()[name]}
    assert differing <= {"updated_at"}
    headers = {name for name, value in after.headers.items() if before.headers.get(name) != value}
    assert headers <= {"ETag", "RateLimit-Remaining", "RateLimit-Reset", "X-Request-ID", "Content-Length"}
    assert len(after.content) == len(before.content)
