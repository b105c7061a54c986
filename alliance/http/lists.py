"""How a list becomes a page: filtered or refused, sorted, cut by a cursor, or sent as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render

from alliance.filters import LISTS, ListFilter, read, still_fits
from alliance.http.columns import Column, build_table
from alliance.http.files import FILES
from alliance.http.several import offered, ticked
from alliance.models import ListSetting, SavedFilter
from alliance.selectors.lists import list_setting, saved_filters, sharers
from alliance.selectors.long_lists import Rows
from alliance.selectors.paging import cut

PAGE = 50
#: Counting goes on to here: who may see a row is asked of each.
MOST_COUNTED = 1000


def listing(
    request: HttpRequest,
    rows: QuerySet[Any] | Rows,
    filters: type[ListFilter],
    *,
    template: str,
    columns: Sequence[Column],
    name: str,
    prepare: Callable[[list[Any]], object] = lambda rows: None,
    extra: dict[str, Any] | None = None,
    summary: Callable[[QuerySet[Any]], dict[str, Any]] = lambda rows: {},
    status: int = 200,
) -> HttpResponseBase:
    """A page of a list. A filter that cannot be read shows nothing and says why: never everything. `status`: of a page
    that also holds a form which was refused.

    The page's headline is the answer: `total` rows, and what `summary` says of all that were found.
    """
    if LISTS.get(name) is not filters:  # who keeps a choice may be a process that has not shown the page
        raise ImproperlyConfigured(f"LISTS does not say that {filters.__name__} is behind the list {name}")
    kept = list_setting(request.user, name)
    opening = kept.opens_with if kept and not request.GET else None
    if opening and still_fits(name, opening.query):
        return redirect(f"{request.path}?{opening.query}")
    listed = rows if isinstance(rows, Rows) else Rows(rows)
    chosen = filters(request.GET or None, queryset=listed.base, request=request)
    valid = read(chosen)
    found = Rows(listed.base.none())
    if valid:
        found = listed.narrowed(chosen.filter_queryset).applied() if chosen.is_bound else listed
    table = build_table(name, columns, kept.columns if kept else (), chosen, offered(name, request.user))
    wanted = request.GET.get("format", "")
    if wanted in FILES and valid:
        return FILES[wanted](name, table.in_files, _in_pages(found.seen, chosen.order, prepare))
    few = valid and chosen.few
    page = cut(
        found, chosen.order, request.GET.get("cursor", ""), PAGE, few=few, ahead=3 * (MOST_COUNTED + 1)
    )
    prepare(page.rows)
    if table.actions:
        table = replace(table, ticks=ticked(name, request.user, page.rows))
    context = {"rows": page.rows, "page": page, "form": chosen.form, "shown": len(page.rows), "valid": valid}
    context |= {"table": table, "kept": _kept(request, name, kept, opening)}
    context |= counted(page.first or found) | summary(found.seen)
    return render(request, template, context | (extra or {}), status=status if valid else 400)


@dataclass(frozen=True)
class Kept:
    """What the page says of the person's filters: `now` is the one that is applied; `broken` the one that the list
    should have opened with, but that can no longer be read."""

    rows: list[SavedFilter]
    now: SavedFilter | None
    opens_with: int | None
    broken: SavedFilter | None
    query: str
    sharers: list[Any]


def _kept(request: HttpRequest, name: str, setting: ListSetting | None, opening: SavedFilter | None) -> Kept:
    rows = list(saved_filters(request.user, name))
    asked = QueryDict(mutable=True)
    for key in sorted(request.GET):
        value = request.GET[key]
        if value.strip() and key not in ("cursor", "format", "view"):
            asked[key] = value
    query = asked.urlencode()
    for row in rows:
        row.mine = row.person_id == request.user.pk
    now = next((row for row in rows if query and row.query == query), None)
    return Kept(rows, now, setting.opens_with_id if setting else None, opening, query, sharers(request.user))


def counted(rows: QuerySet[Any] | Rows, name: str = "total") -> dict[str, Any]:
    """How many there are, as number and in words; beyond a thousand only that there are more."""
    number = (rows if isinstance(rows, Rows) else Rows(rows)).count(MOST_COUNTED + 1)
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
