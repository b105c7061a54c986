"""The oracle's own rules, cell by cell: shortfalls, units, places, merging, naming and the comparison."""

import csv
import json
import runpy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import COLUMNS, compare, oracle_rows, read_bundles, write_rows
from tests.oracle.bundle import BundleError, offered, requirements
from tests.oracle.hosts import first_window
from tests.oracle.rules import fit, roles_of, shortfall, travel_minutes, trust
from tests.oracle.small import AS_OF, day, write_csv, write_small_region
from tests.oracle.things import Alliance, City, Organisation, Param, Requirement, Site, World
from tests.oracle.units import UnitError, number

NUMBER = Param("x", "range", "range", [], False)
GRADES = Param("x", "", "choice", ["a", "b", "c", "d"], True)
COLOURS = Param("x", "", "choice", ["red", "green", "blue"], False)
SWITCH = Param("x", "", "bool", [], False)

BOX = {"component_type": "BOX", "capacity_per_month": 1, "prototype_lead_days": 1, "volume_lead_days": 1}


def gap(param: Param, op: str, value: Any, offer: Any) -> float | None:
    unit = Param(param.key, "1" if param is NUMBER else "", param.kind, param.choices, param.ordered)
    (asked,) = requirements([{"key": "x", "op": op, "value": value}], {"x": unit})
    stated = offered(offer, unit)
    return shortfall(asked, {} if stated is None else {"x": stated}, {"x": unit})


@pytest.mark.parametrize(
    ("param", "op", "value", "offer", "expected"),
    [
        (NUMBER, ">=", 10, 10, None),
        (NUMBER, ">=", 10, [1, 10], None),
        (NUMBER, ">=", 10, 8, 0.2),
        (NUMBER, ">=", -10, -12, 0.2),
        (NUMBER, ">=", 0, -3, 1.0),
        (NUMBER, "<=", 10, [10, 99], None),
        (NUMBER, "<=", 10, 13, 0.3),
        (NUMBER, "<=", -10, -8, 0.2),
        (NUMBER, "=", 10, [9, 11], None),
        (NUMBER, "=", 10, 7, 0.3),
        (NUMBER, "between", [10, 20], [20, 30], None),
        (NUMBER, "between", [10, 20], 25, 0.25),
        (NUMBER, "between", [10, 20], [1, 5], 0.25),
        (NUMBER, "between", [0, 0], 5, 1.0),
        (NUMBER, "between", [-40, 20], -50, 0.25),
        (NUMBER, "covers", [-20, 50], [-20, 50], None),
        (NUMBER, "covers", [-20, 50], [-10, 60], 0.2),
        (NUMBER, "covers", [-20, 50], [0, 40], 0.4),
        (NUMBER, "covers", [-20, 50], 10, 0.8),
        (NUMBER, ">=", 10, None, 1.0),
        (GRADES, ">=", "c", ["a", "c"], None),
        (GRADES, ">=", "c", ["a"], 2 / 3),
        (GRADES, "<=", "b", ["b", "d"], None),
        (GRADES, "<=", "b", ["c", "d"], 1 / 3),
        (GRADES, "one_of", ["a", "b"], ["b"], None),
        (GRADES, "one_of", ["a", "b"], ["c"], 1.0),
        (GRADES, ">=", "a", [], 1.0),
        (COLOURS, "one_of", ["red"], ["green", "red"], None),
        (COLOURS, "one_of", ["red"], ["green", "blue"], 1.0),
        (SWITCH, "is", False, False, None),
        (SWITCH, "is", True, False, 1.0),
        (SWITCH, "is", False, None, 1.0),
    ],
)
def test_shortfall(param: Param, op: str, value: Any, offer: Any, expected: float | None) -> None:
    assert gap(param, op, value, offer) == (None if expected is None else pytest.approx(expected, abs=1e-15))


@pytest.mark.parametrize(
    ("param", "op", "value"),
    [
        (NUMBER, "is", True),
        (NUMBER, "one_of", [1]),
        (NUMBER, ">=", True),
        (COLOURS, ">=", "red"),
        (COLOURS, "is", True),
        (GRADES, "between", ["a", "b"]),
        (GRADES, ">=", "e"),
        (SWITCH, "is", 1),
        (SWITCH, ">=", True),
    ],
)
def test_operators_that_do_not_go_with_the_kind(param: Param, op: str, value: Any) -> None:
    with pytest.raises((BundleError, UnitError, ValueError)):
        gap(param, op, value, None)


