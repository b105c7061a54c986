"""What each person finds on the pages, what a list does with filters and cursors, and what no supplier reads."""

import csv
import io
import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from alliance.templatetags._numbers import number_text
from matching.models import Introduction, MatchRun, Pipeline
from matching.services.export_matches import export_matches
from tests import factories as make
from tests.chance import without_chance

LISTS = ["demands", "capabilities", "firms", "sites", "pipelines", "runs", "cities", "matches"]


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


def page(client, name, *args, **query):
    return client.get(reverse(name, args=args), query)


def text(response):
    """The words of a page without its markup."""
    return re.sub(r"<[^>]+>", " ", response.content.decode())


# --- doors ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["dashboard", *LISTS])
def test_nobody_reads_a_page_without_signing_in(client, db, name):
    assert page(client, name).status_code == 302


@pytest.mark.parametrize("name", ["dashboard", *LISTS])
@pytest.mark.parametrize(
    "person",
    [
        "lab_owner",
        "supplier_owner",
        "lead_official",
        "alliance_admin",
        "platform_admin",
        "nobody",
        "outside_owner",
    ],
)
def test_every_list_opens_for_everybody_who_signed_in(signed_in, person, name):
    led_on = (person, name) == ("nobody", "dashboard")  # to where one asks to belong
    assert page(signed_in(person), name).status_code == (302 if led_on else 200)


def test_a_person_without_organisation_finds_nothing(signed_in, world):
    client = signed_in("nobody")
    for name in ("demands", "capabilities", "firms", "sites", "pipelines", "matches"):
        assert list(page(client, name).context["rows"]) == []


def test_language_is_changed_before_signing_in(client, db):
    response = client.post(reverse("set_language"), {"language": "zh-hans", "next": "/accounts/login/"})
    assert response.status_code == 302
    assert 'lang="zh-Hans"' in client.get("/accounts/login/").content.decode()


# --- foreign is missing -----------------------------------------------------------------------------
def test_a_foreign_row_is_a_404_on_every_detail_page(signed_in, world):
    client = signed_in("supplier_owner")
    hidden = [
        reverse("demand", args=[world.demands["foreign"].public_id]),
        reverse("demand", args=[world.demands["draft"].public_id]),
        reverse("capability", args=[world.capabilities["outsider"].public_id]),
        reverse("firm", args=[world.organisations["draft"].public_id]),
        reverse("site", args=[world.sites["unpublished"].public_id]),
        reverse("pipeline", args=[world.demands["open"].public_id, world.sites["open"].public_id]),
        reverse("match", args=[world.lines["open"].public_id, world.capabilities["rival"].public_id]),
        reverse("run", args=[world.runs["north"].public_id]),
        reverse("city", args=["000000"]),
    ]
    assert {address: client.get(address).status_code for address in hidden} == dict.fromkeys(hidden, 404)


def test_another_line_than_the_demands_is_a_404(signed_in, world):
    address = reverse("demand", args=[world.demands["open"].public_id])
    client = signed_in("lab_owner")
    assert client.get(address, {"line": str(world.lines["members"].public_id)}).status_code == 404
    assert client.get(address, {"line": "junk"}).status_code == 404


# --- the demand page --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "person", ["lab_owner", "lead_official", "partner_official", "alliance_admin", "platform_admin"]
)
def test_the_demands_side_sees_ranked_makers_with_each_term_and_gaps(signed_in, world, person):
    response = page(signed_in(person), "demand", world.demands["open"].public_id)
    words = text(response)
    view = response.context["view"]
    assert [row.match.score for row in view.ranked] == [0.81, 0.72]
    assert "0.810" in words
    assert "0.720" in words
    first = response.context["first"]
    assert sum(slot.weight for slot in first.ranked.slots) == 100
    assert {rule.code for rule in first.rules} == {"spec:rated_torque", "moq", "capacity", "time", "price"}
    assert "3 N·m spare" in words
    assert "2 N·m short" in words
    assert "target 1,011" in " ".join(words.split()).replace(" CNY", "")
    assert [row.count for row in view.relaxations] == [1]


