"""A small line of the last months, drawn from numbers; gaps where nothing was recorded."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString

from alliance.templatetags._svg import element, markup

WIDE, HIGH, EDGE = 96.0, 28.0, 2.0


def spark(values: Sequence[float | None], label: str = "") -> SafeString:
    """`label` says the same in words: the figures themselves are in the page's table."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return markup([])
    low, high = min(value for _p, value in known), max(value for _p, value in known)
    first = known[0][0]
    wide, tall = (WIDE - 2 * EDGE) / (known[-1][0] - first), HIGH - 2 * EDGE
    points = [
        (
            EDGE + (place - first) * wide,
            EDGE + tall * (1 - (value - low) / (high - low) if high > low else 0.5),
        )
        for place, value in known
    ]
    written = [f"{x:.1f},{y:.1f}" for x, y in points]
    floor = f"{HIGH - 1:.1f}"
    area = [f"{points[0][0]:.1f},{floor}", *written, f"{points[-1][0]:.1f},{floor}"]
    inside = element("polygon", css="sp-a", points=" ".join(area))
    inside += element("polyline", css="sp-l", points=" ".join(written))
    inside += element("circle", css="sp-p", cx=points[-1][0], cy=points[-1][1], r=2.2)
    box = f"0 0 {WIDE:g} {HIGH:g}"
    return markup(
        [
            element(
                "svg",
                inside,
                css="spark",
                viewBox=box,
                width=WIDE,
                height=HIGH,
                role="img",
                aria_label=escape(label),
            )
        ]
    )
