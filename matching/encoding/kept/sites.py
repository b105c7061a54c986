"""All sites as one Problem without demands, with what the compiled loops make of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from matching.encoding import offers
from matching.encoding import surroundings as around
from matching.encoding.columns import Array, unique
from matching.encoding.freeze import Encoder
from matching.encoding.vocabulary import Keys
from matching.kernel import Sites
from matching.kernel.compiled.sites import seen_by, site_table
from matching.kernel.compiled.stocks import ConditionSets
from matching.kernel.prepare import Prepared
from matching.kernel.problem import Problem
from matching.kernel.shared import Shared


class SiteReader(Encoder):
    """Every published site of an operator that is not suspended."""

    def __init__(self, scenario_tree: around.Tree, cities: Array) -> None:
        self.scenario_tree, self.cities = scenario_tree, cities
        self.site_reach = offers.Reach(0, date.min, [], scenario_tree.ids.tolist())
        self.sites = offers.read_sites(self.site_reach)
        self.organisations = unique(self.sites["organisation"])

    def read(self, keys: Keys, site_keys: Keys) -> Sites:
        return self._sites(keys, site_keys, self._conditions())


class KeptSites:
    """Good until a site or one of their operators changes."""

    def __init__(self, problem: Problem, ids: Array, before: KeptSites | None = None) -> None:
        """problem: these sites and their operators. before: what was kept until now."""
        self.ids, self.problem = ids, problem
        self.shared = Shared(problem)
        self.table = site_table(Prepared(problem, self.shared))
        self.asked = ConditionSets(self.shared)
        if before is not None and before.asked.identity == self.asked.identity:
            self.asked = before.asked  # what was made for them is still right

    def seen_by(self, member: Array, roles: Array) -> Any:
        """The table with members and roles of an alliance."""
        return seen_by(self.table, member, roles)