def test_a_supplier_reads_its_verdicts_and_nothing_it_could_reckon_with(signed_in, world):
    """Never score, terms, rank, rivals, the target or the ceiling."""
    client = signed_in("supplier_owner")
    addresses = [
        reverse("dashboard"),
        reverse("demands"),
        reverse("matches"),
        *(
            reverse("demand", args=[world.demands[name].public_id])
            for name in ("open", "members", "introduction")
        ),
        reverse("match", args=[world.lines["open"].public_id, world.capabilities["supplier"].public_id]),
        reverse("match", args=[world.lines["open"].public_id, world.capabilities["near"].public_id]),
        reverse("demands") + "?format=csv",
        reverse("matches") + "?format=csv",
        reverse("pipelines") + "?format=csv",
    ]
    said = ""
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        content = b"".join(response.streaming_content) if response.streaming else response.content
        said += content.decode()
    assert "fits" in said
    assert "2 N·m short" in said
    for secret in ("0.81", "0.72", "1,011", "1011", "1,511", "1511", "Rival", "Secret Lab"):
        assert secret not in without_chance(said), secret


def test_a_demand_after_introduction_has_no_title_for_others(signed_in, world):
    for person, told in (("lab_owner", True), ("supplier_owner", False), ("partner_official", False)):
        words = text(page(signed_in(person), "demand", world.demands["introduction"].public_id))
        assert ("Secret programme introduction" in words) is told, person
        assert ("Secret Lab" in words) is told, person


def test_quantities_wait_for_the_introduction(signed_in, world):
    """Quantity, rate and fleet, also as the difference in a gap."""
    demand, run = world.demands["introduction"], world.runs["north"]
    small = make.make_capability(world.facilities["supplier"], world.types["reducer"], capacity=113)
    large = make.make_capability(world.facilities["supplier"], world.types["reducer"], min_order_quantity=777)
    line = world.lines["introduction"]
    type(line).objects.filter(pk=line.pk).update(quantity=731, monthly_rate=97)
    make.make_near_miss(run, line, small, "capacity", 0.9, rank=2)
    make.make_near_miss(run, line, large, "moq", 0.1, rank=3)
    client = signed_in("supplier_owner")
    said = "".join(
        page(client, name, *args).content.decode()
        for name, args in (
            ("demand", [demand.public_id]),
            ("matches", []),
            ("dashboard", []),
            ("match", [line.public_id, small.public_id]),
            ("match", [line.public_id, large.public_id]),
        )
    )
    assert "not enough a month" in said
    assert "minimum order too high" in said
    # Alone: in the middle of a random id or token it says nothing.
    assert not re.search(r"(?<!\w)731(?!\w)", said)
    for number in (">97<", "84 a month", "46 too high"):
        assert number not in said, number
    assert "5 robots" not in text(page(client, "demand", demand.public_id))
    assert "731" in text(page(signed_in("lab_owner"), "demand", demand.public_id))


def test_an_unmatched_demand_says_so(signed_in, world):
    words = text(page(signed_in("lab_owner"), "demand", world.demands["unmatched"].public_id))
    assert "Nobody in the alliance comes close" in words
    assert "No pipeline" in words


def test_the_pair_of_a_row_comes_as_a_fragment_for_htmx(signed_in, world):
    address = reverse("match", args=[world.lines["open"].public_id, world.capabilities["rival"].public_id])
    client = signed_in("lab_owner")
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "0.720" in fragment
    assert "<html" in client.get(address).content.decode()


# --- pipelines --------------------------------------------------------------------------------------
def test_the_pipeline_page_adds_up(signed_in, world):
    response = page(
        signed_in("lab_owner"), "pipeline", world.demands["open"].public_id, world.sites["open"].public_id
    )
    view = response.context["view"]
    assert sum(stage.days for stage in view.stages) == pytest.approx(view.row.total_days)
    assert sum(slot.points for slot in view.slots) == pytest.approx(100 * view.row.score)
    assert view.market == date(2027, 5, 12)
    assert [member.excluded for member in view.members] == [0]
    words = text(response)
    assert "2027-05-12" in words
    assert "critical for volume" in words


def test_a_pipeline_without_site_has_an_address_of_its_own(signed_in, world):
    response = page(signed_in("lab_owner"), "pipeline-no-site", world.demands["everywhere"].public_id)
    assert response.status_code == 200
    assert [slot.label for slot in response.context["view"].slots] == ["Team"]
    assert (
        page(signed_in("lab_owner"), "pipeline-no-site", world.demands["open"].public_id).status_code == 404
    )


