"""Bad bundles: each is refused with file, row, column and reason, and the database stays as it was."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from matching.services.bundle import BadRow, BundleError, import_region, source
from tests.matching.bundle.bundles import Bundle, csv_text
from tests.matching.bundle.database import differing, everything

pytestmark = pytest.mark.django_db
Change = Callable[[Bundle], Any]


def refused(path: Path) -> list[BadRow]:
    """Import, expect a refusal, and look that nothing changed."""
    before = everything()
    with pytest.raises(BundleError) as caught:
        import_region(path)
    assert differing(before, everything()) == set()
    return caught.value.rows


def places(rows: list[BadRow]) -> list[tuple[str, int, str]]:
    return [(row.file, row.row, row.column) for row in rows]


def cell(file: str, row: int, column: str, value: Any) -> Any:
    """One cell changed; `row` as a spreadsheet numbers it."""

    def change(bundle: Bundle) -> None:
        bundle.rows(file)[row - 2][column] = value

    return pytest.param(change, (file, row, column), id=f"{file.split('.')[0]}-{column}-{str(value)[:24]}")


NAN = '{"rated_torque": NaN}'
CELLS = [
    cell("cities.csv", 2, "code", ""),
    cell("cities.csv", 2, "code", "51 01"),
    cell("cities.csv", 3, "parent", "999999"),
    cell("cities.csv", 2, "parent", "510104"),
    cell("cities.csv", 2, "parent", "510100"),
    cell("cities.csv", 2, "latitude", "91"),
    cell("cities.csv", 2, "latitude", ""),
    cell("cities.csv", 2, "longitude", "nan"),
    cell("cities.csv", 2, "longitude", "1e400"),
    cell("cities.csv", 2, "longitude", "1_0"),
    cell("travel_times.csv", 2, "minutes", "0"),
    cell("travel_times.csv", 2, "minutes", "-5"),
    cell("travel_times.csv", 2, "km", "-1"),
    cell("travel_times.csv", 2, "destination", "510100"),
    cell("travel_times.csv", 2, "origin", "nowhere"),
    cell("alliances.csv", 2, "slug", "cheng du"),
    cell("alliances.csv", 2, "lead_city", ""),
    cell("alliances.csv", 2, "weights", '{"line": {"colour": 1}}'),
    cell("alliances.csv", 2, "weights", '{"line": {"fit": -1}}'),
    cell("alliances.csv", 2, "weights", '{"line": {"fit": true}}'),
    cell("alliances.csv", 2, "weights", '{"lines": {}}'),
    cell("alliances.csv", 2, "weights", "[]"),
    cell("alliances.csv", 2, "weights", '{"site": {"fit":0,"wait":0,"capacity":0,"role":0,"trust":0}}'),
    cell("alliances.csv", 2, "weights", '{"line": {"fit": 1}, "line": {"fit": 2}}'),
    cell("memberships.csv", 2, "roles", "rnd;mayor"),
    cell("memberships.csv", 2, "alliance", "none"),
    cell("organisations.csv", 2, "external_id", ""),
    cell("organisations.csv", 2, "external_id", "x" * 121),
    cell("organisations.csv", 2, "kind", "club"),
    cell("organisations.csv", 2, "kind", ""),
    cell("organisations.csv", 2, "uscc", "91510108MA0DEM0136"),
    cell("organisations.csv", 2, "uscc", "9151010"),
    cell("organisations.csv", 2, "uscc", "91510108MA0DEM013I"),
    cell("organisations.csv", 2, "uscc", "91510108ma0dem0135"),
    cell("organisations.csv", 3, "uscc", "91510108MA0DEM0135"),
    cell("organisations.csv", 4, "uscc", "91512002MA0DEM048L"),
    cell("organisations.csv", 2, "roles", "maker"),
    cell("organisations.csv", 2, "verified", "maybe"),
    cell("organisations.csv", 2, "city", "999"),
    cell("organisations.csv", 2, "name_en", "a\x07b"),
    cell("organisations.csv", 2, "name_zh", "长" * 301),
    cell("organisations.csv", 2, "certifications", "ISO9001@soon"),
    cell("organisations.csv", 2, "certifications", "@2027-01-01"),
    cell("organisations.csv", 2, "certifications", "ISO9001@2027-02-30"),
    cell("organisations.csv", 3, "deliveries_on_time", "11"),
    cell("organisations.csv", 3, "deliveries_completed", "10.5"),
    cell("organisations.csv", 2, "excluded", "nobody"),
    cell("organisations.csv", 2, "excluded", "lab"),
    cell("facilities.csv", 2, "organisation", "nobody"),
    cell("facilities.csv", 2, "name", ""),
    cell("facilities.csv", 2, "latitude", ""),
    cell("capabilities.csv", 2, "facility", "plant"),
    cell("capabilities.csv", 2, "facility", "maker/none"),
    cell("capabilities.csv", 2, "component_type", "NONE"),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": 12'),
    cell("capabilities.csv", 2, "specs", NAN),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": Infinity}'),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": 1e400}'),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": ' + "9" * 30 + "}"),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": ' + "9" * 5000 + "}"),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": 1, "rated_torque": 2}'),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": "12 kg"}'),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": "3~5 N*m"}'),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": [5, 3]}'),
    cell("capabilities.csv", 2, "specs", '{"rated_torque": true}'),
    cell("capabilities.csv", 2, "specs", '{"brake": 1}'),
    cell("capabilities.csv", 2, "specs", '{"ip_rating": ["IP99"]}'),
    cell("capabilities.csv", 2, "specs", '{"colour": "red"}'),
    cell("capabilities.csv", 2, "specs", '{"floor_area": 5}'),
    cell("capabilities.csv", 2, "specs", "[]"),
    cell("capabilities.csv", 2, "specs", '{"ip_rating": "\\ud800"}'),
    cell("capabilities.csv", 2, "specs", "[" * 40_000),
    cell("capabilities.csv", 2, "specs", '{"a":' * 60 + "1" + "}" * 60),
    cell("capabilities.csv", 2, "capacity_per_month", ""),
    cell("capabilities.csv", 2, "capacity_per_month", "-1"),
    cell("capabilities.csv", 2, "capacity_per_month", "many"),
    cell("capabilities.csv", 2, "min_order_quantity", "0"),
    cell("capabilities.csv", 2, "prototype_lead_days", "1.5"),
    cell("capabilities.csv", 2, "volume_lead_days", "-1"),
    cell("capabilities.csv", 2, "volume_lead_days", "99999999999"),
    cell("capabilities.csv", 2, "unit_price", "0"),
    cell("capabilities.csv", 2, "unit_price", "12 CNY"),
    cell("capabilities.csv", 2, "available_from", "01.12.2026"),
    cell("capabilities.csv", 2, "available_from", "20261201"),
    cell("capabilities.csv", 2, "valid_until", "9999-12-31"),
    cell("capabilities.csv", 2, "published", "2"),
    cell("capabilities.csv", 2, "title", "x" * 70_000),
    cell("sites.csv", 2, "scenario_type", "DRV"),
    cell("sites.csv", 2, "params", '{"floor_area": "3 kg"}'),
    cell("sites.csv", 2, "part_conditions", '[{"key": "floor_area", "op": ">=", "value": 1}]'),
    cell(
        "sites.csv",
        2,
        "part_conditions",
        '[{"key": "ip_rating", "op": ">=", "value": "IP54", "hard": false}]',
    ),
    cell("sites.csv", 2, "fleet_capacity", "0"),
    cell("site_windows.csv", 2, "ends", "2026-12-31"),
    cell("site_windows.csv", 2, "site", "none"),
    cell("demands.csv", 2, "organisation", "none"),
    cell("demands.csv", 2, "scope", "world"),
    cell("demands.csv", 2, "confidentiality", "secret"),
    cell("demands.csv", 2, "need_by", "2026-11-01"),
    cell("demands.csv", 2, "start_date", ""),
    cell("demands.csv", 2, "iterations", "0"),
    cell("demands.csv", 2, "iterations", "2.5"),
    cell("demands.csv", 2, "fleet_size", ""),
    cell("demands.csv", 2, "trial_days", "0"),
    cell("demands.csv", 2, "trial_days", "1.5"),
    cell("demands.csv", 2, "site_requirements", '[{"key": "rated_torque", "op": ">=", "value": 1}]'),
    cell("demand_lines.csv", 2, "demand", "none"),
    cell("demand_lines.csv", 2, "quantity", "0"),
    cell("demand_lines.csv", 2, "monthly_rate", ""),
    cell("demand_lines.csv", 2, "ceiling_unit_price", "-2"),
    cell("demand_lines.csv", 2, "requirements", '[{"key": "rated_torque", "op": ">=", "value": 1}]'),
    cell("demand_lines.csv", 3, "requirements", '[{"key": "rated_torque", "op": ">", "value": 1}]'),
    cell(
        "demand_lines.csv",
        3,
        "requirements",
        '[{"key": "rated_torque", "op": ">=", "value": 1, "weight": 6}]',
    ),
    cell(
        "demand_lines.csv",
        3,
        "requirements",
        '[{"key": "rated_torque", "op": ">=", "value": 1, "tolerance": 0}]',
    ),
    cell(
        "demand_lines.csv", 3, "requirements", json.dumps([{"key": "brake", "op": "is", "value": True}] * 2)
    ),
    cell("demand_lines.csv", 3, "requirements", "{}"),
]


@pytest.mark.parametrize(("change", "place"), CELLS)
def test_a_bad_cell_is_named(change: Change, place: tuple[str, int, str], tmp_path: Path) -> None:
    bundle = Bundle()
    change(bundle)
    rows = refused(bundle.write(tmp_path / "region"))
    assert place in places(rows)
    assert len({(row.file, row.row) for row in rows}) <= 2, "one mistake is not told as many"
    assert all(row.reason for row in rows)


def repeat(file: str) -> Change:
    return lambda bundle: bundle.rows(file).append(dict(bundle.rows(file)[0]))


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("cities.csv", "code"),
        ("travel_times.csv", "origin"),
        ("certifications.csv", "code"),
        ("alliances.csv", "slug"),
        ("memberships.csv", "alliance"),
        ("organisations.csv", "external_id"),
        ("facilities.csv", "external_id"),
        ("capabilities.csv", "external_id"),
        ("sites.csv", "external_id"),
        ("demands.csv", "external_id"),
        ("demand_lines.csv", "external_id"),
    ],
)
def test_two_rows_with_one_id(file: str, column: str, tmp_path: Path) -> None:
    bundle = Bundle()
    repeat(file)(bundle)
    rows = refused(bundle.write(tmp_path / "region"))
    assert places(rows) == [(file, len(bundle.rows(file)) + 1, column)]
    assert "2" in rows[0].reason


def test_every_bad_row_is_named_in_every_file(tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.rows("cities.csv")[0]["latitude"] = "north"
    bundle.rows("organisations.csv")[1]["uscc"] = "123"
    for row in bundle.rows("capabilities.csv"):
        row["specs"] = '{"rated_torque": "3~5 N*m"}'
    bundle.rows("demand_lines.csv")[0] |= {"quantity": "x", "monthly_rate": "y"}
    assert places(refused(bundle.write(tmp_path / "region"))) == [
        ("cities.csv", 2, "latitude"),
        ("organisations.csv", 3, "uscc"),
        ("capabilities.csv", 2, "specs"),
        ("capabilities.csv", 3, "specs"),
        ("demand_lines.csv", 2, "quantity"),
        ("demand_lines.csv", 2, "monthly_rate"),
    ]


def test_an_unreadable_file_is_one_problem_not_hundreds(tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.raw["organisations.csv"] = b"external_id;kind\nlab;firm\n"
    bundle.raw["component_types.json"] = b'{"types": ['
    rows = refused(bundle.write(tmp_path / "region"))
    assert {row.file for row in rows} == {"organisations.csv", "component_types.json"}
    assert len(rows) == 2


def test_row_numbers_are_those_of_a_spreadsheet(tmp_path: Path) -> None:
    """A cell with line breaks is one row; an empty line is a row, too."""
    bundle = Bundle()
    bundle.rows("capabilities.csv")[0]["title"] = "two\nlines"
    bundle.rows("capabilities.csv")[1]["unit_price"] = "?"
    text = csv_text(bundle.rows("capabilities.csv")).splitlines(keepends=True)
    bundle.raw["capabilities.csv"] = "".join([text[0], "\n", *text[1:]]).encode()
    assert places(refused(bundle.write(tmp_path / "region"))) == [("capabilities.csv", 4, "unit_price")]


# --- headers and files -----------------------------------------------------------------------------
def test_unknown_missing_and_doubled_columns(tmp_path: Path) -> None:
    for number, (raw, column) in enumerate(
        [
            (b"code,name_en,colour\n", "colour"),
            (b"name_en,latitude,longitude\n", "code"),
            (b"code,name_en,name_en\n", "name_en"),
        ]
    ):
        bundle = Bundle()
        bundle.raw["cities.csv"] = raw
        rows = refused(bundle.write(tmp_path / str(number)))
        assert places(rows)[0] == ("cities.csv", 1, column)


@pytest.mark.parametrize("raw", [b"", b"\n", b",,\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_header(raw: bytes, tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.raw["cities.csv"] = raw
    assert places(refused(bundle.write(tmp_path / "region")))[0][:2] == ("cities.csv", 1)


def test_a_row_of_another_length(tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.raw["certifications.csv"] = b"code,name_en\nISO9001\nCR,a,b\n"
    assert places(refused(bundle.write(tmp_path / "region"))) == [
        ("certifications.csv", 2, ""),
        ("certifications.csv", 3, ""),
    ]


def test_broken_quotation_marks(tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.raw["certifications.csv"] = b'code,name_en\nISO9001,"a"b\n'
    assert places(refused(bundle.write(tmp_path / "region"))) == [("certifications.csv", 2, "")]


def test_unknown_files_are_named_and_others_left_alone(tmp_path: Path) -> None:
    path = Bundle().write(tmp_path / "region")
    (path / "README.md").write_text("notes")
    (path / "sources").mkdir()
    (path / "sources" / "more.csv").write_text("a,b\n")
    import_region(path)
    (path / "firms.csv").write_text("a,b\n")
    (path / "Cities.CSV").write_text("a,b\n")
    assert places(refused(path)) == [("Cities.CSV", 0, ""), ("firms.csv", 0, "")]


def test_nothing_to_import(tmp_path: Path) -> None:
    assert refused(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "empty")
    (tmp_path / "cities.csv").write_text("code\n")
    assert refused(tmp_path / "cities.csv")


# --- encodings -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("gbk", "GBK"),
        ("gb18030", "GBK"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
@pytest.mark.parametrize("file", ["cities.csv", "component_types.json"])
def test_other_encodings_are_refused_by_name(encoding: str, told: str, file: str, tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.raw[file] = bundle.files()[file].decode().encode(encoding)
    rows = refused(bundle.write(tmp_path / "region"))
    assert [row.file for row in rows] == [file]
    assert told in rows[0].reason


def test_bytes_that_are_no_text_are_named_with_their_row(tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.raw["certifications.csv"] = b"code,name_en\nISO9001,ok\nCR,\xff\xfe\xff\n"
    assert places(refused(bundle.write(tmp_path / "region"))) == [("certifications.csv", 3, "")]
    bundle.raw["certifications.csv"] = b"code,name_en\nISO9001,o\x00k\n"
    assert places(refused(bundle.write(tmp_path / "again"))) == [("certifications.csv", 2, "")]


# --- trees -----------------------------------------------------------------------------------------
def in_tree(
    name: str, row: int, column: str, change: Callable[[list[Any]], Any], file: str = "component_types.json"
) -> Any:
    return pytest.param(change, (file, row, column), id=name)


def param(types: list[Any], row: int, place: int, **changes: Any) -> None:
    types[row - 1]["params"][place].update(changes)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        in_tree("no object", 1, "", lambda t: t.__setitem__(0, "DRV")),
        in_tree("no code", 3, "code", lambda t: t[2].pop("code")),
        in_tree("number as code", 3, "code", lambda t: t[2].update(code=3)),
        in_tree("one code twice", 4, "code", lambda t: t.append(dict(t[2]))),
        in_tree("no such parent", 3, "parent", lambda t: t[2].update(parent="NONE")),
        in_tree("its own parent", 3, "parent", lambda t: t[2].update(parent="SVC")),
        in_tree("circle", 1, "parent", lambda t: t[0].update(parent="DRV-HRM")),
        in_tree("no name", 3, "name_en", lambda t: t[2].pop("name_en")),
        in_tree("odd role", 1, "supplied_by", lambda t: t[0].update(supplied_by="mayor")),
        in_tree("odd synonyms", 1, "synonyms_en", lambda t: t[0].update(synonyms_en="gears")),
        in_tree("odd params", 3, "params", lambda t: t[2].update(params={})),
        in_tree("no key", 2, "params[0]", lambda t: param(t, 2, 0, key="")),
        in_tree("one key twice", 2, "params[1]", lambda t: param(t, 2, 1, key="rated_torque")),
        in_tree("unknown unit", 2, "rated_torque", lambda t: param(t, 2, 0, unit="furlongsx")),
        in_tree("unknown kind", 2, "rated_torque", lambda t: param(t, 2, 0, kind="text")),
        in_tree("no kind", 2, "rated_torque", lambda t: t[1]["params"][0].pop("kind")),
        in_tree("choice without choices", 1, "ip_rating", lambda t: param(t, 1, 1, choices=[])),
        in_tree(
            "one choice twice", 1, "ip_rating", lambda t: param(t, 1, 1, choices=["a", "a"], choices_zh=[])
        ),
        in_tree(
            "too many choices",
            1,
            "ip_rating",
            lambda t: param(t, 1, 1, choices=[str(n) for n in range(65)], choices_zh=[]),
        ),
        in_tree("uneven choices_zh", 1, "ip_rating", lambda t: param(t, 1, 1, choices_zh=["x"])),
        in_tree("order without choices", 2, "brake", lambda t: param(t, 2, 1, ordered=True)),
        in_tree("odd order", 1, "params[1]", lambda t: param(t, 1, 1, ordered="yes")),
        in_tree(
            "a key with two units",
            3,
            "params[0]",
            lambda t: t[2].update(params=[{"key": "rated_torque", "unit": "N", "kind": "number"}]),
        ),
        in_tree("odd classification", 1, "classification", lambda t: t[0].update(classification=[])),
    ],
)
def test_bad_trees(change: Callable[[list[Any]], Any], place: tuple[str, int, str], tmp_path: Path) -> None:
    bundle = Bundle().only("component_types.json")
    change(bundle.components["types"])
    assert place in places(refused(bundle.write(tmp_path / "region")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"types": {}}',
        '{"types": [], "extra": 1}',
        '{"types": [NaN]}',
        "{'types': []}",
        '{"types": [' + "[" * 5000,
        '{"types": [], "types": []}',
        '{"types": [{"code": "A", "name_en": "\\u0000"}]}',
        '{"types": [{"code": "A", "x": 1e999}]}',
    ],
)
def test_broken_tree_files(text: str, tmp_path: Path) -> None:
    bundle = Bundle().only("component_types.json")
    bundle.raw["component_types.json"] = text.encode()
    assert {row.file for row in refused(bundle.write(tmp_path / "region"))} == {"component_types.json"}


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda t: param(t, 2, 0, unit="N*cm"), "rated_torque"),
        (lambda t: param(t, 2, 1, kind="number", unit="1"), "brake"),
        (lambda t: param(t, 1, 1, choices=["IP20", "IP65"], choices_zh=[]), "ip_rating"),
        (lambda t: t[1].update(params=[]), "rated_torque"),
        (lambda t: t[1].update(parent=None), "operating_temp"),
    ],
    ids=["unit", "kind", "choice", "parameter", "parent"],
)
def test_a_tree_cannot_change_under_stored_values(
    change: Callable[[list[Any]], Any], column: str, tmp_path: Path
) -> None:
    import_region(Bundle().write(tmp_path / "before"))
    bundle = Bundle().only("component_types.json")
    change(bundle.components["types"])
    assert column in {row.column for row in refused(bundle.write(tmp_path / "after"))}


def test_a_circle_of_cities_through_the_database(tmp_path: Path) -> None:
    import_region(Bundle().write(tmp_path / "before"))
    bundle = Bundle().only("cities.csv")
    bundle.tables["cities.csv"] = [{"code": "510100", "parent": "510104"}]
    assert ("cities.csv", 2, "parent") in places(refused(bundle.write(tmp_path / "after")))


# --- across rows -----------------------------------------------------------------------------------
def test_a_published_demand_needs_lines(tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.tables["demand_lines.csv"] = []
    assert places(refused(bundle.write(tmp_path / "none"))) == [("demands.csv", 2, "published")]
    bundle.raw["demand_lines.csv"] = b"external_id,demand\n"
    assert places(refused(bundle.write(tmp_path / "empty"))) == [("demands.csv", 2, "published")]
    bundle.rows("demands.csv")[0]["published"] = "false"
    import_region(bundle.write(tmp_path / "draft"))


def test_a_published_demand_cannot_lose_its_last_line_to_another(tmp_path: Path) -> None:
    import_region(Bundle().write(tmp_path / "before"))
    bundle = Bundle().only("demands.csv", "demand_lines.csv")
    bundle.rows("demands.csv")[0]["external_id"] = "biped"
    for line in bundle.rows("demand_lines.csv"):
        line["demand"] = "biped"
    assert [(row.file, row.column) for row in refused(bundle.write(tmp_path / "after"))] == [
        ("demand_lines.csv", "demand")
    ]


def test_nobody_offers_for_an_entry_that_is_not_claimed(tmp_path: Path) -> None:
    bundle = Bundle()
    bundle.rows("organisations.csv")[1] |= {"claimed": "false", "uscc": ""}
    assert places(refused(bundle.write(tmp_path / "new"))) == [
        ("capabilities.csv", 2, "facility"),
        ("capabilities.csv", 3, "facility"),
    ]
    import_region(Bundle().write(tmp_path / "before"))
    bundle.only("organisations.csv")
    assert places(refused(bundle.write(tmp_path / "after"))) == [("organisations.csv", 3, "claimed")]


def test_a_code_that_another_firm_has(tmp_path: Path) -> None:
    import_region(Bundle().write(tmp_path / "before"))
    bundle = Bundle().only("organisations.csv")
    bundle.tables["organisations.csv"] = [dict(bundle.rows("organisations.csv")[0], external_id="copy")]
    rows = refused(bundle.write(tmp_path / "after"))
    assert places(rows) == [("organisations.csv", 2, "uscc")]
    assert "lab" in rows[0].reason


def test_new_rows_need_their_columns(tmp_path: Path) -> None:
    import_region(Bundle().write(tmp_path / "before"))
    bundle = Bundle().only("capabilities.csv")
    bundle.tables["capabilities.csv"] = [{"external_id": "cap-9", "facility": "maker/plant", "title": "x"}]
    rows = refused(bundle.write(tmp_path / "after"))
    assert {row.column for row in rows} == {
        "component_type",
        "capacity_per_month",
        "prototype_lead_days",
        "volume_lead_days",
    }
    bundle.tables["capabilities.csv"] = [{"external_id": "cap-9", "title": "x"}]
    assert places(refused(bundle.write(tmp_path / "unknown"))) == [("capabilities.csv", 2, "external_id")]


# --- archives --------------------------------------------------------------------------------------
def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["../cities.csv", "/etc/cities.csv", "a/../../cities.csv", "C:/cities.csv"])
def test_entries_that_point_outside(name: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "bad.zip", {name: b"code\n", "certifications.csv": b"code\n"})
    rows = refused(path)
    assert name in rows[0].reason
    assert sorted(item.name for item in tmp_path.iterdir()) == ["bad.zip"]


def test_a_link_in_an_archive(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("cities.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    assert "cities.csv" in refused(tmp_path / "bad.zip")[0].reason


def test_a_bomb_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"code,name_en,name_zh,latitude,longitude\n"
    path = archive(tmp_path / "bomb.zip", {"cities.csv": header + b"\n" * 20_000_000})
    read: list[int] = []
    count = source.Archive.inflated
    monkeypatch.setattr(
        source.Archive, "inflated", lambda self, name, n: (read.append(n), count(self, name, n))
    )
    assert places(refused(path))[0][0] == "cities.csv"
    assert max(read) < 10_000_000


def test_a_large_cell_is_not_kept(tmp_path: Path) -> None:
    for number, data in enumerate(
        [b"x" * 100_000_000, b'"' + b"x" * 100_000_000 + b'"', b'"' + b"x\n" * 100_000 + b'"']
    ):
        bundle = Bundle()
        bundle.raw["certifications.csv"] = b"code,name_en\nISO9001," + data + b"\n"
        rows = refused(bundle.write(tmp_path / str(number)))
        assert places(rows)[0][:2] == ("certifications.csv", 2)


def test_a_bundle_larger_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_TOTAL", 2_000)
    assert refused(Bundle().write(tmp_path / "region"))
    assert refused(archive(tmp_path / "region.zip", Bundle().files()))


def test_damaged_archives(tmp_path: Path) -> None:
    whole = archive(tmp_path / "region.zip", Bundle().files()).read_bytes()
    middle = len(whole) // 4
    for number, data in enumerate(
        [b"", b"PK", whole[: len(whole) // 2], whole[:middle] + bytes(64) + whole[middle + 64 :]]
    ):
        (tmp_path / f"{number}.zip").write_bytes(data)
        assert refused(tmp_path / f"{number}.zip")


def test_one_name_twice_in_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as file:
        file.writestr("cities.csv", "code\n")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("cities.csv", "code\n")
    assert "cities.csv" in refused(tmp_path / "twice.zip")[0].reason


# --- the command -----------------------------------------------------------------------------------
def test_the_command_lists_bad_rows_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = Bundle()
    bundle.rows("organisations.csv")[1]["uscc"] = "123"
    with pytest.raises(CommandError) as caught:
        call_command("import_region", str(bundle.write(tmp_path / "region")))
    assert caught.value.returncode == 1
    told = capsys.readouterr().err
    assert "organisations.csv" in told
    assert "uscc" in told
    assert "3" in told
