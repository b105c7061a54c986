"""Rows of a CSV file: UTF-8, a header of known columns, bounded lines and cells."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _

from matching.services.bundle.problems import FileError

MAX_CELL = 2**16
_MAX_LINE = 2**21
Numbered = tuple[int, list[str]]  # a row's number (the header is row 1) and its cells
_BOM = b"\xef\xbb\xbf"


@dataclass
class Table:
    """An open CSV file: its header, and its rows with their numbers (the header is row 1)."""

    header: list[str]
    rows: Iterator[Numbered]


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """Decoded lines; the error for a bad one comes when it is reached, so that its row is known."""
    first = True
    while line := stream.readline(_MAX_LINE):
        if first:
            line = line.removeprefix(_BOM)
            first = False
        if len(line) == _MAX_LINE and not line.endswith(b"\n"):
            raise FileError(_("A cell is larger than 64 kB."))
        yield decode(line)


def decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(_not_utf8(data, error)) from None
    if "\x00" in text:
        raise FileError(_not_utf8(data, None))
    return text


def _not_utf8(data: bytes, error: UnicodeDecodeError | None) -> str:
    if b"\x00" in data or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _("The file is not UTF-8; it looks like UTF-16. Save it as UTF-8.")
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        at = error.start + 1 if error else 1
        return _("The file is not UTF-8 (byte %(at)d of the line). Save it as UTF-8.") % {"at": at}
    return _("The file is not UTF-8; it looks like GBK. Save it as UTF-8.")


def read_csv(stream: IO[bytes], columns: Sequence[str], keys: Sequence[str]) -> Table:
    """The table, its header checked: every column known, none twice, the key columns there."""
    reader = csv.reader(_lines(stream), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise FileError(_broken(error), 1) from None
    except FileError as error:
        raise FileError(error.message, 1) from None
    _check_header(header, columns, keys)
    return Table(header, _numbered(reader, header))


def _check_header(header: list[str], columns: Sequence[str], keys: Sequence[str]) -> None:
    if not any(header):
        raise FileError(_("The file has no header row."), 1)
    for name in header:
        if name not in columns:
            raise FileError(
                _("There is no column “%(name)s” in this file. Columns: %(columns)s.")
                % {"name": name[:60], "columns": ", ".join(columns)},
                1,
                name[:60],
            )
        if header.count(name) > 1:
            raise FileError(_("The column is there twice."), 1, name)
    for name in keys:
        if name not in header:
            raise FileError(_("The column “%(name)s” is missing.") % {"name": name}, 1, name)


def _numbered(reader: Iterator[list[str]], header: list[str]) -> Iterator[Numbered]:
    number = 1
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise FileError(_broken(error), number) from None
        except FileError as error:
            raise FileError(error.message, number) from None
        if cells is None:
            return
        if any(cells):
            yield number, cells


def in_chunks(rows: Iterator[Numbered], size: int) -> Iterator[list[Numbered]]:
    """Some thousand rows at a time. Where the file breaks off, what was read before comes first."""
    chunk: list[Numbered] = []
    try:
        for row in rows:
            chunk.append(row)
            if len(chunk) == size:
                yield chunk
                chunk = []
    except FileError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def _broken(error: csv.Error) -> str:
    if "field larger" in str(error):
        return _("A cell is larger than 64 kB.")
    return _("The row is not CSV (%(detail)s): is a quotation mark missing?") % {"detail": str(error)}


def cell_too_large(cell: str) -> bool:
    return len(cell) > MAX_CELL // 4 and len(cell.encode()) > MAX_CELL