def test_results_of_a_line_that_was_just_removed_are_not_told(with_token, signed_in, world, tmp_path):
    """They stay in the results until the next run has ended; so do those of a capability whose sheet was undone."""
    demand, site, offer = world.demands["open"], world.sites["open"], world.capabilities["supplier"]
    run, line = world.runs["north"], make.make_line(world.demands["open"], world.types["reducer"])
    make.make_match(run, line, offer)
    make.make_near_miss(run, line, offer, "price", 0.1)
    Pipeline.objects.current().filter(demand_id=demand.pk).delete()
    make.make_pipeline(run, demand, site, {world.lines["open"]: offer, line: offer})
    program = with_token("lab_editor:read")

    def told(name):
        answer = program.get(f"/api/v1/{name}/?demand={demand.public_id}")
        assert answer.status_code == 200
        return answer.json()["results"]

    before = {name: told(name) for name in ("matches", "near-misses", "pipelines")}
    gone = str(line.public_id)
    line.delete()
    for name in ("matches", "near-misses"):
        assert gone in {row["line"] for row in before[name]}
        assert told(name) == [row for row in before[name] if row["line"] != gone]
    assert [len(row["team"]) for row in (*before["pipelines"], *told("pipelines"))] == [2, 1]
    for name in ("matches", "pipelines", "dashboard"):
        assert page(signed_in("lead_official"), name).status_code == 200
    counts = export_matches(tmp_path / "line")
    told_now = {name: told(name) for name in ("matches", "near-misses")}
    gone = str(offer.public_id)
    Introduction.objects.filter(capability=offer).delete()
    offer.delete()
    assert gone in {row["capability"] for row in told_now["matches"]}
    for name in told_now:
        assert told(name) == [row for row in told_now[name] if row["capability"] != gone]
    assert [member["capability"] for row in told("pipelines") for member in row["team"]] == [None]
    assert export_matches(tmp_path / "offer")["matches.csv"] < counts["matches.csv"]
    for name in ("matches", "pipelines", "dashboard"):
        assert page(signed_in("lead_official"), name).status_code == 200


@pytest.mark.parametrize("days", [40_000.0, 4e6, 3e13])
def test_a_slip_in_a_quantity_leads_to_a_far_date_and_not_to_a_broken_page(signed_in, world, days):
    """A hundred years, the end of the calendar, and far beyond it: a quantity of a million at one a month."""
    demand, site = world.demands["open"], world.sites["open"]
    rows = Pipeline.objects.current().filter(demand_id=demand.pk)
    assert rows.update(volume_days=days, total_days=days + 101, baseline_days=days + 99, late_days=days)
    official = signed_in("lead_official")
    answer = page(official, "pipeline", demand.public_id, site.public_id)
    words = text(answer)
    assert ("9999-12-31" in words) is (days > 4e5)
    assert answer.content.count(b'class="grid"') < 100
    for name, args in (("dashboard", ()), ("pipelines", ()), ("demand", (demand.public_id,))):
        assert page(official, name, *args).status_code == 200


# --- lists ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("demands", {"supply": "perhaps"}),
        ("demands", {"component_type": "NOPE"}),
        ("demands", {"nonsense": "1"}),
        ("demands", {"sort": "owner"}),
        ("capabilities", {"volume_lead_days": "abc"}),
        ("firms", {"verified": "maybe"}),
        ("sites", {"open_on": "2027-02-30"}),
        ("matches", {"demand": "1"}),
        ("matches", {"min_score": "NaN"}),
        ("pipelines", {"complete": "2"}),
        ("runs", {"state": "asleep"}),
    ],
)
def test_a_filter_that_cannot_be_read_shows_nothing_and_says_why(signed_in, world, name, query):
    response = page(signed_in("alliance_admin"), name, **query)
    assert response.status_code == 400
    assert list(response.context["rows"]) == []
    assert response.context["form"].errors
    assert page(signed_in("alliance_admin"), name, format="csv", **query).status_code == 400


def test_a_cursor_that_is_not_ours_is_a_404(signed_in, world):
    for name in LISTS:
        assert page(signed_in("alliance_admin"), name, cursor="eyJ4Ijox:junk").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "secret programme mem"}, {"members"}),
        ({"supply": "bare"}, set()),
        ({"supply": "full"}, {"open", "members", "introduction", "everywhere"}),
        ({"component_type": "SNS"}, {"everywhere"}),
        ({"component_type": "DRV", "published": "false"}, {"draft"}),
        ({"confidentiality": "introduction"}, {"introduction"}),
    ],
)
def test_filters_of_demands(signed_in, world, query, expected):
    rows = page(signed_in("lab_owner"), "demands", **query).context["rows"]
    names = {demand.pk: name for name, demand in world.demands.items()}
    assert {names[row.pk] for row in rows} == expected


