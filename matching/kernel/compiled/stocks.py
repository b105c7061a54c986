"""Blocks that outlive a Problem: the capabilities of one type as a table of its own, laid out once for many Problems.

A Problem over stocks has the capabilities of all of them one after the other. Positions are compared within a line
only, and a line has one type: that somebody stands in the stock of a type and in that of the type above does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from matching.kernel.compiled.block import Laid, lay_out, pack
from matching.kernel.compiled.sites import SiteTable
from matching.kernel.compiled.solver import CompiledSolver
from matching.kernel.compiled.tables import CompiledLines
from matching.kernel.compiled.teams import Conditions, turned
from matching.kernel.compiled.wide import NEVER
from matching.kernel.measure import Want, holds
from matching.kernel.packed import Certificates, Specs
from matching.kernel.prepare import Prepared
from matching.kernel.problem import Capabilities, Places, Problem
from matching.kernel.shared import Shared, below
from matching.kernel.tables import AnyArray, Floats, Ints

WORD = 64
NO_INDEX = 0  # lines: so few look through the columns faster than these are sorted
#: Columns that pipelines read of every capability.
OWN = ("city", "prototype_days", "volume_days", "free")


class _TrustOf:
    """The term by organisation where only some have one: those that offer."""

    def __init__(self, ids: Ints, values: Floats) -> None:
        self._ids, self._values = ids, values

    def __getitem__(self, wanted: Ints) -> Floats:
        return self._values[np.searchsorted(self._ids, wanted)]


class _OwnShared(Shared):
    """Of a stock: no sites, no proximity."""

    def __init__(self, problem: Problem, trust: Any) -> None:
        self.problem, self.common = problem, False
        self.keep = lambda _name, make: make()
        self.prox, self.trust = np.zeros((0, 0)), trust
        self.below = below(problem.types.parent)
        self.conditions, self.condition_sets, self.condition_set = [], [], np.zeros(0, np.int32)
        self._of_type, self._is_holder, self.loops = {}, {}, {}


class ConditionSets:
    """The part conditions of all sites, as numbered by ``Shared``."""

    def __init__(self, shared: Shared) -> None:
        self.conditions, self.sets = shared.conditions, list(shared.condition_sets)
        self.identity = repr((self.conditions, self.sets))
        sizes = [len(members) for members in self.sets]
        self.start = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
        self.item = np.array([condition for members in self.sets for condition in members], np.int32)


class Stock:
    """Capabilities at or below one component type; their firms are numbered as in every Problem over stocks."""

    def __init__(self, problem: Problem, ids: AnyArray, firms: AnyArray, trust: Floats) -> None:
        """problem: these capabilities (by ids) and nothing else. firms, trust: ascending, and that term of §4."""
        self.ids, self.firms = ids, problem.capabilities.firm
        self.shared = _OwnShared(problem, _TrustOf(firms, trust))
        self.size = -(-len(problem.capabilities.type) // WORD) * WORD
        self.nbytes = 2 * problem.capabilities.nbytes()  # about what it holds in memory
        self._laid: dict[tuple[bool, int, bytes], tuple[Laid, AnyArray]] = {}
        self._fits: tuple[ConditionSets, AnyArray, AnyArray] | None = None

    def laid(self, type_: int, open_scope: bool, places: Places, codes: int) -> Laid | None:
        """The block of lines of this type, as an alliance sees it; None when nobody is in it.

        codes: how many certificates there are by now."""
        key = (open_scope, codes, b"" if open_scope else places.member.tobytes())
        if key not in self._laid:
            problem = replace(self.shared.problem, places=places)
            prepared = Prepared(problem, self.shared)
            block = prepared.block(type_, open_scope)
            if not len(block.pos):
                return None
            keys = np.flatnonzero(problem.types.has_key[type_]).astype(np.int32)
            laid = lay_out(prepared, block, keys, np.arange(codes, dtype=np.int32), NO_INDEX)
            self._laid[key] = (laid, problem.types.role[block.type][laid.layout.place])
            self.nbytes += sum(array.nbytes for array in laid.layout)
            block.everybody.forget()
        laid, bits = self._laid[key]
        here = (places.roles[laid.layout.city] & bits) != 0
        role = np.where(laid.layout.place >= 0, here, 0.0)  # as ``seen_by`` has it
        return laid._replace(layout=laid.layout._replace(role=role))

    def failing(self, asked: ConditionSets) -> tuple[AnyArray, AnyArray]:
        """Which conditions each capability fails, and of which sets any, as ``Conditions`` holds it."""
        if self._fits is None or self._fits[0] is not asked:
            words = self.size // WORD
            fails = np.array([self._fails(want) for want in asked.conditions], np.uint64)
            fails = fails.reshape(len(asked.conditions), words)
            misfits = np.zeros((len(asked.sets), words), np.uint64)
            some = np.flatnonzero(np.diff(asked.start))
            if len(some) and words:
                misfits[some] = np.bitwise_or.reduceat(fails[asked.item], asked.start[some], axis=0)
            self._fits = (asked, turned(fails, self.size), turned(misfits, self.size))
        return self._fits[1:]

    def _fails(self, want: Want) -> AnyArray:
        problem = self.shared.problem
        bad = problem.types.has_key[problem.capabilities.type, want.key]
        if bad.any():
            rows, column = self.shared.specs.stated(want.key)
            bad[rows[holds(want, column)]] = False
        return pack(bad, self.size // WORD)


class Together(NamedTuple):
    """Several stocks as the capabilities of one Problem. first: where each begins."""

    capabilities: Capabilities
    first: list[int]


def together(stocks: Sequence[Stock]) -> Together:
    """Only what pipelines read; gaps at the end of a stock are nobody's."""
    first = np.concatenate(([0], np.cumsum([stock.size for stock in stocks]))).astype(np.int64)
    columns: dict[str, Any] = {}
    for name in OWN:
        parts = [getattr(stock.shared.problem.capabilities, name) for stock in stocks]
        kind = np.float64 if name == "free" else np.int32
        columns[name] = np.zeros(int(first[-1]), kind)
        for at, part in zip(first.tolist(), parts, strict=False):
            columns[name][at : at + len(part)] = part
    none = np.zeros(int(first[-1]), np.int32)
    rest = dict.fromkeys(("type", "firm", "valid_until", "available_from"), none)
    empty: list[Any] = []
    make: Any = Capabilities
    built: Capabilities = make(
        **columns, **rest, active=none.astype(bool), moq=none.astype(np.float64), price=none.astype(np.float64),
        specs=Specs.of(empty, empty, empty, empty, empty), certificates=Certificates.of([], [], []),
    )  # fmt: skip
    return Together(built, first[:-1].tolist())


