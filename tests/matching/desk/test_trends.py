"""The lines of Today: months from recorded facts, a change in words, nothing where nothing is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from alliance.models import Alliance
from alliance.templatetags._spark import spark
from matching.models import Figure, Introduction, IntroductionStep, LineResult
from matching.selectors.introduced import courses
from matching.selectors.trends import Trends, trends
from matching.services.figures import note_figures
from tests import factories as make
from tests.cast import World

NOW = datetime(2026, 11, 21, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def began(world: World, day: str, answered: str = "", ended: str = "") -> None:
    """An introduction of the north with this course."""
    line = make.make_line(world.demands["open"], world.types["reducer"])
    pair = (world.organisations["lead_bureau"], world.organisations["partner_bureau"])
    row = make.make_introduction(line, world.capabilities["supplier"], world.people["lead_official"], pair)
    told: dict[str, object] = {"created_at": f"{day}T01:00:00Z"}
    told |= {"supplier_accepted_at": f"{answered}T01:00:00Z"} if answered else {}
    if ended:
        told |= {"state": "declined", "turn": None, "due_on": None, "declined_reason": "x"}
        step = IntroductionStep.objects.create(
            introduction=row, move="decline", state="declined", by=row.opened_by, by_organisation=row.supplier
        )
        IntroductionStep.objects.filter(pk=step.pk).update(at=f"{ended}T01:00:00Z")
    Introduction.objects.filter(pk=row.pk).update(**told)


def told(world: World, alliance: Alliance) -> Trends:
    user = world.person("lead_official")
    return trends(user, alliance, courses(user, alliance))


@time_machine.travel(NOW, tick=False)
def test_months_from_recorded_facts(world: World) -> None:
    north = Alliance.objects.get(slug="north")
    Introduction.objects.filter(demand__alliance=north).delete()
    for day, answered, ended in (
        ("2026-08-10", "2026-08-20", ""),
        ("2026-09-01", "2026-10-01", "2026-10-15"),
        ("2026-10-31", "2026-11-03", ""),
        ("2026-11-02", "2026-11-07", ""),
    ):
        began(world, day, answered, ended)
    for day, covered, days in (
        (date(2026, 10, 1), 5, 300),
        (date(2026, 10, 30), 6, 280),
        (date(2026, 11, 20), 8, 271),
    ):
        Figure.objects.create(alliance=north, day=day, lines=10, covered=covered, days=days)
    with translation.override("en"):
        found = told(world, north)
        assert [month.isoformat()[:7] for month in found.months][-3:] == ["2026-09", "2026-10", "2026-11"]
        assert found.running.values == [None] * 8 + [1, 2, 2, 3]
        assert found.answer.values == [None] * 8 + [10, None, 30, 4]
        assert found.covered.values[-2:] == [60, 80]
        assert found.days.values[-2:] == [280, 271]
        assert (found.covered.change, found.covered.tone) == ("▲ 20 points since last month", "ok")
        assert (found.days.change, found.days.tone) == ("▼ 9 d since last month (faster)", "ok")
        assert found.answer.change == "▼ 26 d since last month (faster)"
        assert found.running.change == "▲ 1 since last month"
        assert found.rows[-1][1][0] == ("Lines that can be supplied", "80%")


def test_one_month_is_no_line_and_no_change(world: World) -> None:
    north = Alliance.objects.get(slug="north")
    Introduction.objects.all().delete()
    found = told(world, north)
    assert [trend.known for trend in found.all] == [False] * 4
    assert [trend.change for trend in found.all] == [""] * 4
    assert spark([None, 3]) == ""
    assert "<polyline" in spark([1, None, 3], "▲")


def test_figures_are_noted_once_a_day(world: World) -> None:
    Alliance.objects.filter(slug="north").update(as_of=make.AS_OF)
    with time_machine.travel(NOW, tick=False):
        assert note_figures() == len(world.alliances)
        assert note_figures() == 0
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert note_figures() == len(world.alliances)
    row = Figure.objects.filter(alliance__slug="north").first()
    assert row
    open_now = LineResult.objects.current().filter(
        feasible__gt=0, line_id__in=[line.pk for name, line in world.lines.items() if name != "foreign"]
    )
    assert row.lines >= row.covered == open_now.count() > 0


def test_only_the_alliances_bureaus_read_them(world: World) -> None:
    north = world.alliances["north"]
    Figure.objects.create(alliance=north, day=date(2026, 11, 1), lines=3, covered=1)
    for name, sees in {
        "lead_official": True, "partner_official": True, "platform_admin": True,
        "outside_official": False, "lab_owner": False, "supplier_owner": False,
    }.items():  # fmt: skip
        assert Figure.objects.visible_to(world.person(name)).exists() is sees, name


@pytest.mark.parametrize("number", [1, 4])
def test_today_asks_the_same_for_one_and_for_many(
    world: World, signed_in: Callable[[str], Client], number: int
) -> None:
    north = world.alliances["north"]

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            told(world, north)
        return len(asked)

    queries()
    before = queries()
    for place in range(number):
        began(world, f"2026-0{place + 1}-10")
        Figure.objects.create(alliance=north, day=date(2026, place + 1, 1), lines=1, covered=1)
    assert queries() == before
    assert signed_in("lead_official").get("/").status_code == 200
