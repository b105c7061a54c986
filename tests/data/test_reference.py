"""`data/reference`: a bundle of real facts, in which nothing is invented."""

import json

import pytest

from tests.data.files import COLUMNS, REFERENCE, header, rows, tree

FILES = ["cities.csv", "certifications.csv", "alliances.csv", "memberships.csv", "organisations.csv"]
ROLES = {"rnd", "components", "production", "sites", "support"}


@pytest.mark.parametrize("name", FILES)
def test_file_has_the_columns_of_a_bundle(name: str) -> None:
    assert header(REFERENCE / name) == COLUMNS[name].split()


def test_bundle_has_no_file_that_would_need_invention() -> None:
    found = {path.name for path in REFERENCE.iterdir() if path.is_file()}
    assert found == {*FILES, "component_types.json", "scenario_types.json", "SOURCES.md"}


def test_cities_lie_in_known_cities_and_have_a_point_in_china() -> None:
    cities = {row["code"]: row for row in rows(REFERENCE, "cities.csv")}
    assert len(cities) == 416
    assert {row["parent"] for row in cities.values()} - {""} <= set(cities)
    assert cities["BDA"]["parent"] == "110000"
    for row in cities.values():
        assert 3 < float(row["latitude"]) < 54, row
        assert 73 < float(row["longitude"]) < 136, row


@pytest.mark.parametrize(
    ("name", "groups", "types", "params"),
    [("component_types.json", 10, 67, 416), ("scenario_types.json", 1, 46, 15)],
)
def test_type_tree_is_whole(name: str, groups: int, types: int, params: int) -> None:
    found = tree(name)
    assert sum(item["parent"] is None for item in found.values()) == groups
    assert sum(item["parent"] is not None for item in found.values()) == types
    assert sum(len(item["params"]) for item in found.values()) == params
    assert {item["parent"] for item in found.values()} - {None} <= set(found)


def test_a_key_means_the_same_in_the_whole_tree() -> None:
    for name in ("component_types.json", "scenario_types.json"):
        meanings: dict[str, set[str]] = {}
        for item in tree(name).values():
            for param in item["params"]:
                meaning = [param.get(part) for part in ("unit", "kind", "choices", "ordered")]
                meanings.setdefault(param["key"], set()).add(json.dumps(meaning))
        assert {key: found for key, found in meanings.items() if len(found) > 1} == {}


def test_alliances_are_led_by_a_city_of_theirs() -> None:
    members = rows(REFERENCE, "memberships.csv")
    cities = {row["code"] for row in rows(REFERENCE, "cities.csv")}
    for alliance in rows(REFERENCE, "alliances.csv"):
        assert (alliance["slug"], alliance["lead_city"]) in {
            (row["alliance"], row["city"]) for row in members
        }
    for row in members:
        assert row["city"] in cities
        assert set(row["roles"].split(";")) <= ROLES
        assert row["basis"]


def test_every_member_city_has_its_bureau() -> None:
    bureaus = [row for row in rows(REFERENCE, "organisations.csv") if row["kind"] == "bureau"]
    assert {row["city"] for row in bureaus} == {row["city"] for row in rows(REFERENCE, "memberships.csv")}
    assert len({row["city"] for row in bureaus}) == len(bureaus)


def test_real_organisations_are_unclaimed_entries_with_a_source() -> None:
    cities = {row["code"] for row in rows(REFERENCE, "cities.csv")}
    found = rows(REFERENCE, "organisations.csv")
    assert len({row["external_id"] for row in found}) == len(found) == 58
    for row in found:
        assert row["city"] in cities
        assert (row["uscc"], row["certifications"], row["excluded"]) == ("", "", "")
        assert {row["verified"], row["claimed"], row["suspended"], row["fictitious"]} == {"false"}
        assert {row["deliveries_completed"], row["deliveries_on_time"]} == {"0"}
        assert row["source"]
        assert row["name_zh"]
        assert "示例" not in row["name_zh"]


def test_known_organisations_keep_their_identity_and_their_role() -> None:
    entries = {row["external_id"]: row for row in rows(REFERENCE, "organisations.csv")}
    for known in rows(REFERENCE, "sources/known_organisations.csv"):
        entry = entries[known["external_id"]]
        assert (entry["name_zh"], entry["city"]) == (known["name_zh"], known["city"])
        assert entry["roles"] == {"site": "operator"}.get(known["role"], known["role"])
        assert known["source"] in entry["source"]


def test_published_values_are_in_the_units_of_the_tree() -> None:
    types = tree("component_types.json")
    published = rows(REFERENCE, "sources/published_specs.csv")
    assert len({row["component_type"] for row in published}) == 14
    for row in published:
        group = types[types[row["component_type"]]["parent"]]
        units = {
            param["key"]: param["unit"] for param in types[row["component_type"]]["params"] + group["params"]
        }
        assert units[row["parameter"]] == row["unit"], row
