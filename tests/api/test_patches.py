"""A PATCH is merged with what is stored: objects key by key, lists as a whole; the document says the same."""

from typing import Any

import pytest
from django.test import Client

from tests.api.test_writes import body, fields, owner, send
from tests.cast import World
from tests.factories import make_component_key, make_scenario_key, make_token
from tests.judge import judge


def inner_objects(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """(resource, field) → its schema: fields of a PATCH that refer to an object or take any keys; lists are none."""
    parts, found = document["components"]["schemas"], {}
    for path, item in document["paths"].items():
        if "patch" not in item:
            continue
        content = item["patch"]["requestBody"]["content"]["application/json"]
        for name, field in parts[content["schema"]["$ref"].rpartition("/")[2]]["properties"].items():
            for way in [field, *field.get("oneOf", []), *field.get("allOf", [])]:
                told = parts[way["$ref"].rpartition("/")[2]] if "$ref" in way else way
                if told.get("type") == "object" and ("$ref" in way or "additionalProperties" in told):
                    found[path.split("/")[3], name] = told
    return found


#: (resource, field): an object with several keys, and one with one of them
NEED = {"scenario_type": "IND", "fleet_size": 4, "trial_days": 30, "requirements": []}
REACH = {"person": "Li Hua", "phone": "028-1", "email": "li@example.org", "address": "1 Road"}
MERGED: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {
    ("demands", "site_need"): (NEED, {"trial_days": 31}),
    ("organisations", "contact"): (REACH, {"phone": "028-2"}),
    ("capabilities", "terms"): (
        {"unit_price": 900, "capacity_per_month": 1500, "committed_per_month": 100},
        {"unit_price": 901},
    ),
    ("capabilities", "specs"): ({"rated_torque": 20, "ratio": 50}, {"ratio": 51}),
    ("sites", "params"): ({"clear_height": 7, "floor_area": 900}, {"floor_area": 901}),
}


def test_every_object_in_a_patch_is_merged_and_the_document_asks_for_none_of_its_keys(world: World) -> None:
    found = inner_objects(judge().document)
    assert set(found) == set(MERGED), "a new object in a PATCH: say here how it is merged"
    assert not [place for place, schema in found.items() if schema.get("required")]
    two_keys(world)
    for (kind, name), (whole, one) in MERGED.items():
        asker, address = patched(world, kind)
        first = send(asker, "PATCH", address, {name: whole}, If_Match="*")
        assert first.status_code == 200, first.content
        nothing = send(asker, "PATCH", address, {name: {}}, If_Match="*")
        assert (nothing.status_code, nothing.json()) == (200, first.json()), name
        assert nothing.headers["ETag"] == first.headers["ETag"]
        other = send(asker, "PATCH", address, {name: one}, If_Match="*")
        assert other.status_code == 200, other.content
        assert {**_only(other.json()[name], whole), **one} == {**_only(first.json()[name], whole), **one}
        assert _only(other.json()[name], one) == one


def two_keys(world: World) -> None:
    """One more for each tree, so that one can be named and one not."""
    make_component_key("ratio", world.types["drive"])
    make_scenario_key("floor_area", world.scenario_types["industry"])


def patched(world: World, kind: str) -> tuple[Client, str]:
    """Who may change a row of this kind, and its address."""
    if kind == "organisations":
        text = make_token(world.people["supplier_owner"], "read", "write")
        asker = Client(headers={"authorization": f"Bearer {text}"})
        return asker, f"/api/v1/organisations/{world.organisations['supplier'].public_id}/"
    asker = owner(world, kind)
    return asker, send(asker, "POST", f"/api/v1/{kind}/", body(world, kind)).headers["Location"]


def _only(shown: dict[str, Any], keys: dict[str, Any]) -> dict[str, Any]:
    return {name: shown[name] for name in keys}


#: lists, and what there is in them before and after
LISTS: list[tuple[str, str, list[Any], list[Any]]] = [
    ("capabilities", "certificates", [{"code": "ISO9001"}, {"code": "CE"}], [{"code": "CE"}]),
    ("facilities", "certificates", [{"code": "ISO9001"}, {"code": "CE"}], [{"code": "CE"}]),
    ("organisations", "roles", ["manufacturer", "rnd"], ["rnd"]),
    (
        "sites",
        "windows",
        [{"starts": "2027-01-01", "ends": "2027-03-01"}, {"starts": "2027-05-01", "ends": "2027-06-01"}],
        [{"starts": "2027-05-01", "ends": "2027-06-02"}],
    ),
    (
        "sites",
        "part_conditions",
        [{"key": "rated_torque", "op": ">=", "value": 5}, {"key": "ratio", "op": ">=", "value": 5}],
        [{"key": "ratio", "op": ">=", "value": 6}],
    ),
    ("demands", "open_points", ["power?", "bus?"], ["bus?"]),
]


@pytest.mark.parametrize(("kind", "name", "several", "one"), LISTS, ids=[f"{x[0]}.{x[1]}" for x in LISTS])
def test_a_list_in_a_patch_is_replaced_as_a_whole(
    world: World, kind: str, name: str, several: list[Any], one: list[Any]
) -> None:
    two_keys(world)
    asker, address = patched(world, kind)
    for given in (several, one, []) if name != "roles" else (several, one):
        answer = send(asker, "PATCH", address, {name: given}, If_Match="*")
        assert answer.status_code == 200, answer.content
        told = answer.json()[name]
        assert len(told) == len(given)
        pairs = zip(_sorted(told), _sorted(given), strict=True)
        assert all(
            got == sent if isinstance(sent, str) else sent.items() <= got.items() for got, sent in pairs
        )


def _sorted(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row if isinstance(row, str) else str(row))


def test_a_reference_in_a_patch_is_no_object_to_be_merged(world: World) -> None:
    """It names another row: what it was shown with does not stay beside the new code."""
    erp, address = patched(world, "facilities")
    shown = erp.get(address).json()["city"]
    assert fields(send(erp, "PATCH", address, {"city": {}}, If_Match="*")) == {"city"}
    named = {"name": shown["name"]}
    assert fields(send(erp, "PATCH", address, {"city": named}, If_Match="*")) == {"city"}


def test_a_need_that_is_not_there_needs_all_of_its_keys(world: World) -> None:
    """What is merged is judged as a whole: nothing half is stored."""
    lab, address = patched(world, "demands")
    assert send(lab, "PATCH", address, {"site_need": None}, If_Match="*").status_code == 200
    answer = send(lab, "PATCH", address, {"site_need": {"trial_days": 3}}, If_Match="*")
    assert fields(answer) == {"site_need.scenario_type", "site_need.fleet_size"}
    assert lab.get(address).json()["site_need"] is None