def test_two_hard_requirements_on_a_key_are_bad_one_hard_and_one_soft_are_not() -> None:
    twice = [{"key": "x", "op": "is", "value": True}, {"key": "x", "op": "is", "value": False, "hard": False}]
    assert len(requirements(twice, {"x": SWITCH})) == 2
    with pytest.raises(BundleError, match="two hard"):
        requirements([twice[0], twice[0]], {"x": SWITCH})
    with pytest.raises(BundleError, match="not a parameter"):
        requirements(twice, {"y": SWITCH})


def test_fit_uses_the_unrounded_shortfall_and_the_weights() -> None:
    params = {"x": Param("x", "1", "number", [], False), "y": SWITCH}
    asked = [
        Requirement("x", ">=", (3.0, 3.0), False, 3.0, 0.5),
        Requirement("y", "is", True, False, 1.0, 2.0),
        Requirement("x", ">=", (99.0, 99.0), True, 5.0, 0.2),
    ]
    # 1 - (1/3) / 0.5 = 1/3 with weight 3; not stated: 1 - 1/2 with weight 1
    assert fit(asked, {"x": (2.0, 2.0)}, params) == pytest.approx((3 / 3 + 0.5) / 4, abs=1e-15)
    assert fit(asked[2:], {}, params) == 1.0


@pytest.mark.parametrize(
    ("raw", "unit", "expected"),
    [
        (5, "mm", 5.0),
        ("5", "mm", 5.0),
        ("5mm", "mm", 5.0),
        ("12 kgf*cm", "N*m", 1.176798),
        ("1 inch", "mm", 25.4),
        ("-20 degC", "degC", -20.0),
        ("68 degF", "degC", 20.0),
        ("100 degF", "degC", 37.777777778),
        ("273.15 K", "degC", 0.0),
        ("90 min", "h", 1.5),
        ("10 arcmin", "deg", 0.166666666667),
        ("10 m/s", "mm/s", 10000.0),
        ("36 km/h", "m/s", 10.0),
        ("60 rpm", "deg/s", 360.0),
        ("1 kW*h", "W*h", 1000.0),
        ("2 kg·m²", "kg*m**2", 2.0),
        ("5 %", "percent", 5.0),
    ],
)
def test_units_that_convert(raw: Any, unit: str, expected: float) -> None:
    assert number(raw, unit) == expected


@pytest.mark.parametrize(
    ("raw", "unit"),
    [
        ("3~5 mm", "mm"),
        ("5 mm ", "mm"),
        ("5  mm", "mm"),
        (" 5", "mm"),
        ("1,000 mm", "mm"),
        ("5 kg", "mm"),
        ("50 Hz", "rpm"),
        ("50 rpm", "Hz"),
        ("5 mm", "degC"),
        ("5 degC", "mm"),
        ("nan", "mm"),
        ("1e999", "mm"),
        (float("nan"), "mm"),
        (float("inf"), "mm"),
        (True, "mm"),
        ([1], "mm"),
        ("5 mm**x", "mm"),
    ],
)
def test_units_that_do_not(raw: Any, unit: str) -> None:
    with pytest.raises(UnitError):
        number(raw, unit)


def world(travel: dict[tuple[str, str], float]) -> World:
    cities = {
        "A": City("A", "", 30.0, 104.0),
        "B": City("B", "A", 30.0, 104.2),
        "C": City("C", "B", 31.0, 104.0),
        "E": City("E", "", 40.0, 116.0),
    }
    return World(cities, travel, {}, {}, {}, [], [], [], [])


def test_travel_time_looks_both_ways_before_it_computes() -> None:
    table = world({("A", "B"): 55.0, ("B", "A"): 66.0, ("A", "A"): 5.0, ("E", "A"): 900.0})
    pairs = [("A", "A"), ("A", "B"), ("B", "A"), ("A", "E")]
    assert [travel_minutes(table, a, b) for a, b in pairs] == [30.0, 55.0, 66.0, 900.0]
    # one degree of latitude: 111.19508023 km * 1.3; less than 23.1 km: the floor of 30 minutes
    assert travel_minutes(table, "A", "C") == pytest.approx(144.553604304, abs=1e-9)
    assert travel_minutes(world({}), "A", "B") == 30.0


