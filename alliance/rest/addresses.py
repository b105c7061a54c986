"""Parts of addresses that Django has no converter for."""

from __future__ import annotations

from uuid import UUID

from django.urls import register_converter
from django.urls.converters import get_converters

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Joined:
    """One public id, or two with a dot between them."""

    regex = rf"{_UUID}(?:\.{_UUID})?"

    def to_python(self, value: str) -> tuple[UUID, UUID | None]:
        first, _dot, second = value.partition(".")
        return UUID(first), UUID(second) if second else None

    def to_url(self, value: object) -> str:
        return str(value)


def register() -> None:
    if "joined" not in get_converters():
        register_converter(Joined, "joined")
