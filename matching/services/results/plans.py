"""The parts of a pipeline that are stored as JSON, one text for each pipeline."""

from itertools import pairwise
from typing import Any

import numpy as np

from matching.encoding import Identities
from matching.kernel import Results
from matching.kernel.results import CRITICAL, STAGES
from matching.services.results.copying import Array

NULL = "null"


class Plans:
    """Texts in the order of ``results.pipelines``."""

    def __init__(self, results: Results, identities: Identities) -> None:
        self.results, self.ids = results, identities
        self.count = len(results.pipelines.demand)

    def teams(self) -> list[str]:
        """For every line of a pipeline its member (capability null where none fits) and how many could be it."""
        totals = self.results.ruled_out
        capability, score = self._members()
        rows = zip(
            self.ids.lines[totals.line].tolist(),
            capability,
            score,
            totals.feasible.tolist(),
            totals.usable.tolist(),
            strict=True,
        )
        told = [
            f'{{"line":{line},"capability":{who},"score":{points!r},"feasible":{feasible},"usable":{usable}}}'
            for line, who, points, feasible, usable in rows
        ]
        return self._listed(told, totals.pipeline)

    def _members(self) -> tuple[list[Any], list[float]]:
        """Who takes each (pipeline, line) of ``ruled_out``, and with what score."""
        team, totals = self.results.teams, self.results.ruled_out
        lines = len(self.ids.lines)
        wanted = totals.pipeline.astype(np.int64) * lines + totals.line
        order = np.argsort(wanted, kind="stable")
        taken = team.pipeline.astype(np.int64) * lines + team.line
        place = order[np.searchsorted(wanted, taken, sorter=order)]
        score = np.zeros(len(wanted))
        score[place] = team.score
        member = np.full(len(wanted), -1, np.int64)
        member[place] = self.ids.capabilities[team.capability]
        names: list[Any] = member.tolist()
        for at in np.flatnonzero(member < 0).tolist():
            names[at] = NULL
        return names, score.tolist()

    def ruled_out(self) -> list[str]:
        found = self.results.ruled_out_by
        lines = self.ids.lines[found.line].tolist()
        rows = zip(lines, found.condition.tolist(), found.count.tolist(), strict=True)
        told = [f'{{"line":{line},"condition":{place},"count":{count}}}' for line, place, count in rows]
        return self._listed(told, found.pipeline)

    def _listed(self, told: list[str], pipeline: Array) -> list[str]:
        """The texts of each pipeline as a list; they come pipeline by pipeline."""
        ends = np.searchsorted(pipeline, np.arange(self.count + 1)).tolist()
        return ["[" + ",".join(told[first:last]) + "]" for first, last in pairwise(ends)]

    def critical(self) -> list[str]:
        lines = self.results.pipelines.critical
        known = self.ids.lines[np.maximum(lines, 0)] if len(self.ids.lines) else lines
        return _objects(CRITICAL, known, lines >= 0)

    def baselines(self) -> list[str]:
        days = self.results.pipelines.baseline_stages
        return _objects(STAGES, days, ~np.isnan(days))


def _objects(names: tuple[str, ...], values: Array, there: Array) -> list[str]:
    """One object for each row of a table of numbers, of what is there."""
    columns = [
        [f'"{name}":{value!r}' if known else "" for value, known in zip(column, is_there, strict=True)]
        for name, column, is_there in zip(names, values.T.tolist(), there.T.tolist(), strict=True)
    ]
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*columns, strict=True)]
