"""How a list becomes a page: filtered or refused, sorted, cut by a cursor, or sent as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from openpyxl.workbook.workbook import Workbook

from alliance.filters import ListFilter
from alliance.models import Alliance, Membership
from alliance.selectors import alliances_of, seats_of
from alliance.selectors.paging import cut

PAGE = 50
MOST_COUNTED = 5000
_PAGE_WORDS = {"cursor", "sort", "format"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


# --- what is being looked at --------------------------------------------------------------------------
@dataclass(frozen=True)
class Viewed:
    """The alliance chosen in the switcher, those that can be chosen, and the viewer's organisations."""

    alliance: Alliance | None = None
    alliances: list[Alliance] = field(default_factory=list)
    seats: list[Membership] = field(default_factory=list)


def viewed(request: HttpRequest) -> Viewed:
    """Asked once for each request; the choice lives in the session."""
    found: Viewed | None = getattr(request, "_viewed", None)
    if found is None:
        found = _look(request)
        request._viewed = found  # type: ignore[attr-defined]
    return found


def _look(request: HttpRequest) -> Viewed:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Viewed()
    alliances = alliances_of(user)
    chosen = request.session.get("alliance")
    alliance = next((a for a in alliances if a.slug == chosen), alliances[0] if alliances else None)
    return Viewed(alliance, alliances, seats_of(user))


# --- lists ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Column:
    """A column of the CSV: its heading and what a row says in it."""

    heading: str | Promise
    value: Callable[[Any], Any]


def listing(
    request: HttpRequest,
    rows: QuerySet[Any],
    filters: type[ListFilter],
    *,
    template: str,
    columns: Sequence[Column],
    name: str,
    prepare: Callable[[list[Any]], object] = lambda rows: None,
    extra: dict[str, Any] | None = None,
    summary: Callable[[QuerySet[Any]], dict[str, Any]] = lambda rows: {},
) -> HttpResponseBase:
    """A page of a list. A filter that cannot be read shows nothing and says why: never everything.

    The page's headline is the answer: `total` rows, and what `summary` says of all that were found.
    """
    chosen = filters(request.GET or None, queryset=rows, request=request)
    unknown = [key for key in request.GET if key not in chosen.filters and key not in _PAGE_WORDS]
    valid = not chosen.is_bound or chosen.form.is_valid()
    if unknown:
        valid = False
        chosen.form.add_error(
            None, _("There is no filter named %(names)s.") % {"names": ", ".join(unknown)[:200]}
        )
    order = chosen.sorts[chosen.sort][1]
    found = (chosen.qs if chosen.is_bound else rows) if valid else rows.none()
    if request.GET.get("format") == "csv" and valid:
        return csv_file(name, columns, _in_pages(found, order, prepare))
    page = cut(found, order, request.GET.get("cursor", ""), PAGE)
    prepare(page.rows)
    context = {"rows": page.rows, "page": page, "form": chosen.form, "shown": len(page.rows), "valid": valid}
    context |= counted(found) | summary(found)
    return render(request, template, context | (extra or {}), status=200 if valid else 400)


def counted(rows: QuerySet[Any], name: str = "total") -> dict[str, Any]:
    """How many there are, as number and in words; beyond a few thousand only that there are more."""
    number = rows.order_by()[: MOST_COUNTED + 1].count()
    words = f"{min(number, MOST_COUNTED):,}"
    return {name: number, f"{name}_words": f"{words}+" if number > MOST_COUNTED else words}


def _in_pages(
    found: QuerySet[Any], order: Sequence[str], prepare: Callable[[list[Any]], object]
) -> Iterator[Any]:
    cursor = ""
    while True:
        page = cut(found, order, cursor, 500)
        prepare(page.rows)
        yield from page.rows
        if page.next is None:
            return
        cursor = page.next


# --- CSV ---------------------------------------------------------------------------------------------------
def csv_file(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> StreamingHttpResponse:
    """UTF-8 with a byte order mark, so that spreadsheet programs read Chinese; text cells cannot become formulas."""
    heading = [str(column.heading) for column in columns]
    body = ([cell(column.value(row)) for column in columns] for row in rows)
    response = StreamingHttpResponse(_csv_lines(heading, body), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate().isoformat()}.csv"'
    return response


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def xlsx_file(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> HttpResponse:
    """One sheet, the heading frozen; written row by row, text cells cannot become formulas."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    sheet.freeze_panes = "A2"
    sheet.append([str(column.heading) for column in columns])
    for row in rows:
        sheet.append([cell(column.value(row)) for column in columns])
    buffer = io.BytesIO()
    book.save(buffer)
    response = HttpResponse(buffer.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate().isoformat()}.xlsx"'
    return response


def _csv_lines(heading: list[str], body: Iterable[list[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(heading)
    for row in body:
        writer.writerow(row)
        if buffer.tell() > 32_000:
            yield _drained(buffer)
    yield _drained(buffer)


def _drained(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


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
    text = _CONTROL.sub("", str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
