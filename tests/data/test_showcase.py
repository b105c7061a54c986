"""What the sample region shows of the product, as an independent recomputation sees it on 2026-11-21."""

from collections import Counter
from datetime import date
from typing import Any

import pytest

from tests.data.files import REFERENCE, SAMPLE
from tests.oracle.bundle import read_bundles
from tests.oracle.rows import oracle_rows
from tests.oracle.things import World

AS_OF = date(2026, 11, 21)
FULL_DEMANDS = 22

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def world() -> World:
    return read_bundles([REFERENCE, SAMPLE])


@pytest.fixture(scope="module")
def results(world: World) -> Rows:
    both = [oracle_rows(world, alliance, AS_OF) for alliance in ("chengdu", "jjj")]
    return {name: both[0][name] + both[1][name] for name in both[0]}


def best(results: Rows, line: str) -> list[str]:
    return [row["capability"] for row in results["matches.csv"] if row["line"] == line]


def misses(results: Rows, line: str) -> list[str]:
    return [row["code"] for row in results["near_misses.csv"] if row["line"] == line]


def pipelines(results: Rows, demand: str) -> dict[str, dict[str, Any]]:
    return {row["site"]: row for row in results["pipelines.csv"] if row["demand"] == demand}


def test_most_lines_can_be_supplied_and_many_have_a_choice(world: World, results: Rows) -> None:
    suppliers = Counter(row["line"] for row in results["matches.csv"])
    lines = sum(len(demand.lines) for demand in world.demands)
    assert len(suppliers) >= 0.97 * lines
    assert sum(count >= 5 for count in suppliers.values()) > lines / 2


def test_a_line_with_rich_choice_and_five_that_miss_by_one_rule(results: Rows) -> None:
    line = "D-2026-017-01"
    assert best(results, line)[0] == "dy-001-c01"
    assert len(best(results, line)) == 6
    codes = misses(results, line)
    assert len(codes) == 5
    assert set(codes) == {"price", "capacity", "spec:rated_torque", "spec:lost_motion"}


@pytest.mark.parametrize("line", ["D-2026-017-04", "D-2026-011-07"])
def test_a_line_with_exactly_one_supplier(results: Rows, line: str) -> None:
    assert len(best(results, line)) == 1


def test_a_line_with_near_misses_only(results: Rows) -> None:
    assert best(results, "D-2026-017-03") == []
    assert misses(results, "D-2026-017-03") == ["spec:lead_error_300"] * 3


def test_a_line_with_nobody_at_all(results: Rows) -> None:
    assert best(results, "D-2026-017-06") == []
    assert misses(results, "D-2026-017-06") == []


def test_a_site_rules_the_best_part_out(results: Rows) -> None:
    ranked = best(results, "D-2026-011-04")
    team = [
        row["capability"]
        for row in results["teams.csv"]
        if (row["demand"], row["site"], row["line"]) == ("D-2026-011", "s-ms-01", "D-2026-011-04")
    ]
    assert ranked[0].startswith("cd-026")
    assert team == ["cd-025-c01"]


def test_a_demand_with_a_whole_a_windowless_and_a_partial_pipeline(results: Rows) -> None:
    found = pipelines(results, "D-2026-011")
    assert found["s-ms-01"]["complete"]
    assert found["s-ms-01"]["late_days"] == 0
    assert found["s-cd-01"]["complete"]
    assert found["s-cd-01"]["total_days"] is None
    assert not found["s-zy-02"]["complete"]


@pytest.mark.parametrize(("demand", "late"), [("D-2026-013", 1), ("D-2026-026", 2), ("D-2026-008", 1)])
def test_late_pipelines(results: Rows, demand: str, late: int) -> None:
    assert sum(bool(row["late_days"]) for row in pipelines(results, demand).values()) == late


def test_a_demand_whose_site_has_no_fitting_window(results: Rows) -> None:
    assert pipelines(results, "D-2026-023") == {}
    assert not any(row["demand"] == "D-2026-023" for row in results["sites.csv"])
    assert any(row["demand"] == "D-2026-023" for row in results["matches.csv"])


def test_a_demand_without_a_site_need(results: Rows) -> None:
    (row,) = pipelines(results, "D-2026-024").values()
    assert row["site"] == ""
    assert row["complete"]
    assert row["total_days"] is not None


def test_most_demands_reach_the_market_in_time(results: Rows) -> None:
    in_time = {
        row["demand"]
        for row in results["pipelines.csv"]
        if row["complete"] and row["total_days"] is not None and not row["late_days"]
    }
    assert len(in_time) >= FULL_DEMANDS


def test_an_open_demand_is_supplied_from_outside_the_alliance(world: World, results: Rows) -> None:
    outside = {
        row["capability"].split("-")[0] for row in results["matches.csv"] if row["demand"] == "D-2026-026"
    }
    assert outside & {"su", "sz", "nb", "cq", "my"}


def test_unverified_firms_and_unknown_prices_are_matched_too(results: Rows) -> None:
    assert any(row["trust"] == 0 for row in results["matches.csv"])
    assert "zy-002-c01" in best(results, "D-2026-017-01")
