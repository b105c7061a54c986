"""What is asked, what is offered, and the verdict between them, in words (section 2 of docs/matching.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from django.utils.translation import gettext as _

from alliance.models.base import SpecKey
from alliance.templatetags._numbers import (
    is_chinese,
    joined,
    list_text,
    number_text,
    quantity_text,
    range_text,
    unit_text,
)

NOT_STATED = "not_stated"


@dataclass(frozen=True)
class Verdict:
    """`shortfall` is relative, as the rules count it; `gap` the difference in the parameter's unit, in words."""

    met: bool
    shortfall: float
    words: str
    stated: bool = True

    def degree(self, tolerance: float) -> float:
        return 1.0 if self.met else max(0.0, 1 - self.shortfall / tolerance)


def offered_text(key: SpecKey, value: Any) -> str:
    if value is None or value == []:
        return _("not stated")
    if key.kind == "bool":
        return _("yes") if value else _("no")
    if key.kind == "choice":
        return choices_text(key, value)
    low, high = bounds(value)
    return range_text(low, high, key.unit)


def asked_text(key: SpecKey, op: str, value: Any) -> str:
    """The requirement as people write it: ≥ 24 N·m, covers −10 to 40 °C, one of IP65, IP67."""
    if op == "is":
        return _("yes") if value else _("no")
    if op == "one_of":
        return choices_text(key, value)
    if op in (">=", "<="):
        sign = "≥" if op == ">=" else "≤"
        if key.kind == "choice":
            return f"{sign} {choices_text(key, [value] if isinstance(value, str) else value)}"
        return f"{sign} {quantity_text(value, key.unit)}"
    if op == "=":
        return f"= {quantity_text(value, key.unit)}"
    low, high = bounds(value)
    if op == "covers":
        return _("covers %(range)s") % {"range": range_text(low, high, key.unit)}
    return f"= {quantity_text(low, key.unit)}" if low == high else range_text(low, high, key.unit)


def choices_text(key: SpecKey, chosen: Sequence[str] | str) -> str:
    if isinstance(chosen, str):
        chosen = [chosen]
    if is_chinese() and len(key.choices_zh) == len(key.choices):
        names = dict(zip(key.choices, key.choices_zh, strict=True))
        return list_text(names.get(choice, choice) for choice in chosen)
    return list_text(chosen)


def bounds(value: Any) -> tuple[float, float]:
    """A number x is the range [x, x]."""
    return (value[0], value[1]) if isinstance(value, list) else (value, value)


def verdict(key: SpecKey, op: str, asked: Any, offered: Any) -> Verdict:
    if offered is None or offered == []:
        return Verdict(False, 1.0, _("not stated"), stated=False)
    if key.kind == "bool" or op == "is":
        return _plain(offered == asked)
    if key.kind == "choice":
        return _chosen(key, op, asked, offered)
    return _measured(key, op, asked, offered)


def _plain(met: bool) -> Verdict:
    return Verdict(met, 0.0 if met else 1.0, _("met") if met else _("not met"))


def _chosen(key: SpecKey, op: str, asked: Any, offered: Any) -> Verdict:
    chosen = [offered] if isinstance(offered, str) else offered
    if op == "one_of":
        return _plain(bool(set(chosen) & set(asked)))
    places = [key.choices.index(choice) for choice in chosen if choice in key.choices]
    wanted = key.choices.index(asked if isinstance(asked, str) else asked[0])
    missing = wanted - max(places) if op == ">=" else min(places) - wanted
    if missing <= 0:
        return Verdict(True, 0.0, _("just met") if missing == 0 else _("met"))
    words = _("%(count)d grades short") % {"count": missing}
    return Verdict(False, missing / (len(key.choices) - 1), words)


def _measured(key: SpecKey, op: str, asked: Any, offered: Any) -> Verdict:
    low, high = bounds(offered)
    a, b = bounds(asked)
    gap, scale = {
        ">=": (a - high, abs(a)),
        "<=": (low - a, abs(a)),
        "covers": (max(low - a, b - high), max(abs(a), abs(b))),
    }.get(op, (max(low - b, a - high), max(abs(a), abs(b))))
    unit = unit_text(key.unit)
    if gap > 0:
        words = _("%(gap)s short") % {"gap": joined(difference_text(gap, a, b, low, high), unit)}
        return Verdict(False, gap / scale if scale else 1.0, words)
    if op in (">=", "<="):
        spare = joined(difference_text(-gap, a, b, low, high), unit)
        return Verdict(True, 0.0, _("%(spare)s spare") % {"spare": spare} if gap < 0 else _("just met"))
    return Verdict(True, 0.0, _("covered") if op == "covers" else _("met"))


def difference_text(value: float, *shown: float) -> str:
    """A difference with as many decimals as the two values beside it are shown with: 240 - 205.94 is 34.06."""
    value = rounded(value)
    decimals = max((len(number_text(each).partition(".")[2]) for each in shown if isfinite(each)), default=0)
    return number_text(round(value, decimals) or value)


def rounded(value: float) -> float:
    """A difference without the dust of binary fractions."""
    return float(f"{value:.9g}")
