"""Cities as points by longitude and latitude on plain ground, with flows between them.

No boundaries are drawn: a public map of administrative areas needs a review number, points do not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString

from alliance.templatetags._svg import element, markup, text_width

WIDTH = 400.0
_SIDE, _TOP, _BOTTOM = 84.0, 34.0, 40.0
_NOTES_UP_TO = 14  # places: beyond this a second line under each name is noise
_CHIP = 17.0

Kind = Literal["city", "lead", "lab", "site"]


@dataclass(frozen=True)
class Place:
    """``size`` is the mark's radius in px, ``quiet`` a city nothing flows to."""

    key: str
    name: str
    longitude: float
    latitude: float
    note: str = ""
    kind: Kind = "city"
    size: float = 7.0
    quiet: bool = False


@dataclass(frozen=True)
class Flow:
    """``width`` in px; ``main`` flows are solid with an arrow, the others thin and dashed."""

    origin: str
    destination: str
    label: str = ""
    width: float = 2.0
    main: bool = True


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide * high if wide > 0 and high > 0 else 0.0

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom


Point = tuple[float, float]


def city_map(places: Sequence[Place], flows: Sequence[Flow], label: str = "") -> SafeString:
    return _drawn(tuple(places), tuple(flows), label)


@lru_cache(maxsize=64)
def _drawn(places: Sequence[Place], flows: Sequence[Flow], label: str) -> SafeString:
    """It follows from what is drawn and from nothing else; finding room for the names takes milliseconds."""
    if not places:
        return markup([])
    height, at = project(places)
    curves = [curve for flow in flows if (curve := _curve(flow, places, at)) is not None]
    marks = [_around(at[place.key], place.size + 2) for place in places]
    chips = _chips(curves, marks)
    labels = _labels(places, at, [*marks, *(box for box, _ in chips)], curves, height)
    body = [
        *(_draw_curve(curve) for curve in curves),
        *(_draw_place(place, at[place.key]) for place in places),
        *(_draw_chip(box, words) for box, words in chips),
        *labels,
    ]
    box = f"0 0 {WIDTH:.0f} {height:.0f}"
    return markup(
        [element("svg", "".join(body), css="pmap", viewBox=box, role="img", aria_label=escape(label))]
    )


def project(places: Sequence[Place]) -> tuple[float, dict[str, Point]]:
    """One scale for both axes (longitude shortened by the cosine of the mean latitude), so nothing is stretched."""
    shrink = math.cos(math.radians(sum(place.latitude for place in places) / len(places)))
    flat = {place.key: (place.longitude * shrink, -place.latitude) for place in places}
    left, top = (min(point[axis] for point in flat.values()) for axis in (0, 1))
    wide, high = (max(point[axis] for point in flat.values()) - low for axis, low in ((0, left), (1, top)))
    room = WIDTH - 2 * _SIDE
    scale = min(room / wide if wide else math.inf, 250 / high if high else math.inf)
    if math.isinf(scale):
        return 140.0, dict.fromkeys(flat, (WIDTH / 2, 70.0))
    height = max(190.0, high * scale + _TOP + _BOTTOM)
    x0 = (WIDTH - wide * scale) / 2
    y0 = _TOP + (height - _TOP - _BOTTOM - high * scale) / 2
    return height, {key: (x0 + (x - left) * scale, y0 + (y - top) * scale) for key, (x, y) in flat.items()}


@dataclass(frozen=True)
class _Curve:
    flow: Flow
    start: Point
    bend: Point
    end: Point

    def at(self, t: float) -> Point:
        s = 1 - t
        return (
            s * s * self.start[0] + 2 * s * t * self.bend[0] + t * t * self.end[0],
            s * s * self.start[1] + 2 * s * t * self.bend[1] + t * t * self.end[1],
        )


def _curve(flow: Flow, places: Sequence[Place], at: dict[str, Point]) -> _Curve | None:
    """From edge to edge of the two marks; None for a flow that stays in its city or leaves the map."""
    if flow.origin == flow.destination or flow.origin not in at or flow.destination not in at:
        return None
    size = {place.key: place.size for place in places}
    (ax, ay), (bx, by) = at[flow.origin], at[flow.destination]
    length = math.hypot(bx - ax, by - ay)
    away, arrive = size[flow.origin] + 3, size[flow.destination] + 5
    if length <= away + arrive:
        return None
    dx, dy = (bx - ax) / length, (by - ay) / length
    start, end = (ax + dx * away, ay + dy * away), (bx - dx * arrive, by - dy * arrive)
    lift = 0.14 if flow.main else 0.06
    bend = ((start[0] + end[0]) / 2 + dy * length * lift, (start[1] + end[1]) / 2 - dx * length * lift)
    return _Curve(flow, start, bend, end)


def _draw_curve(curve: _Curve) -> str:
    css = "" if curve.flow.main else " aux"
    (ax, ay), (cx, cy), (bx, by) = curve.start, curve.bend, curve.end
    line = f"M{ax:.1f} {ay:.1f} Q{cx:.1f} {cy:.1f} {bx:.1f} {by:.1f}"
    path = element("path", css=f"flow{css}", stroke_width=curve.flow.width, d=line)
    if not curve.flow.main:
        return path
    angle = math.atan2(by - cy, bx - cx)
    head = 5 + curve.flow.width
    corners = [(bx + 3 * math.cos(angle), by + 3 * math.sin(angle))]
    corners += [
        (bx - head * math.cos(angle + turn), by - head * math.sin(angle + turn)) for turn in (0.45, -0.45)
    ]
    return path + element("polygon", css="tip", points=_points(corners))


