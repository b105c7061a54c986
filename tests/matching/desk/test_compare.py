"""Offers side by side: what differs, who is best, and nothing for a supplier."""

import csv
import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from alliance.templatetags._sankey import Band, sankey
from matching.selectors import LineReader, attach_standing, comparison, demand_detail, scales


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


def compared(world, *names, person="lead_official"):
    user = world.person(person)
    demand = demand_detail(user).get(pk=world.demands["open"].pk)
    attach_standing(user, [demand])
    reader = LineReader(user, demand, demand.all_lines[0], scales(demand.alliance_id), certificates=True)
    return comparison(reader, [world.capabilities[name].pk for name in names])


def address(world, *names, name="open"):
    query = "&".join(f"capability={world.capabilities[key].public_id}" for key in names)
    place = reverse("compare", args=[world.demands[name].public_id, world.lines[name].public_id])
    return f"{place}?{query}"


def test_the_best_is_marked_only_where_they_differ(world):
    terms = world.capabilities["rival"].terms
    terms.unit_price = 900
    terms.save()
    found = compared(world, "supplier", "rival")
    rows = {row.label: row for row in found.figures}
    assert [cell.best for cell in rows["Unit price"].cells] == [False, True]
    assert rows["Unit price"].differs
    assert not rows["Minimum order"].differs
    assert not any(cell.best for cell in rows["Minimum order"].cells)
    assert found.differences >= 1


def test_a_near_miss_stands_beside_a_match_with_what_it_lacks(world):
    found = compared(world, "supplier", "near")
    torque = next(row for row in found.rules if "torque" in row.label)
    assert [cell.tone for cell in torque.cells] == ["ok", "bad"]
    score = next(row for row in found.figures if row.label == "Score")
    assert score.cells[1].words == "one requirement short"


def test_what_is_no_pair_of_the_line_is_not_compared(world):
    assert compared(world, "supplier", "far") is None