def test_roles_come_from_the_nearest_listed_city() -> None:
    place = world({})
    pact = Alliance("p", {}, {"A": {"rnd"}, "C": {"sites"}})
    assert [roles_of(place, pact, code) for code in "ABCE"] == [{"rnd"}, {"rnd"}, {"sites"}, None]


def test_trust() -> None:
    def firm(verified: bool, completed: int, on_time: int) -> Organisation:
        return Organisation("f", verified, False, [], completed, on_time, set())

    assert [trust(firm(True, 0, 0)), trust(firm(True, 8, 7)), trust(firm(False, 8, 8))] == [
        pytest.approx(0.8),
        pytest.approx(0.92),
        0.0,
    ]


def test_windows_count_both_ends_and_are_not_merged() -> None:
    start, end = date(2026, 12, 10), date(2026, 12, 31)
    touching = [(date(2026, 12, 1), date(2026, 12, 13)), (date(2026, 12, 14), date(2026, 12, 17))]
    site = Site(Organisation("f", True, False, [], 0, 0, set()), "s", "A", "t", {}, [], 1, True, touching)
    assert first_window(site, start, end, 4) == date(2026, 12, 1)
    assert first_window(site, start, end, 5) is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_region(tmp_path / "small")


def test_merging_keeps_absent_columns_and_clears_empty_cells(folder: Path, tmp_path: Path) -> None:
    change = {"external_id": "c1", "facility": "one-d", "unit_price": ""}
    write_csv(tmp_path / "next", "capabilities.csv", [change])
    write_csv(tmp_path / "last", "capabilities.csv", [{"external_id": "new", "facility": "ONE/one-p", **BOX}])
    merged = read_bundles([folder, tmp_path / "next", tmp_path / "last"]).capabilities
    assert (merged[0].price, merged[0].free, merged[0].volume_days) == (None, 15.0, 40)
    assert (merged[-1].name, merged[-1].moq, merged[-1].published) == ("new", 1.0, True)


def test_lines_and_windows_are_replaced_as_a_set(folder: Path, tmp_path: Path) -> None:
    box = {"demand": "LAB/robot", "component_type": "BOX", "quantity": 9, "monthly_rate": 1}
    write_csv(
        tmp_path / "next", "demand_lines.csv", [{"external_id": name, **box} for name in ("extra", "box")]
    )
    write_csv(tmp_path / "next", "site_windows.csv", [{"site": "cold", "starts": day(1), "ends": day(2)}])
    merged = read_bundles([folder, tmp_path / "next"])
    robot = next(demand for demand in merged.demands if demand.name == "robot")
    assert [line.name for line in robot.lines] == ["box", "extra"], "an older line keeps its place"
    assert [len(site.windows) for site in merged.sites] == [1, 1, 1, 1, 1, 1]
    assert [len(demand.lines) for demand in merged.demands] == [2, 1, 1, 1]


def test_names_carry_their_organisation_only_where_they_must(folder: Path, tmp_path: Path) -> None:
    twin = [{"external_id": "c1", "facility": "two", **BOX}]
    write_csv(tmp_path / "next", "capabilities.csv", twin)
    names = [capability.name for capability in read_bundles([folder, tmp_path / "next"]).capabilities]
    assert names[0] == "ONE/c1"
    assert names[-1] == "TWO/c1"
    assert names[1] == "c2"


def test_compare_agrees_with_what_was_written(folder: Path, tmp_path: Path) -> None:
    rows = oracle_rows(read_bundles([folder]), "pact", AS_OF)
    write_rows(tmp_path / "out", rows)
    assert compare(tmp_path / "out", rows) == []
    with pytest.raises(FileExistsError):
        write_rows(tmp_path / "out", rows)


