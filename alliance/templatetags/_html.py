"""HTML put together from pieces, many times on each page: what `format_html` does, without asking every piece whether
its text is still to be translated. Text is escaped, safe text is not.
"""

from __future__ import annotations

from html import escape
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString


def put(pattern: str, *parts: Any) -> SafeString:
    """The pattern, a constant of the code, with the parts escaped."""
    return SafeString(pattern.format(*map(escaped, parts)))


def escaped(part: Any) -> str:
    kind = type(part)
    if kind is str:
        return escape(part)
    return part if kind is SafeString else conditional_escape(part)
