"""The synthetic region: same arguments same bytes, whole, and with the odd rows that a real one has."""

import csv
import hashlib
import json
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from stdnum.cn import uscc

from alliance.errors import DomainError
from matching.services.generation import COLUMNS, generate_region
from matching.services.generation.credit_codes import credit_code, subject_code
from matching.services.generation.firms import spread
from matching.services.generation.places import load_places, make_pacts
from matching.services.generation.units import OTHER_UNITS
from tests.oracle import read_bundles
from tests.oracle.case import Case
from tests.oracle.suppliers import judge_line

SIZES: dict[str, Any] = {
    "firms": 240,
    "capabilities": 1500,
    "demands": 40,
    "lines": 160,
    "sites": 60,
    "alliances": 3,
}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "region"
    generate_region(folder, **SIZES, open_share=0.5, seed=7)
    return folder


def test_same_arguments_same_bytes_other_seed_other_bytes(bundle: Path, tmp_path: Path) -> None:
    generate_region(tmp_path / "again", **SIZES, open_share=0.5, seed=7)
    generate_region(tmp_path / "other", **SIZES, open_share=0.5, seed=8)
    assert digest(tmp_path / "again") == digest(bundle)
    changed = [name for name, value in digest(tmp_path / "other").items() if digest(bundle)[name] != value]
    assert {"capabilities.csv", "demands.csv", "demand_lines.csv", "sites.csv"} <= set(changed)


def test_every_file_of_the_interface_with_the_counts_asked_for(bundle: Path) -> None:
    assert {path.name for path in bundle.iterdir()} == set(COLUMNS) | {
        "component_types.json", "scenario_types.json", "certifications.csv",
    }  # fmt: skip
    firms = [row for row in rows(bundle, "organisations.csv") if row["kind"] == "firm"]
    counts = {
        name: len(rows(bundle, f"{name}.csv")) for name in ("capabilities", "demands", "sites", "alliances")
    }
    assert {"firms": len(firms), "lines": len(rows(bundle, "demand_lines.csv")), **counts} == SIZES


def test_references_resolve_and_names_are_unique_in_their_organisation(bundle: Path) -> None:
    organisations = {row["external_id"] for row in rows(bundle, "organisations.csv")}
    cities = {row["code"] for row in rows(bundle, "cities.csv")}
    owners: dict[str, set[str]] = {}
    for name in ("facilities", "demands", "sites"):
        own = [(row["organisation"], row["external_id"]) for row in rows(bundle, f"{name}.csv")]
        assert len(set(own)) == len(own)
        assert {organisation for organisation, _ in own} <= organisations
        plain = Counter(external for _, external in own)
        owners[name] = {f"{org}/{ext}" for org, ext in own} | {
            ext for ext, count in plain.items() if count == 1
        }
    assert {row["facility"] for row in rows(bundle, "capabilities.csv")} <= owners["facilities"]
    assert {row["demand"] for row in rows(bundle, "demand_lines.csv")} == owners["demands"] & {
        row["demand"] for row in rows(bundle, "demand_lines.csv")
    }
    assert len({row["demand"] for row in rows(bundle, "demand_lines.csv")}) == SIZES["demands"]
    assert {row["site"] for row in rows(bundle, "site_windows.csv")} <= owners["sites"]
    assert {row["city"] for row in rows(bundle, "facilities.csv")} <= cities
    assert any("/" in row["facility"] for row in rows(bundle, "capabilities.csv"))


def test_firms_have_valid_codes_unless_nobody_claimed_them(bundle: Path) -> None:
    firms = [row for row in rows(bundle, "organisations.csv") if row["kind"] == "firm"]
    claimed = [row for row in firms if row["claimed"] == "true"]
    assert all(uscc.is_valid(row["uscc"]) for row in claimed)
    assert len({row["uscc"] for row in claimed}) == len(claimed) < len(firms)
    makers = {row["organisation"] for row in rows(bundle, "facilities.csv")}
    assert makers <= {row["external_id"] for row in claimed}
    assert all(row["uscc"] == "" for row in firms if row["claimed"] == "false")
    assert {row["fictitious"] for row in firms} == {"true"}


