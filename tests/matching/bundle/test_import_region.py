"""What an import writes, and what it leaves alone."""

import json
import zipfile
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from alliance.models import (
    Alliance,
    AllianceCity,
    AllianceReach,
    AllianceWeights,
    Change,
    City,
    CityCare,
    Exclusion,
    Organisation,
)
from companies.models import Capability, ComponentKey, ComponentParameter, ComponentType, Facility
from matching.models import Demand, DemandLine, LineRequirement, OpenPoint, SiteNeed
from matching.services.bundle import BundleError, ImportReport, import_region
from scenarios.models import PartCondition, ScenarioType, Site, SiteWindow
from tests.matching.bundle.bundles import CODES, Bundle
from tests.matching.bundle.database import differing, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def bundle() -> Bundle:
    return Bundle()


@pytest.fixture
def loaded(bundle: Bundle, tmp_path: Path) -> Path:
    """The region is in the database; its folder."""
    path = bundle.write(tmp_path / "loaded")
    import_region(path)
    return path


def load(bundle: Bundle, tmp_path: Path, name: str = "next") -> ImportReport:
    return import_region(bundle.write(tmp_path / name))


# --- what is written -------------------------------------------------------------------------------
def test_capabilities_are_stored_in_the_parameters_units(loaded: Path) -> None:
    first = Capability.objects.get(external_id="cap-1")
    assert first.specs == {"ip_rating": ["IP54"], "operating_temp": [-20, 60], "rated_torque": 1.176798}
    assert (first.terms.capacity_per_month, first.terms.committed_per_month, first.terms.unit_price) == (
        900,
        100,
        165.08,
    )
    assert first.available_from == date(2026, 12, 1)
    assert (first.facility.name, first.organisation.external_id) == ("Plant 1", "maker")
    second = Capability.objects.get(external_id="cap-2")
    assert second.specs == {"brake": True, "rated_torque": [20, 40]}
    assert (second.min_order_quantity, second.terms.committed_per_month, second.terms.unit_price) == (
        1,
        0,
        None,
    )
    assert second.published
    assert list(second.certificates.values_list("code", "known", "expires_on")) == [
        ("CR", True, date(2026, 12, 31))
    ]


def test_organisations_their_certificates_deliveries_and_exclusions(loaded: Path) -> None:
    maker = Organisation.objects.get(external_id="maker")
    assert (maker.uscc, maker.roles, maker.verified, maker.claimed) == (
        CODES[1],
        ["manufacturer", "integrator"],
        True,
        True,
    )
    assert maker.name_sort == "zhi zao chang"
    assert list(maker.certificates.values_list("code", "expires_on")) == [
        ("ISO9001", date(2027, 6, 30)),
        ("CR", None),
    ]
    assert (maker.deliveries.completed, maker.deliveries.on_time) == (10, 9)
    assert list(Exclusion.objects.values_list("organisation__external_id", "excluded__external_id")) == [
        ("lab", "rival")
    ]
    rival = Organisation.objects.get(external_id="rival")
    assert (rival.claimed, rival.uscc) == (False, None)


def test_demands_with_site_need_lines_and_open_points(loaded: Path) -> None:
    demand = Demand.objects.get()
    assert (demand.iterations, demand.published, demand.published_at is not None) == (2, True, True)
    assert (demand.identity.title, demand.identity.external_id) == ("四足机器人", "quadruped")
    assert (demand.deployment_city.code, demand.lab_city.code) == ("510600", "510104")
    need = demand.site_need
    assert (need.scenario_type.code, need.fleet_size, need.trial_days) == ("MED", 2, 14)
    asked = need.requirements.get()
    assert (asked.key.key, asked.op, asked.value, asked.hard, asked.weight) == (
        "floor_area",
        ">=",
        100,
        False,
        2,
    )
    assert [p.text for p in OpenPoint.objects.filter(line=None)] == [
        "at least 5 shelf layers",
        "quiet after 22:00",
    ]
    hip, knee = demand.lines.all()
    assert (hip.external_id, knee.external_id, hip.position, knee.position) == ("hip", "knee", 0, 1)
    assert [(r.key.key, r.op, r.value, r.hard, r.tolerance) for r in hip.requirements.all()] == [
        ("operating_temp", "covers", [0, 40], True, 0.2),
        ("ip_rating", "one_of", ["IP54", "IP65"], False, 0.5),
    ]
    assert (hip.price.target_unit_price, hip.price.ceiling_unit_price) == (150, 200)
    assert hip.open_points.get().text == "blue"
    assert hip.certificates.get().known


