"""What every line and demand of a Problem shares, worked out once: trees, trust, proximity, candidate blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from matching.kernel.codes import NO_DATE
from matching.kernel.geo import proximity
from matching.kernel.measure import Column, SpecIndex, Want, holds, wants_of
from matching.kernel.problem import Problem
from matching.kernel.tables import Bools, Floats, Ints


class Block:
    """The capabilities a line of one type and scope may use (type, state and reach hold), columns side by side.

    pos: int32[n] positions, ascending; the other arrays are the capabilities' columns at pos. last_day: the day
    volume parts can be there, max(as-of + lead, available_from). trust, role: those terms of §4.
    """

    def __init__(self, prepared: Prepared, pos: Ints) -> None:
        problem, caps = prepared.problem, prepared.problem.capabilities
        self._prepared = prepared
        self.pos = pos
        self.firm, self.city, self.type = caps.firm[pos], caps.city[pos], caps.type[pos]
        self.free, self.moq, self.price = caps.free[pos], caps.moq[pos], caps.price[pos]
        self.volume_days = caps.volume_days[pos]
        ready = self.volume_days.astype(np.int64) + problem.as_of
        self.last_day = np.maximum(ready, caps.available_from[pos])
        self.trust = prepared.trust[self.firm]
        roles = problem.places.roles[self.city] & problem.types.role[self.type]
        self.role = (roles != 0).astype(np.float64)
        self._columns: dict[int, Column] = {}
        self._held: dict[int, Bools] = {}
        self._failing: dict[int, Bools | None] = {}
        self._condition_sets: dict[int, tuple[int, ...]] = {}

    def column(self, key: int) -> Column:
        """Offered values of one component key."""
        if key not in self._columns:
            self._columns[key] = self._prepared.specs.column(key, self.pos)
        return self._columns[key]

    def held(self, code: int) -> Bools:
        """bool[n]: holds this certificate, unexpired on as-of (the expiry date is the last valid day)."""
        if code not in self._held:
            self._held[code] = np.isin(self.pos, self._prepared.holders(code), assume_unique=True)
        return self._held[code]

    def failing(self, condition: int) -> Bools | None:
        """bool[n]: fails this distinct part condition and its type has the key (§6); None when nobody does."""
        if condition not in self._failing:
            want = self._prepared.conditions[condition]
            bad = self._prepared.problem.types.has_key[self.type, want.key]
            if bad.any():
                bad &= ~holds(want, self.column(want.key))
            self._failing[condition] = bad if bad.any() else None
        return self._failing[condition]

    def conditions_that_bite(self, condition_set: int) -> tuple[int, ...]:
        """The distinct conditions of a set that somebody in this block fails."""
        if condition_set not in self._condition_sets:
            members = sorted(set(self._prepared.condition_sets[condition_set]))
            self._condition_sets[condition_set] = tuple(c for c in members if self.failing(c) is not None)
        return self._condition_sets[condition_set]


class SiteWindows(NamedTuple):
    """All windows flat: site, first and last day (inclusive), sorted by site, start, end."""

    site: Ints
    opens: Ints
    closes: Ints


class Prepared:
    """A Problem with what its lines share. Blocks, columns and condition checks are made when first asked for."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        keys, caps, record = problem.component_keys, problem.capabilities, problem.organisations
        self.specs = SpecIndex(caps.specs, keys.kind, keys.n_choices)
        self.prox: Floats = proximity(problem.places.travel)
        trust = 0.6 + 0.4 * (record.on_time.astype(np.int64) + 1) / (record.completed.astype(np.int64) + 2)
        self.trust: Floats = np.where(record.verified, trust, 0.0)
        unexpired = (caps.valid_until == NO_DATE) | (caps.valid_until >= problem.as_of)
        self._usable = np.flatnonzero(caps.active & unexpired).astype(np.int32)
        self._below = below(problem.types.parent)
        self._blocks: dict[tuple[int, bool], Block] = {}
        self.line_start = np.searchsorted(problem.lines.demand, np.arange(len(problem.demands.lab) + 1))
        self.line_weights: list[float] = problem.weights.line.tolist()
        self.site_weights: list[float] = problem.weights.site.tolist()
        self._number_conditions()

    def block(self, type_: int, open_scope: bool) -> Block:
        """Candidates of a component type: of the whole platform if the scope is open, else of the alliance."""
        key = (type_, open_scope)
        if key not in self._blocks:
            caps, pos = self.problem.capabilities, self._usable
            pos = pos[self._below[type_][caps.type[pos]]]
            if not open_scope:
                pos = pos[self.problem.places.member[caps.city[pos]]]
            self._blocks[key] = Block(self, pos)
        return self._blocks[key]

    @cached_property
    def _certificate_order(self) -> tuple[Ints, Ints]:
        """Codes and capability positions of the certificates unexpired on as-of, sorted by code, then position."""
        held = self.problem.capabilities.certificates
        valid = np.flatnonzero((held.expires == NO_DATE) | (held.expires >= self.problem.as_of))
        valid = valid[np.argsort(held.code[valid], kind="stable")]
        return held.code[valid], held.row[valid]

    def holders(self, code: int) -> Ints:
        """Positions of the capabilities that hold a certificate on as-of."""
        codes, rows = self._certificate_order
        return rows[np.searchsorted(codes, code) : np.searchsorted(codes, code, side="right")]

    @cached_property
    def site_params(self) -> list[Column]:
        """Offered values of every site key, for all sites."""
        keys, sites = self.problem.site_keys, self.problem.sites
        index = SpecIndex(sites.params, keys.kind, keys.n_choices)
        everything = np.arange(len(sites.scenario), dtype=np.int32)
        return [index.column(key, everything) for key in range(len(keys.kind))]

    @cached_property
    def scenario_below(self) -> Bools:
        """bool[U, U]: row u holds what is u or below it in the scenario tree."""
        return below(self.problem.scenario_types.parent)

    @cached_property
    def windows(self) -> SiteWindows:
        """All windows of all sites."""
        table = self.problem.sites.windows
        site = np.repeat(np.arange(len(table.start) - 1, dtype=np.int32), np.diff(table.start))
        return SiteWindows(site, table.opens, table.closes)

    def windows_of(self, site: int) -> list[tuple[int, int]]:
        """(start, end) of the windows of one site, sorted."""
        table = self.problem.sites.windows
        own = slice(int(table.start[site]), int(table.start[site + 1]))
        return list(zip(table.opens[own].tolist(), table.closes[own].tolist(), strict=True))

    def _number_conditions(self) -> None:
        """Give each distinct part condition, and each distinct list of them, a number.

        conditions: the distinct ones. condition_sets: per distinct list the numbers of its conditions in the
        site's order. condition_set: int32[S], the list of every site.
        """
        numbers: dict[tuple[object, ...], int] = {}
        sets: dict[tuple[int, ...], int] = {}
        self.conditions: list[Want] = []
        of_site: list[int] = []
        table = self.problem.sites.conditions
        for site in range(len(self.problem.sites.scenario)):
            wants = wants_of(table, site)
            for want in wants:
                if _identity(want) not in numbers:
                    numbers[_identity(want)] = len(numbers)
                    self.conditions.append(want)
            members = tuple(numbers[_identity(want)] for want in wants)
            of_site.append(sets.setdefault(members, len(sets)))
        self.condition_sets: Sequence[tuple[int, ...]] = list(sets)
        self.condition_set: Ints = np.array(of_site, np.int32)


def _identity(want: Want) -> tuple[object, ...]:
    """What makes two part conditions the same; NaN equals NaN as text."""
    return want.key, want.op, repr(want.a), repr(want.b), want.mask


def below(parent: Ints) -> Bools:
    """bool[n, n]: row t holds what is t or below it, by following every node's parents up."""
    count = len(parent)
    result = np.eye(count, dtype=bool)
    node, above = np.arange(count), parent.astype(np.int64)
    while (above >= 0).any():
        node, above = node[above >= 0], above[above >= 0]
        result[above, node] = True
        above = parent[above].astype(np.int64)
    return result