def test_the_page_compares_two_to_four_and_exports_them(signed_in, world):
    client = signed_in("partner_official")
    page = client.get(address(world, "supplier", "rival"))
    assert "2 offers of" in page.content.decode()
    assert client.get(address(world, "supplier")).status_code == 400
    assert client.get(address(world)).status_code == 200
    assert client.get(address(world, "supplier", "far")).status_code == 404
    assert client.get(f"{address(world, 'supplier')}&capability=junk").status_code == 404
    answer = client.get(f"{address(world, 'supplier', 'rival')}&format=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert len(rows[0]) == 4
    assert "Unit price" in {row[0] for row in rows}


def test_a_supplier_compares_nothing(signed_in, world):
    assert signed_in("supplier_owner").get(address(world, "supplier", "rival")).status_code == 404


def test_the_ticks_of_the_demand_page_lead_to_it(signed_in, world):
    page = signed_in("lab_owner").get(reverse("demand", args=[world.demands["open"].public_id]))
    words = page.content.decode()
    assert address(world)[:-1] in words
    assert words.count("data-tick ") + words.count("data-tick>") >= 2 or words.count("data-tick") >= 3


def test_the_demand_page_takes_another_order_and_one_requirement(signed_in, world):
    client, place = signed_in("lead_official"), reverse("demand", args=[world.demands["open"].public_id])
    terms = world.capabilities["rival"].terms
    terms.unit_price = 900
    terms.save()
    view = client.get(place, {"order": "price"}).context["view"]
    assert next(row.capability.pk for row in view.ranked) == world.capabilities["rival"].pk
    assert client.get(place, {"order": "junk"}).context["order"] == "score"
    assert client.get(place, {"miss": "price"}).context["view"].near == []
    assert len(client.get(place, {"miss": "spec:rated_torque"}).context["view"].near) == 1


def test_an_open_page_is_told_once_newer_results_count(signed_in, world):
    """Nothing new costs five queries and no bytes; a foreign demand is missing; suppliers are told nothing."""
    from tests import factories as make

    client, place = signed_in("lead_official"), reverse("demand", args=[world.demands["open"].public_id])
    ask = {"HX-Request": "true", "HX-Target": "run-banner"}
    first = client.get(place, headers=ask)
    mark = re.search(r'data-mark="(\w+)"', first.content.decode())[1]
    assert f'data-mark="{mark}"' in client.get(place).content.decode()
    with CaptureQueriesContext(connection) as asked:
        same = client.get(place, headers=ask | {"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert len(asked) <= 12
    run = make.make_run(world.alliances["north"], state="running", demands_total=5, demands_done=2)
    assert "2 of 5 demands" in client.get(place).content.decode()
    under_way = client.get(place, headers=ask | {"If-None-Match": first["ETag"]})
    assert "2 of 5 demands" in under_way.content.decode()
    assert f'data-mark="{mark}"' in under_way.content.decode(), "the results are still the same"
    make.point_to(run, world.demands["open"])
    newer = client.get(place, headers=ask | {"If-None-Match": under_way["ETag"]})
    assert newer.status_code == 200
    assert f'data-mark="{mark}"' not in newer.content.decode()
    assert 'data-mark=""' in signed_in("supplier_owner").get(place, headers=ask).content.decode()
    assert signed_in("outside_admin").get(place, headers=ask).status_code == 404
    assert "live.js" not in signed_in("supplier_owner").get(place).content.decode()


def test_bands_are_drawn_with_words_for_those_who_cannot_see_them():
    drawing = sankey([Band("A<b>", "B", 3), Band("A<b>", "C", 0)], "lines")
    assert "<b>" not in drawing
    assert drawing.count("<path") == 1
    assert "3" in drawing
    assert sankey([], "lines") == ""


def test_a_person_is_offered_the_menu_of_the_work_they_do(signed_in, world):
    def menu(person):
        page = signed_in(person).get("/").content.decode()
        nav = page.split('id="nav"', 1)[1].split("</nav>", 1)[0]
        return {word.strip() for word in re.findall(r'<a href="([^"]+)"', nav)}

    official, supplier, lab = menu("lead_official"), menu("supplier_owner"), menu("lab_owner")
    assert {"/gaps/", "/meetings/", "/pipelines/", "/introductions/"} <= official
    assert "/pipelines/" in lab
    assert not {"/pipelines/", "/meetings/", "/gaps/", "/runs/"} & supplier
    assert "/matches/" in supplier
    # Every entry of every menu opens: who sits at no bureau's table is not sent to its meetings.
    for person in ("platform_admin", "lead_official", "supplier_viewer", "lab_owner"):
        assert {signed_in(person).get(where).status_code for where in menu(person)} == {200}


def test_a_viewer_of_a_firm_is_offered_no_form(signed_in):
    page = signed_in("supplier_viewer").get("/").content.decode()
    assert reverse("capability-new") not in page
    assert reverse("capability-new") in signed_in("supplier_owner").get("/").content.decode()


def test_paper_has_no_bars_and_buttons_and_says_who_and_when(signed_in, world):
    """The rules of the print style sheet, and the head that only paper shows."""
    css = (Path(settings.BASE_DIR) / "alliance/static/alliance/app.css").read_text(encoding="utf-8")
    paper = "".join(block for block in re.findall(r"@media print \{(.*?\n?)\}\n", css, re.S))
    for hidden in (".top", ".acts", ".btn", ".filter", ".cmpbar", ".onscreen"):
        assert hidden in paper
    assert "size: A4" in css
    # A4 is narrower than 768 px: tables must stay tables there.
    stacked = css[: css.index("table.stack > thead")].rindex("@media")
    assert css[stacked:].startswith("@media screen")
    page = signed_in("lead_official").get(reverse("demand", args=[world.demands["open"].public_id]))
    assert 'class="print-head"' in page.content.decode()
