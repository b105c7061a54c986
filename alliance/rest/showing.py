"""Answers: what is read of a row and how it is written, worked out once for a serializer instead of for every row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import ObjectDoesNotExist
from rest_framework import serializers
from rest_framework.fields import SkipField


class _Part(NamedTuple):
    """A field of an answer: its name, the attributes that lead to it, REST framework's own field, how it is written."""

    name: str
    path: tuple[str, ...]
    field: Any
    written: Callable[[Any], Any]


class Shown(serializers.Serializer[Any]):
    """An answer; nothing is written through it."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """What REST framework would say. What is not simply an attribute of the row (left out, called, in a mapping) is
        left to the field."""
        if isinstance(instance, Mapping):
            told: dict[str, Any] = super().to_representation(instance)
            return told
        told = {}
        for name, path, field, written in _parts(type(self)):
            value = instance
            try:
                for step in path:
                    value = getattr(value, step)
            except (AttributeError, ObjectDoesNotExist):
                value = _asked
            if callable(value):
                try:
                    value = field.get_attribute(instance)
                except SkipField:
                    continue
            told[name] = None if value is None else written(value)
        return told


def _asked() -> None:
    """Stands for what only the field knows."""


@cache
def _parts(kind: type[Shown]) -> tuple[_Part, ...]:
    """They hold nothing of a request: fields are bound to a serializer without one."""
    return tuple(
        _Part(str(field.field_name), _path(field), field, _written_by(field))
        for field in kind()._readable_fields
    )


def _path(field: Any) -> tuple[str, ...]:
    """A row's own name is the row itself, written as text."""
    plain = field.source == "__str__" and _written_by(field) is str
    return () if plain else tuple(field.source_attrs)


def _written_by(field: Any) -> Callable[[Any], Any]:
    """What the field's own method comes down to for what it is set to here."""
    writes = type(field).to_representation
    if writes is serializers.CharField.to_representation:
        return str
    if writes is serializers.IntegerField.to_representation:
        return int
    if writes is serializers.FloatField.to_representation:
        return float
    if writes is serializers.UUIDField.to_representation and field.uuid_format == "hex_verbose":
        return str
    if writes is serializers.BooleanField.to_representation:
        return lambda value: value if value is True or value is False else field.to_representation(value)
    return field.to_representation
