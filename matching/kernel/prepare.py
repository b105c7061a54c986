"""What the lines and demands of one Problem share: blocks of candidates as its alliance sees them."""

from __future__ import annotations

import numpy as np

from matching.kernel.measure import Column
from matching.kernel.problem import Problem
from matching.kernel.shared import Candidates, Shared, SiteWindows
from matching.kernel.tables import AnyArray, Bools, Floats, Ints


class Block:
    """Candidates (see there) with the term ``role`` of §4, which depends on the alliance."""

    def __init__(self, prepared: Prepared, everybody: Candidates) -> None:
        self.everybody = everybody
        places, types = prepared.problem.places, prepared.problem.types
        self.pos, self.city, self.type = everybody.pos, everybody.city, everybody.type
        roles = places.roles[self.city] & types.role[self.type]
        self.role = (roles != 0).astype(np.float64)
        self.column, self.held, self.failing = everybody.column, everybody.held, everybody.failing
        self.conditions_that_bite = everybody.conditions_that_bite

    @property
    def firm(self) -> Ints:
        return self.everybody.firm

    @property
    def free(self) -> Floats:
        return self.everybody.free

    @property
    def moq(self) -> Floats:
        return self.everybody.moq

    @property
    def price(self) -> Floats:
        return self.everybody.price

    @property
    def volume_days(self) -> Ints:
        return self.everybody.volume_days

    @property
    def last_day(self) -> AnyArray:
        return self.everybody.last_day

    @property
    def trust(self) -> Floats:
        return self.everybody.trust


class Prepared:
    """A Problem with what its lines share. Blocks are made when first asked for."""

    def __init__(self, problem: Problem, shared: Shared | None = None) -> None:
        """shared: of a Problem over the same supply; its own is made without."""
        self.problem = problem
        self.shared = shared or Shared(problem)
        self.prox, self.trust = self.shared.prox, self.shared.trust
        self.conditions, self.condition_sets = self.shared.conditions, self.shared.condition_sets
        self.condition_set: Ints = self.shared.condition_set
        self._blocks: dict[tuple[int, bool], Block] = {}
        self.line_start = np.searchsorted(problem.lines.demand, np.arange(len(problem.demands.lab) + 1))
        self.line_weights: list[float] = problem.weights.line.tolist()
        self.site_weights: list[float] = problem.weights.site.tolist()

    def block(self, type_: int, open_scope: bool) -> Block:
        """Candidates of a component type: of the whole platform if the scope is open, else of the alliance."""
        key = (type_, open_scope)
        if key not in self._blocks:
            everybody = self.shared.of_type(type_)
            if not open_scope:
                city = self.problem.capabilities.city[everybody.pos]
                everybody = Candidates(self.shared, everybody.pos[self.problem.places.member[city]])
            self._blocks[key] = Block(self, everybody)
        return self._blocks[key]

    def forget(self, type_: int) -> None:
        """Let go of the block of a whole type, which can be made again."""
        if block := self._blocks.pop((type_, True), None):
            block.everybody.forget()
            self.shared.forget(type_)

    @property
    def site_params(self) -> list[Column]:
        """Offered values of every site key, for all sites."""
        return self.shared.site_params

    @property
    def scenario_below(self) -> Bools:
        """bool[U, U]: row u holds what is u or below it in the scenario tree."""
        return self.shared.scenario_below

    @property
    def windows(self) -> SiteWindows:
        """All windows of all sites."""
        return self.shared.windows

    def windows_of(self, site: int) -> list[tuple[int, int]]:
        """(start, end) of the windows of one site, sorted."""
        table = self.problem.sites.windows
        own = slice(int(table.start[site]), int(table.start[site + 1]))
        return list(zip(table.opens[own].tolist(), table.closes[own].tolist(), strict=True))
