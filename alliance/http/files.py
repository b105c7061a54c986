"""A list as CSV or as workbook, sent while it is read: memory does not grow with rows. No cell becomes a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from math import isfinite
from typing import Any
from xml.sax.saxutils import escape

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from alliance.http.columns import Column

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PIECE = 32_000
#: What a sheet can hold (Excel, WPS and LibreOffice alike), the heading included.
MOST_ROWS = 1_048_576
#: What a cell can hold.
MOST_LETTERS = 32_767
_ZERO = date(1899, 12, 30)
#: Rows that say how wide the columns are.
_MEASURED = 200
#: A number with more decimals than this was computed: it is shown with three, and kept as it is.
_DECIMALS = 6


def csv_file(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> StreamingHttpResponse:
    """UTF-8 with a byte order mark, so that spreadsheet programs read Chinese; text cells cannot become formulas."""
    heading = [str(column.heading) for column in columns]
    body = ([cell(column.value(row)) for column in columns] for row in rows)
    return _download(_csv_lines(heading, body), "text/csv; charset=utf-8", f"{name}-{_today()}.csv")


def xlsx_file(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> StreamingHttpResponse:
    """One sheet, the heading frozen; numbers and dates are numbers and dates, text cells cannot become formulas."""
    heading = [str(column.heading) for column in columns]
    body = ([column.value(row) for column in columns] for row in rows)
    return _download(_xlsx_pieces(name[:31], heading, body), XLSX, f"{name}-{_today()}.xlsx")


def csv_pieces(name: str, heading: list[str], body: Iterable[list[Any]]) -> Iterator[bytes]:
    """The same file for who writes it to a disk; `name` is for its twin."""
    return (text.encode() for text in _csv_lines(heading, ([cell(value) for value in row] for row in body)))


def xlsx_pieces(name: str, heading: list[str], body: Iterable[list[Any]]) -> Iterator[bytes]:
    return _xlsx_pieces(name[:31], heading, body)


FILES: dict[str, Callable[..., HttpResponseBase]] = {"csv": csv_file, "xlsx": xlsx_file}


def _today() -> str:
    return timezone.localdate().isoformat()


def _download(pieces: Iterator[Any], kind: str, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(pieces, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def cell(value: Any) -> Any:
    """A value as a spreadsheet takes it: numbers as they are, text without control characters or formula starts."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return (
            timezone.localtime(value).isoformat(timespec="minutes")
            if timezone.is_aware(value)
            else value.isoformat()
        )
    text = shown_text(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def shown_text(text: str) -> str:
    """Without the characters that a workbook cannot hold: it would not open."""
    return _CONTROL.sub("", text)


# --- CSV ---------------------------------------------------------------------------------------------------
def _csv_lines(heading: list[str], body: Iterable[list[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(heading)
    for row in body:
        writer.writerow(row)
        if buffer.tell() > _PIECE:
            yield _drained(buffer)
    yield _drained(buffer)


def _drained(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


# --- workbook ------------------------------------------------------------------------------------------------
# ruff: noqa: E501
# Office Open XML as a zip that is written forwards only: openpyxl holds the finished book before its first byte.
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOCS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_FIXED = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KINDS}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KINDS}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KINDS}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_LINKS}"><Relationship Id="rId1" Type="{_DOCS}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_LINKS}"><Relationship Id="rId1" Type="{_DOCS}/worksheet" '
    f'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{_DOCS}/styles" Target="styles.xml"/></Relationships>',
    # Styles by number: 0 as it is, 1 a day, 2 a moment, 3 the heading, 4 something computed.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/>'
    '<numFmt numFmtId="166" formatCode="#,##0.000"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5"><xf/>'
    '<xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/>'
    '<xf fontId="1" applyFont="1"/><xf numFmtId="166" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


class _Pipe(io.RawIOBase):
    """What the zip writes, handed on piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def drained(self) -> bytes:
        data = b"".join(self.pieces)
        self.pieces.clear()
        return data


def _xlsx_pieces(name: str, heading: list[str], body: Iterable[list[Any]]) -> Iterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as book:
        for path, text in _FIXED.items():
            book.writestr(path, _HEAD + text)
        title = escape(re.sub(r"[\[\]:*?/\\]", " ", name), {'"': "&quot;"})
        book.writestr(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_DOCS}"><sheets>'
            f'<sheet name="{title}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for text in _sheet(heading, body):
                sheet.write(text.encode())
                if pipe.pieces:
                    yield pipe.drained()
    yield pipe.drained()


def _sheet(heading: list[str], body: Iterable[list[Any]]) -> Iterator[str]:
    rows = iter(body)
    first = list(islice(rows, _MEASURED))
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{width}" customWidth="1"/>'
        for i, width in enumerate(_widths(heading, first), 1)
    )
    yield (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"<cols>{widths}</cols><sheetData><row>{''.join(_text(words, 3) for words in heading)}</row>"
    )
    lines: list[str] = []
    for number, row in enumerate(chain(first, rows), 2):
        if number > MOST_ROWS:
            break
        lines.append(f"<row>{''.join(map(_typed, row))}</row>")
        if len(lines) == 200:
            yield "".join(lines)
            lines.clear()
    yield f"{''.join(lines)}</sheetData></worksheet>"


def _widths(heading: list[str], rows: list[list[Any]]) -> list[int]:
    """As wide as what stands in the column, in digits: a Chinese character is as wide as two."""
    columns = zip(heading, *rows, strict=True)
    return [max(8, min(48, 2 + max(map(_width, column)))) for column in columns]


def _width(value: Any) -> int:
    if value is None or isinstance(value, bool):
        return 5
    if isinstance(value, datetime):
        return 16
    if isinstance(value, int | float | Decimal | date):
        return min(11, len(str(value)))
    return sum(2 if letter > "\u2e7f" else 1 for letter in str(value)[:48])


def _typed(value: Any) -> str:
    """One cell of the sheet in its own type."""
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float | Decimal):
        style = ' s="4"' if len(str(value).partition(".")[2]) > _DECIMALS else ""
        return f"<c{style}><v>{value}</v></c>" if isfinite(value) else "<c/>"
    if isinstance(value, datetime):
        at = timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
        days = (at - datetime(_ZERO.year, _ZERO.month, _ZERO.day)).total_seconds() / 86_400  # noqa: DTZ001
        return f'<c s="2"><v>{days:.8f}</v></c>'
    if isinstance(value, date):
        return f'<c s="1"><v>{(value - _ZERO).days}</v></c>'
    return _text(str(cell(value)))


def _text(words: str, style: int = 0) -> str:
    kept = escape(shown_text(words)[:MOST_LETTERS])
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{kept}</t></is></c>'
