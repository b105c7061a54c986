"""What Problems over the same offers and sites have in common, worked out once: trees, trust, columns, candidates.

A run of one alliance makes its own. Runs of many alliances over one supply share it, whatever their members, roles,
weights and demands are; what is large can then be kept where several processes see it (``Keep``).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from matching.kernel.codes import NO_DATE
from matching.kernel.geo import proximity
from matching.kernel.measure import Column, SpecIndex, Want, holds
from matching.kernel.packed import Requirements
from matching.kernel.problem import Problem
from matching.kernel.tables import AnyArray, Bools, Floats, Ints

Arrays = dict[str, AnyArray]
# (name, what makes the arrays) → the arrays, from wherever they are kept.
Keep = Callable[[str, Callable[[], Arrays]], Arrays]


def keep_nothing(_: str, make: Callable[[], Arrays]) -> Arrays:
    """Arrays are this process's own."""
    return make()


class Candidates:
    """The capabilities that lines of one type and scope may use (type, state and reach hold), columns side by side.

    pos: int32[n] positions, ascending; the other arrays are the capabilities' columns at pos, gathered when first asked
    for. last_day: the day volume parts can be there, max(as-of + lead, available_from). trust: that term of §4.
    """

    def __init__(self, shared: Shared, pos: Ints) -> None:
        self.shared, self.pos = shared, pos
        self._columns: dict[int, Column] = {}
        self._held: dict[int, Bools] = {}
        self._failing: dict[int, Bools | None] = {}
        self._condition_sets: dict[int, tuple[int, ...]] = {}

    def __getattr__(self, name: str) -> Any:
        """The columns that are the capabilities' own: firm, city, type, free, moq, price, volume_days."""
        if name not in OWN_COLUMNS:
            raise AttributeError(name)
        values = getattr(self.shared.problem.capabilities, name)[self.pos]
        setattr(self, name, values)
        return values

    firm: Ints
    city: Ints
    type: Ints
    free: Floats
    moq: Floats
    price: Floats
    volume_days: Ints

    @cached_property
    def last_day(self) -> AnyArray:
        ready = self.volume_days.astype(np.int64) + self.shared.problem.as_of
        return np.maximum(ready, self.shared.problem.capabilities.available_from[self.pos])

    @cached_property
    def trust(self) -> Floats:
        return self.shared.trust[self.firm]

    def column(self, key: int) -> Column:
        """Offered values of one component key."""
        if key not in self._columns:
            self._columns[key] = self.shared.specs.column(key, self.pos)
        return self._columns[key]

    def held(self, code: int) -> Bools:
        """bool[n]: holds this certificate, unexpired on as-of (the expiry date is the last valid day)."""
        if code not in self._held:
            self._held[code] = self.shared.is_holder(code)[self.pos]
        return self._held[code]

    def failing(self, condition: int) -> Bools | None:
        """bool[n]: fails this distinct part condition and its type has the key (§6); None when nobody does."""
        if condition not in self._failing:
            want = self.shared.conditions[condition]
            bad = self.shared.problem.types.has_key[self.type, want.key]
            if bad.any():
                bad &= ~holds(want, self.column(want.key))
            self._failing[condition] = bad if bad.any() else None
        return self._failing[condition]

    def conditions_that_bite(self, condition_set: int) -> tuple[int, ...]:
        """The distinct conditions of a set that somebody among them fails."""
        if condition_set not in self._condition_sets:
            members = sorted(set(self.shared.condition_sets[condition_set]))
            self._condition_sets[condition_set] = tuple(c for c in members if self.failing(c) is not None)
        return self._condition_sets[condition_set]

    def forget(self) -> None:
        """Let go of the columns, which can be gathered again."""
        self._columns, self._held, self._failing = {}, {}, {}
        for name in (*OWN_COLUMNS, "last_day", "trust"):
            self.__dict__.pop(name, None)


OWN_COLUMNS = ("firm", "city", "type", "free", "moq", "price", "volume_days")


OF_CITIES = ("near",)  # what loops keep that says nothing of sites


class SiteWindows(NamedTuple):
    """All windows flat: site, first and last day (inclusive), sorted by site, start, end."""

    site: Ints
    opens: Ints
    closes: Ints