class _At(NamedTuple):
    """Of a block what lines read once it is laid out."""

    pos: Ints


class StockedLines(CompiledLines):
    """Lines over blocks that are there. blocks: by number (twice the type, and one more for an open scope)."""

    def __init__(self, prepared: Prepared, blocks: Mapping[int, tuple[Laid | None, int]]) -> None:
        """With each block where its stock begins in the Problem."""
        super().__init__(prepared, NEVER)  # conditions by slot cost more than the few lines of a small run
        self._stocked = {number: _moved(laid, first) for number, (laid, first) in blocks.items()}

    def block(self, number: int, *, by_score: bool = False) -> Laid:
        return self._stocked[number]


def _moved(laid: Laid | None, first: int) -> Laid:
    nobody: Any = None
    if laid is None:
        return Laid(_at(np.zeros(0, np.int32)), nobody, nobody)
    pos = laid.layout.pos
    there = np.where(pos >= 0, pos + np.int32(first), np.int32(-1)).astype(np.int32)
    return Laid(_at(laid.block.pos + np.int32(first)), laid.layout._replace(pos=there), laid.lookup)


def _at(pos: Ints) -> Any:
    return _At(pos)


class _Over(Shared):
    """What a Problem over stocks shares with others: proximity, sites, conditions."""

    def __init__(self, problem: Problem, sites: Shared, table: SiteTable, conditions: Conditions) -> None:
        self.problem, self.common = problem, False
        self.keep = lambda _name, make: make()
        self.prox, self.trust = sites.prox, sites.trust
        self.conditions, self.condition_sets = sites.conditions, sites.condition_sets
        self.condition_set = sites.condition_set
        self.loops = {"sites": table, "conditions": conditions}


def conditions_together(asked: ConditionSets, stocks: Sequence[Stock]) -> Conditions:
    """Of the capabilities of several stocks, in the order of ``together``."""
    parts = [stock.failing(asked) for stock in stocks]
    fails, misfits = (np.concatenate([part[which] for part in parts]) for which in (0, 1))
    return Conditions(asked.start, asked.item, fails, misfits)


def stocked_solver(
    problem: Problem,
    sites: Shared,
    table: SiteTable,
    conditions: Conditions,
    blocks: Mapping[int, tuple[Laid | None, int]],
) -> CompiledSolver:
    """sites, table: of the sites that the problem has; conditions: of its capabilities."""
    prepared = Prepared(problem, _Over(problem, sites, table, conditions))
    return CompiledSolver(prepared, StockedLines(prepared, blocks))
