"""Building SVG text: pieces are put together by hand, words are escaped by whoever puts them in."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.safestring import SafeString, mark_safe


def markup(pieces: Iterable[str]) -> SafeString:
    """The one door from text to markup: every word inside was escaped where the piece was made."""
    return mark_safe("".join(pieces))  # noqa: S308


def element(name: str, inside: str = "", **attributes: object) -> str:
    """``css`` is the class; an underscore in a name becomes a hyphen; values are numbers or escaped text."""
    css = attributes.pop("css", "")
    written = [f' class="{css}"'] if css else []
    written += [f' {key.replace("_", "-")}="{_value(value)}"' for key, value in attributes.items()]
    start = f"<{name}{''.join(written)}"
    return f"{start}>{inside}</{name}>" if inside else f"{start}/>"


def _value(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def percent(value: float) -> str:
    return f"{value:.2f}%"


def text_width(words: str, size: float) -> float:
    """Pixels a label takes, roughly: a Chinese character is square, a Latin one a bit over half of that."""
    return sum(size if ord(letter) > 0x2E7F else size * 0.56 for letter in words)
