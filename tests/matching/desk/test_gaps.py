"""Gaps by type and city, whom to develop, and the rule that firms read nothing about fewer than three firms."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from matching.models import LineResult
from matching.selectors import Asked, city_flows, gap_lines, gaps, whom_to_develop
from tests import factories as make


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


def report(world, person="lead_official", **asked):
    found = gaps(world.person(person), world.alliances["north"], Asked(**asked))
    return found, {row.type.code: row.total for row in found.rows}


@pytest.fixture
def bare(world):
    """A line that nobody can supply, one firm short by a price."""
    line = make.make_line(world.demands["open"], world.types["sensor"], quantity=300, monthly_rate=70)
    make.make_line_result(world.runs["north"], line, 0, 1)
    make.make_near_miss(world.runs["north"], line, world.capabilities["bystander"], "price", 0.2)
    return line


def test_figures_of_a_type_count_lines_rates_capacity_and_what_is_missing(world, bare):
    found, rows = report(world)
    assert found.told
    reducer, sensor = rows["DRV-RED"], rows["SNS"]
    # open, members, introduction and unmatched ask for a reducer, at 50 a month each
    assert (reducer.lines, reducer.rate, reducer.labs) == (4, 200, 1)
    # supplier and rival offer 400 each; the unpublished and the draft offer do not count
    assert (reducer.free, reducer.makers) == (800, 2)
    assert (sensor.lines, sensor.bare, sensor.near, sensor.rate) == (2, 1, 1, 120)
    assert sensor.outside == 1
    assert found.total.bare == 1


def test_single_source_counts_firms_not_offers(world):
    line = world.lines["open"]
    LineResult.objects.filter(line_id=line.pk).update(feasible=2, firms=1)
    assert report(world)[1]["DRV-RED"].single == 1


def test_demand_counts_where_the_lab_is_and_capacity_where_the_plant_is(world):
    found, _rows = report(world)
    row = next(row for row in found.rows if row.type.code == "DRV-RED")
    by_city = {str(city): figures for city, figures in row.cities}
    assert (by_city["Leadton"].lines, by_city["Leadton"].free) == (4, 0)
    assert (by_city["Parton"].lines, by_city["Parton"].free) == (0, 800)


def test_filters_by_branch_and_city(world, bare):
    assert set(report(world, type=world.types["drive"])[1]) == {"DRV-RED"}
    assert report(world, city=world.cities["partner"])[1] == {}


def test_lines_behind_a_figure_by_state(world, bare):
    user, north = world.person("lead_official"), world.alliances["north"]
    assert [row.line.pk for row in gap_lines(user, north, Asked(state="bare"))] == [bare.pk]
    (outside,) = gap_lines(user, north, Asked(state="outside"))
    assert outside.best == world.capabilities["far"]
    assert gap_lines(world.person("supplier_owner"), north, Asked()) == []


def test_whom_to_develop_says_which_firm_which_requirement_and_how_far(world, bare):
    user = world.person("lead_official")
    (row,) = whom_to_develop(user, world.alliances["north"], Asked())
    assert (row.firm, row.lines, row.shortfall) == (world.organisations["bystander"], 1, 0.2)
    assert row.name == "Unit price"
    for person in ("supplier_owner", "lab_owner", "outside_official"):
        assert whom_to_develop(world.person(person), world.alliances["north"], Asked()) == []


# --- firms --------------------------------------------------------------------------------------------------
def three_labs(world, type_):
    labs = [make.make_firm(world.cities["lead"], f"Lab {n}", roles=["rnd"]) for n in range(3)]
    for lab in labs:
        demand = make.make_demand(lab, world.alliances["north"])
        make.make_line(demand, type_)
    return labs


@pytest.mark.parametrize("person", ["supplier_owner", "lab_owner", "operator_owner"])
def test_a_firm_reads_no_figure_over_fewer_than_three_firms(world, person):
    found, rows = report(world, person)
    assert not found.told
    assert rows == {}
    assert found.hidden == 2


def test_a_firm_reads_needs_of_three_labs_but_not_the_capacity_of_two_makers(world):
    three_labs(world, world.types["reducer"])
    rows = report(world, "supplier_owner")[1]
    assert (rows["DRV-RED"].lines, rows["DRV-RED"].free) == (7, None)
    make.make_capability(world.facilities["bystander"], world.types["reducer"])
    assert report(world, "supplier_owner")[1]["DRV-RED"].free == 1200


def test_a_firm_gets_no_difference_between_two_choices(world):
    """A city or a branch in the address changes nothing for a firm: no figure can be taken from another."""
    three_labs(world, world.types["reducer"])
    whole = report(world, "supplier_owner")
    narrowed = report(world, "supplier_owner", city=world.cities["lead"], type=world.types["sensor"])
    assert whole == narrowed
    assert all(row.cities == [] for row in whole[0].rows)


def test_flows_for_firms_need_three_on_either_side(world):
    user = world.person("lead_official")
    assert city_flows(user, world.alliances["north"])
    assert city_flows(world.person("supplier_owner"), world.alliances["north"]) == []
    assert city_flows(world.person("outside_owner"), world.alliances["north"]) == []


def test_a_firms_page_and_its_file_name_nobody(signed_in, world, bare):
    client = signed_in("rival_owner")
    for query in ({}, {"format": "csv"}, {"format": "csv", "of": "lines"}, {"type": "SNS", "state": "bare"}):
        answer = client.get(reverse("gaps"), query)
        words = b"".join(answer) if answer.streaming else answer.content
        assert b"Bystander" not in words
        assert b"Secret" not in words


# --- the page -------------------------------------------------------------------------------------------------
def test_the_page_and_its_file_say_the_same(signed_in, world, bare):
    client = signed_in("lead_official")
    page = client.get(reverse("gaps"))
    assert "1 line nobody can supply" in page.content.decode()
    assert 'class="sankey"' in page.content.decode()
    answer = client.get(reverse("gaps"), {"format": "csv"})
    table = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    total = next(row for row in table if row["Code"] == "SNS" and not row["City"])
    assert (total["Lines"], total["Nobody can supply"]) == ("2", "1")


def test_the_workbook_holds_the_same_rows(signed_in, world, bare):
    answer = signed_in("lead_official").get(
        reverse("gaps"), {"format": "xlsx", "of": "lines", "state": "bare"}
    )
    rows = list(load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.values)
    assert [row[3] for row in rows[1:]] == [str(world.types["sensor"])]
    assert not any(str(value).startswith("=") for row in rows for value in row)


def test_a_filter_that_cannot_be_read_shows_nothing(signed_in, world):
    for query in ({"type": "NOPE"}, {"city": "000000"}, {"state": "junk"}):
        answer = signed_in("lead_official").get(reverse("gaps"), query)
        assert answer.status_code == 400
        assert b"gaptable" not in answer.content


def test_as_many_queries_for_one_row_as_for_many(signed_in, world, bare):
    client = signed_in("lead_official")

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("gaps"), {"state": "bare"}).status_code == 200
        return len(queries)

    count()
    few = count()
    for _ in range(3):
        line = make.make_line(world.demands["members"], world.types["drive"])
        make.make_line_result(world.runs["north"], line, 0, 1)
        make.make_near_miss(world.runs["north"], line, world.capabilities["near"], "spec:rated_torque", 0.1)
    assert count() == few
