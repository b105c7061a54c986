"""Strict input: a body that could be read in two ways is refused instead of guessed at."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 50
MAX_NODES = 20_000
INT64 = range(-(2**63), 2**63)


class TooLargeError(APIException):
    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("The body is larger than %(limit)d bytes.") % {"limit": MAX_BYTES})


class StrictJSONParser(BaseParser):
    """One JSON value: not deep, not vast, finite numbers, no key twice, text that PostgreSQL can store."""

    media_type = "application/json"
    max_nodes = MAX_NODES

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        _refuse_packed((parser_context or {}).get("request"))
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise TooLargeError
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            _refuse(_("The body is not UTF-8."))
        _refuse_depth(text)
        try:
            value = json.loads(
                text, object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_constant
            )
        except (ValueError, RecursionError) as error:
            _refuse(_("The body is not JSON: %(reason)s.") % {"reason": str(error)[:200]})
        _refuse_content(value, self.max_nodes)
        return value


class BulkParser(StrictJSONParser):
    """The same for many rows at once."""

    max_nodes = 20 * MAX_NODES


def _refuse_packed(request: Any) -> None:
    """A body said to be packed is unpacked nowhere: read as it is, it would be another one than was meant."""
    packing = request.headers.get("Content-Encoding", "") if request is not None else ""
    if packing.strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType(
            packing[:40], _("Send the body as it is: no Content-Encoding is read here.")
        )


def _refuse(message: str) -> NoReturn:
    raise ParseError(message)


def _refuse_depth(text: str) -> None:
    """Before parsing, because the parser itself fails on what is too deep."""
    depth = 0
    quoted = escaped = False
    for character in text:
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                _refuse(_("The body is nested deeper than %(limit)d levels.") % {"limit": MAX_DEPTH})
        elif character in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        _refuse(_("The body has the key “%(key)s” twice.") % {"key": twice[:60]})
    return found


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _refuse(_("A number is too large."))
    return value


def _int(text: str) -> int:
    value = int(text) if len(text) < 25 else None
    if value is None or value not in INT64:
        _refuse(_("A whole number is too large."))
    return value


def _constant(text: str) -> NoReturn:
    _refuse(_("%(value)s is not a number.") % {"value": text})


def _refuse_content(value: Any, most: int) -> None:
    nodes = 0
    waiting = [value]
    while waiting:
        item = waiting.pop()
        nodes += 1
        if nodes > most:
            _refuse(_("The body has more than %(limit)d values.") % {"limit": most})
        if isinstance(item, str):
            _refuse_text(item)
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            for name in item:
                _refuse_text(name)
            waiting.extend(item.values())


def _refuse_text(text: str) -> None:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        _refuse(_("A text contains characters that are no text."))


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know, by name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {
                        name: serializers.ErrorDetail(_("There is no such field."), "unknown")
                        for name in unknown[:20]
                    }
                )
        return super().to_internal_value(data)


class StrictText(serializers.CharField):
    """Text and nothing that could be turned into text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class StrictBool(serializers.BooleanField):
    """true or false, nothing that stands for them."""

    def to_internal_value(self, data: Any) -> bool:
        if data is not True and data is not False:
            self.fail("invalid", input=str(data)[:40])
        return bool(data)


class StrictUUID(serializers.UUIDField):
    """A public id as text; a number is none."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or len(data) != 36:
            self.fail("invalid", value=str(data)[:40])
        return super().to_internal_value(data)
