"""The history of capabilities and plants in words: parameters with their names and units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alliance.models.base import SpecKey
from alliance.selectors.history import Telling, words
from companies.models import ComponentKey, ComponentType, Facility
from companies.selectors.parameters import component_book
from companies.selectors.words import asked_text, offered_text


def asked_in_words(known: Mapping[str, SpecKey], name: str, item: Any) -> str:
    """One requirement or condition as it was recorded; what is not understood any more stays as it is."""
    if not isinstance(item, dict) or "op" not in item or known.get(str(item.get("key"))) is None:
        return words(item)
    try:
        return f"{name} {asked_text(known[str(item['key'])], str(item['op']), item['value'])}"
    except (TypeError, ValueError, KeyError, IndexError):
        return words(item)


def offered_in_words(key: SpecKey | None, value: Any) -> str:
    if key is None or value is None:
        return words(value)
    try:
        return offered_text(key, value)
    except (TypeError, ValueError, IndexError):
        return words(value)


def type_names(codes: set[str]) -> dict[str, str]:
    return {row.code: str(row) for row in ComponentType.objects.filter(code__in=codes)}


class ComponentWords:
    """Names of component types and of their parameters, read when they are first asked for."""

    def __init__(self) -> None:
        self.book = component_book()
        self.keys = {row.key: row for row in ComponentKey.objects.all()}
        self.types: dict[str, str] = {}

    def type(self, code: Any) -> str:
        if code not in self.types:
            self.types |= {str(code): str(code)} | type_names({str(code)})
        return self.types[str(code)]

    def entry(self, field: str, key: str, value: Any) -> tuple[str, str]:
        return self.book.name(key), offered_in_words(self.keys.get(key), value)

    def asked(self, items: Any) -> str | None:
        if not isinstance(items, list):
            return None
        told = [asked_in_words(self.keys, self.book.name(_key(item)), item) for item in items]
        return "; ".join(told)


def _key(item: Any) -> str:
    return str(item.get("key", "")) if isinstance(item, dict) else ""


def capability_telling() -> Telling:
    known = ComponentWords()
    places: dict[str, str] = {}

    def value(field: str, told: Any) -> str | None:
        if field == "component_type":
            return known.type(told)
        if field == "facility":
            if told not in places:
                row = Facility.objects.filter(public_id=told).first()
                places[told] = str(row) if row else str(told)
            return places[told]
        if field == "values" and isinstance(told, list):
            return words([known.book.name(str(key)) for key in told])
        return None

    return Telling(value=value, entry=known.entry, entries=frozenset({"specs", "values"}))
