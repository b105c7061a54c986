"""Flows from cities on the left to cities on the right, as bands whose height is the number that flows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString

from alliance.templatetags import _numbers as text
from alliance.templatetags._svg import element, markup

WIDTH, SIDE, BAR, GAP, TOP = 640.0, 118.0, 12.0, 14.0, 8.0
LEAST = 2.0  # px: a thin band is still seen
TALL = 300.0


@dataclass(frozen=True)
class Band:
    """`value` things go from `origin` to `destination`."""

    origin: str
    destination: str
    value: float


@dataclass
class _Side:
    """The boxes of one side: name → (top, height), and how far each is used up."""

    tops: dict[str, float]
    sizes: dict[str, float]
    used: dict[str, float]


def sankey(bands: Sequence[Band], unit: str, label: str = "") -> SafeString:
    """`unit` is the word behind a figure; the words of all bands are the picture's text for those who cannot see it."""
    shown = [band for band in bands if band.value > 0]
    if not shown:
        return markup([])
    whole = sum(band.value for band in shown)
    sides = [{band.origin for band in shown}, {band.destination for band in shown}]
    boxes = max(len(side) for side in sides)
    scale = max(TALL - GAP * (boxes - 1), 26.0 * boxes) / whole
    left = _side([(band.origin, band.value) for band in shown], scale)
    right = _side([(band.destination, band.value) for band in shown], scale)
    height = max(_foot(left), _foot(right)) + TOP
    body = [_band(band, scale, left, right, unit) for band in _in_order(shown, left, right)]
    body += _labels(left, SIDE, "end", SIDE - 6, shown, 0, unit)
    body += _labels(right, WIDTH - SIDE - BAR, "start", WIDTH - SIDE + 6, shown, 1, unit)
    words = label or text.list_text(
        f"{band.origin} → {band.destination} {text.number_text(band.value)}" for band in shown
    )
    box = f"0 0 {WIDTH:.0f} {height:.0f}"
    return markup(
        [element("svg", "".join(body), css="sankey", viewBox=box, role="img", aria_label=escape(words))]
    )


def _side(rows: Sequence[tuple[str, float]], scale: float) -> _Side:
    """Boxes from the largest down."""
    sums: dict[str, float] = defaultdict(float)
    for name, value in rows:
        sums[name] += value
    tops, sizes, at = {}, {}, TOP
    for name in sorted(sums, key=lambda name: (-sums[name], name)):
        tops[name], sizes[name] = at, max(LEAST, sums[name] * scale)
        at += max(sizes[name], 26.0) + GAP
    return _Side(tops, sizes, dict.fromkeys(tops, 0.0))


def _foot(side: _Side) -> float:
    return max(side.tops[name] + max(size, 26.0) for name, size in side.sizes.items())


def _in_order(bands: Sequence[Band], left: _Side, right: _Side) -> list[Band]:
    """From the top on both sides, so that bands cross as little as they must."""
    return sorted(bands, key=lambda band: (left.tops[band.origin], right.tops[band.destination]))


def _band(band: Band, scale: float, left: _Side, right: _Side, unit: str) -> str:
    thick = max(LEAST, band.value * scale)
    a = left.tops[band.origin] + left.used[band.origin]
    b = right.tops[band.destination] + right.used[band.destination]
    left.used[band.origin] += thick
    right.used[band.destination] += thick
    x1, x2 = SIDE + BAR, WIDTH - SIDE - BAR
    middle = (x1 + x2) / 2
    path = (
        f"M{x1:.1f} {a:.1f} C{middle:.1f} {a:.1f} {middle:.1f} {b:.1f} {x2:.1f} {b:.1f} "
        f"V{b + thick:.1f} C{middle:.1f} {b + thick:.1f} {middle:.1f} {a + thick:.1f} {x1:.1f} {a + thick:.1f} Z"
    )
    words = f"{band.origin} → {band.destination}: {text.joined(text.number_text(band.value), unit)}"
    css = "band own" if band.origin == band.destination else "band"
    return element("path", element("title", escape(words)), css=css, d=path)


def _labels(
    side: _Side, x: float, anchor: str, at: float, bands: Sequence[Band], end: int, unit: str
) -> list[str]:
    sums: dict[str, float] = defaultdict(float)
    for band in bands:
        sums[(band.origin, band.destination)[end]] += band.value
    parts = []
    for name, top in side.tops.items():
        size = side.sizes[name]
        middle = top + max(size, 26.0) / 2 if size < 26.0 else top + size / 2
        parts.append(element("rect", css="node", x=x, y=top, width=BAR, height=size, rx=1.5))
        parts.append(element("text", escape(name), css="name", x=at, y=middle - 1, text_anchor=anchor))
        count = escape(text.joined(text.number_text(sums[name]), unit))
        parts.append(element("text", count, x=at, y=middle + 13, text_anchor=anchor))
    return parts