def test_a_title_that_one_may_not_read_cannot_be_searched(signed_in, world):
    rows = page(signed_in("supplier_owner"), "demands", q="introduction").context["rows"]
    assert list(rows) == []


def test_a_link_to_one_demand_stays_when_another_filter_is_used(signed_in, world):
    key = str(world.demands["open"].public_id)
    response = page(signed_in("lab_owner"), "pipelines", demand=key)
    assert [row.demand_id for row in response.context["rows"]] == [world.demands["open"].pk]
    assert f'type="hidden" name="demand" value="{key}"' in response.content.decode()


def test_cursors_walk_through_a_list_and_back(signed_in, world):
    for number in range(60):
        make.make_firm(world.cities["partner"], f"Walker {number:02}", name_sort=f"walker {number:02}")
    client = signed_in("alliance_admin")
    first = page(client, "firms", q="Walker").context
    second = page(client, "firms", q="Walker", cursor=first["page"].next).context
    names = [row.name_en for row in [*first["rows"], *second["rows"]]]
    assert names == [f"Walker {number:02}" for number in range(60)]
    assert first["page"].previous is None
    assert second["page"].next is None
    back = page(client, "firms", q="Walker", cursor=second["page"].previous).context
    assert [row.pk for row in back["rows"]] == [row.pk for row in first["rows"]]


def table(response):
    raw = b"".join(response.streaming_content).decode()
    assert raw.startswith("\ufeff")
    return list(csv.reader(io.StringIO(raw[1:])))


@pytest.mark.parametrize("name", LISTS)
def test_csv_has_the_rows_of_the_list(signed_in, world, name):
    client = signed_in("alliance_admin")
    rows = page(client, name).context["rows"]
    assert rows
    assert len(table(page(client, name, format="csv"))) == len(rows) + 1


def test_csv_holds_all_pages_and_no_formulas(signed_in, world):
    for number in range(55):
        make.make_firm(world.cities["partner"], f"=HYPERLINK({number})", name_zh="@公司\x07")
    rows = table(page(signed_in("alliance_admin"), "firms", format="csv", q="HYPERLINK"))
    assert len(rows) == 56
    assert all(row[5].startswith("'=HYPERLINK") and row[0] == "'@公司" for row in rows[1:])


# --- the same number of queries for one row and for many -------------------------------------------
def queries(client, name, *args, **query):
    with CaptureQueriesContext(
        connection,
    ) as caught:
        response = page(client, name, *args, **query)
    assert response.status_code == 200
    return len(caught), response


def grow(world, more=3):
    """More of everything that the lists show."""
    run, org, city = world.runs["north"], world.organisations, world.cities
    for number in range(more):
        firm = make.make_firm(city["partner"], f"Grown {number}")
        part = make.make_capability(
            make.make_facility(firm), world.types["reducer"], specs={"rated_torque": 20 + number}
        )
        near = make.make_capability(
            make.make_facility(firm), world.types["reducer"], specs={"rated_torque": 9 - number}
        )
        site = make.make_site(org["operator"], world.scenario_types["line"], world.keys["torque"])
        demand = make.make_demand(org["lab"], world.alliances["north"], f"Grown {number}")
        line = make.make_line(demand, world.types["reducer"], world.keys["torque"])
        make.make_site_need(demand, world.scenario_types["industry"])
        make.point_to(run, demand)
        make.make_match(run, line, part)
        make.make_line_result(run, line, 1, 0)
        make.make_site_match(run, demand, site)
        make.make_pipeline(run, demand, site, {line: part})
        make.make_match(run, world.lines["open"], part, rank=15 + number, score=0.5)
        make.make_near_miss(run, world.lines["open"], near, "spec:rated_torque", 0.3, rank=2)
        make.make_site_match(run, world.demands["open"], site)
        make.make_pipeline(run, world.demands["open"], site, {world.lines["open"]: part}, rank=50 + number)
        extra = make.make_line(world.demands["open"], world.types["reducer"], world.keys["torque"])
        make.make_line_result(run, extra, 0, 1)
        make.make_run(world.alliances["north"])