def test_sites_with_conditions_and_windows(loaded: Path) -> None:
    site = Site.objects.get()
    assert site.params == {"floor_area": 300}
    assert PartCondition.objects.values_list("key__key", "op", "value", "hard").get() == (
        "ip_rating",
        ">=",
        "IP54",
        True,
    )
    assert list(SiteWindow.objects.values_list("starts", "ends")) == [
        (date(2027, 1, 1), date(2027, 2, 28)),
        (date(2027, 4, 1), date(2027, 4, 30)),
    ]


def test_type_trees(loaded: Path) -> None:
    harmonic = ComponentType.objects.get(code="DRV-HRM")
    assert (harmonic.parent.code, harmonic.supplied_by, harmonic.quantity_unit) == ("DRV", "components", "项")
    key = ComponentKey.objects.get(key="ip_rating")
    assert (key.kind, key.choices, key.ordered, key.unit) == ("choice", ["IP20", "IP54", "IP65"], True, "")
    torque = ComponentParameter.objects.get(type=harmonic, key__key="rated_torque")
    assert (torque.position, torque.name_en, torque.attributes) == (0, "Rated torque", {"typical_min": 5.0})
    assert ScenarioType.objects.get(code="MED").attributes == {"source": "the plan"}


def test_geography_follows(loaded: Path) -> None:
    assert set(AllianceReach.objects.values_list("city__code", flat=True)) == {"510100", "510104", "510600"}
    assert AllianceCity.objects.get(city__code="510100").roles == ["rnd", "sites"]
    assert CityCare.objects.filter(city__code="510104", bureau__external_id="bureau").exists()
    weights = AllianceWeights.objects.get()
    assert (weights.number, weights.line, weights.site) == (1, {"fit": 40}, {})


def test_ids_follow_the_order_in_the_file(bundle: Bundle, tmp_path: Path) -> None:
    bundle.tables["cities.csv"].reverse()
    bundle.tables["organisations.csv"].reverse()
    bundle.tables["capabilities.csv"].reverse()
    bundle.tables["demand_lines.csv"].reverse()
    bundle.components["types"].reverse()
    load(bundle, tmp_path)
    assert list(City.objects.order_by("id").values_list("code", flat=True)) == ["510600", "510104", "510100"]
    names = Organisation.objects.order_by("id").values_list("external_id", flat=True)
    assert list(names) == ["bureau", "rival", "maker", "lab"]
    assert list(Capability.objects.order_by("id").values_list("external_id", flat=True)) == ["cap-2", "cap-1"]
    assert list(DemandLine.objects.order_by("id").values_list("external_id", "position")) == [
        ("knee", 0),
        ("hip", 1),
    ]
    assert list(ComponentType.objects.order_by("id").values_list("code", flat=True)) == [
        "SVC",
        "DRV-HRM",
        "DRV",
    ]


def test_one_change_row_tells_of_the_whole_import(loaded: Path) -> None:
    change = Change.objects.get()
    assert (change.verb, change.kind) == ("import", "import")
    assert change.after["files"]["capabilities.csv"] == {"created": 2, "updated": 0, "removed": 0}
    assert len(change.after["sha256"]) == 64


# --- again -----------------------------------------------------------------------------------------
def test_the_same_bundle_twice_changes_nothing(loaded: Path) -> None:
    before = everything()
    report = import_region(loaded)
    assert not report.changed
    assert differing(before, everything()) == set()


