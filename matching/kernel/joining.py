"""Results of different demands of one Problem, solved apart, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, cast

import numpy as np

from matching.kernel.results import RESULT_TABLES, Results
from matching.kernel.tables import AnyArray

BY_PIPELINE = ("teams", "ruled_out", "ruled_out_by")  # their first column is a row of ``pipelines``


def joined_results(parts: Sequence[Results]) -> Results:
    """In the order of lines and demands, as one solver would have written them."""
    if len(parts) == 1:
        return parts[0]
    many = [len(part.pipelines.demand) for part in parts]
    before = np.concatenate(([0], np.cumsum(many)))
    order = np.argsort(np.concatenate([part.pipelines.demand for part in parts]), kind="stable")
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order))
    found: dict[str, Any] = {}
    for name, cls in RESULT_TABLES.items():
        columns: list[AnyArray] = []
        for item in fields(cls):
            columns.append(np.concatenate([getattr(getattr(part, name), item.name) for part in parts]))
        if name in BY_PIPELINE:
            own = [len(getattr(getattr(part, name), fields(cls)[0].name)) for part in parts]
            columns[0] = place[columns[0] + np.repeat(before[:-1], own)]
        sort = np.argsort(columns[0], kind="stable")
        found[name] = cls(*cast(Any, [column[sort] for column in columns]))
    return Results(**found)
