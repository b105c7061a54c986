"""Rows of Results collected as they come, stacked once at the end."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, cast

import numpy as np

from matching.kernel.results import RESULT_TABLES, Results
from matching.kernel.tables import Table


class Rows:
    """Collects rows of each table of ``Results``; a table takes single rows or blocks of rows, not both."""

    def __init__(self) -> None:
        self._single: dict[str, list[tuple[Any, ...]]] = {name: [] for name in RESULT_TABLES}
        self._blocks: dict[str, list[tuple[Any, ...]]] = {name: [] for name in RESULT_TABLES}

    def add(self, name: str, *values: Any) -> None:
        """One row, in column order."""
        self._single[name].append(values)

    def add_many(self, name: str, first: int, *columns: Any) -> None:
        """As many rows as the columns are long; ``first`` is the value of the first column in all of them."""
        self._blocks[name].append((np.full(len(columns[0]), first), *columns))

    def count(self, name: str) -> int:
        """Single rows of a table so far."""
        return len(self._single[name])

    def results(self) -> Results:
        """Everything as Results."""
        tables = {name: self._table(name, cls) for name, cls in RESULT_TABLES.items()}
        return Results(**cast(Any, tables))

    def _table(self, name: str, cls: type[Table]) -> Table:
        stacked = {}
        columns = list(zip(*(self._single[name] or self._blocks[name]), strict=True))
        for place, item in enumerate(fields(cls)):
            dtype, shape = item.metadata["dtype"], item.metadata["shape"]
            if not columns:
                array = np.empty((0, *shape[1:]), dtype)
            elif self._single[name]:
                array = np.array(columns[place], dtype)
            else:
                array = np.concatenate(columns[place]).astype(dtype)
            stacked[item.name] = array.reshape((len(array), *shape[1:]))
        return cls(**stacked)
