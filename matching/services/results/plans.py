"""The parts of a pipeline that are lists: who is in its team, and whom the site's conditions rule out."""

import numpy as np

from matching.encoding import Identities
from matching.kernel import Results
from matching.services.results.copying import Array, Column, listed

NOBODY = 0  # no capability has this id


class Plans:
    """Columns in the order of ``results.pipelines``."""

    def __init__(self, results: Results, identities: Identities) -> None:
        self.results, self.ids = results, identities
        self.count = len(results.pipelines.demand)

    def columns(self) -> dict[str, Column]:
        totals, found = self.results.ruled_out, self.results.ruled_out_by
        capability, score = self._members()
        members = (self.ids.lines[totals.line], capability, totals.feasible, totals.usable)
        outs = (self.ids.lines[found.line], found.condition, found.count)
        return {
            "members": listed(np.stack(members, axis=1), self._ends(totals.pipeline), "int8"),
            "member_scores": listed(score, self._ends(totals.pipeline), "float8"),
            "outs": listed(np.stack(outs, axis=1), self._ends(found.pipeline), "int8"),
        }

    def _members(self) -> tuple[Array, Array]:
        """Who takes each (pipeline, line) of ``ruled_out``, and with what score."""
        team, totals = self.results.teams, self.results.ruled_out
        lines = len(self.ids.lines)
        wanted = totals.pipeline.astype(np.int64) * lines + totals.line
        order = np.argsort(wanted, kind="stable")
        taken = team.pipeline.astype(np.int64) * lines + team.line
        place = order[np.searchsorted(wanted, taken, sorter=order)]
        score, member = np.zeros(len(wanted)), np.full(len(wanted), NOBODY, np.int64)
        score[place], member[place] = team.score, self.ids.capabilities[team.capability]
        return member, score

    def _ends(self, pipeline: Array) -> Array:
        """Where the rows of each pipeline begin, and the last ends; they come pipeline by pipeline."""
        return np.searchsorted(pipeline, np.arange(self.count + 1))
