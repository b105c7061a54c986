"""The history of sites in words: what the place offers, what parts must meet, when it is open."""

from __future__ import annotations

from typing import Any

from alliance.selectors.history import Telling
from companies.selectors.telling import ComponentWords, offered_in_words
from scenarios.models import ScenarioKey, ScenarioType
from scenarios.selectors.sites import scenario_book


def scenario_name(code: str) -> str:
    row = ScenarioType.objects.filter(code=code).first()
    return str(row) if row is not None else code


def window_text(told: Any) -> str:
    """2026-03-01/2026-05-31 → 2026-03-01 – 2026-05-31."""
    return " – ".join(str(told).split("/"))


def site_telling() -> Telling:
    parts, book = ComponentWords(), scenario_book()
    keys = {row.key: row for row in ScenarioKey.objects.all()}

    def value(field: str, told: Any) -> str | None:
        if field == "conditions":
            return parts.asked(told)
        if field == "window":
            return window_text(told)
        if field == "windows" and isinstance(told, list):
            return "; ".join(window_text(each) for each in told)
        return scenario_name(told) if field == "scenario_type" and isinstance(told, str) else None

    def entry(field: str, key: str, told: Any) -> tuple[str, str]:
        return book.name(key), offered_in_words(keys.get(key), told)

    return Telling(value=value, entry=entry, entries=frozenset({"params"}))
