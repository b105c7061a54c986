"""The history of demands in words: requirements as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from alliance.models.base import SpecKey
from alliance.selectors.history import Telling
from companies.selectors import ParameterBook
from companies.selectors.telling import ComponentWords, asked_in_words
from scenarios.models import ScenarioKey
from scenarios.selectors import scenario_book
from scenarios.selectors.telling import scenario_name


def demand_telling() -> Telling:
    parts, book = ComponentWords(), scenario_book()
    keys = {row.key: row for row in ScenarioKey.objects.all()}

    def value(field: str, told: Any) -> str | None:
        if field == "component_type":
            return parts.type(told)
        if field == "scenario_type":
            return scenario_name(str(told))
        if field in ("requirements", "site_requirements") and isinstance(told, list):
            site = field == "site_requirements"
            known: Mapping[str, SpecKey] = keys if site else parts.keys
            names: ParameterBook[Any] = book if site else parts.book
            return "; ".join(
                asked_in_words(known, names.name(_key(item)), item) + _rest(item) for item in told
            )
        return None

    return Telling(value=value)


def _key(item: Any) -> str:
    return str(item.get("key", "")) if isinstance(item, dict) else ""


def _rest(item: Any) -> str:
    """Hard, or soft with its weight."""
    if not isinstance(item, dict) or "hard" not in item:
        return ""
    if item["hard"]:
        return f" ({_('hard')})"
    return f" ({_('soft')} {item.get('weight', 1):g})"
