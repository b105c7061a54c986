"""Charts as server-rendered SVG: attributes and classes only, so that they print and pass a strict CSP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django import template
from django.utils.safestring import SafeString

from alliance.templatetags import _bars, _gantt, _map, _sankey, _spark
from alliance.templatetags._bars import Slot
from alliance.templatetags._gantt import Chart, Stage
from alliance.templatetags._map import Flow, Kind, Place
from alliance.templatetags._sankey import Band

__all__ = ["Band", "Chart", "Flow", "Kind", "Place", "Slot", "Stage", "register"]

register = template.Library()


@register.simple_tag
def score_bar(terms: Sequence[Slot]) -> SafeString:
    """Slots as wide as their weight, filled as far as points were won."""
    return _bars.score_bar(terms)


@register.simple_tag
def score_head(terms: Sequence[Slot]) -> SafeString:
    """Names and weights above the slots of a column of score bars."""
    return _bars.score_head(terms)


@register.inclusion_tag("components/_score_terms.html")
def score_terms(terms: Sequence[Slot]) -> dict[str, object]:
    """The score taken apart term by term: basis in words, value, weight, points."""
    return {"terms": terms, "weights": sum(t.weight for t in terms), "points": sum(t.points for t in terms)}


@register.simple_tag
def coverage(lines: Iterable[tuple[int, int]]) -> SafeString:
    """One box for each line of a demand: many, one, near misses only, nothing."""
    return _bars.coverage(list(lines))


@register.simple_tag
def share_bar(value: float, whole: float) -> SafeString:
    return _bars.share_bar(value, whole)


@register.simple_tag
def progress_bar(done: int, total: int) -> SafeString:
    return _bars.progress_bar(done, total)


@register.simple_tag
def city_map(places: Sequence[Place], flows: Sequence[Flow], label: str = "") -> SafeString:
    """Cities as points by longitude and latitude with flows between them; the table beneath is the page's."""
    return _map.city_map(places, flows, label)


@register.simple_tag
def gantt(chart: Chart) -> SafeString:
    """Stages to market beside the one-city baseline, with the window of the site."""
    return _gantt.gantt(chart)


@register.simple_tag
def sankey(bands: Sequence[Band], unit: str = "", label: str = "") -> SafeString:
    """Bands from cities on the left to cities on the right; the table beneath is the page's."""
    return _sankey.sankey(bands, unit, label)


@register.simple_tag
def spark(values: Sequence[float | None], label: str = "") -> SafeString:
    """A small line of the last months; nothing while there are fewer than two."""
    return _spark.spark(values, label)
