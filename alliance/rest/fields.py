"""Fields of what programs send: each takes what its row was shown with, and nothing that only looks alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alliance.choices import FIRST_DAY, LAST_DAY
from alliance.rest.fieldwords import FIELDS
from alliance.rest.inputs import StrictText, StrictUUID

#: ISO 8601 has more ways to write a day ("20270630", "2027-W26-3"); one is enough to be understood
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NAMES = {"name", "name_zh", "name_en"}


def several(child: Any, most: int, **more: Any) -> Any:
    """A list of at most so many of these; where the list may be null, what is in it may not."""
    return serializers.ListSerializer(child=child(), max_length=most, **more)


class PlainText(StrictText):
    """One line of text."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if any(not character.isprintable() for character in text):
            raise serializers.ValidationError(_("The text has characters that cannot be shown."))
        return text


class DayField(serializers.DateField):
    """A day as 2027-06-30."""

    def to_internal_value(self, value: Any) -> date:
        if not (isinstance(value, str) and DAY.fullmatch(value)):
            self.fail("invalid", format="YYYY-MM-DD")
        day: date = super().to_internal_value(value)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise serializers.ValidationError(_("The year is between 2000 and 2100."))
        return day


@extend_schema_field({"oneOf": [{"type": "number"}, {"type": "string", "maxLength": 64}]})
class Amount(serializers.Field[Any, Any, Any, Any]):
    """A number, or a text with a number and its unit: the services read it and say what is wrong with it."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | float | str) or len(str(data)) > 64:
            raise serializers.ValidationError(_("This is not a number."))
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class WholeNumber(serializers.IntegerField):
    """A whole number as a number: 3 or 3.0, not "3"."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float) or data != int(data):
            self.fail("invalid")
        return int(super().to_internal_value(int(data)))


class Degrees(serializers.FloatField):
    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return float(super().to_internal_value(data))


class Reference(serializers.Field[Any, Any, Any, Any]):
    """Another row by its code or id, or as it was shown: an object that has it."""

    def __init__(
        self, key: str = "code", also: frozenset[str] | set[str] = frozenset(), **kwargs: Any
    ) -> None:
        self.key, self.known = key, {key, *NAMES, *also}
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        named = data
        if isinstance(data, dict):
            if unknown := [name for name in data if name not in self.known]:
                raise serializers.ValidationError({str(unknown[0])[:60]: [_("There is no such field.")]})
            named = data.get(self.key)
        named = named.strip() if isinstance(named, str) else ""
        if not 0 < len(named) <= 120:
            raise serializers.ValidationError(_("A text, or an object with “%(key)s”.") % {"key": self.key})
        return named

    def to_representation(self, value: Any) -> Any:
        return value


def reference_schema(key: str) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": 120}
    shown = {"type": "object", "required": [key], "properties": {key: {**text, "description": FIELDS[key]}}}
    return {"oneOf": [text, shown]}


@extend_schema_field(reference_schema("code"))
class CodeReference(Reference):
    """A city or type by its code."""


@extend_schema_field(reference_schema("id"))
class RowReference(Reference):
    """A row by its public id or, where it has one among yours, its external id."""

    def __init__(self, also: frozenset[str] | set[str] = frozenset(), **kwargs: Any) -> None:
        super().__init__("id", also, **kwargs)


UUID_SCHEMA = {"type": "string", "format": "uuid"}
FIRM_SHOWN = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {**UUID_SCHEMA, "description": FIELDS["id"]}},
}


@extend_schema_field({"oneOf": [UUID_SCHEMA, FIRM_SHOWN]})
class FirmReference(StrictUUID):
    """One of the caller's own organisations by its id, or as it was shown."""

    known = frozenset({"id", "fictitious", "verified", *NAMES})

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            if unknown := [name for name in data if name not in self.known]:
                raise serializers.ValidationError({str(unknown[0])[:60]: [_("There is no such field.")]})
            data = data.get("id")
        return super().to_internal_value(data)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Values(serializers.Field[Any, Any, Any, Any]):
    """Parameter key → value: a number, a text with a unit, [low, high], choices, true or false; null for none."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("The values must be an object of key and value."))
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(
    {
        "oneOf": [
            {"type": "number"},
            {"type": "boolean"},
            {"type": "string"},
            {"type": "array", "items": {"oneOf": [{"type": "number"}, {"type": "string"}]}},
        ]
    }
)
class AnyValue(serializers.Field[Any, Any, Any, Any]):
    """What a requirement asks; its service reads it."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Unread(AnyValue):
    """What a row is shown with and nobody writes: it may come back, and is not looked at."""


def with_unit(item: dict[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """A requirement as it was shown: a `unit` that is not the parameter's own goes into the text of the value."""
    found = dict(item)
    unit = found.pop("unit", "")
    if not unit or unit == units.get(found.get("key", ""), unit):
        return found
    value = found.get("value")
    found["value"] = [f"{each} {unit}" for each in value] if isinstance(value, list) else f"{value} {unit}"
    return found
