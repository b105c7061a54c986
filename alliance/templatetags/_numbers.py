"""Numbers, units, dates and spans of time as text: plain functions over plain values, in both languages."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext, npgettext, pgettext
from django.utils.translation import gettext as _

Number = int | float | Decimal

MISSING = "—"
MINUS = "−"

#: Stored units are spelled for a parser; people read these.
_UNITS = {
    "": "", "1": "", "percent": "%", "degC": "°C", "deg": "°", "um": "µm", "g_0": "g", "W*h": "Wh",
    "W*h/kg": "Wh/kg", "deg/s": "°/s", "deg/h": "°/h",
}  # fmt: skip
_TIGHT = {"%", "°"}


def is_chinese(language: str | None = None) -> bool:
    return (language or get_language() or "").startswith("zh")


def unit_text(unit: str | None) -> str:
    """The unit as people write it: N*m -> N·m, m**2 -> m², CNY in the reader's language."""
    unit = unit or ""
    if unit == "CNY":
        return pgettext("unit of money", "CNY")
    if unit in _UNITS:
        return _UNITS[unit]
    return unit.replace("**2", "²").replace("**3", "³").replace("*", "·")


def number_text(value: Number | None, digits: int | None = None, *, sign: bool = False) -> str:
    """Thousands separated, a real minus; without ``digits`` as many decimals as the value has, six figures at most."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = _six_figures(value) if digits is None else f"{value:,.{digits}f}"
    negative = text.startswith("-")
    text = text.lstrip("-")
    zero = not any(figure in text for figure in "123456789")
    if zero:
        return text
    if negative:
        return MINUS + text
    return f"+{text}" if sign else text


def _six_figures(value: Number) -> str:
    value = float(value)
    if value == 0:
        return "0"
    whole = max(0, math.floor(math.log10(abs(value))) + 1)
    decimals = min(12, max(0, 6 - whole) if abs(value) >= 1 else 5 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def compact_text(value: Number | None) -> str:
    """A headline figure: 万 and 亿 in Chinese from ten thousand on, separated thousands in English."""
    if value is None:
        return MISSING
    value = float(value)
    if is_chinese() and abs(value) >= 10_000:
        size, word = (10**8, "亿") if abs(value) >= 10**8 else (10**4, "万")
        scaled = value / size
        return f"{number_text(round(scaled, 0 if abs(scaled) >= 100 else 1))}{word}"
    return number_text(value, 0 if abs(value) >= 100 else None)


def joined(number: str, unit: str) -> str:
    """Number and unit as one piece of text, for labels and titles."""
    if not unit or number == MISSING:
        return number
    return f"{number}{unit}" if unit in _TIGHT else f"{number} {unit}"


def quantity_text(value: Number | None, unit: str | None = "", digits: int | None = None) -> str:
    return joined(number_text(value, digits), unit_text(unit))


def range_text(low: Number | None, high: Number | None, unit: str | None = "") -> str:
    """``-20 to 60 °C``; an open end is written with its sign."""
    if low is None and high is None:
        return MISSING
    if low is None:
        return f"≤ {quantity_text(high, unit)}"
    if high is None:
        return f"≥ {quantity_text(low, unit)}"
    if low == high:
        return quantity_text(low, unit)
    both = _("%(low)s to %(high)s") % {"low": number_text(low), "high": number_text(high)}
    return joined(both, unit_text(unit))


def count_unit(kind: str, value: Number | None) -> str:
    """The small word behind a figure. Offers are capabilities: a firm may have several of them."""
    many = 1 if value == 1 else 2
    words = {
        "pieces": npgettext("unit of count", "pc", "pcs", many),
        "monthly": npgettext("unit of count", "pc/month", "pcs/month", many),
        "offers": npgettext("unit of count", "offer", "offers", many),
        "firms": npgettext("unit of count", "firm", "firms", many),
        "lines": npgettext("unit of count", "line", "lines", many),
        "robots": npgettext("unit of count", "robot", "robots", many),
    }
    return words[kind]


def pieces_text(value: Number | None) -> str:
    return joined(number_text(value), count_unit("pieces", value))


def days_unit(value: Number | None) -> str:
    return ngettext("day", "days", 1 if value == 1 else 2)


def days_text(value: Number | None, digits: int | None = None) -> str:
    if value is None:
        return MISSING
    if digits is None:
        digits = 0 if float(value).is_integer() else 1
    return f"{number_text(value, digits)} {days_unit(value)}"


def minutes_text(value: Number | None) -> str:
    """Travel in words people use: 95 -> 1 h 35 min."""
    if value is None:
        return MISSING
    hours, minutes = divmod(round(value), 60)
    if not hours:
        return _("%(minutes)d min") % {"minutes": minutes}
    if not minutes:
        return _("%(hours)d h") % {"hours": hours}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


def percent_text(fraction: Number | None, digits: int = 0) -> str:
    return MISSING if fraction is None else f"{number_text(float(fraction) * 100, digits)}%"


def date_text(value: date | datetime | None) -> str:
    """2026-12-01 in both languages: it sorts, scans, and leaves no doubt about day and month."""
    if value is None:
        return MISSING
    if isinstance(value, datetime):
        value = timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value.isoformat()


def moment_text(value: datetime | None) -> str:
    if value is None:
        return MISSING
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{date_text(local.date())} {local:%H:%M}"


def month_text(value: date, *, with_year: bool) -> str:
    if is_chinese():
        return f"{value.year}年{value.month}月" if with_year else f"{value.month}月"
    return date_format(value, "M Y" if with_year else "M")


def list_text(words: Iterable[object]) -> str:
    """A short list in one line: 、 in Chinese, commas in English."""
    return ("、" if is_chinese() else ", ").join(str(word) for word in words)
