"""The columns of a list: one declaration for its page, its files, its order and what a person chose to see."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.functional import Promise

from alliance.filters import ListFilter


@dataclass(frozen=True)
class Column:
    """A column: its heading and what a row says in it.

    `key` names it in addresses and remembered choices; without one it is in files only. `sort`: the order of the
    filter set that its heading asks for. `shown`: on the page unless somebody chose otherwise. `css`: classes of
    its cells. `short`: the heading on the page, where the file's is too long. `in_files`: false for a drawing.
    """

    heading: str | Promise
    value: Callable[[Any], Any]
    key: str = ""
    sort: str = ""
    shown: bool = True
    css: str = ""
    short: str | Promise = ""
    in_files: bool = True

    @property
    def words(self) -> str:
        return str(self.short or self.heading)


@dataclass(frozen=True)
class Table:
    """How a page shows its list: which columns in which order, and which of them sorts it now.

    The first column with a key names the row: it cannot be put away.
    """

    name: str
    columns: Sequence[Column]
    chosen: Collection[str] = ()
    sort: str = ""
    order: Sequence[str] = ()
    actions: Sequence[Any] = field(default_factory=list)
    ticks: Collection[int] = frozenset()

    @cached_property
    def choosable(self) -> list[Column]:
        return [column for column in self.columns if column.key]

    @cached_property
    def shown(self) -> list[Column]:
        found = self.choosable
        return [c for i, c in enumerate(found) if i == 0 or self.is_shown(c)]

    def is_shown(self, column: Column) -> bool:
        return column.key in self.chosen if self.chosen else column.shown

    @property
    def in_files(self) -> list[Column]:
        """All columns, unless the person has chosen some."""
        return [c for c in (self.shown if self.chosen else self.columns) if c.in_files]

    def direction(self, column: Column) -> str:
        """The value of aria-sort."""
        if not column.sort or self.sort.removeprefix("-") != column.sort:
            return ""
        return "descending" if self.order[0].startswith("-") else "ascending"

    def next_sort(self, column: Column) -> str:
        """The order that a click on the heading asks for: the column's own, and from there its reverse."""
        return f"-{column.sort}" if self.sort == column.sort else column.sort


def build_table(
    name: str, columns: Sequence[Column], chosen: Collection[str], filters: ListFilter, actions: Sequence[Any]
) -> Table:
    """`chosen` may hold keys that the list no longer has: they are passed over."""
    keys = {column.key for column in columns if column.key}
    return Table(name, columns, [key for key in chosen if key in keys], filters.sort, filters.order, actions)
