"""Matches of a line side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alliance.http import Column, csv_file, xlsx_file
from companies.models import Capability
from matching.selectors import (
    Comparison,
    LineReader,
    attach_standing,
    comparison,
    demand_detail,
    heading,
    is_fictitious,
    lab_name,
    scales,
)

LEAST, MOST = 2, 4
FILES: dict[str, Callable[..., HttpResponseBase]] = {"csv": csv_file, "xlsx": xlsx_file}


@require_safe
def compare(request: HttpRequest, public_id: UUID, line_id: UUID) -> HttpResponseBase:
    """The demand's side only: a supplier reads nothing of others."""
    user = request.user
    demand = get_object_or_404(demand_detail(user), public_id=public_id)
    attach_standing(user, [demand])
    line = next((row for row in demand.all_lines if row.public_id == line_id), None)
    if demand.standing is None or line is None:
        raise Http404("no such line")
    demand.heading, demand.lab, demand.fictitious = heading(demand), lab_name(demand), is_fictitious(demand)
    context: dict[str, Any] = {"demand": demand, "line": line}
    chosen = _chosen(request)
    if not LEAST <= len(chosen) <= MOST:
        return render(request, "matching/compare.html", context, status=400 if chosen else 200)
    found = _comparison(user, demand, line, chosen)
    if request.GET.get("format") in FILES:
        return _export(found, FILES[request.GET["format"]])
    return render(request, "matching/compare.html", context | {"found": found})


def _chosen(request: HttpRequest) -> list[UUID]:
    """The ticked capabilities, each once, in the order of the address."""
    chosen: dict[UUID, None] = {}
    for text in request.GET.getlist("capability")[:20]:
        try:
            chosen[UUID(text)] = None
        except ValueError:
            raise Http404("no such capability") from None
    return list(chosen)


def _comparison(user: Any, demand: Any, line: Any, chosen: list[UUID]) -> Comparison:
    rows = Capability.objects.visible_to(user).filter(public_id__in=chosen)
    keys = {row.public_id: row.pk for row in rows}
    reader = LineReader(user, demand, line, scales(demand.alliance_id), certificates=True)
    found = comparison(reader, [keys[key] for key in chosen if key in keys])
    if found is None or len(keys) != len(chosen):
        raise Http404("no such pair")
    return found


def _export(found: Comparison, write: Callable[..., HttpResponseBase]) -> HttpResponseBase:
    firms = [str(column.capability.organisation) for column in found.columns]
    columns = [
        Column(gettext_lazy("What"), lambda row: row[0]),
        Column(gettext_lazy("Asked"), lambda row: row[1]),
        *(Column(firm, partial(_column, at)) for at, firm in enumerate(firms)),
    ]
    return write("comparison", columns, _flat(found))


def _column(at: int, row: tuple[str, str, list[str]]) -> str:
    return row[2][at]


def _flat(found: Comparison) -> Iterator[tuple[str, str, list[str]]]:
    yield _("Capability"), "", [column.capability.title for column in found.columns]
    yield _("City"), "", [str(column.capability.facility.city) for column in found.columns]
    for row in [*found.figures, *found.terms]:
        yield row.label, "", [cell.words for cell in row.cells]
    for row in found.rules:
        yield row.label, row.asked, [" · ".join(filter(None, (c.words, c.note))) for c in row.cells]
