"""The key figures of Today month by month, from what was recorded: daily figures, steps, answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.models import Alliance
from alliance.templatetags._numbers import number_text
from matching.models import Figure
from matching.selectors.introduced import Course

MONTHS = 12


@dataclass(frozen=True)
class Trend:
    """`values`: one for each of the months, None where nothing was recorded; `text` says one of them in words."""

    name: str
    values: list[float | None]
    text: Callable[[float | None], str]
    change: str = ""
    tone: str = "mute"

    @property
    def known(self) -> bool:
        """Whether there is a line to draw."""
        return sum(value is not None for value in self.values) > 1

    @property
    def texts(self) -> list[str]:
        return [self.text(value) for value in self.values]


@dataclass(frozen=True)
class Trends:
    months: list[date]
    covered: Trend
    running: Trend
    answer: Trend
    days: Trend

    @property
    def all(self) -> list[Trend]:
        return [self.covered, self.running, self.answer, self.days]

    @property
    def rows(self) -> list[tuple[date, list[tuple[str, str]]]]:
        """The table beneath: a row for each month, of (name, value in words)."""
        texts = [(trend.name, trend.texts) for trend in self.all]
        return [
            (month, [(name, told[place]) for name, told in texts]) for place, month in enumerate(self.months)
        ]


def trends(user: Any, alliance: Alliance, course: Sequence[Course]) -> Trends:
    """Four lines of twelve months; `course`: of the alliance's introductions. One query."""
    today = timezone.localdate()
    months = [_month(today, back) for back in range(MONTHS - 1, -1, -1)]
    figures = _last_of_months(user, alliance, months)
    shares = [100 * row.covered / row.lines if row and row.lines else None for row in figures]
    days = [row.days if row else None for row in figures]
    return Trends(
        months,
        _trend(_("Lines that can be supplied"), shares, "points"),
        _trend(_("Introductions under way"), _running(course, months, today), "count"),
        _trend(_("From proposal to first answer"), _answers(course, months), "days"),
        _trend(_("Best pipeline to market (median)"), days, "days"),
    )


def _month(day: date, back: int) -> date:
    number = day.year * 12 + day.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)


def _last_of_months(user: Any, alliance: Alliance, months: Sequence[date]) -> list[Any]:
    rows = Figure.objects.visible_to(user).filter(alliance=alliance, day__gte=months[0])
    found = {(row.day.year, row.day.month): row for row in rows.order_by("day")}
    return [found.get((month.year, month.month)) for month in months]


def _running(course: Iterable[Course], months: Sequence[date], today: date) -> list[float | None]:
    """How many were under way on the last day of each month, today in this one; nothing before the first began."""
    rows = [(row.began, row.ended) for row in course]
    first = min((began for began, _ended in rows), default=None)
    found: list[float | None] = []
    for month in months:
        last = min(_month(month, -1) - timedelta(days=1), today)
        if first is None or last < first:
            found.append(None)
        else:
            found.append(sum(began <= last and (ended is None or ended > last) for began, ended in rows))
    return found


def _answers(course: Iterable[Course], months: Sequence[date]) -> list[float | None]:
    """The mean days from proposal to answer of what was answered in each month."""
    waited: dict[tuple[int, int], list[float]] = defaultdict(list)
    for row in course:
        if row.answered is not None and row.waited is not None:
            day = timezone.localdate(row.answered)
            waited[day.year, day.month].append(row.waited)
    return [fmean(found) if (found := waited[month.year, month.month]) else None for month in months]


# --- in words ------------------------------------------------------------------------------------
def _trend(name: str, values: list[float | None], kind: str) -> Trend:
    change, tone = _change(values, kind)
    return Trend(name, values, TEXTS[kind], change, tone)


TEXTS: dict[str, Callable[[float | None], str]] = {
    "points": lambda value: "—" if value is None else f"{number_text(round(value, 1))}%",
    "count": lambda value: "—" if value is None else number_text(value),
    "days": lambda value: "—" if value is None else _("%(n)s d") % {"n": number_text(round(value, 1))},
}


def _change(values: Sequence[float | None], kind: str) -> tuple[str, str]:
    """Against the month before: sign, amount and a word that says which way is better; ("", …) without one."""
    now, before = values[-1], values[-2]
    if now is None or before is None:
        return "", "mute"
    amount = round(now - before, 1)
    if not amount:
        return _("as last month"), "mute"
    sign = "▲" if amount > 0 else "▼"
    told = {"sign": sign, "n": number_text(abs(amount))}
    if kind == "days":
        better = amount < 0
        words = (
            _("%(sign)s %(n)s d since last month (faster)")
            if better
            else _("%(sign)s %(n)s d since last month (slower)")
        )
        return words % told, "ok" if better else "warn"
    if kind == "points":
        return _("%(sign)s %(n)s points since last month") % told, "ok" if amount > 0 else "warn"
    return _("%(sign)s %(n)s since last month") % told, "mute"