@pytest.mark.parametrize("person", ["alliance_admin", "lab_owner", "supplier_owner"])
@pytest.mark.parametrize("name", ["dashboard", *LISTS])
def test_a_list_asks_as_often_for_one_row_as_for_many(signed_in, world, name, person):
    client = signed_in(person)
    grow(world, 1)
    page(client, name)
    before, _ = queries(client, name)
    grow(world)
    after, _ = queries(client, name)
    assert after == before


@pytest.mark.parametrize("person", ["alliance_admin", "lab_owner", "supplier_owner"])
def test_the_demand_page_asks_as_often_for_one_row_as_for_many(signed_in, world, person):
    client = signed_in(person)
    before, first = queries(client, "demand", world.demands["open"].public_id)
    grow(world)
    after, second = queries(client, "demand", world.demands["open"].public_id)
    assert after == before
    if "view" in second.context:
        assert len(second.context["view"].ranked) == len(first.context["view"].ranked) + 3
        assert len(second.context["sites"]) == len(first.context["sites"]) + 3


def test_the_pipeline_page_asks_as_often_for_one_row_as_for_many(signed_in, world):
    client = signed_in("lab_owner")
    keys = world.demands["open"].public_id, world.sites["open"].public_id
    before, _ = queries(client, "pipeline", *keys)
    grow(world)
    after, _ = queries(client, "pipeline", *keys)
    assert after == before


# --- steps ------------------------------------------------------------------------------------------
def test_only_those_who_may_steer_a_run_cancel_it(signed_in, world):
    run = make.make_run(world.alliances["north"], state="running", demands_total=4, demands_done=1)
    cancel = reverse("run-cancel", args=[run.public_id])
    assert signed_in("supplier_owner").post(cancel).status_code == 404
    assert signed_in("partner_official").post(cancel).status_code == 403
    assert signed_in("alliance_admin").get(cancel).status_code == 405
    assert MatchRun.objects.get(pk=run.pk).state == "running"
    assert signed_in("alliance_admin").post(cancel).status_code == 302
    assert MatchRun.objects.get(pk=run.pk).state == "cancelled"
    assert signed_in("alliance_admin").post(cancel).status_code == 409


def test_a_cancelled_run_is_tried_again(signed_in, world):
    run = make.make_run(world.alliances["north"], state="cancelled")
    response = signed_in("alliance_admin").post(reverse("run-retry", args=[run.public_id]))
    again = MatchRun.objects.exclude(pk=run.pk).order_by("-pk").first()
    assert response["Location"] == reverse("run", args=[again.public_id])


def test_the_page_of_a_run_asks_for_itself_until_the_run_has_ended(signed_in, world):
    run = make.make_run(world.alliances["north"], state="running", demands_total=4, demands_done=1)
    client = signed_in("alliance_admin")
    address = reverse("run", args=[run.public_id])
    moving = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 2s"' in moving
    assert 'aria-valuenow="1"' in moving
    MatchRun.objects.filter(pk=run.pk).update(state="finished", demands_done=4)
    ended = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" not in ended
    assert number_text(4) in ended


def test_a_demand_is_matched_again_by_its_lab_only(signed_in, world):
    address = reverse("rematch-demand", args=[world.demands["open"].public_id])
    assert signed_in("supplier_owner").post(address).status_code == 403
    assert signed_in("lab_viewer").post(address).status_code == 403
    assert signed_in("lab_owner").post(address).status_code == 302


def test_the_alliance_switch_takes_only_ones_own(signed_in, world):
    client = signed_in("platform_admin")
    assert (
        client.post(reverse("switch-alliance"), {"alliance": "south", "next": "//evil.example/"})["Location"]
        == "/"
    )
    rows = page(client, "demands").context["rows"]
    assert {row.alliance.slug for row in rows} == {"south"}
    assert signed_in("lab_owner").post(reverse("switch-alliance"), {"alliance": "south"}).status_code == 404


def test_a_fictitious_firm_carries_its_mark_on_every_page(signed_in, world):
    client = signed_in("alliance_admin")
    firm, part = world.organisations["supplier"], world.capabilities["supplier"]
    for address in (
        reverse("firms"),
        reverse("firm", args=[firm.public_id]),
        reverse("capabilities"),
        reverse("capability", args=[part.public_id]),
        reverse("sites"),
        reverse("demands"),
        reverse("demand", args=[world.demands["open"].public_id]),
        reverse("matches"),
        reverse("pipeline", args=[world.demands["open"].public_id, world.sites["open"].public_id]),
    ):
        assert '<span class="mk">Example</span>' in client.get(address).content.decode(), address
