"""Reads a workbook from standard input and writes its cells as JSON: run as a process of its own with limits.

Imports nothing of the project, so that it starts at once and a workbook made to hurt hurts only this process.
"""

import datetime
import io
import json
import resource
import sys
import zipfile

MOST_ENTRIES, MOST_BYTES, MOST_RATIO = 500, 300 * 1024 * 1024, 200
MEMORY, SECONDS = 1536 * 1024 * 1024, 60
#: Lines of a sheet that are looked at for each row that it may have: people leave gaps, programs format empty lines.
LINES = 10


def main(most_rows: int, most_columns: int, most_text: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    blob = sys.stdin.buffer.read()
    try:
        answer: dict[str, object] = {"rows": cells(blob, most_rows, most_columns, most_text)}
    except TooMuchError as error:
        answer = {"error": str(error)}
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, NotImplementedError, MemoryError):
        answer = {"error": "unreadable"}
    json.dump(answer, sys.stdout, ensure_ascii=True)


class TooMuchError(Exception):
    """More than the limits allow; the message names which."""


def weigh(blob: bytes) -> None:
    """Inflate every entry and count: a header can lie about sizes."""
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise TooMuchError("bomb")
        total = 0
        for entry in entries:
            with archive.open(entry) as stream:
                while part := stream.read(1 << 20):
                    total += len(part)
                    if total > MOST_BYTES or total > MOST_RATIO * max(len(blob), 65_536):
                        raise TooMuchError("bomb")


def cells(blob: bytes, most_rows: int, most_columns: int, most_text: int) -> list:
    weigh(blob)
    from openpyxl.reader.excel import load_workbook
    from openpyxl.xml import DEFUSEDXML

    if not DEFUSEDXML:
        raise TooMuchError("unreadable")
    book = load_workbook(io.BytesIO(blob), read_only=True, data_only=True, keep_links=False)
    found = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        for number, row in enumerate(
            sheet.iter_rows(max_row=LINES * most_rows, max_col=most_columns + 1, values_only=True), start=1
        ):
            # Rows come as wide as the limit: what is empty behind their last cell is most of it.
            width = filled(row)
            if not width:
                continue
            if width > most_columns:
                raise TooMuchError("columns")
            found.append([sheet.title, number, [plain(value, most_text) for value in row[:width]]])
            if len(found) > most_rows + len(book.worksheets):
                raise TooMuchError("rows")
    return found


def filled(row: tuple) -> int:
    """How many cells there are up to the last one that is not empty."""
    if row.count(None) == len(row):
        return 0
    for width in range(len(row), 0, -1):
        if row[width - 1] is not None:
            return width
    return 0


def plain(value: object, most_text: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if value == value and abs(value) < 1e300 else str(value)
    if isinstance(value, datetime.datetime | datetime.date):
        return value.strftime("%Y-%m-%d")
    text = str(value)
    if len(text) > most_text:
        raise TooMuchError("text")
    return text


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
