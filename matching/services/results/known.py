"""What a demand's results name, each id once: for rules that ask who is known by a match, a team or a site."""

import numpy as np

from matching.encoding import Identities
from matching.kernel import Problem, Results
from matching.services.results.copying import Array, Column, listed

ID_BITS = 40  # of a database id; the rest of 63 is the demand's place
ID_MASK = (1 << ID_BITS) - 1


class Known:
    """Columns in the order of ``results.demand_totals``."""

    def __init__(self, problem: Problem, results: Results, identities: Identities) -> None:
        self.results, self.ids, self.of_line = results, identities, problem.lines.demand
        demands = results.demand_totals.demand
        self.place = np.zeros(len(identities.demands), np.int64)
        self.place[demands] = np.arange(len(demands))
        self.count = len(demands)

    def columns(self) -> dict[str, Column]:
        capability, of = self._paired()
        member, of_team = self._team()
        site, of_site = self._sites()
        return {
            "capabilities": self._listed(of, self.ids.capabilities[capability]),
            "suppliers": self._listed(of, self.ids.suppliers[capability]),
            "team": self._listed(of_team, self.ids.capabilities[member]),
            "team_suppliers": self._listed(of_team, self.ids.suppliers[member]),
            "sites": self._listed(of_site, self.ids.sites[site]),
        }

    def _paired(self) -> tuple[Array, Array]:
        """Capability and demand of every match and near miss."""
        rows = (self.results.matches, self.results.near_misses)
        line = np.concatenate([each.line for each in rows])
        return np.concatenate([each.capability for each in rows]), self.of_line[line]

    def _team(self) -> tuple[Array, Array]:
        team = self.results.teams
        return team.capability, self.results.pipelines.demand[team.pipeline]

    def _sites(self) -> tuple[Array, Array]:
        there = self.results.pipelines.site >= 0
        rows = self.results.sites
        site = np.concatenate([rows.site, self.results.pipelines.site[there]])
        return site, np.concatenate([rows.demand, self.results.pipelines.demand[there]])

    def _listed(self, demand: Array, ids: Array) -> Column:
        """An array for each demand: its ids, each once, in their order."""
        # Sorted here: `unique` takes ten times as long.
        pairs = np.sort(self.place[demand] << ID_BITS | ids.astype(np.int64))
        pairs = pairs[np.diff(pairs, prepend=-1) != 0]
        ends = np.searchsorted(pairs, np.arange(self.count + 1) << ID_BITS)
        return listed(pairs & ID_MASK, ends, "int8")
