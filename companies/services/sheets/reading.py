"""Files as people have them: CSV as desktops in China write it, workbooks, JSON lines; bombs are refused."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from alliance.errors import DomainError
from companies.services.sheets.lines import Cells, looks_like_lines, read_lines, short_lines

MOST_UPLOAD = 50 * 1024 * 1024
MOST_ROWS, MOST_COLUMNS, MOST_TEXT = 20_000, 200, 4_000
CHILD = Path(__file__).with_name("child.py")


def read_file(blob: bytes, is_known: Callable[[list[str]], bool]) -> Cells:
    """(sheet, row number, cells) of every row that has any, headings included. DomainError naming `file`.

    `is_known`: whether a heading row has at least one known column; every random text decodes as GB18030.
    """
    if len(blob) > MOST_UPLOAD:
        raise _refused(_("The file is larger than %(limit)d MB.") % {"limit": MOST_UPLOAD // 1024 // 1024})
    if not blob.strip():
        raise _refused(_("The file is empty."))
    if blob[:4] == b"PK\x03\x04":
        return _workbook(blob)
    if blob[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise _refused(
            _("This is an old .xls workbook or a protected one. Save it as .xlsx without a password.")
        )
    if looks_like_lines(blob):
        return read_lines(blob, MOST_ROWS, MOST_COLUMNS, MOST_TEXT)
    return _delimited(blob, is_known)


def _refused(words: str) -> DomainError:
    return DomainError(words, field="file")


def _workbook(blob: bytes) -> Cells:
    limits = [str(limit) for limit in (MOST_ROWS, MOST_COLUMNS, MOST_TEXT)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and script
            [sys.executable, str(CHILD), *limits], input=blob, capture_output=True, timeout=90, check=False
        )
        answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"error": "bomb"}
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        answer = {"error": "bomb"}
    if "error" in answer:
        raise _refused(_words(answer["error"]))
    return [
        (sheet, number, [_undone(cell) if isinstance(cell, str) else cell for cell in cells])
        for sheet, number, cells in answer["rows"]
    ]


def _words(code: str) -> str:
    known = {
        "rows": _("The sheet has more than %(limit)d rows. Cut it into several.") % {"limit": MOST_ROWS},
        "columns": _("The sheet has more than %(limit)d columns.") % {"limit": MOST_COLUMNS},
        "text": _("A cell has more than %(limit)d characters.") % {"limit": MOST_TEXT},
        "bomb": _("The workbook unpacks to far more than it should: it is not read."),
    }
    return known.get(code) or _("This is not a workbook that can be read. Save it again as .xlsx or CSV.")


def decode(blob: bytes, is_known: Callable[[list[str]], bool]) -> str:
    """Byte order mark, else UTF-8, else UTF-16 where NULs are, else GB18030 with at least one known heading."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if blob.startswith(mark):
            return _tried(blob, encoding) or _unreadable()
    text = _tried(blob, "utf-8")
    if text is not None and "\0" not in text:
        return text
    if b"\0" in blob[:4096]:
        little = blob[1::2].count(0) >= blob[::2].count(0)
        return _tried(blob, "utf-16-le" if little else "utf-16-be") or _unreadable()
    text = _tried(blob, "gb18030")
    if text is None or not is_known(_heading(text)):
        _unreadable()
    return str(text)


def _tried(blob: bytes, encoding: str) -> str | None:
    try:
        return blob.decode(encoding)
    except UnicodeDecodeError:
        return None


def _unreadable() -> str:
    raise _refused(_("The text cannot be read: save the file as UTF-8 or GBK CSV, or as .xlsx."))


def _heading(text: str) -> list[str]:
    return next(_rows(text[:20_000]), [])


def _rows(text: str) -> Iterator[list[str]]:
    """One after the other: of a file of empty lines alone a list would take sixty times its size."""
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    try:
        lines = short_lines(io.StringIO(text, newline=""), MOST_COLUMNS * MOST_TEXT)
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error as error:
        raise _refused(_("The CSV cannot be read: %(reason)s.") % {"reason": error}) from error


def _delimited(blob: bytes, is_known: Callable[[list[str]], bool]) -> Cells:
    found: Cells = []
    for number, cells in enumerate(_rows(decode(blob, is_known)), start=1):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > MOST_COLUMNS:
            raise _refused(_words("columns"))
        if any(len(cell) > MOST_TEXT for cell in cells):
            raise _refused(_words("text"))
        found.append(("", number, [_undone(cell) for cell in cells]))
        if len(found) > MOST_ROWS + 1:
            raise _refused(_words("rows"))
    return found


def _undone(cell: str) -> str:
    """Text that an export kept from becoming a formula is itself again."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@\t\r" else cell
