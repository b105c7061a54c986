"""Rows as they stand and as they stood: every state that a run can have read since changes were last followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from matching.models import FormerRow

Row = dict[str, Any]


def former_rows(source: str, ids: Collection[int]) -> dict[int, list[Row | None]]:
    """Earlier states by the row they are of, each once; None: it was not there."""
    found: defaultdict[int, list[Row | None]] = defaultdict(list)
    if ids:
        rows = FormerRow.objects.filter(source=source, row_id__in=set(ids)).order_by("id")
        for identity, data in rows.values_list("row_id", "data"):
            found[identity].append(data)
    return found


def variants(current: dict[int, Row], former: dict[int, list[Row | None]], identity: int) -> list[Row | None]:
    """The row now (None: it is gone) and in every earlier state, each once."""
    return distinct([current.get(identity), *former.get(identity, ())])


def distinct(rows: Iterable[Row | None]) -> list[Row | None]:
    kept: list[Row | None] = []
    for row in rows:
        if row not in kept:
            kept.append(row)
    return kept


def forget_followed(transaction: int) -> None:
    """Drop what stood before changes that have all been followed: those of transactions before this one."""
    FormerRow.objects.filter(transaction__lt=transaction).delete()
