"""Numbers, units, dates and small pieces of a page, in both languages."""

import hashlib
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from django.utils.html import strip_tags

from alliance.templatetags import _numbers as text
from alliance.templatetags import ui

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "alliance" / "static"


@pytest.fixture
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def chinese():
    with translation.override("zh-hans"):
        yield


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (2880, "2,880"),
        (0.02, "0.02"),
        (-20, "−20"),
        (0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (1234567.891, "1,234,568"),
        (0.000123456789, "0.000123457"),
        (99999.95, "99,999.9"),
        (None, "—"),
        (float("nan"), "—"),
        (float("inf"), "—"),
    ],
)
def test_a_number_keeps_what_it_says_and_no_more(value, shown):
    assert text.number_text(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(3.0, "+3.0"), (-0.4, "−0.4"), (0.0, "0.0"), (-0.04, "0.0"), (0.04, "0.0")]
)
def test_a_difference_carries_its_sign_unless_it_rounds_to_nothing(value, shown):
    assert text.number_text(value, 1, sign=True) == shown


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("N*m", "N·m"),
        ("m**2", "m²"),
        ("kg*m**2", "kg·m²"),
        ("degC", "°C"),
        ("1", ""),
        ("", ""),
        ("um", "µm"),
        ("W*h", "Wh"),
    ],
)
def test_units_are_written_as_people_write_them(unit, shown):
    assert text.unit_text(unit) == shown


def test_percent_and_degrees_stand_without_a_space(english):
    assert text.quantity_text(95, "percent") == "95%"
    assert text.quantity_text(-20, "degC") == "−20 °C"
    assert text.quantity_text(None, "degC") == "—"


@pytest.mark.parametrize(
    ("value", "chinese_text", "english_text"),
    [
        (9999, "9,999", "9,999"),
        (12_345, "1.2万", "12,345"),
        (3_456_789, "346万", "3,456,789"),
        (250_000_000, "2.5亿", "250,000,000"),
    ],
)
def test_headline_figures_count_in_ten_thousands_in_chinese(value, chinese_text, english_text):
    with translation.override("zh-hans"):
        assert text.compact_text(value) == chinese_text
    with translation.override("en"):
        assert text.compact_text(value) == english_text


def test_ranges_name_their_open_end(english):
    assert text.range_text(-20, 60, "degC") == "−20 to 60 °C"
    assert text.range_text(5, 5, "kg") == "5 kg"
    assert text.range_text(None, 60, "degC") == "≤ 60 °C"
    assert text.range_text(-20, None, "degC") == "≥ −20 °C"
    assert text.range_text(None, None) == "—"


@pytest.mark.parametrize(
    ("minutes", "shown"), [(30, "30 min"), (59.6, "1 h"), (95, "1 h 35 min"), (120, "2 h"), (None, "—")]
)
def test_travel_is_told_in_hours_and_minutes(english, minutes, shown):
    assert text.minutes_text(minutes) == shown


def test_days_agree_with_their_number(english):
    assert text.days_text(1) == "1 day"
    assert text.days_text(50.6458) == "50.6 days"
    assert text.days_text(180.0) == "180 days"
    assert text.days_text(None) == "—"


def test_dates_read_the_same_in_both_languages():
    for language in ("zh-hans", "en"):
        with translation.override(language):
            assert text.date_text(date(2026, 12, 1)) == "2026-12-01"
    assert text.moment_text(datetime(2026, 11, 20, 16, 30, tzinfo=UTC)) == "2026-11-21 00:30"


def test_months_name_the_year_once_in_a_while():
    with translation.override("zh-hans"):
        assert text.month_text(date(2027, 1, 1), with_year=True) == "2027年1月"
        assert text.month_text(date(2027, 2, 1), with_year=False) == "2月"
    with translation.override("en"):
        assert text.month_text(date(2027, 1, 1), with_year=True) == "Jan 2027"


def test_a_number_carries_its_unit_small_and_behind():
    assert ui.num(27, "N*m") == '<span class="n">27<span class="u">N·m</span></span>'
    assert ui.num(None, "N*m") == '<span class="n">—</span>'


def test_what_people_wrote_is_escaped():
    assert "<b>" not in ui.state("ok", "<b>x</b>")
    assert "<b>" not in ui.num(1, "<b>")
    assert "<b>" not in ui.gap("<b>", 0.1)
    assert "<b>" not in ui.icon("lock", "<b>")


