"""A page of a list: the rows after (or before) the one a cursor remembers; never an offset, never a count.

A cursor holds what the reader saw of that row: the values it is sorted by, and public ids for database ids.
So nobody counts rows by it, and rows that the reader does not see cannot change it. It is signed: what is
not one of ours is a 404.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Model, Q, QuerySet

from alliance.errors import NotFoundError
from alliance.selectors.long_lists import Change, Rows, off_index

_SIGNER = signing.Signer(salt="cursor")


@dataclass(frozen=True)
class Page:
    """`first`: on the first page the rows that it was cut from, in their order; what was read of them is kept."""

    rows: list[Any]
    previous: str | None = None
    next: str | None = None
    first: Rows | None = None


class BadCursorError(NotFoundError):
    """Not a cursor of this list in this order."""

    def __init__(self) -> None:
        super().__init__("no such page")


def cut(
    queryset: QuerySet[Any] | Rows,
    order: Sequence[str],
    cursor: str,
    size: int,
    *,
    few: bool = False,
    ahead: int = 0,
) -> Page:
    """One page. The order's last field is unique; fields that hold database ids are named by the model's
    `cursor_keys` (field → model), the row's own `id` always is. `ahead`: as of `Rows.first`."""
    return cut_merged([queryset], order, cursor, size, few=few, ahead=ahead)


def cut_merged(
    lists: Sequence[QuerySet[Any] | Rows],
    order: Sequence[str],
    cursor: str,
    size: int,
    *,
    few: bool = False,
    ahead: int = 0,
) -> Page:
    """One page of several lists in one order; of more than one, all fields ascend.

    `few`: the rows were narrowed so far that they are sorted, not looked for along an index of the order.
    """
    querysets = [rows if isinstance(rows, Rows) else Rows(rows) for rows in lists]
    model = querysets[0].base.model
    keys: dict[str, type[Model]] = {"id": model, **getattr(model, "cursor_keys", {})}
    backwards, values = _read(cursor, order, keys) if cursor else (False, None)
    directed = [turned(name) for name in order] if backwards else list(order)
    begun = _from(values, directed, few=few)
    asked = [rows.narrowed(begun) for rows in querysets]
    rows = [row for each in asked for row in each.first(size + 1, 0 if cursor else ahead, few=few)]
    if len(querysets) > 1:
        rows.sort(key=lambda row: [getattr(row, name) for name in order], reverse=backwards)
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    earlier = more if backwards else values is not None
    later = values is not None if backwards else more
    return Page(
        rows,
        _write(True, order, rows[0], keys) if rows and earlier else None,
        _write(False, order, rows[-1], keys) if rows and later else None,
        None if cursor or len(asked) > 1 else asked[0],
    )


def _from(values: Sequence[Any] | None, order: Sequence[str], *, few: bool) -> Change:
    """Sorts rows, and leaves those after the values of one."""
    after = Q() if values is None else _after(order, values)
    sorted_by = [off_index(order[0]), *order[1:]] if few else order
    return lambda rows: rows.filter(after).order_by(*sorted_by)


def turned(name: str) -> str:
    """The other direction of one field of an order."""
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    condition, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        bare, look = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        condition |= equal & Q(**{f"{bare}__{look}": value})
        equal &= Q(**{bare: value})
    return condition


def _public(model: type[Model]) -> str:
    return "public_id" if hasattr(model, "public_id") else "code"


def _write(backwards: bool, order: Sequence[str], row: Any, keys: Mapping[str, type[Model]]) -> str:
    told = [_told(row, name.removeprefix("-"), keys) for name in order]
    return _SIGNER.sign_object([backwards, list(order), told], compress=True)


def _told(row: Any, name: str, keys: Mapping[str, type[Model]]) -> Any:
    """What the cursor says of one field of a row."""
    model = keys.get(name)
    if model is type(row):
        return str(getattr(row, _public(model)))
    value = row
    for step in name.split("__"):
        value = value[step] if isinstance(value, dict) else getattr(value, step)
    if model is not None:
        return str(model._default_manager.values_list(_public(model), flat=True).get(pk=value))
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _read(cursor: str, order: Sequence[str], keys: Mapping[str, type[Model]]) -> tuple[bool, list[Any]]:
    try:
        backwards, kept, told = _SIGNER.unsign_object(cursor)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadCursorError from error
    if kept != list(order):
        raise BadCursorError
    return backwards, [
        _found(value, keys.get(name.removeprefix("-"))) for name, value in zip(order, told, strict=True)
    ]


def _found(value: Any, model: type[Model] | None) -> Any:
    """The database id behind a public one; the row may have gone since."""
    if model is None:
        return value
    pk = model._default_manager.filter(**{_public(model): value}).values_list("pk", flat=True).first()
    if pk is None:
        raise BadCursorError
    return pk