def test_the_odd_rows_of_a_real_region_are_there(bundle: Path) -> None:
    capabilities = rows(bundle, "capabilities.csv")
    specs = [json.loads(row["specs"]) for row in capabilities]
    values = [value for spec in specs for value in spec.values()]
    assert any(isinstance(value, str) for value in values), "a number in another unit"
    assert any(isinstance(value, list) and isinstance(value[0], str) for value in values)
    assert any(value is None for value in values)
    assert any(row["unit_price"] == "" for row in capabilities)
    assert any(row["published"] == "false" for row in capabilities)
    assert any(row["capacity_per_month"] == row["committed_per_month"] for row in capabilities)
    assert all(int(row["committed_per_month"]) <= int(row["capacity_per_month"]) for row in capabilities)
    assert any("" < row["valid_until"] < "2026-11-20" for row in capabilities)
    organisations = rows(bundle, "organisations.csv")
    assert (
        {row["suspended"] for row in organisations}
        == {row["verified"] for row in organisations}
        == {"true", "false"}
    )
    expiries = [
        code.split("@")[1]
        for row in organisations
        for code in row["certifications"].split(";")
        if "@" in code
    ]
    assert min(expiries) < "2026-11-20" < max(expiries)
    asked = [
        r
        for row in rows(bundle, "demand_lines.csv")
        if row["requirements"]
        for r in json.loads(row["requirements"])
    ]
    assert {">=", "<=", "between", "covers", "one_of", "is"} <= {requirement["op"] for requirement in asked}
    ties = Counter(json.dumps(value) for value in values)
    assert ties.most_common(1)[0][1] > 20


def test_at_most_one_hard_requirement_per_key_and_keys_of_the_type(bundle: Path) -> None:
    types = {
        row["code"]: row for row in json.loads((bundle / "component_types.json").read_text("utf-8"))["types"]
    }

    def keys(code: str | None) -> set[str]:
        return (
            set()
            if not code
            else {param["key"] for param in types[code]["params"]} | keys(types[code]["parent"])
        )

    for row in rows(bundle, "demand_lines.csv"):
        asked = json.loads(row["requirements"] or "[]")
        hard = [requirement["key"] for requirement in asked if requirement.get("hard", True)]
        assert len(set(hard)) == len(hard)
        assert {requirement["key"] for requirement in asked} <= keys(row["component_type"])
    for row in rows(bundle, "capabilities.csv"):
        assert set(json.loads(row["specs"])) <= keys(row["component_type"])


def test_part_conditions_come_from_few_sets(bundle: Path) -> None:
    sets = {row["part_conditions"] for row in rows(bundle, "sites.csv")}
    assert 5 < len(sets) <= 19
    for text in sets - {""}:
        assert all(set(condition) == {"key", "op", "value"} for condition in json.loads(text))


def test_travel_times_are_marked_as_generated(bundle: Path) -> None:
    travel = rows(bundle, "travel_times.csv")
    assert {row["source"] for row in travel} == {"generated"}
    pairs = [(row["origin"], row["destination"]) for row in travel]
    assert len(set(pairs)) == len(pairs)
    assert any((b, a) in pairs for a, b in pairs), "both ways"
    assert any((b, a) not in pairs for a, b in pairs), "one way"


def test_seed_cities_bring_the_reference_alliances(tmp_path: Path) -> None:
    generate_region(tmp_path / "r", **(SIZES | {"alliances": 2}), open_share=0.5, seed=7, cities="seed")
    assert [row["slug"] for row in rows(tmp_path / "r", "alliances.csv")] == ["chengdu", "jjj"]
    codes = {row["code"] for row in rows(tmp_path / "r", "cities.csv")}
    assert {"510104", "BDA", "131024"} <= codes
    assert not {"310000", "440300"} & codes
    assert {row["parent"] for row in rows(tmp_path / "r", "cities.csv")} <= codes | {""}


def test_open_share_is_kept(tmp_path: Path) -> None:
    for share, scopes in ((0.0, {"alliance"}), (1.0, {"open"})):
        generate_region(tmp_path / str(share), **SIZES, open_share=share, seed=1)
        assert {row["scope"] for row in rows(tmp_path / str(share), "demands.csv")} == scopes


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"firms": 0}, "firms"),
        ({"lines": 39}, "lines"),
        ({"demands": 0}, "lines"),
        ({"alliances": 0}, "alliances"),
        ({"sites": -1}, "sites"),
        ({"open_share": 1.5}, "open_share"),
        ({"open_share": float("nan")}, "open_share"),
    ],
)
def test_sizes_that_make_no_region_are_refused(tmp_path: Path, change: dict[str, int], field: str) -> None:
    with pytest.raises(DomainError) as caught:
        generate_region(tmp_path / "r", **({**SIZES, "open_share": 0.5, "seed": 1} | change))
    assert caught.value.field == field
    assert not (tmp_path / "r").exists()