def _change(path: Path, edit: Any) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        cells = list(csv.reader(file))
    edit(cells)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(cells)


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("matches.csv", lambda cells: cells[1].__setitem__(4, "0.617000002"), "score: '0.617000002', expected 0.617"),
        ("matches.csv", lambda cells: cells[1].__setitem__(3, "c9"), "capability: 'c9', expected 'c1'"),
        ("matches.csv", lambda cells: cells.insert(1, cells.pop(3)), "another order"),
        ("matches.csv", lambda cells: cells.append(cells[1]), "1 rows twice"),
        ("matches.csv", lambda cells: cells[0].__setitem__(3, "cap"), "columns are"),
        ("near_misses.csv", lambda cells: cells.pop(), "missing {'line': 'motor', 'rank': 5"),
        ("near_misses.csv", lambda cells: cells[1].__setitem__(4, "nan"), "'nan', expected 0.1"),
        ("relaxations.csv", lambda cells: cells[1].__setitem__(2, "2"), "'2', expected 1"),
        ("pipelines.csv", lambda cells: cells[1].__setitem__(4, "True"), "'True', expected True"),
        ("pipelines.csv", lambda cells: cells[2].__setitem__(6, "0"), "wait_days: '0', expected None"),
        ("sites.csv", lambda cells: cells.insert(1, cells.pop(2)), "another order"),
        ("teams.csv", lambda cells: cells.append(["kit", "", "other", "b1", "1"]), "not expected"),
    ],
)  # fmt: skip
def test_compare_names_the_difference(folder: Path, tmp_path: Path, name: str, edit: Any, words: str) -> None:
    rows = oracle_rows(read_bundles([folder]), "pact", AS_OF)
    write_rows(tmp_path / "out", rows)
    _change(tmp_path / "out" / name, edit)
    found = compare(tmp_path / "out", rows)
    assert len(found) == 1
    assert words in found[0]


def test_compare_takes_any_order_where_the_file_has_none(folder: Path, tmp_path: Path) -> None:
    rows = oracle_rows(read_bundles([folder]), "pact", AS_OF)
    write_rows(tmp_path / "out", rows)
    for name in ("relaxations.csv", "teams.csv"):
        _change(tmp_path / "out" / name, lambda cells: cells.insert(1, cells.pop()))
    assert compare(tmp_path / "out", rows) == []
    (tmp_path / "out" / "teams.csv").unlink()
    assert compare(tmp_path / "out", rows) == ["teams.csv: missing"]


def test_the_command_line_writes_the_same_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [
        "oracle",
        str(folder),
        "--alliance",
        "pact",
        "--as-of",
        AS_OF.isoformat(),
        str(tmp_path / "out"),
    ]
    monkeypatch.setattr("sys.argv", arguments)
    runpy.run_module("tests.oracle", run_name="__main__")
    assert compare(tmp_path / "out", oracle_rows(read_bundles([folder]), "pact", AS_OF)) == []


def test_a_generated_region_gives_rows_of_every_kind(tmp_path: Path) -> None:
    from matching.services.generation import generate_region

    sizes = {"firms": 300, "capabilities": 1500, "demands": 40, "lines": 160, "sites": 60, "alliances": 2}
    generate_region(tmp_path / "region", **sizes, open_share=0.5, seed=5, cities="seed")  # type: ignore[arg-type]
    region = read_bundles([tmp_path / "region"])
    rows = [oracle_rows(region, slug, AS_OF) for slug in region.alliances]
    assert {name: all(one[name] for one in rows) for name in COLUMNS} == dict.fromkeys(COLUMNS, True)
    pipelines = [row for one in rows for row in one["pipelines.csv"]]
    assert {row["complete"] for row in pipelines} == {True, False}
    assert any(row["complete"] and row["total_days"] is None for row in pipelines), "no window left"
    assert any(row["site"] == "" for row in pipelines)
    assert any("/" in row["capability"] for one in rows for row in one["matches.csv"])
    codes = {row["code"].split(":")[0] for one in rows for row in one["near_misses.csv"]}
    assert codes == {"spec", "certification", "moq", "capacity", "time", "price"}


def test_the_oracle_shares_nothing_with_the_application() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        if not path.name.startswith("test_"):
            imported = [
                line for line in path.read_text("utf-8").splitlines() if line.startswith(("import", "from"))
            ]
            foreign = ("alliance", "companies", "scenarios", "matching", "django", "numpy", "pint")
            assert not [line for line in imported if line.split()[1].split(".")[0] in foreign]


def test_a_bundle_with_a_byte_order_mark_reads_the_same(folder: Path) -> None:
    before = read_bundles([folder])
    for path in folder.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_bundles([folder]) == before
    assert json.loads((folder / "component_types.json").read_text("utf-8-sig"))["types"]