@pytest.mark.parametrize(
    ("feasible", "near", "tone", "words"),
    [
        (6, 9, "ok", "6 can supply"),
        (1, 2, "warn", "single source"),
        (0, 3, "warn", "none, 3 firms one requirement short"),
        (0, 0, "bad", "no supplier"),
    ],
)
def test_the_state_of_a_line_has_a_word_and_an_icon(english, feasible, near, tone, words):
    shown = ui.supply(feasible, near)
    assert f'class="st {tone}"' in shown
    assert shown.endswith(f"{words}</span>")
    assert "<svg" in shown


def test_the_mark_of_a_fictitious_row(english):
    assert "Example" in ui.sample(True)
    assert ui.sample(False) == ""


def test_a_gap_tells_the_unit_first_and_the_share_after():
    assert (
        ui.gap("0.3 arcmin short", 0.3)
        == '<span class="gap">0.3 arcmin short</span> <span class="t2">30%</span>'
    )
    assert "5.0%" in ui.gap("38 CNY", 0.05)


def test_a_theme_cookie_says_dark_or_nothing():
    request = RequestFactory().get("/")
    for value, expected in [("dark", "dark"), ("light", "light"), ('"><script>', "light")]:
        request.COOKIES["theme"] = value
        assert ui.theme(Context({"request": request})) == expected


def test_a_query_keeps_the_other_parameters():
    request = RequestFactory().get("/", {"q": "谐波", "cursor": "a"})
    template = Template("{% load ui %}{% query cursor=next %}")
    assert template.render(Context({"request": request, "next": "b"})) == "?q=%E8%B0%90%E6%B3%A2&amp;cursor=b"
    assert template.render(Context({"request": request, "next": None})) == "?q=%E8%B0%90%E6%B3%A2"


def sprite() -> set[str]:
    return set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "vendor/icons/icons.svg").read_text()))


def test_every_icon_that_a_page_names_is_in_the_sprite():
    known = sprite()
    used: set[str] = set(ui.TONES.values())
    for path in [
        *(ROOT / "templates").rglob("*.html"),
        *ROOT.glob("*/templatetags/*.py"),
        *ROOT.glob("*/views/**/*.py"),
    ]:
        source = path.read_text()
        used |= set(re.findall(r'{% icon "([^"]+)"', source))
        used |= set(re.findall(r'\{% state "\w+" (?:_\("[^"]*"\)|"[^"]*"|[\w.|:]+) "([^"]+)"', source))
        used |= set(re.findall(r'symbol="([^"]+)"', source))
    assert len(used) > 20
    assert used - known == set()


def test_vendored_files_are_what_the_list_says():
    for folder in (STATIC / "vendor", ROOT / "tests/browser/vendor"):
        rows = re.findall(r"^\| `([^`]+)` .*\| ([0-9a-f]{64}) \|$", (folder / "README.md").read_text(), re.M)
        assert rows
        for name, digest in rows:
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
            assert b"sourceMappingURL" not in (folder / name).read_bytes()


def test_templates_hold_no_inline_style_or_script():
    for path in (ROOT / "templates").rglob("*.html"):
        source = path.read_text()
        assert not re.search(r'\sstyle\s*=|<style|\son\w+\s*=\s*"|javascript:', source), path
        assert not re.search(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)", source), path


def test_a_count_says_what_it_counts_in_both_languages():
    with translation.override("en"):
        assert strip_tags(ui.count(1, "offers", True)) == "+1offer"
        assert strip_tags(ui.count(2880, "pieces")) == "2,880pcs"
    with translation.override("zh-hans"):
        assert strip_tags(ui.count(4, "offers", True)) == "+4款"
        assert strip_tags(ui.count(360, "monthly")) == "360件/月"
        assert strip_tags(ui.count(None, "monthly")) == "—"


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        ("制造（有明文） / manufacturing (stated)", "制造（有明文）", "manufacturing (stated)"),
        ("fair 2026 / list", "fair 2026 / list", "fair 2026 / list"),
        ("展会 / 名单", "展会 / 名单", "展会 / 名单"),
        ("", "", ""),
    ],
)
def test_a_remark_in_both_languages_is_shown_in_the_readers(words, zh, en):
    with translation.override("zh-hans"):
        assert ui.one_language(words) == zh
    with translation.override("en"):
        assert ui.one_language(words) == en
