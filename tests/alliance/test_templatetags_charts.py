"""Charts: what is drawn says the same as the numbers, fits its box and needs no inline style."""

import re
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.utils import translation

from alliance.templatetags import _bars, _gantt, _map
from alliance.templatetags.charts import Chart, Flow, Place, Slot, Stage

WEIGHTS = [30, 15, 15, 10, 15, 5, 10]
NAMES = ["契合", "价格", "交期", "产能", "距离", "角色", "信用"]


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def slots(*values: float) -> list[Slot]:
    return [Slot(name, value, weight) for name, value, weight in zip(NAMES, values, WEIGHTS, strict=True)]


def drawn(svg: str) -> ElementTree.Element:
    assert "style=" not in svg
    return ElementTree.fromstring(svg)  # noqa: S314 — our own text


def widths(svg: str, css: str) -> list[float]:
    return [float(rect.get("width", "")) for rect in drawn(svg).iter("rect") if rect.get("class") == css]


def test_a_slot_is_as_wide_as_its_weight_and_filled_as_far_as_points_were_won():
    svg = _bars.score_bar(slots(1, 0.5, 0, 0.25, 1, 0, 1))
    assert widths(svg, "k") == pytest.approx([weight - 0.5 for weight in WEIGHTS])
    assert widths(svg, "f") == pytest.approx([29.5, 7.25, 2.375, 14.5, 9.5], abs=0.01)


def test_own_weights_of_an_alliance_still_fill_the_bar():
    svg = _bars.score_bar([Slot("a", 1, 1), Slot("b", 1, 3)])
    assert widths(svg, "k") == pytest.approx([24.5, 74.5])


def test_the_bar_says_in_words_what_it_draws():
    label = drawn(_bars.score_bar(slots(0.954, 1, 0.857, 0.889, 0.741, 1, 0.943))).get("aria-label")
    assert label is not None
    assert label.startswith("契合 28.6/30, 价格 15.0/15")


def test_no_weights_no_bar():
    assert _bars.score_bar([]) == ""
    assert _bars.score_head([Slot("a", 1, 0)]) == ""


def test_labels_above_narrow_slots_do_not_overlap():
    centres = [15, 37.5, 52.5, 65, 77.5, 87.5, 95]
    sizes = [10.8] * 7
    placed = _bars.spread(centres, sizes)
    for left, right in pairwise(zip(placed, sizes, strict=True)):
        assert left[0] + left[1] / 2 <= right[0] - right[1] / 2 + 1e-9
    assert placed[0] == 15
    assert placed[-1] + 5.4 <= 102


def test_coverage_has_one_box_for_each_line_and_counts_them_in_words():
    svg = _bars.coverage([(6, 9), (1, 0), (0, 2), (0, 0), (2, 0)])
    assert [rect.get("class") for rect in drawn(svg).iter("rect")] == ["many", "one", "near", "none", "many"]
    assert (
        "5 lines: 2 can be supplied by several, 1 single source, 1 one requirement short, 1 without supplier"
        in svg
    )
    assert _bars.coverage([]) == ""


@pytest.mark.parametrize(("done", "total", "width"), [(0, 0, "0"), (3, 4, "75"), (9, 4, "100")])
def test_progress_stays_in_its_bar(done, total, width):
    bar = drawn(_bars.progress_bar(done, total))
    assert [rect.get("width") for rect in bar.iter("rect")] == ["100", width]
    assert bar.get("aria-valuenow") == str(done)


def test_words_in_a_chart_are_escaped():
    hostile = '<script>"&'
    place = Place("a", hostile, 104, 30, hostile)
    for svg in (
        _bars.score_bar([Slot(hostile, 1, 1)]),
        _bars.score_head([Slot(hostile, 1, 1)]),
        _map.city_map([place, Place("b", "b", 105, 31)], [Flow("a", "b", hostile)], hostile),
        _gantt.gantt(Chart(date(2026, 11, 20), [Stage(hostile, 0, 3, note=hostile)], end_label=hostile)),
    ):
        assert "<script>" not in svg
        drawn(svg)


CITIES = [
    Place("cd", "成都", 104.067, 30.667, "lead · research", "lead", 11),
    Place("dy", "德阳", 104.382, 31.13, "parts", size=9),
    Place("ms", "眉山", 103.837, 30.044, "volume"),
    Place("zy", "资阳", 104.648, 30.121, "volume"),
]


def test_one_scale_for_both_axes():
    _, at = _map.project(CITIES)
    east = (at["zy"][0] - at["ms"][0]) / ((104.648 - 103.837) * 0.861)
    north = (at["ms"][1] - at["dy"][1]) / (31.13 - 30.044)
    assert east == pytest.approx(north, rel=0.01)


