"""Uploads of a firm, as its people see them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from alliance.models.base import GuardedQuerySet
from companies.models import Capability, Facility, SheetImport, SheetRows


def sheet_list(user: Any) -> GuardedQuerySet:
    return SheetImport.objects.visible_to(user).select_related("organisation", "person")


def sheets_listed(user: Any) -> GuardedQuerySet:
    """For a list: without what was wrong in each cell, which is megabytes for a large sheet."""
    return sheet_list(user).defer("header", "mapping", "edits", "problems")


def first_cells(sheet: Any) -> list[Any]:
    """The first row below the headings, without reading the others."""
    found = SheetRows.objects.filter(pk=sheet.pk).values_list("rows__0__2", flat=True).first()
    return list(found or [])


def problems_by_column(sheet: Any) -> list[tuple[str, str, int]]:
    """(heading, reason, how many): what to mend first when there are many."""
    counted = Counter(
        (problem["heading"] or problem["field"], problem["reason"]) for problem in sheet.problems
    )
    return [(heading, reason, n) for (heading, reason), n in counted.most_common(30)]


def own_table(user: Any, organisation: Any) -> Any:
    """All of a firm's capabilities with what a sheet says of them."""
    rows = Capability.objects.visible_to(user).filter(organisation=organisation, archived_at=None)
    return (
        rows.select_related("component_type", "facility", "terms")
        .prefetch_related("certificates")
        .order_by("component_type_id", "id")
    )


def plants(user: Any, organisation: Any) -> list[Facility]:
    rows = Facility.objects.visible_to(user).filter(organisation=organisation, archived_at=None)
    return list(rows.order_by("id"))


def attach_import_parts(rows: Any, *, detailed: bool) -> None:
    """What an endpoint says of an import: fields under the names that the API gives them."""
    for row in rows:
        row.mode = "save" if row.save_when_clean else "check"
        row.told_counts = {"rows": row.row_count, **row.counts} if row.counts else None
        if detailed:
            row.told_columns = [
                {"heading": heading, "field": _field(row.mapping.get(str(number), ""))}
                for number, heading in enumerate(row.header)
            ]
            row.told_problems = [_problem(problem) for problem in row.problems]


def _field(name: str) -> str:
    return name.replace("spec:", "specs.", 1)


def _problem(problem: dict[str, Any]) -> dict[str, Any]:
    column = problem["column"]
    number = None if column is None else column + 1
    return problem | {"field": _field(problem["field"]), "column": number}
