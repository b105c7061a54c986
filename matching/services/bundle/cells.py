"""One cell ↔ one value, for every kind of column. Reading is strict; writing gives the one canonical text."""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from companies.specs import plain_number
from matching.services.bundle.problems import CellError
from matching.services.bundle.safe_json import check_text, parse_json

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TRUE = frozenset({"true", "yes", "1", "是"})
_FALSE = frozenset({"false", "no", "0", "否"})
_MAX_NUMBER = 1e15
MAX_DAYS = 36_500

# A spreadsheet runs what starts like this as a formula; export puts an apostrophe before it, import takes it away.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")

Read = Callable[[str], Any]
Write = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a bundle file.

    `refers` names the table that the cell points into (the importer turns the text into an id). A column
    that is `needed` has no default: a new row must fill it. An `extra` one is written only where some row
    needs it.
    """

    name: str
    read: Read
    write: Write = str
    needed: bool = False
    default: Any = None
    refers: str = ""
    extra: bool = False

    def empty(self) -> Any:
        return self.default() if callable(self.default) else self.default


# --- texts -----------------------------------------------------------------------------------------
def read_text(limit: int) -> Read:
    def read(cell: str) -> str:
        text = cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
        return _checked(text, limit)

    return read


def write_text(value: str) -> str:
    text = value.strip()  # as reading does, so that what was written reads back as itself
    return "'" + text if _FORMULA.match(text) else text


def read_name(limit: int, pattern: str = "", example: str = "") -> Read:
    """An identifier: never touched, so that other files and programs can point to it."""
    compiled = re.compile(pattern, re.ASCII) if pattern else None

    def read(cell: str) -> str:
        if compiled is not None and not compiled.fullmatch(cell):
            raise CellError(
                _("“%(text)s” is not of the form %(example)s.") % {"text": cell[:60], "example": example}
            )
        return _checked(cell, limit)

    return read


def _checked(text: str, limit: int) -> str:
    if len(text) > limit:
        raise CellError(_("The text is longer than %(limit)d characters.") % {"limit": limit})
    if not text.isprintable():
        check_text(text)
    return text


def read_choice(*choices: str) -> Read:
    def read(cell: str) -> str:
        if cell not in choices:
            raise CellError(
                _("“%(text)s” is not one of: %(choices)s.")
                % {"text": cell[:60], "choices": ", ".join(choices)}
            )
        return cell

    return read


# --- numbers ---------------------------------------------------------------------------------------
def read_float(*, above: float | None = None, least: float | None = None, most: float = _MAX_NUMBER) -> Read:
    def read(cell: str) -> float:
        if not _NUMBER.fullmatch(cell):
            raise CellError(_("“%(text)s” is not a number.") % {"text": cell[:60]})
        value = float(cell)
        if above is not None and value <= above:
            raise CellError(_("The number must be above %(bound)s.") % {"bound": plain_number(above)})
        if least is not None and value < least:
            raise CellError(_("The number must be at least %(bound)s.") % {"bound": plain_number(least)})
        if not value <= most or not math.isfinite(value):
            raise CellError(_("The number must be at most %(bound)s.") % {"bound": plain_number(most)})
        return value + 0.0  # -0.0 becomes 0.0

    return read


def read_whole(least: int, most: int) -> Read:
    number = read_float(least=least, most=most)

    def read(cell: str) -> int:
        value = number(cell)
        if value != int(value):
            raise CellError(_("“%(text)s” is not a whole number.") % {"text": cell[:60]})
        return int(value)

    return read


def write_number(value: float) -> str:
    return repr(plain_number(value))


# --- dates and booleans ----------------------------------------------------------------------------
def read_date(cell: str) -> date:
    try:
        if not _DATE.fullmatch(cell):
            raise ValueError
        value = date.fromisoformat(cell)
    except ValueError:
        raise CellError(_("“%(text)s” is not a date like 2026-12-31.") % {"text": cell[:60]}) from None
    if not 1900 <= value.year <= 2999:
        raise CellError(_("The year must lie between 1900 and 2999."))
    return value


def write_date(value: date) -> str:
    return value.isoformat()


def read_bool(cell: str) -> bool:
    word = cell.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise CellError(_("“%(text)s” must be true or false.") % {"text": cell[:60]})


def write_bool(value: bool) -> str:
    return "true" if value else "false"


# --- lists -----------------------------------------------------------------------------------------
def split_list(cell: str) -> list[str]:
    """Parts between `;`, trimmed, empty ones dropped; `\\;` is a semicolon inside a part."""
    parts = [part.replace("\0", ";").strip() for part in cell.replace("\\;", "\0").split(";")]
    return [part for part in parts if part]


def join_list(values: Sequence[str]) -> str:
    # A blank keeps a backslash at the end of a part from reaching the separator; reading trims it.
    escaped = [value.replace(";", "\\;") for value in values]
    return ";".join(value + " " if value.endswith("\\") else value for value in escaped)


def read_texts(limit: int) -> Read:
    one = read_text(limit)
    return lambda cell: [one(part) for part in split_list(cell)]


def write_texts(values: Sequence[str]) -> str:
    return join_list([write_text(value) for value in values])


def read_choices(*choices: str) -> Read:
    """A set of choices in their own order, whatever the order in the cell."""
    one = read_choice(*choices)

    def read(cell: str) -> list[str]:
        given = {one(part) for part in split_list(cell)}
        return [choice for choice in choices if choice in given]

    return read


_code = read_name(64)


def read_codes(cell: str) -> list[str]:
    """Certificates asked for, each once."""
    return list(dict.fromkeys(_code(part) for part in split_list(cell)))


def read_certificates(cell: str) -> list[tuple[str, date | None]]:
    """`code` or `code@last valid day`; of one code twice the longest validity counts."""
    held: dict[str, date | None] = {}
    for part in split_list(cell):
        code, at, expiry = part.rpartition("@")
        code, ends = (_code(code.strip()), read_date(expiry.strip())) if at else (_code(part), None)
        if not code:
            raise CellError(_("“%(text)s” has no certificate code.") % {"text": part[:60]})
        held[code] = _later(held[code], ends) if code in held else ends
    return list(held.items())


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def write_certificates(held: Sequence[tuple[str, date | None]]) -> str:
    return join_list([f"{code}@{ends.isoformat()}" if ends else code for code, ends in held])


# --- JSON ------------------------------------------------------------------------------------------
def read_json(cell: str) -> Any:
    return parse_json(cell)


def write_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) if value else ""
