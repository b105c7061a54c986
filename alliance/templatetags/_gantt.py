"""The way to market as a Gantt bar: plan above, one-city baseline beneath, the site's window behind.

Row labels are HTML and the bars an SVG measured in percent, so that text keeps its size on a phone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import takewhile

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from alliance.templatetags import _numbers as text
from alliance.templatetags._svg import element, markup, percent, text_width

ROW = 56
HEAD = 38  # two label lines above the plot: the end of the plan, the date asked for
MOST_MONTHS = 96  # with a grid line each
_PLOT = 560  # px: the width labels are fitted for; on a phone the short form is shown instead
_PHONE = 230


@dataclass(frozen=True)
class Stage:
    """Days from the chart's start. ``baseline`` is the same stage with everything in one city."""

    label: str
    start: float
    length: float
    baseline_start: float | None = None
    baseline_length: float | None = None
    note: str = ""
    waiting: bool = False
    window: tuple[date, date] | None = None


@dataclass(frozen=True)
class Chart:
    start: date
    stages: Sequence[Stage]
    need_by: date | None = None
    end_label: str = ""
    complete: bool = True
    months: int = field(default=8)


def gantt(chart: Chart) -> SafeString:
    scale = _Scale(chart)
    body = [*_months(chart, scale)]
    for index, stage in enumerate(chart.stages):
        body += _row(stage, HEAD + index * ROW, scale)
    body += _marks(chart, scale)
    words = text.list_text(f"{stage.label} {text.days_text(stage.length)}" for stage in chart.stages)
    height = HEAD + len(chart.stages) * ROW + 22
    labels = "".join(element("div", escape(stage.label)) for stage in chart.stages)
    rows = element("div", labels, css="rows", aria_hidden="true")
    plot = element("svg", "".join(body), height=height, aria_hidden="true")
    return markup([element("div", rows + plot, css="gantt", role="img", aria_label=escape(words))])


class _Scale:
    """Days to percent of the plot."""

    def __init__(self, chart: Chart) -> None:
        ends = [stage.start + stage.length for stage in chart.stages]
        ends += [
            stage.baseline_start + stage.baseline_length
            for stage in chart.stages
            if stage.baseline_start is not None and stage.baseline_length is not None
        ]
        ends += [
            (stage.window[1] - chart.start).days + 1
            for stage in chart.stages
            if stage.window and stage.length
        ]
        if chart.need_by is not None:
            ends.append((chart.need_by - chart.start).days)
        self.start = chart.start
        self.days = max([30.0, *ends]) * 1.04

    def at(self, days: float) -> float:
        return max(0.0, min(100.0, days / self.days * 100))

    def on(self, day: date) -> float:
        return self.at((day - self.start).days)


def _months(chart: Chart, scale: _Scale) -> list[str]:
    """A grid line at each month (of many years: where a label stands), a label at as many as have room."""
    starts = list(takewhile(lambda first: (first - chart.start).days < scale.days, _firsts(chart.start)))
    step = max(1, -(-len(starts) // chart.months))
    bottom = HEAD + len(chart.stages) * ROW
    parts = []
    for index, day in enumerate(starts):
        if index % step and len(starts) > MOST_MONTHS:
            continue
        x = scale.on(day)
        parts.append(element("line", css="grid", x1=percent(x), x2=percent(x), y1=HEAD - 6, y2=bottom))
        if index % step == 0 and x < 96:
            wide = " only-l" if (index // step) % 3 else ""
            year = index == 0 or day.month <= step
            label = escape(text.month_text(day, with_year=year))
            parts.append(element("text", label, css=f"tick{wide}", x=percent(x), y=bottom + 16))
    return parts


def _firsts(start: date) -> Iterator[date]:
    """The first days of the months after this day, as far as the calendar goes."""
    for month in range(start.year * 12 + start.month, date.max.year * 12 + 12):
        yield date(month // 12, month % 12 + 1, 1)


def _row(stage: Stage, top: int, scale: _Scale) -> list[str]:
    parts = []
    if stage.window is not None:
        left, right = scale.on(stage.window[0]), scale.on(stage.window[1] + timedelta(days=1))
        parts.append(_bar("win", left, right, top + 8, 40))
    x, end = scale.at(stage.start), scale.at(stage.start + stage.length)
    parts.append(_bar("bar wait" if stage.waiting else "bar", x, end, top + 14, 18))
    if stage.baseline_start is not None and stage.baseline_length is not None:
        baseline_end = stage.baseline_start + stage.baseline_length
        parts.append(_bar("base", scale.at(stage.baseline_start), scale.at(baseline_end), top + 36, 6))
    span = text.days_text(stage.length)
    full = f"{span} · {stage.note}" if stage.note else span
    if not _fits(full, x, end):
        full = span
    parts.append(_bar_text(full, x, end, top + 27, _PLOT, "only-l", stage))
    parts.append(_bar_text(span, x, end, top + 27, _PHONE, "only-s", stage))
    return parts


def _bar(css: str, x: float, end: float, y: int, height: int) -> str:
    return element(
        "rect", css=css, x=percent(x), y=y, width=percent(max(0.25, end - x)), height=height, rx=1.5
    )


def _fits(words: str, x: float, end: float) -> bool:
    """Whether the words have room inside the bar or on one of its sides."""
    need = (text_width(words, 12) + 14) / _PLOT * 100
    return max(end - x, 100 - end, x) >= need


def _bar_text(words: str, x: float, end: float, y: int, plot: int, css: str, stage: Stage) -> str:
    """Inside the bar where it fits, else on the side that has room."""
    need = (text_width(words, 12) + 14) / plot * 100
    said = escape(words)
    if end - x >= need:
        return element("text", said, css=css if stage.waiting else f"{css} in", x=percent(x), dx=7, y=y)
    if end + need <= 100 or x < need:
        return element("text", said, css=css, x=percent(end), dx=6, y=y)
    return element("text", said, css=css, x=percent(x), dx=-6, y=y, text_anchor="end")


def _marks(chart: Chart, scale: _Scale) -> list[str]:
    """Vertical lines: when it could be on the market, and the date asked for. Their labels never share a line."""
    parts = []
    if chart.need_by is not None:
        words = _("need by %(date)s") % {"date": text.date_text(chart.need_by)}
        parts += _mark("due", scale.on(chart.need_by), chart, words, HEAD - 12)
    if chart.complete and chart.stages and chart.end_label:
        last = chart.stages[-1]
        parts += _mark("end", scale.at(last.start + last.length), chart, chart.end_label, HEAD - 27)
    return parts


def _mark(css: str, x: float, chart: Chart, words: str, y: int) -> list[str]:
    anchor = "start" if x < 15 else "end" if x > 85 else "middle"
    bottom = HEAD + len(chart.stages) * ROW
    return [
        element("line", css=css, x1=percent(x), x2=percent(x), y1=HEAD - 8, y2=bottom),
        element("text", escape(words), css=f"{css}t", x=percent(x), y=y, text_anchor=anchor),
    ]
