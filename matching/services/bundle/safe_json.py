"""JSON from outside: finite numbers, no duplicate keys, shallow, no text that a database cannot hold."""

import json
import math
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from matching.services.bundle.problems import CellError

MAX_DEPTH = 50
_MAX_INT = 2**63 - 1


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                raise CellError(_("“%(key)s” is given twice.") % {"key": key[:60]})
            seen.add(key)
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise CellError(_("The number %(number)s is too large.") % {"number": text[:40]})
    return value


def _integer(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > _MAX_INT:
        raise CellError(_("The number %(number)s is too large.") % {"number": text[:40]})
    return int(text)


def _no_constant(text: str) -> NoReturn:
    raise CellError(_("%(number)s is not a number that can be stored.") % {"number": text})


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_duplicates, parse_float=_finite, parse_int=_integer, parse_constant=_no_constant
)


def parse_json(text: str) -> Any:
    """The value; `CellError` says what is wrong and, where it helps, in which line of the text."""
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise CellError(
            _("Broken JSON in line %(line)d, character %(column)d.")
            % {"line": error.lineno, "column": error.colno}
        ) from None
    except RecursionError:
        raise CellError(_("The JSON is nested too deeply.")) from None
    if text.count("[") + text.count("{") > MAX_DEPTH or "\\u" in text:
        _walk(value, 0)
    return value


def _walk(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CellError(_("The JSON is nested too deeply."))
    if isinstance(value, dict):
        for key, inner in value.items():
            check_text(key)
            _walk(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, depth + 1)
    elif isinstance(value, str):
        check_text(value)


def check_text(text: str) -> None:
    """Refuse what breaks databases and spreadsheets: NUL, control characters, halves of surrogate pairs."""
    for character in text:
        if (
            (character < " " and character not in "\n\t\r")
            or character == "\x7f"
            or "\ud800" <= character <= "\udfff"
        ):
            raise CellError(_("The text has a control character (code %(code)d).") % {"code": ord(character)})
