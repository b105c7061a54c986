"""Score bars, coverage strips and share bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from alliance.templatetags import _numbers as text
from alliance.templatetags._svg import element, markup, percent, text_width

_GAP = 0.5
_MINIMUM_HEAD = 250  # px: the narrowest column the header is drawn for
_COVERAGE = ("none", "near", "one", "many")


@dataclass(frozen=True)
class Slot:
    """One term of a score. ``value`` is in [0, 1]; ``short`` is what fits above a narrow slot."""

    label: str
    value: float
    weight: float
    basis: str = ""
    short: str = ""

    @property
    def points(self) -> float:
        return self.value * self.weight

    @property
    def head(self) -> str:
        return self.short or self.label


def score_bar(terms: Sequence[Slot]) -> SafeString:
    whole = sum(term.weight for term in terms)
    if whole <= 0:
        return markup([])
    parts = []
    x = 0.0
    for term in terms:
        slot = term.weight / whole * 100
        width = max(0.0, slot - _GAP)
        filled = width * min(1.0, max(0.0, term.value))
        parts.append(_rect("k", x, width))
        if filled > 0:
            parts.append(_rect("f", x, filled))
        x += slot
    return _stretched("sb", 10, parts, text.list_text(_slot_words(term) for term in terms))


def _stretched(css: str, height: int, parts: Sequence[str], words: str = "") -> SafeString:
    """A bar 100 units wide that fills its column; said in words, or silent beside a number that says it."""
    inside = "".join(parts)
    box: dict[str, object] = {"css": css, "viewBox": f"0 0 100 {height}", "preserveAspectRatio": "none"}
    if not words:
        return markup([element("svg", inside, **box, aria_hidden="true")])
    said = escape(words)
    return markup([element("svg", element("title", said) + inside, **box, role="img", aria_label=said)])


def _slot_words(term: Slot) -> str:
    return f"{term.label} {text.number_text(term.points, 1)}/{text.number_text(term.weight)}"


def _rect(css: str, x: float, width: float, height: int = 10) -> str:
    return element("rect", css=css, x=x, y=0, width=width, height=height)


def score_head(terms: Sequence[Slot]) -> SafeString:
    """Labels centred on their slots, pushed apart where narrow slots stand side by side."""
    whole = sum(term.weight for term in terms)
    if whole <= 0:
        return markup([])
    centres, x = [], 0.0
    for term in terms:
        centres.append((x + term.weight / 2) / whole * 100)
        x += term.weight
    widths = [(text_width(term.head, 11) + 5) / _MINIMUM_HEAD * 100 for term in terms]
    parts = []
    for term, centre in zip(terms, spread(centres, widths), strict=True):
        parts.append(element("text", escape(term.head), x=percent(centre), y=11))
        parts.append(element("text", text.number_text(term.weight), x=percent(centre), y=25))
    return markup([element("svg", "".join(parts), css="sbh", aria_hidden="true")])


def spread(centres: Sequence[float], widths: Sequence[float]) -> list[float]:
    """Labels in order moved as little as a sweep from the right allows, none over another, none past 100."""
    placed = list(centres)
    limit = 100 + 2.0
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit - widths[index] / 2)
        limit = placed[index] - widths[index] / 2
    return placed


def coverage(lines: Sequence[tuple[int, int]]) -> SafeString:
    """``lines``: (feasible, near misses) of each line."""
    if not lines:
        return markup([])
    kinds = [_coverage_kind(feasible, near) for feasible, near in lines]
    words = _("%(lines)d lines: %(many)d can be supplied by several, %(one)d single source, %(near)d one requirement short, %(none)d without supplier") % {  # noqa: E501
        "lines": len(kinds), **{kind: kinds.count(kind) for kind in _COVERAGE},
    }  # fmt: skip
    slot = 100 / len(kinds)
    boxes = [
        element(
            "rect", css=kind, x=percent(index * slot + 0.3), y=1, width=percent(slot - 0.6), height=8, rx=1.5
        )
        for index, kind in enumerate(kinds)
    ]
    said = escape(words)
    return markup(
        [element("svg", element("title", said) + "".join(boxes), css="cov", role="img", aria_label=said)]
    )


def _coverage_kind(feasible: int, near: int) -> str:
    if feasible:
        return "many" if feasible > 1 else "one"
    return "near" if near else "none"


def share_bar(value: float, whole: float) -> SafeString:
    return _stretched("rg", 8, _track(value, whole, 8))


def _track(value: float, whole: float, height: int) -> list[str]:
    share = 0.0 if whole <= 0 else min(1.0, max(0.0, value / whole)) * 100
    return [_rect("k", 0.0, 100.0, height), _rect("f", 0.0, share, height)]


def progress_bar(done: int, total: int) -> SafeString:
    words = _("%(done)s of %(total)s") % {"done": text.number_text(done), "total": text.number_text(total)}
    box = {"css": "pgb", "viewBox": "0 0 100 10", "preserveAspectRatio": "none", "role": "progressbar"}
    said = {"aria_label": escape(words), "aria_valuemin": 0, "aria_valuemax": total, "aria_valuenow": done}
    return markup([element("svg", "".join(_track(done, total, 10)), **box, **said)])