def test_a_zip_is_the_same_bundle(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    flat, nested = tmp_path / "flat.zip", tmp_path / "nested.zip"
    for path, prefix in ((flat, ""), (nested, "region/")):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, data in bundle.files().items():
                archive.writestr(prefix + file, data)
            archive.writestr(prefix + "README.md", "notes")
            archive.writestr("__MACOSX/._cities.csv", b"\x00")
    before = everything()
    reports = [import_region(path) for path in (loaded, flat, nested)]
    assert [report.changed for report in reports] == [False] * 3
    assert len({report.sha256 for report in reports}) == 1
    assert differing(before, everything()) == set()


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(
    loaded: Path, bundle: Bundle, tmp_path: Path
) -> None:
    for file, data in bundle.files().items():
        bundle.raw[file] = b"\xef\xbb\xbf" + (data.replace(b"\n", b"\r\n") if file.endswith(".csv") else data)
    before = everything()
    assert not load(bundle, tmp_path).changed
    assert differing(before, everything()) == set()


# --- upsert ----------------------------------------------------------------------------------------
def test_a_changed_cell_raises_the_version_of_its_row_only(
    loaded: Path, bundle: Bundle, tmp_path: Path
) -> None:
    before = dict(Capability.objects.values_list("external_id", "updated_at"))
    bundle.rows("capabilities.csv")[0]["title"] = "New title"
    report = load(bundle, tmp_path)
    assert report.counts["capabilities.csv"] == {"created": 0, "updated": 1, "removed": 0}
    versions = dict(Capability.objects.values_list("external_id", "version"))
    assert versions == {"cap-1": 2, "cap-2": 1}
    after = dict(Capability.objects.values_list("external_id", "updated_at"))
    assert after["cap-2"] == before["cap-2"]
    assert Capability.objects.get(external_id="cap-1").title == "New title"
    assert Change.objects.count() == 2


@pytest.mark.parametrize(
    ("column", "cell"), [("unit_price", "170"), ("certifications", "ISO9001"), ("capacity_per_month", "800")]
)
def test_what_hangs_on_a_row_is_part_of_it(
    loaded: Path, bundle: Bundle, tmp_path: Path, column: str, cell: str
) -> None:
    bundle.rows("capabilities.csv")[0][column] = cell
    assert load(bundle, tmp_path).counts["capabilities.csv"]["updated"] == 1
    assert Capability.objects.get(external_id="cap-1").version == 2


def test_an_empty_cell_clears(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    bundle.rows("capabilities.csv")[0] |= {
        "specs": "",
        "committed_per_month": "",
        "min_order_quantity": "",
        "unit_price": "",
        "available_from": "",
    }
    bundle.rows("organisations.csv")[1] |= {"certifications": "", "roles": "", "source": "", "uscc": ""}
    bundle.rows("alliances.csv")[0]["weights"] = ""
    bundle.rows("demands.csv")[0] |= {
        "scenario_type": "",
        "fleet_size": "",
        "trial_days": "",
        "site_requirements": "",
        "open_points": "",
        "deployment_city": "",
    }
    load(bundle, tmp_path)
    capability = Capability.objects.get(external_id="cap-1")
    assert (capability.specs, capability.min_order_quantity, capability.available_from) == ({}, 1, None)
    assert (capability.terms.committed_per_month, capability.terms.unit_price) == (0, None)
    maker = Organisation.objects.get(external_id="maker")
    assert (maker.roles, maker.source, maker.uscc, maker.certificates.count()) == ([], "", None, 0)
    assert AllianceWeights.objects.order_by("number").last().line == {}
    assert SiteNeed.objects.count() == 0
    assert OpenPoint.objects.filter(line=None).count() == 0
    assert Demand.objects.get().deployment_city is None


def test_an_absent_column_keeps(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    before = everything()
    bundle.keep_columns("cities.csv", "code", "name_en")
    bundle.keep_columns("organisations.csv", "external_id", "verified")
    bundle.keep_columns("facilities.csv", "external_id", "organisation")
    bundle.keep_columns("capabilities.csv", "external_id", "title")
    bundle.keep_columns("sites.csv", "external_id", "name")
    bundle.keep_columns("demands.csv", "external_id", "title")
    bundle.keep_columns("demand_lines.csv", "external_id", "quantity")
    bundle.keep_columns("alliances.csv", "slug", "name_en")
    bundle.keep_columns("memberships.csv", "alliance", "city")
    bundle.keep_columns("travel_times.csv", "origin", "destination")
    bundle.keep_columns("certifications.csv", "code")
    for tree in (bundle.components, bundle.scenarios):
        tree["types"] = [{"code": kind["code"]} for kind in tree["types"]]
    assert not load(bundle, tmp_path).changed
    assert differing(before, everything()) == set()


def test_an_absent_column_of_a_new_row_takes_the_default(
    loaded: Path, bundle: Bundle, tmp_path: Path
) -> None:
    rows = bundle.only("organisations.csv").keep_columns(
        "organisations.csv", "external_id", "kind", "name_zh", "city"
    )
    rows.tables["organisations.csv"][0]["external_id"] = "newcomer"
    load(bundle, tmp_path)
    newcomer = Organisation.objects.get(external_id="newcomer")
    assert (newcomer.claimed, newcomer.verified, newcomer.roles, newcomer.listed) == (True, False, [], True)
    assert newcomer.deliveries.completed == 0


def test_an_absent_row_stays(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    before = everything()
    del bundle.rows("capabilities.csv")[0]
    del bundle.rows("organisations.csv")[3]
    del bundle.rows("cities.csv")[2]
    bundle.components["types"].pop()
    assert not load(bundle, tmp_path).changed
    assert differing(before, everything()) == set()


def test_a_file_may_stand_alone_and_point_into_the_database(
    loaded: Path, bundle: Bundle, tmp_path: Path
) -> None:
    bundle.only("capabilities.csv")
    bundle.rows("capabilities.csv")[1]["external_id"] = "cap-3"
    report = load(bundle, tmp_path)
    assert report.counts == {"capabilities.csv": {"created": 1, "updated": 0, "removed": 0}}
    assert Capability.objects.get(external_id="cap-3").facility.organisation.external_id == "maker"


def test_lines_of_a_listed_demand_are_replaced_as_a_set(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    ids = dict(DemandLine.objects.values_list("external_id", "id"))
    lines = bundle.rows("demand_lines.csv")
    lines[0]["external_id"] = "ankle"
    bundle.only("demand_lines.csv")
    report = load(bundle, tmp_path)
    assert report.counts["demand_lines.csv"] == {"created": 1, "updated": 0, "removed": 1}
    assert report.counts["demands.csv"]["updated"] == 1
    kept = dict(DemandLine.objects.values_list("external_id", "id"))
    assert kept.keys() == {"ankle", "knee"}
    assert kept["knee"] == ids["knee"]
    assert list(DemandLine.objects.order_by("position").values_list("external_id", "position")) == [
        ("knee", 0),
        ("ankle", 1),
    ]
    assert LineRequirement.objects.filter(line__external_id="hip").count() == 0
    assert Demand.objects.get().version == 2


def test_demands_alone_leave_their_lines(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    bundle.only("demands.csv")
    bundle.rows("demands.csv")[0]["need_by"] = "2027-07-31"
    load(bundle, tmp_path)
    assert DemandLine.objects.count() == 2
    assert Demand.objects.get().need_by == date(2027, 7, 31)


def test_requirements_may_swap_places(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    line = bundle.rows("demand_lines.csv")[0]
    asked = [
        {"key": "operating_temp", "op": ">=", "value": 0},
        {"key": "ip_rating", "op": ">=", "value": "IP54"},
    ]
    for name, order in (("a", asked), ("b", asked[::-1])):
        line["requirements"] = json.dumps(order)
        load(bundle, tmp_path, name)
    keys = LineRequirement.objects.filter(line__external_id="hip").values_list("key__key", flat=True)
    assert list(keys) == ["ip_rating", "operating_temp"]


def test_windows_of_a_listed_site_are_replaced_as_a_set(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    bundle.only("site_windows.csv")
    bundle.rows("site_windows.csv")[0]["ends"] = "2027-03-15"
    load(bundle, tmp_path)
    assert list(SiteWindow.objects.order_by("starts").values_list("ends", flat=True)) == [
        date(2027, 3, 15),
        date(2027, 4, 30),
    ]
    assert Site.objects.get().version == 2


def test_a_site_listed_without_windows_loses_them_where_windows_are_listed(
    loaded: Path, bundle: Bundle, tmp_path: Path
) -> None:
    bundle.only("sites.csv", "site_windows.csv")
    bundle.raw["site_windows.csv"] = b"site,starts,ends\n"
    load(bundle, tmp_path)
    assert SiteWindow.objects.count() == 0


def test_a_line_moves_to_another_demand_of_its_organisation(
    loaded: Path, bundle: Bundle, tmp_path: Path
) -> None:
    knee = DemandLine.objects.get(external_id="knee").pk
    other = bundle.rows("demands.csv")[0] | {"external_id": "biped"}
    bundle.rows("demands.csv").append(other)
    bundle.rows("demand_lines.csv")[1]["demand"] = "biped"
    load(bundle, tmp_path)
    moved = DemandLine.objects.get(external_id="knee")
    assert (moved.pk, moved.demand.external_id, moved.position) == (knee, "biped", 0)


def test_deliveries_in_the_file_are_the_total(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    bundle.rows("organisations.csv")[1] |= {"deliveries_completed": 12, "deliveries_on_time": 10}
    load(bundle, tmp_path)
    maker = Organisation.objects.get(external_id="maker")
    assert (maker.deliveries.completed, maker.deliveries.on_time) == (12, 10)


def test_weights_get_a_new_version_only_when_they_differ(
    loaded: Path, bundle: Bundle, tmp_path: Path
) -> None:
    bundle.rows("alliances.csv")[0]["weights"] = '{"site": {"wait": 5}, "line": {"fit": 40.0}}'
    assert load(bundle, tmp_path, "a").counts["alliances.csv"]["updated"] == 1
    assert not load(bundle, tmp_path, "b").changed
    assert list(AllianceWeights.objects.order_by("number").values_list("number", "site")) == [
        (1, {}),
        (2, {"wait": 5}),
    ]
    assert Alliance.objects.get().version == 2


def test_two_firms_may_swap_their_codes(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    rows = bundle.rows("organisations.csv")
    rows[0]["uscc"], rows[1]["uscc"] = rows[1]["uscc"], rows[0]["uscc"]
    load(bundle, tmp_path)
    assert Organisation.objects.get(external_id="lab").uscc == CODES[1]
    assert Organisation.objects.get(external_id="maker").uscc == CODES[0]


def test_a_type_may_gain_and_lose_parameters(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    kind = bundle.components["types"][2]
    kind["params"] = [{"key": "rated_torque", "unit": "N*m", "kind": "number"}]
    load(bundle, tmp_path, "a")
    assert ComponentParameter.objects.get(type__code="SVC").key.symbol == "N·m"
    kind["params"] = []
    load(bundle, tmp_path, "b")
    assert ComponentParameter.objects.filter(type__code="SVC").count() == 0


# --- names -----------------------------------------------------------------------------------------
def test_the_same_external_id_in_two_organisations(loaded: Path) -> None:
    assert set(
        Facility.objects.filter(external_id="plant").values_list("organisation__external_id", flat=True)
    ) == {"maker", "lab"}


def test_a_rows_own_name_may_carry_its_organisation(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    before = everything()
    bundle.rows("facilities.csv")[0]["external_id"] = "maker/plant"
    bundle.keep_columns("facilities.csv", "external_id", "organisation", "name")
    assert not load(bundle, tmp_path).changed
    assert differing(before, everything()) == set()


def test_a_name_without_its_organisation_is_looked_up(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    bundle.only("facilities.csv")
    bundle.tables["facilities.csv"] = [{"external_id": "lab/plant", "name": "Attic"}]
    load(bundle, tmp_path)
    assert Facility.objects.get(organisation__external_id="lab").name == "Attic"


def test_a_bundle_means_its_own_rows_first(loaded: Path, bundle: Bundle, tmp_path: Path) -> None:
    """Another organisation's row of the same name, in the database, does not make a clear bundle unclear."""
    bundle.only("demands.csv", "demand_lines.csv")
    bundle.rows("demands.csv")[0]["organisation"] = "maker"
    for line in bundle.rows("demand_lines.csv"):
        line["demand"] = "quadruped"
    load(bundle, tmp_path)
    assert set(DemandLine.objects.values_list("demand__owner__external_id", "external_id")) == {
        (owner, line) for owner in ("lab", "maker") for line in ("hip", "knee")
    }


# --- flags -----------------------------------------------------------------------------------------
def test_unknown_certificates_are_kept_and_flagged(bundle: Bundle, tmp_path: Path) -> None:
    bundle.rows("organisations.csv")[1]["certifications"] = "QC080000@2027-01-01"
    report = load(bundle, tmp_path, "a")
    assert [(note.file, note.row, note.column) for note in report.notes] == [
        ("organisations.csv", 3, "certifications")
    ]
    held = Organisation.objects.get(external_id="maker").certificates.get()
    assert (held.code, held.known) == ("QC080000", False)
    bundle.rows("certifications.csv").append(
        {"code": "QC080000", "name_en": "", "name_zh": "", "synonyms": ""}
    )
    assert load(bundle, tmp_path, "b").notes == []
    held.refresh_from_db()
    assert held.known


def test_an_unknown_region_of_a_credit_code_warns(bundle: Bundle, tmp_path: Path) -> None:
    from matching.services.generation.credit_codes import credit_code

    bundle.rows("organisations.csv")[0]["uscc"] = credit_code("519901", 7)
    report = load(bundle, tmp_path)
    assert [(note.row, note.column) for note in report.notes] == [(2, "uscc")]


# --- the command -----------------------------------------------------------------------------------
def test_the_command_tells_what_it_did(
    bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(bundle.write(tmp_path / "region"))
    call_command("import_region", path)
    assert "capabilities.csv" in capsys.readouterr().out
    before = everything()
    call_command("import_region", path)
    assert differing(before, everything()) == set()


def test_formulas_are_taken_apart_and_put_together(bundle: Bundle, tmp_path: Path) -> None:
    for row, title in zip(bundle.rows("capabilities.csv"), ("'=SUM(A1)", "'tis fine"), strict=True):
        row["title"] = title
    load(bundle, tmp_path)
    titles = Capability.objects.order_by("id").values_list("title", flat=True)
    assert list(titles) == ["=SUM(A1)", "'tis fine"]


def test_nothing_is_imported_when_a_row_is_bad(bundle: Bundle, tmp_path: Path) -> None:
    bundle.rows("demand_lines.csv")[1]["quantity"] = "-1"
    before = everything()
    with pytest.raises(BundleError):
        load(bundle, tmp_path)
    assert differing(before, everything()) == set()