def _points(corners: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _draw_place(place: Place, point: Point) -> str:
    x, y, r = *point, place.size
    css = "pt on" if place.kind in ("lead", "lab", "site") else "pt quiet" if place.quiet else "pt"
    title = element("title", escape(" · ".join(filter(None, (place.name, place.note)))))
    if place.kind == "site":
        return element(
            "polygon", title, css=css, points=_points([(x, y - r), (x + r, y), (x, y + r), (x - r, y)])
        )
    if place.kind in ("lead", "lab"):
        return element("rect", title, css=css, x=x - r, y=y - r, width=2 * r, height=2 * r)
    return element("circle", title, css=css, cx=x, cy=y, r=r)


def _around(point: Point, radius: float) -> Box:
    return Box(point[0] - radius, point[1] - radius, point[0] + radius, point[1] + radius)


def _chips(curves: Sequence[_Curve], marks: Iterable[Box]) -> list[tuple[Box, str]]:
    """A flow's label sits on its curve where it covers least."""
    taken = list(marks)
    chips: list[tuple[Box, str]] = []
    dots = [(curve, [curve.at(k / 12) for k in range(13)]) for curve in curves]
    for curve in curves:
        if not curve.flow.label:
            continue
        half = text_width(curve.flow.label, 12) / 2 + 5
        options = []
        for order, t in enumerate((0.5, 0.42, 0.58, 0.35, 0.65, 0.28, 0.72)):
            x, y = curve.at(t)
            box = Box(x - half, y - _CHIP / 2, x + half, y + _CHIP / 2)
            others = sum(box.holds(x, y) for other, line in dots if other is not curve for x, y in line)
            options.append((sum(box.overlap(old) for old in taken) + 30 * others + order, box))
        best = min(options, key=lambda option: option[0])[1]
        taken.append(best)
        chips.append((best, curve.flow.label))
    return chips


def _draw_chip(box: Box, words: str) -> str:
    width = box.right - box.left
    ground = element("rect", css="chip", x=box.left, y=box.top, width=width, height=_CHIP, rx=3)
    return ground + element("text", escape(words), css="chipt", x=box.left + width / 2, y=box.bottom - 4.5)


def _labels(
    places: Sequence[Place], at: dict[str, Point], taken: list[Box], curves: Sequence[_Curve], height: float
) -> list[str]:
    """Names beside their points: of twelve places around each the one that covers least, biggest city first."""
    notes = len(places) <= _NOTES_UP_TO
    dots = [curve.at(k / 16) for curve in curves for k in range(17)]
    drawn = []
    for place in sorted(places, key=lambda p: (p.kind == "city", p.quiet, -p.size)):
        note = place.note if notes else ""
        box, anchor, cost = _place_label(place, note, at[place.key], taken, dots, height)
        taken.append(box)
        x = {"start": box.left, "end": box.right, "middle": (box.left + box.right) / 2}[anchor]
        if cost >= 1000:
            px, py = at[place.key]
            near = min(max(px, box.left), box.right), min(max(py, box.top), box.bottom)
            drawn.append(element("line", css="lead", x1=px, y1=py, x2=near[0], y2=near[1]))
        drawn.append(
            element("text", escape(place.name), css="name", x=x, y=box.top + 12.5, text_anchor=anchor)
        )
        if note:
            drawn.append(element("text", escape(note), x=x, y=box.top + 27, text_anchor=anchor))
    return drawn


def _place_label(
    place: Place, note: str, point: Point, taken: Sequence[Box], dots: Sequence[Point], height: float
) -> tuple[Box, str, float]:
    wide = max(text_width(place.name, 13.5), text_width(note, 12)) + 2
    high = 31.0 if note else 16.0
    far = place.size + 5 + max(distance for _side, _level, distance in _SPOTS)
    reach = Box(point[0] - far - wide, point[1] - far - high, point[0] + far + wide, point[1] + far + high)
    dots = [dot for dot in dots if reach.holds(*dot)]
    taken = [old for old in taken if reach.overlap(old)]
    options = []
    for order, (side, level, distance) in enumerate(_SPOTS):
        gap = place.size + 5 + distance
        x, y = point[0] + side * gap, point[1] + level * (gap if not side else gap * 0.7)
        left = x if side > 0 else x - wide if side < 0 else x - wide / 2
        top = y - high / 2 if level == 0 else y if level > 0 else y - high
        if side and level:
            top = y - high * 0.35 if level > 0 else y - high * 0.65
        box = Box(left, top, left + wide, top + high)
        outside = max(0.0, -box.left, box.right - WIDTH, -box.top, box.bottom - height)
        crossed = sum(box.holds(x, y) for x, y in dots)
        covered = sum(box.overlap(old) for old in taken)
        options.append(
            (
                order + 1.2 * covered + 14 * crossed + 60 * outside + (1000 if distance else 0),
                order,
                box,
                side,
            )
        )
    cost, _, box, side = min(options)
    return box, "start" if side > 0 else "end" if side < 0 else "middle", cost


#: (side, level, further away): right, left, below, above, the diagonals, then the same with a leader line.
_SPOTS = [
    (side, level, distance)
    for distance in (0.0, 26.0)
    for side, level in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
]
