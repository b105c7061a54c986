"""My matches in both directions: paged, sorted, filtered, exported, and never more than a supplier may know."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from alliance.models import OrganisationCertificate
from companies.models import CapabilityCertificate, FacilityCertificate
from matching.models import LineCertificate
from tests import factories as make
from tests.chance import without_chance


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


def get(client, query=""):
    return client.get(f"/matches/{query}", headers={"accept-language": "en"})


def rows(answer):
    body = answer.content.decode().split("<tbody>")
    return body[1].split("</tbody>")[0].count("<tr") if len(body) > 1 else 0


def table(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def more_lines(world, count, **values):
    """Further lines of the open demand that the supplier's part fits."""
    for _ in range(count):
        line = make.make_line(world.demands["open"], world.types["reducer"], **values)
        make.make_match(world.runs["north"], line, world.capabilities["supplier"])


def test_a_supplier_opens_on_the_lines_its_parts_fit_and_a_lab_on_its_suppliers(world, signed_in):
    fits = get(signed_in("supplier_owner")).content.decode()
    assert "<h1>3 demand lines that your parts fit</h1>" in fits
    near = get(signed_in("supplier_owner"), "?side=nearly").content.decode()
    assert "3 demand lines miss your parts by one requirement" in near
    lab = get(signed_in("lab_owner")).content.decode()
    assert "7 matches" in lab
    assert 'href="?side=offers"' in lab  # the other direction is one click away


def test_officials_see_one_direction_only(world, signed_in):
    body = get(signed_in("lead_official")).content.decode()
    assert "?side=" not in body
    assert "0.810" in body


def test_more_than_a_page_is_paged_each_row_once(world, signed_in):
    more_lines(world, 57)
    browser = signed_in("supplier_owner")
    first = get(browser)
    assert rows(first) == 50
    following = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1].replace("&amp;", "&")
    second = browser.get("/matches/" + following)
    assert rows(second) == 10
    seen = [re.findall(r'href="(/matches/[0-9a-f-]{36}/[^"]+)"', a.content.decode()) for a in (first, second)]
    assert len({*seen[0], *seen[1]}) == 60


@pytest.mark.parametrize("order", ["until", "-until", "newest", "-newest", "offer", "-offer"])
def test_every_order_pages_over_each_row_once(world, signed_in, order):
    more_lines(world, 52)
    browser = signed_in("supplier_owner")
    first = get(browser, f"?sort={order}")
    following = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1].replace("&amp;", "&")
    assert (rows(first), rows(browser.get("/matches/" + following))) == (50, 5)


def test_filters_narrow_by_title_type_and_introduction(world, signed_in):
    browser = signed_in("supplier_owner")
    title = world.capabilities["supplier"].title
    assert rows(get(browser, f"?side=offers&q={title}")) == 3
    assert rows(get(browser, "?q=nothing-like-it")) == 0
    assert rows(get(browser, "?component_type=SNS")) == 0
    assert rows(get(browser, "?component_type=DRV")) == 3
    assert rows(get(browser, "?introduced=true")) == 1
    assert rows(get(browser, "?introduced=false")) == 2


def test_the_title_of_a_rivals_part_finds_nothing(world, signed_in):
    world.capabilities["rival"].title = "Rival's wonder"
    world.capabilities["rival"].save()
    assert rows(get(signed_in("supplier_owner"), "?q=wonder")) == 0


@pytest.mark.parametrize(
    "query", ["?sort=score", "?sort=rank", "?min_score=0.5", "?best=1", "?side=all", "?cursor=x", "?rank=1"]
)
def test_what_a_supplier_may_not_ask_shows_nothing(world, signed_in, query):
    answer = get(signed_in("supplier_owner"), query)
    assert answer.status_code in (400, 404)
    assert rows(answer) == 0


def test_no_score_rank_or_rival_on_the_page_or_in_the_files(world, signed_in):
    browser = signed_in("supplier_owner")
    page = get(browser).content.decode()
    files = table(get(browser, "?format=csv"))
    book = load_workbook(io.BytesIO(b"".join(get(browser, "?side=nearly&format=xlsx").streaming_content)))
    cells = [
        str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row
    ]
    assert len(files) == 3
    assert {row["Verdict"] for row in files} == {"fits"}
    assert len(cells) > 8
    for told in map(without_chance, (page, str(files), " ".join(cells))):
        for secret in ("0.81", "0.72", "Rival", "1511", "1011", "Secret Lab", "programme introduction"):
            assert secret not in told


def test_quantities_of_a_confidential_demand_stay_out_of_the_files(world, signed_in):
    files = table(get(signed_in("supplier_owner"), "?format=csv"))
    assert sorted(row["Quantity"] for row in files) == ["", "200.0", "200.0"]


def test_a_demand_that_the_firm_does_not_see_is_in_no_count(world, signed_in):
    body = get(signed_in("outside_owner")).content.decode()
    assert "<h1>My matches</h1>" in body or "1 demand line that your parts fit" in body
    assert "everywhere" not in body


def test_empty_says_what_to_do_next(world, signed_in):
    body = get(signed_in("draft_owner")).content.decode()
    assert "No demand that your parts fit" in body
    assert "My capabilities" in body


def test_as_many_queries_for_three_rows_as_for_many(world, signed_in):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            answer = get(signed_in("supplier_owner"))
        return rows(answer), len(seen)

    queries()
    few, one = queries()
    more_lines(world, 9)
    many, several = queries()
    assert (few, many) == (3, 12)
    assert several == one


def test_only_the_certificates_that_are_missing_are_named(world, signed_in):
    """Held by the capability, held by the firm, held by the plant but expired, held by nobody."""
    offer = world.capabilities["supplier"]
    line = make.make_line(world.demands["open"], world.types["reducer"])
    for code in ("ISO9001", "CE", "RoHS", "GB4943"):
        LineCertificate.objects.create(line=line, code=code)
    CapabilityCertificate.objects.get_or_create(capability=offer, code="ISO9001")
    OrganisationCertificate.objects.create(organisation=offer.organisation, code="CE", expires_on=make.AS_OF)
    gone = make.AS_OF - timedelta(days=1)
    FacilityCertificate.objects.create(facility=offer.facility, code="RoHS", expires_on=gone)
    make.make_near_miss(world.runs["north"], line, offer, "certification", 0.5)
    words = get(signed_in("supplier_owner"), "?side=nearly").content.decode()
    assert "certificate missing: RoHS, GB4943" in words
