"""Field by field what each side reads of a row, for the rows of docs/visibility.md, on the API."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import factories as make
from tests.cast import World
from tests.chance import without_chance
from tests.matrix.roles import BUREAUS, DEMAND_SIDE, LAB, NORTH, SUPPLIER, client

Read = Callable[[str, str], Any]
SECRETS = ("Secret Lab", "Secret programme", "1011", "1511")


@pytest.fixture
def read(shared_world: World) -> Read:
    def get(role: str, address: str) -> Any:
        answer = client(shared_world, role).get(f"/api/v1/{address}")
        assert answer.status_code == 200, (role, address, answer.content)
        return answer.json()

    return get


def demand(world: World, name: str) -> str:
    return f"demands/{world.demands[name].public_id}/"


def capability(world: World, name: str) -> str:
    return f"capabilities/{world.capabilities[name].public_id}/"


# --- prices of lines ------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["open", "members", "introduction"])
def test_target_and_ceiling_are_for_the_demands_side_only(shared_world: World, read: Read, name: str) -> None:
    for role in DEMAND_SIDE:
        line = read(role, demand(shared_world, name))["lines"][0]
        assert line["price"] == {"target_unit_price": 1011.0, "ceiling_unit_price": 1511.0}, role
        assert line["result"] == {"feasible": 2, "near": 1}, role
    for role in SUPPLIER | {"rival"}:
        line = read(role, demand(shared_world, name))["lines"][0]
        assert line["price"] is None, role
        assert line["result"] is None, role


# --- who asks -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["open", "members"])
def test_firms_read_the_title_but_not_the_lab(shared_world: World, read: Read, name: str) -> None:
    for role in SUPPLIER | {"rival"}:
        found = read(role, demand(shared_world, name))
        assert found["title"] == f"Secret programme {name}"
        assert found["organisation"] is None
        assert found["external_id"] is None
        assert found["lines"][0]["external_id"] is None
        assert found["lines"][0]["quantity"] == 200
    for role in LAB | BUREAUS | {"platform"}:
        found = read(role, demand(shared_world, name))
        assert found["organisation"]["name_en"] == "Secret Lab", role
        assert found["external_id"] == shared_world.demands[name].external_id


def test_introduction_closes_name_lab_and_title_to_the_alliances_bureaus(
    shared_world: World, read: Read
) -> None:
    for role in ("partner_bureau", "platform"):
        found = read(role, demand(shared_world, "introduction"))
        assert found["title"] is None
        assert found["organisation"] is None
        assert found["external_id"] is None
        assert found["lines"][0]["quantity"] == 200
    for role in LAB | {"city_bureau", "admin"}:
        found = read(role, demand(shared_world, "introduction"))
        assert found["title"] == "Secret programme introduction"
        assert found["organisation"]["name_en"] == "Secret Lab"


def test_a_matched_firm_reads_type_requirements_and_dates_of_an_introduction(
    shared_world: World, read: Read
) -> None:
    for role in SUPPLIER | {"rival"}:
        found = read(role, demand(shared_world, "introduction"))
        assert (found["title"], found["organisation"]) == (None, None)
        assert found["lab_city"]["code"] == "990100"
        assert found["need_by"] == "2027-08-31"
        assert found["site_need"]["fleet_size"] is None
        (line,) = found["lines"]
        assert line["component_type"]["code"] == "DRV-RED"
        assert line["requirements"][0]["value"] == 12
        assert (line["quantity"], line["monthly_rate"], line["price"]) == (None, None, None)


def test_no_firm_reads_a_secret_of_the_lab_anywhere_on_the_api(shared_world: World) -> None:
    """Every list and every detail that it leads to; the directory names the lab, as a firm among others."""
    names = [
        "facilities",
        "capabilities",
        "sites",
        "demands",
        "matches",
        "near-misses",
        "pipelines",
        "verdicts",
        "match-runs",
    ]
    for role in (*SUPPLIER, "rival", "other", "foreign_token"):
        asker = client(shared_world, role)
        for name in names:
            answer = asker.get(f"/api/v1/{name}/?limit=200")
            bodies = [answer.content.decode()]
            for row in answer.json()["results"]:
                bodies.append(asker.get(f"/api/v1/{name}/{row['id']}/").content.decode())
            for body in map(without_chance, bodies):
                assert not any(secret in body for secret in ("Secret Lab", "1011", "1511")), (role, name)
                assert "Secret programme introduction" not in body


# --- price and capacity of capabilities -----------------------------------------------------------
def test_terms_of_a_matched_capability(shared_world: World, read: Read) -> None:
    for role in DEMAND_SIDE | SUPPLIER:
        assert read(role, capability(shared_world, "supplier"))["terms"]["unit_price"] == 1200, role
    for role in ("rival",):
        assert read(role, capability(shared_world, "supplier"))["terms"] is None, role


def test_terms_of_a_capability_without_a_match_are_for_its_owner_and_its_bureau(
    shared_world: World, read: Read
) -> None:
    make.forget_capability(shared_world.capabilities["bystander"])
    for role in NORTH | {"platform"}:
        terms = read(role, capability(shared_world, "bystander"))["terms"]
        assert (terms is not None) == (role == "partner_bureau"), role


def test_what_a_run_no_longer_points_to_opens_nothing(shared_world: World, read: Read) -> None:
    from matching.models import CurrentResult

    CurrentResult.objects.all().update(run_id=0)
    assert read("lab", capability(shared_world, "supplier"))["terms"] is None
    assert client(shared_world, "lab").get(f"/api/v1/{capability(shared_world, 'far')}").status_code == 404
    assert read("lab", "matches/")["results"] == []
    assert read("owner", "verdicts/")["results"] == []


# --- matches and verdicts -------------------------------------------------------------------------
def test_suppliers_find_no_match_near_miss_or_pipeline(read: Read) -> None:
    for role in (*SUPPLIER, "rival"):
        for name in ("matches", "near-misses", "pipelines", "match-runs"):
            assert read(role, f"{name}/")["results"] == [], (role, name)


def test_a_supplier_reads_the_verdict_and_its_own_gap_and_nothing_else(
    shared_world: World, read: Read
) -> None:
    rows = read("viewer", "verdicts/")["results"]
    assert {row["verdict"] for row in rows} == {"fits", "nearly"}
    mine = {str(shared_world.capabilities[name].public_id) for name in ("supplier", "near")}
    for row in rows:
        assert row["capability"] in mine
        assert not {"score", "terms", "rank", "price", "run", "shortfall", "supplier"} & set(row)
    (gap,) = {row["gap"] for row in rows if row["verdict"] == "nearly"}
    assert "2" in gap
    assert "0.81" not in str(rows)


@pytest.mark.parametrize("code", ["price", "capacity", "moq"])
def test_the_gap_of_an_introduction_has_no_figure(shared_world: World, read: Read, code: str) -> None:
    from matching.models import LineMisses

    LineMisses.objects.filter(demand_id=shared_world.demands["introduction"].pk).update(codes=[code])
    rows = read("owner", f"verdicts/?demand={shared_world.demands['introduction'].public_id}")["results"]
    (gap,) = (row["gap"] for row in rows if row["verdict"] == "nearly")
    assert gap
    assert not any(character.isdigit() for character in gap)


def test_matches_carry_what_the_interface_promises(shared_world: World, read: Read) -> None:
    line = shared_world.lines["open"].public_id
    first, second = read("lab", f"matches/?line={line}")["results"]
    assert (first["rank"], second["rank"]) == (1, 2)
    assert first["capability"] == str(shared_world.capabilities["supplier"].public_id)
    assert set(first["terms"]) == {"fit", "price", "lead_time", "capacity", "proximity", "role", "trust"}
    assert first["run"] == str(shared_world.runs["north"].public_id)
    assert first["as_of"] == "2026-11-20"
    assert first["supplier"]["fictitious"] is True


def test_pipelines_carry_what_the_interface_promises(shared_world: World, read: Read) -> None:
    place = f"pipelines/?demand={shared_world.demands['open'].public_id}"
    (row,) = read("partner_bureau", place)["results"]
    assert row["team"][0]["capability"] == str(shared_world.capabilities["supplier"].public_id)
    assert row["team"][0]["line"] == str(shared_world.lines["open"].public_id)
    assert row["time_to_market"]["total_days"] == 173
    assert row["time_to_market"]["critical_line"]["volume"] == row["team"][0]["line"]
    assert row["baseline_days"] == 171


# --- directory ------------------------------------------------------------------------------------
def test_contacts_are_for_the_owner_and_its_bureau(shared_world: World, read: Read) -> None:
    place = f"organisations/{shared_world.organisations['supplier'].public_id}/"
    for role in NORTH | {"platform"}:
        contact = read(role, place)["contact"]
        assert (contact is not None) == (role in SUPPLIER | {"partner_bureau"}), role


def test_delivery_records_are_not_for_other_firms(shared_world: World, read: Read) -> None:
    place = f"organisations/{shared_world.organisations['supplier'].public_id}/"
    for role in NORTH | {"platform"}:
        told = read(role, place)["deliveries"] is not None
        assert told == (role in SUPPLIER | DEMAND_SIDE), role


def test_a_published_directory_shows_entries_and_nothing_below_them(shared_world: World, read: Read) -> None:
    shared_world.alliances["north"].publishes_directory = True
    shared_world.alliances["north"].save()
    firm = shared_world.organisations["supplier"]
    shown = read("other", f"organisations/{firm.public_id}/")
    assert shown["name_en"] == "Supplier"
    assert (shown["contact"], shown["deliveries"], shown["certificates"]) == (None, None, [])
    asker = client(shared_world, "other")
    for place in (
        f"facilities/{shared_world.facilities['supplier'].public_id}/",
        capability(shared_world, "supplier"),
        f"organisations/{shared_world.organisations['draft'].public_id}/",
    ):
        assert asker.get(f"/api/v1/{place}").status_code == 404
    assert (
        client(shared_world, "anonymous").get(f"/api/v1/organisations/{firm.public_id}/").status_code == 401
    )


def test_filters_tell_nothing_of_what_is_hidden(shared_world: World, read: Read) -> None:
    """A title, a firm's drafts and a foreign id cannot be guessed by asking for them."""
    assert read("owner", "demands/?q=introduction")["results"] == []
    assert len(read("city_bureau", "demands/?q=introduction")["results"]) == 1
    draft = shared_world.organisations["draft"].public_id
    assert read("owner", f"capabilities/?organisation={draft}")["results"] == []
    foreign = shared_world.demands["foreign"].public_id
    assert read("lab", f"matches/?demand={foreign}")["results"] == []
