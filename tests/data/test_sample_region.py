"""`data/sample-region`: fictitious, valid, plausible, and made from its sources to the byte."""

import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import uscc

from tests.data.files import COLUMNS, DATA, REFERENCE, SAMPLE, Row, header, params, rows, tree
from tests.oracle.bundle import read_bundles
from tests.oracle.units import number

FILES = [
    "organisations.csv", "facilities.csv", "capabilities.csv", "demands.csv", "demand_lines.csv", "sites.csv",
    "site_windows.csv",
]  # fmt: skip
COMPONENTS, SCENARIOS = tree("component_types.json"), tree("scenario_types.json")


def test_the_script_writes_the_committed_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(DATA / "build_sample_region.py"), str(tmp_path)], check=True)
    assert sorted(path.name for path in SAMPLE.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (SAMPLE / name).read_bytes(), name


@pytest.mark.parametrize("name", FILES)
def test_file_has_the_columns_of_a_bundle(name: str) -> None:
    assert header(SAMPLE / name) == COLUMNS[name].split()


def test_it_is_as_large_as_it_should_be() -> None:
    capabilities = rows(SAMPLE, "capabilities.csv")
    lines = Counter(row["demand"] for row in rows(SAMPLE, "demand_lines.csv"))
    sites = rows(SAMPLE, "sites.csv")
    assert len(rows(SAMPLE, "organisations.csv")) >= 130
    assert len(capabilities) >= 750
    assert len({row["component_type"] for row in capabilities}) >= 45
    assert len(lines) == 26
    assert all(4 <= count <= 14 for count in lines.values())
    assert len(sites) >= 42
    fields = {row["scenario_type"].split("-")[0] for row in sites}
    assert fields == {code for code, item in SCENARIOS.items() if item["parent"] == "SITE"}


def test_every_reference_leads_somewhere() -> None:
    world = read_bundles([REFERENCE, SAMPLE])  # reads every value, unit and requirement, and follows every id
    assert len(world.sites) == len(rows(SAMPLE, "sites.csv"))
    firms = {row["external_id"] for row in rows(SAMPLE, "organisations.csv")}
    cities = {row["code"] for row in rows(REFERENCE, "cities.csv")}
    certificates = {row["code"] for row in rows(REFERENCE, "certifications.csv")}
    for name in FILES:
        for row in rows(SAMPLE, name):
            assert {row[key] for key in ("city", "lab_city") if key in row} <= cities
            held = row.get("certifications", "").split(";")
            assert {part.split("@")[0] for part in held if part} <= certificates
            excluded = row.get("excluded", "").split(";")
            assert {part for part in excluded if part} <= firms
    for name in ("facilities.csv", "demands.csv", "sites.csv"):
        assert {row["organisation"] for row in rows(SAMPLE, name)} <= firms


@pytest.mark.parametrize(
    "name",
    [
        "organisations.csv",
        "facilities.csv",
        "capabilities.csv",
        "demands.csv",
        "demand_lines.csv",
        "sites.csv",
    ],
)
def test_ids_are_unique(name: str) -> None:
    found = [row["external_id"] for row in rows(SAMPLE, name)]
    assert len(set(found)) == len(found)


def test_everybody_is_fictitious_and_says_so() -> None:
    real = {row["name_zh"] for row in rows(REFERENCE, "organisations.csv")}
    found = rows(SAMPLE, "organisations.csv")
    for row in found:
        assert (row["kind"], row["fictitious"], row["claimed"]) == ("firm", "true", "true")
        assert "示例" in row["name_zh"]
        assert "Shili (Demo)" in row["name_en"]
        assert row["name_zh"] not in real
    assert len({row["name_zh"] for row in found}) == len({row["name_en"] for row in found}) == len(found)
    assert all("示例" in row["name"] for row in rows(SAMPLE, "sites.csv"))


def inner_digit(code: str) -> str:
    """The check digit of the organisation code inside (GB 11714)."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(char, 36) * weight for char, weight in zip(code[8:16], weights, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def test_credit_codes_are_constructed_valid_and_unique() -> None:
    assert inner_digit("91110000600037341L") == "1"
    found = [row["uscc"] for row in rows(SAMPLE, "organisations.csv")]
    assert len({code[8:16] for code in found}) == len(found)
    for code, row in zip(found, rows(SAMPLE, "organisations.csv"), strict=True):
        assert uscc.is_valid(code)
        assert code[16] == inner_digit(code)
        assert code[8:16].startswith("MA")
        assert "DEM" in code[8:16]
        assert code[2:8] == (row["city"] if row["city"].isdigit() else "110115")


def numbers(value: Any, unit: str) -> list[float]:
    return [number(part, unit) for part in (value if isinstance(value, list) else [value])]


def test_spec_values_lie_in_the_typical_range() -> None:
    checked = 0
    for row in rows(SAMPLE, "capabilities.csv"):
        known = params(COMPONENTS, row["component_type"])
        for key, value in json.loads(row["specs"]).items():
            if known[key]["kind"] not in ("number", "range") or "typical_min" not in known[key]:
                continue
            for x in numbers(value, known[key]["unit"]):
                low, high = known[key]["typical_min"], known[key]["typical_max"]
                assert low <= x <= high, (row["external_id"], key, value, low, high)
                checked += 1
    assert checked > 4000


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("DRV-SWG", "rated_torque"),
        ("DRV-PLG", "rated_torque"),
        ("ACT-ROT", "rated_torque"),
        ("ACT-FTM", "continuous_torque"),
        ("ACT-SVD", "continuous_current"),
        ("SEN-L2D", "range"),
    ],
)
def test_sizes_are_those_of_published_products(code: str, key: str) -> None:
    published = [
        float(row["value_max"])
        for row in rows(REFERENCE, "sources/published_specs.csv")
        if (row["component_type"], row["parameter"]) == (code, key)
    ]
    unit = params(COMPONENTS, code)[key]["unit"]
    made = [
        numbers(json.loads(row["specs"])[key], unit)[-1]
        for row in rows(SAMPLE, "capabilities.csv")
        if row["component_type"] == code
    ]
    assert len(made) >= 10
    assert 0.9 * min(published) <= min(made)
    assert max(made) <= 1.1 * max(published)


def amount(row: Row, column: str) -> float:
    return float(row[column])


def test_figures_are_plausible() -> None:
    for row in rows(SAMPLE, "capabilities.csv"):
        assert 0 <= amount(row, "committed_per_month") <= amount(row, "capacity_per_month")
        assert amount(row, "min_order_quantity") >= 1
        assert 0 < amount(row, "prototype_lead_days") <= 60
        assert amount(row, "volume_lead_days") <= 120
        assert row["unit_price"] == "" or 1 < amount(row, "unit_price") < 1_000_000
    for row in rows(SAMPLE, "demand_lines.csv"):
        assert amount(row, "monthly_rate") <= amount(row, "quantity")
        if row["target_unit_price"]:
            assert amount(row, "target_unit_price") < amount(row, "ceiling_unit_price")
    for row in rows(SAMPLE, "organisations.csv"):
        assert 0 <= amount(row, "deliveries_on_time") <= amount(row, "deliveries_completed")


def test_facilities_and_sites_stand_near_their_city() -> None:
    cities = {row["code"]: row for row in rows(REFERENCE, "cities.csv")}
    for name in ("facilities.csv", "sites.csv"):
        for row in rows(SAMPLE, name):
            city = cities[row["city"]]
            assert abs(amount(row, "latitude") - amount(city, "latitude")) < 0.06
            assert abs(amount(row, "longitude") - amount(city, "longitude")) < 0.06


def test_demands_vary_as_real_ones_do() -> None:
    demands = rows(SAMPLE, "demands.csv")
    assert {row["confidentiality"] for row in demands} == {"open", "members", "introduction"}
    assert {row["scope"] for row in demands} == {"alliance", "open"}
    assert {row["alliance"] for row in demands} == {"chengdu", "jjj"}
    assert all(row["open_points"] and row["published"] == "true" for row in demands)
    labs = {row["external_id"]: row["roles"] for row in rows(SAMPLE, "organisations.csv")}
    assert all("rnd" in labs[row["organisation"]] for row in demands)
    asked = [item for row in rows(SAMPLE, "demand_lines.csv") for item in json.loads(row["requirements"])]
    assert {item["hard"] for item in asked} == {True, False}
    assert {item["op"] for item in asked} >= {">=", "<=", "=", "between", "covers", "one_of", "is"}
    assert sum(isinstance(item["value"], str) and " " in item["value"] for item in asked) > 200


def test_capabilities_vary_as_real_ones_do() -> None:
    found = rows(SAMPLE, "capabilities.csv")
    assert sum(not row["unit_price"] for row in found) > 20
    assert sum(bool(row["valid_until"]) for row in found) > 50
    assert sum(bool(row["available_from"]) for row in found) > 20
    assert sum(row["published"] == "false" for row in found) > 5
    assert sum("@" in row["certifications"] for row in found) > 100
    firms = rows(SAMPLE, "organisations.csv")
    assert 10 <= sum(row["verified"] == "false" for row in firms) <= len(firms) / 5
    assert sum(row["suspended"] == "true" for row in firms) == 1


def test_dates_lie_ahead() -> None:
    for row in rows(SAMPLE, "demands.csv"):
        start, end = date.fromisoformat(row["start_date"]), date.fromisoformat(row["need_by"])
        assert date(2026, 12, 1) <= start < end <= date(2028, 6, 30)
    for row in rows(SAMPLE, "site_windows.csv"):
        start, end = date.fromisoformat(row["starts"]), date.fromisoformat(row["ends"])
        assert date(2026, 11, 20) <= start < end <= date(2028, 6, 30)


def test_site_conditions_speak_of_parts() -> None:
    keys = {key for code in COMPONENTS for key in params(COMPONENTS, code)}
    with_conditions = 0
    for row in rows(SAMPLE, "sites.csv"):
        conditions = json.loads(row["part_conditions"])
        assert all(set(item) == {"key", "op", "value"} and item["key"] in keys for item in conditions)
        with_conditions += bool(conditions)
    assert with_conditions >= 30