def test_the_smallest_region_has_no_labs_to_trip_over(tmp_path: Path) -> None:
    least: dict[str, Any] = dict.fromkeys(SIZES, 1)
    generate_region(tmp_path / "r", **least, open_share=0.5, seed=1)
    assert len(rows(tmp_path / "r", "demand_lines.csv")) == 1
    generate_region(tmp_path / "empty", **(SIZES | dict.fromkeys(SIZES, 0)), open_share=0.5, seed=1)
    assert rows(tmp_path / "empty", "organisations.csv") == []


def test_a_folder_that_is_not_empty_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    arguments = [f"--{name}={count}" for name, count in SIZES.items()] + ["--open-share=0.5", "--seed=1"]
    with pytest.raises(CommandError, match="path: "):
        call_command("generate_region", str(tmp_path), *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_the_command_writes_what_the_service_writes(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [f"--{name}={count}" for name, count in SIZES.items()] + ["--open-share=0.5", "--seed=7"]
    call_command("generate_region", str(tmp_path / "r"), *arguments)
    assert digest(tmp_path / "r") == digest(bundle)
    assert "1500 capabilities" in capsys.readouterr().out


def median_of_feasible(folder: Path) -> float:
    """Capabilities that suit a line of a published demand, as the oracle counts them."""
    world = read_bundles([folder])
    case = Case(world, "gen-001", date(2026, 11, 20))
    shown = [demand for demand in world.demands if demand.published]
    return median(len(judge_line(case, demand, line)[0]) for demand in shown for line in demand.lines)


def test_lines_are_as_picky_as_asked(tmp_path: Path) -> None:
    """What the generator says of its sample is what an independent count of the bundle finds."""
    sizes = SIZES | {"alliances": 1, "capabilities": 3000}
    for feasible in (3, 9):
        folder = tmp_path / str(feasible)
        made = generate_region(folder, **sizes, open_share=1.0, seed=3, feasible=feasible)
        assert made.aim is not None
        assert made.aim.quartiles[1] == pytest.approx(feasible, rel=0.35)
        assert median_of_feasible(folder) == pytest.approx(feasible, rel=0.6)
    again = tmp_path / "again"
    generate_region(again, **sizes, open_share=1.0, seed=3, feasible=9)
    assert digest(again) == digest(tmp_path / "9")


def test_only_lines_and_conditions_follow_the_wishes(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wished"
    generate_region(folder, **SIZES, open_share=0.5, seed=7, feasible=2, condition_sets=25)
    changed = {name for name, value in digest(folder).items() if digest(bundle)[name] != value}
    assert changed <= {"demands.csv", "demand_lines.csv", "sites.csv", "site_windows.csv"}
    cells = {row["part_conditions"] for row in rows(folder, "sites.csv")} - {""}
    meant = {json.dumps(sorted(json.loads(cell), key=lambda row: row["key"])) for cell in cells}
    assert (len(cells), len(meant)) == (25, 25)


@pytest.mark.parametrize("wish", [{"feasible": 0}, {"condition_sets": 61}, {"condition_sets": -1}])
def test_wishes_that_cannot_come_true_are_refused(tmp_path: Path, wish: dict[str, int]) -> None:
    with pytest.raises(DomainError) as caught:
        generate_region(tmp_path / "r", **SIZES, open_share=0.5, seed=1, **wish)
    assert caught.value.field == next(iter(wish))
    assert not (tmp_path / "r").exists()


def test_spread_sums_up_and_keeps_the_least() -> None:
    shares = list(spread(Random(1), 1000, 90, least=2))
    assert (len(shares), sum(shares), min(shares) >= 2) == (90, 1000, True)
    assert len(set(shares)) > 5
    assert list(spread(Random(1), 0, 0)) == []


def test_credit_codes_carry_both_check_digits() -> None:
    assert subject_code(0) == "MAG000006"
    assert len({credit_code("510100", serial) for serial in range(500)}) == 500
    with pytest.raises(ValueError, match="does not fit"):
        subject_code(31**5)


def test_other_units_convert_to_the_same_quantity() -> None:
    convert = {(unit, name): function for unit, others in OTHER_UNITS.items() for name, function in others}
    assert convert["N*m", "kgf*cm"](1.0) == pytest.approx(10.197162129779)
    assert convert["degC", "degF"](-40.0) == -40.0
    assert convert["arcmin", "arcsec"](1.5) == 90.0


def test_a_district_belongs_by_its_nearest_listed_city() -> None:
    from matching.services.generation import REFERENCE

    places = load_places(REFERENCE, "seed")
    chengdu, jjj = make_pacts(REFERENCE, places, 2, "seed", Random(1))
    assert "510104" in chengdu.by_role["rnd"]
    assert "120114" in jjj.by_role["components"]
    assert "110105" in jjj.by_role["rnd"]
    assert "110105" not in jjj.by_role["sites"]
