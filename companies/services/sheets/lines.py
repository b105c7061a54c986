"""JSON lines as a table: one object a line, its keys are the headings; objects as the API takes them lie flat."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from alliance.errors import DomainError

Cells = list[tuple[str, int, list[Any]]]
#: objects whose keys are columns of their own
OPENED = ("specs", "terms")


def looks_like_lines(blob: bytes) -> bool:
    return blob.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_lines(blob: bytes, most_rows: int, most_columns: int, most_text: int) -> Cells:
    """The heading row and a row for each line that has any, numbered as in the file. DomainError naming `file`."""
    rows: list[tuple[int, dict[str, Any]]] = []
    header: dict[str, int] = {}
    # Only a line feed ends a line: a text may hold other separators as they are.
    lines = short_lines(io.StringIO(_text(blob)), most_columns * most_text)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _flat(_object(line, number))
        except _UnreadableError as error:
            words = _("Line %(line)d: “%(field)s” cannot be read.")
            raise _refused(words % {"line": number, "field": str(error)[:80]}) from None
        if any(isinstance(value, str) and len(value) > most_text for value in row.values()):
            raise _refused(_("A cell has more than %(limit)d characters.") % {"limit": most_text})
        for heading in row:
            header.setdefault(heading, len(header))
        rows.append((number, row))
        if len(rows) > most_rows:
            words = _("The sheet has more than %(limit)d rows. Cut it into several.")
            raise _refused(words % {"limit": most_rows})
        if len(header) > most_columns:
            raise _refused(_("The sheet has more than %(limit)d columns.") % {"limit": most_columns})
    cells: Cells = [("", 0, list(header))]
    cells += [("", number, [row.get(heading) for heading in header]) for number, row in rows]
    return cells


def short_lines(lines: Iterable[str], longest: int) -> Iterator[str]:
    """The same lines; DomainError at one that is longer than any row may be, before anything is made of it."""
    for number, line in enumerate(lines, start=1):
        if len(line) > longest:
            raise _refused(_("Line %(line)d is longer than a row can be.") % {"line": number})
        yield line


def _refused(words: str) -> DomainError:
    return DomainError(words, field="file")


def _text(blob: bytes) -> str:
    try:
        return blob.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(_("JSON lines are UTF-8.")) from None


def _object(line: str, number: int) -> dict[str, Any]:
    """Read as strictly as a body: no key twice, finite numbers, text that can be stored."""
    try:
        found = json.loads(line, object_pairs_hook=_once, parse_constant=_none_such)
        json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or "\\u0000" in line:
        raise _refused(_("Line %(line)d is not a JSON object.") % {"line": number})
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _none_such(text: str) -> Any:
    raise ValueError(text)


class _UnreadableError(ValueError):
    """The value of this field is of a kind that no cell holds."""


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """`specs.x [x]` is how a heading names a parameter by its key."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in OPENED and isinstance(value, dict):
            for key, inner in value.items():
                found[f"specs.{key} [{key}]" if name == "specs" else str(key)] = _cell(inner)
        elif name == "certificates" and isinstance(value, list):
            found[name] = "; ".join(_certificate(each) for each in value)
        elif isinstance(value, dict):
            found[name] = _named(name, value)
        else:
            found[str(name)] = _cell(value)
    return {name: value for name, value in found.items() if name.strip()}


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if len(value) == 2 and not any(isinstance(each, str) for each in value):
            return f"{value[0]}~{value[1]}"
        return "; ".join(str(each) for each in value)
    return value if value is None or isinstance(value, str | int | float) else json.dumps(value)


def _certificate(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise _UnreadableError("certificates")
    day = value.get("expires_on")
    return _named("certificates", value) + (f"@{day}" if day else "")


def _named(field: str, value: dict[str, Any]) -> str:
    """What an object that the API shows is called."""
    for key in ("code", "external_id", "id"):
        if isinstance(value.get(key), str) and value[key]:
            return str(value[key])
    raise _UnreadableError(field)