class Shared:
    """Made from a Problem; good for every other one with the same date, cities, trees, organisations, offers, sites.

    Columns, blocks and condition checks are made when first asked for.
    """

    conditions: list[Want]
    condition_sets: list[tuple[int, ...]]
    condition_set: Ints

    def __init__(self, problem: Problem, keep: Keep = keep_nothing, codes: int = 0) -> None:
        """codes: how many certificates there are in all, whether somebody holds them or not (used with ``keep``)."""
        self.problem, self.keep, self.codes = problem, keep, codes
        self.common = keep is not keep_nothing
        record = problem.organisations
        self.prox: Floats = proximity(problem.places.travel)
        self.trust: Floats = trust_of(record.verified, record.completed, record.on_time)
        self.below = below(problem.types.parent)
        self.loops: dict[str, Any] = {}  # of the compiled loops, by name
        self._of_type: dict[int, Candidates] = {}
        self._is_holder: dict[int, Bools] = {}
        self._number_conditions()

    def with_sites(
        self, problem: Problem, fresh: Shared, *, source: AnyArray | None = None, at: AnyArray | None = None
    ) -> Shared:
        """Of a problem whose sites are rows of this one's and of another's, end to end: ``source``; or this one's, but
        ``at`` these places the other's. Conditions keep their numbers, also those that no site has any more."""
        made = copy(self)
        for name in ("specs", "usable", "_certificate_order", "site_params", "windows"):
            made.__dict__.pop(name, None)
        made.problem = problem
        made.loops = {name: self.loops[name] for name in OF_CITIES if name in self.loops}
        theirs = made._numbered(self, fresh)
        if at is None:
            made.trust = np.concatenate((self.trust, fresh.trust))[source]
            made.condition_set = np.concatenate((self.condition_set, theirs))[source]
        else:
            made.trust, made.condition_set = self.trust.copy(), self.condition_set.copy()
            made.trust[at], made.condition_set[at] = fresh.trust, theirs
        return made

    def _numbered(self, before: Shared, fresh: Shared) -> Ints:
        """The list of conditions of each of the other's sites; what has no number yet gets the next."""
        self.conditions, self.condition_sets = list(before.conditions), list(before.condition_sets)
        numbers = {_identity(want): number for number, want in enumerate(self.conditions)}
        sets = {members: number for number, members in enumerate(self.condition_sets)}
        of_set = []
        for members in fresh.condition_sets:
            own = []
            for want in (fresh.conditions[number] for number in members):
                number = numbers.setdefault(_identity(want), len(numbers))
                self.conditions += [want] if number == len(self.conditions) else []
                own.append(number)
            of_set.append(sets.setdefault(tuple(own), len(sets)))
        self.condition_sets = list(sets)
        return np.array(of_set, np.int32)[fresh.condition_set] if of_set else fresh.condition_set

    @cached_property
    def specs(self) -> SpecIndex:
        keys = self.problem.component_keys
        specs = self.problem.capabilities.specs
        made = self.keep("specs", lambda: SpecIndex.sort(specs, keys.kind, keys.n_choices))
        return SpecIndex(made, keys.kind, keys.n_choices)

    @cached_property
    def usable(self) -> Ints:
        """Positions of the capabilities whose state holds, ascending."""
        caps = self.problem.capabilities
        unexpired = (caps.valid_until == NO_DATE) | (caps.valid_until >= self.problem.as_of)
        return np.flatnonzero(caps.active & unexpired).astype(np.int32)

    def of_type(self, type_: int) -> Candidates:
        """Everybody of a component type or below it."""
        if type_ not in self._of_type:
            pos = self.usable[self.below[type_][self.problem.capabilities.type[self.usable]]]
            self._of_type[type_] = Candidates(self, pos)
        return self._of_type[type_]

    def forget(self, type_: int) -> None:
        """Let go of the candidates of a type."""
        self._of_type.pop(type_, None)

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

    def is_holder(self, code: int) -> Bools:
        """bool for every capability: a block then looks at its own rows, not at everybody who holds it."""
        if code not in self._is_holder:
            held = np.zeros(len(self.problem.capabilities.type), bool)
            held[self.holders(code)] = True
            self._is_holder[code] = held
        return self._is_holder[code]

    def forget_holders(self) -> None:
        """Let go of who holds which certificate: a flag of every capability for each."""
        self._is_holder = {}

    @cached_property
    def site_params(self) -> list[Column]:
        """Offered values of every site key, for all sites."""
        keys, sites = self.problem.site_keys, self.problem.sites
        index = SpecIndex.of(sites.params, keys.kind, keys.n_choices)
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

    def _number_conditions(self) -> None:
        """Give each distinct part condition, and each distinct list of them, a number.

        conditions: the distinct ones. condition_sets: per distinct list the numbers of its conditions in the
        site's order. condition_set: int32[S], the list of every site.
        """
        table = self.problem.sites.conditions
        first, number = _alike(table)
        self.conditions = [_want(table, at) for at in first.tolist()]
        sets: dict[bytes, int] = {}
        starts, of_set = table.start.tolist(), []
        for begin, end in pairwise(starts):
            of_set.append(sets.setdefault(number[begin:end].tobytes(), len(sets)))
        self.condition_sets = [tuple(np.frombuffer(members, number.dtype).tolist()) for members in sets]
        self.condition_set = np.array(of_set, np.int32)


def _alike(table: Requirements) -> tuple[Ints, Ints]:
    """Of all entries the first of each that says something else, in their order, and the number of each entry."""
    # NaN equals NaN, whatever its bits; 0.0 and -0.0 are told apart.
    sides = [np.where(np.isnan(side), np.int64(-1), side.view(np.int64)) for side in (table.a, table.b)]
    said: list[AnyArray] = [table.key, table.op, *sides, table.mask]
    rows = np.column_stack([column.astype(np.int64) for column in said])
    order = np.lexsort(rows.T)
    other = np.ones(len(rows), bool)
    other[1:] = (rows[order[1:]] != rows[order[:-1]]).any(axis=1)
    group = np.cumsum(other) - 1
    begins = order[other]  # a sort that keeps the order of equal ones: the first of each
    rank = np.empty(len(begins), np.int32)
    rank[np.argsort(begins)] = np.arange(len(begins))
    number = np.empty(len(rows), np.int32)
    number[order] = rank[group]
    return np.sort(begins).astype(np.int32), number


def _want(table: Requirements, at: int) -> Want:
    return Want(*(getattr(table, name)[at].item() for name in Want._fields))


def trust_of(verified: Bools, completed: Ints, on_time: Ints) -> Floats:
    """That term of §4 for organisations."""
    trust = 0.6 + 0.4 * (on_time.astype(np.int64) + 1) / (completed.astype(np.int64) + 2)
    return np.where(verified, trust, 0.0)


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