def test_north_is_up_and_everything_is_inside():
    height, at = _map.project(CITIES)
    assert at["dy"][1] < at["cd"][1] < at["ms"][1]
    assert all(0 < x < _map.WIDTH and 0 < y < height for x, y in at.values())


def test_one_city_alone_stands_in_the_middle():
    height, at = _map.project(CITIES[:1])
    assert at["cd"] == (_map.WIDTH / 2, height / 2)
    drawn(_map.city_map(CITIES[:1], []))
    assert _map.city_map([], []) == ""


def test_flows_inside_a_city_or_off_the_map_are_not_drawn():
    flows = [Flow("cd", "cd"), Flow("cd", "nowhere"), Flow("cd", "dy", "64")]
    root = drawn(_map.city_map(CITIES, flows, "flows"))
    assert len(list(root.iter("path"))) == 1
    assert root.get("aria-label") == "flows"


def test_cities_at_one_place_do_not_break_the_map():
    twins = [Place("a", "a", 104, 30), Place("b", "b", 104, 30), Place("c", "c", 105, 31)]
    drawn(_map.city_map(twins, [Flow("a", "b", "1"), Flow("b", "c", "2")]))


def test_names_do_not_cover_each_other_in_a_dense_alliance():
    """Beijing, E-Town and Tongzhou lie within 25 km; every name has its own box."""
    dense = [
        Place("BDA", "北京亦庄", 116.506, 39.795, "lead", "lead", 10),
        Place("110000", "北京", 116.397, 39.907, "research"),
        Place("110112", "通州", 116.657, 39.909, "sites"),
        Place("120000", "天津", 117.177, 39.142, "parts"),
        Place("120114", "武清", 117.044, 39.384, "parts"),
        Place("131000", "廊坊", 116.684, 39.538, "volume"),
        Place("131024", "香河", 117.006, 39.761, "volume"),
    ]
    root = drawn(_map.city_map(dense, []))
    boxes = []
    for node in root.iter("text"):
        width = _bars.text_width(node.text or "", 12)
        shift = {"start": 0.0, "end": width, "middle": width / 2}[node.get("text-anchor", "start")]
        left, base = float(node.get("x", "")) - shift, float(node.get("y", ""))
        boxes.append(_map.Box(left, base - 10, left + width, base))
    assert len(boxes) == 14
    clashes = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlap(b) > 8]
    assert clashes == []


PLAN = Chart(
    date(2026, 11, 20),
    [
        Stage("Prototype", 0, 50.65, 0, 50.25),
        Stage("Wait", 50.65, 10.35, 50.25, 10.75, waiting=True),
        Stage("Trial", 61, 30, 61, 30, window=(date(2027, 1, 20), date(2027, 3, 31))),
        Stage("Volume", 91, 180, 91, 180, note="critical line: joint module"),
        Stage("Delivery", 271, 0.36, 271, 0.06),
    ],
    need_by=date(2027, 12, 31),
    end_label="market 2027-08-19",
)


def percents(svg: str, css: str, attribute: str) -> list[float]:
    root = drawn(svg)
    return [
        float(e.get(attribute, "").rstrip("%"))
        for e in root.iter("rect")
        if e.get("class", "").split()[0] == css
    ]


def test_stages_follow_each_other_in_proportion():
    svg = _gantt.gantt(PLAN)
    starts, lengths = percents(svg, "bar", "x"), percents(svg, "bar", "width")
    assert len(starts) == 5
    for index in range(3):
        assert starts[index] + lengths[index] == pytest.approx(starts[index + 1], abs=0.02)
    assert lengths[3] / lengths[2] == pytest.approx(6, rel=0.01)
    assert percents(svg, "base", "width")[3] == pytest.approx(lengths[3])


def test_everything_stays_inside_the_plot():
    svg = _gantt.gantt(PLAN)
    for css in ("bar", "base", "win"):
        ends = [x + w for x, w in zip(percents(svg, css, "x"), percents(svg, css, "width"), strict=True)]
        assert all(end <= 100.01 for end in ends), css


def test_a_plan_that_has_no_window_stops_before_the_trial():
    chart = Chart(date(2026, 11, 20), [Stage("Prototype", 0, 30)], complete=False, end_label="never")
    svg = _gantt.gantt(chart)
    assert len(percents(svg, "bar", "x")) == 1
    assert "never" not in svg


def test_the_date_asked_for_is_marked_and_named():
    svg = _gantt.gantt(PLAN)
    assert "need by 2027-12-31" in svg
    assert "market 2027-08-19" in svg
    assert len(re.findall(r'<line class="due"', svg)) == 1


def test_the_chart_says_its_stages_in_words():
    assert (
        'aria-label="Prototype 50.6 days, Wait 10.3 days, Trial 30 days, Volume 180 days, Delivery 0.4 days"'
        in _gantt.gantt(PLAN)
    )
