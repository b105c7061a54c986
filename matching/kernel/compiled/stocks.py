"""Blocks that outlive a Problem: the capabilities of one type as a table of its own, laid out once for many Problems.

A Problem over stocks has the capabilities of all of them one after the other (``Pool``). Positions are compared within
a line only, and a line has one type: that somebody stands in the stock of a type and in that of the type above does
nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from matching.kernel.codes import Role
from matching.kernel.compiled.block import FEW_LINES, At, Laid, Layout, lay_out, move_in_index, pack
from matching.kernel.compiled.marked import NEVER
from matching.kernel.compiled.pipelines import near_of
from matching.kernel.compiled.sites import SiteTable
from matching.kernel.compiled.solver import CompiledSolver
from matching.kernel.compiled.tables import CompiledLines
from matching.kernel.compiled.teams import Conditions, turned
from matching.kernel.measure import Want, holds
from matching.kernel.packed import Certificates, Specs
from matching.kernel.prepare import Block, Prepared
from matching.kernel.problem import Capabilities, Places, Problem
from matching.kernel.shared import Shared, below
from matching.kernel.tables import AnyArray, Floats, Ints

WORD = 64
ROLES = 2 * max(Role)  # as many sets of roles a type may have
NO_INDEX = 0  # lines: so few look through the columns faster than these are sorted
LARGE_BLOCK = 8192  # slots: from here on sorted columns pay, which are kept and mended as well
MOST_MENDS = 512  # that wait for blocks which nobody asks for; with more the stock is made anew
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


class Pool:
    """What pipelines read of capabilities, for all stocks in one place each: a Problem over stocks copies nothing.

    Gaps at the end of a stock are nobody's: their id is 0.
    """

    def __init__(self, room: int) -> None:
        """room: for so many capabilities; memory is taken when it is filled."""
        self.room, self.used = room, 0
        self._columns: dict[str, AnyArray] = {
            name: np.zeros(room, np.float64 if name == "free" else np.int32) for name in OWN
        }
        self.ids, self.firms = np.zeros(room, np.int64), np.zeros(room, np.int64)
        none, empty = np.zeros(room, np.int32), list[Any]()
        rest = dict.fromkeys(("type", "firm", "valid_until", "available_from"), none)
        make: Any = Capabilities
        self.capabilities: Capabilities = make(
            **self._columns, **rest, active=np.zeros(room, bool), moq=np.zeros(room), price=np.zeros(room),
            specs=Specs.of(empty, empty, empty, empty, empty), certificates=Certificates.of([], [], []),
        )  # fmt: skip
        self._asked: ConditionSets | None = None
        self._fails = self._misfits = np.zeros((0, 1), np.uint64)

    def has_room(self, size: int) -> bool:
        return self.used + size <= self.room

    def add(self, stock: Stock) -> None:
        stock.first, self.used = self.used, self.used + stock.size
        self.put(stock, np.arange(len(stock.ids)), stock)

    def put(self, stock: Stock, at: AnyArray, fresh: Stock) -> None:
        """The capabilities of ``fresh`` as those ``at`` these places of a stock."""
        to = stock.first + at
        self.ids[to], self.firms[to] = fresh.ids, fresh.firms
        for name, column in self._columns.items():
            column[to] = getattr(fresh.shared.problem.capabilities, name)
        if self._asked is not None and stock.asked is self._asked:
            self._fails[to], self._misfits[to] = (rows[: len(to)] for rows in fresh.failing(self._asked))

    def conditions(self, asked: ConditionSets, stocks: Iterable[tuple[Stock, Again]]) -> Conditions:
        """Which conditions the capabilities of these stocks fail."""
        if self._asked is not asked:
            self._asked = asked
            self._fails = np.zeros((self.room, max(1, -(-len(asked.conditions) // WORD))), np.uint64)
            self._misfits = np.zeros((self.room, max(1, -(-len(asked.sets) // WORD))), np.uint64)
        for stock, again in stocks:
            if stock.asked is not asked:
                whole = slice(stock.first, stock.first + stock.size)
                stock.renew(again)
                self._fails[whole], self._misfits[whole] = stock.failing(asked)
                stock.asked = asked
        return Conditions(asked.start, asked.item, self._fails, self._misfits)


@dataclass
class _Blocked:
    """A block of a stock. places: who is in it, ascending, and the slot of each; cell: of each slot, by city and role
    of its type; mends: how many of the stock's it has taken in."""

    laid: Laid
    places: Ints
    slot: Ints
    cell: Ints
    mends: int


class _Mend(NamedTuple):
    """Capabilities at these places of a stock have become others. layouts: those alone, by type and certificates known,
    as blocks of these take them in when they are asked for next: of a type every alliance has one, and a run asks for
    some."""

    at: AnyArray
    layouts: dict[tuple[int, int], Layout]


_Key = tuple[int, bool, int, bytes]  # of a block: type, open scope, certificates known, cities


class Stock:
    """Capabilities at or below one component type; their firms are numbered as in every Problem over stocks."""

    def __init__(self, problem: Problem, ids: AnyArray, trust_of: AnyArray, trust: Floats) -> None:
        """problem: these capabilities (by ids) and nothing else. trust_of, trust: firms, ascending, and that term."""
        self.ids, self.firms = ids, problem.capabilities.firm
        self.shared = _OwnShared(problem, _TrustOf(trust_of, trust))
        self.size = -(-len(problem.capabilities.type) // WORD) * WORD
        self.nbytes = 2 * problem.capabilities.nbytes()  # about what it holds in memory
        self.first = 0  # in the pool
        self.process = os.getpid()
        # Blocks that a process has laid out which began with this stock, and what they take.
        self._later: list[_Key] = []
        self._later_bytes = 0
        self.asked: ConditionSets | None = None  # what its conditions in the pool are of
        self._laid: dict[_Key, _Blocked] = {}
        self._mends: list[_Mend] = []
        self._is_old = False  # blocks are mended, the capabilities that they were made of are not

    @property
    def own_bytes(self) -> int:
        """What this process has made of it: what it began with it shares with others."""
        return self.nbytes if os.getpid() == self.process else self._later_bytes

    def count(self, ids: AnyArray) -> int:
        """How many of these capabilities are in it. Looked up: `isin` would sort or hash all of a large stock."""
        at = np.searchsorted(self.ids, ids)
        inside = at < len(self.ids)
        return int((self.ids[at[inside]] == ids[inside]).sum())

    def forget_later(self) -> None:
        """The blocks that this process has laid out, where it did not make the stock itself."""
        for key in self._later:
            self._laid.pop(key, None)
        self.nbytes, self._later_bytes, self._later = self.nbytes - self._later_bytes, 0, []

    def renew(self, again: Again) -> None:
        """The capabilities as they are by now, for what has to be made of them."""
        if self._is_old:
            self.shared, self._is_old = again().shared, False

    def laid(self, type_: int, open_scope: bool, places: Places, codes: int, again: Again) -> Laid | None:
        """The block of lines of this type, as an alliance sees it; None when nobody is in it.

        codes: how many certificates there are by now. again: reads the stock anew.
        """
        key = (type_, open_scope, codes, b"" if open_scope else places.member.tobytes())
        if key not in self._laid:
            self.renew(again)
            prepared = Prepared(replace(self.shared.problem, places=places), self.shared)
            block = prepared.block(type_, open_scope)
            if not len(block.pos):
                return None
            before = self.nbytes
            self._laid[key] = self._blocked(prepared, block, type_, codes)
            if os.getpid() != self.process:
                self._later.append(key)
                self._later_bytes += self.nbytes - before
            block.everybody.forget()
        blocked = self._up_to_date(key)
        laid = blocked.laid
        return laid._replace(layout=laid.layout._replace(role=_roles(places).take(blocked.cell)))

    def _up_to_date(self, key: _Key) -> _Blocked:
        """With the mends since it was last asked for; an error on the way leaves no block that is half mended."""
        blocked = self._laid.pop(key)
        for mend in self._mends[blocked.mends :]:
            _put(blocked, mend.at, mend.layouts[key[0], key[2]])
        blocked.mends = len(self._mends)
        self._laid[key] = blocked
        return blocked

    def _blocked(self, prepared: Prepared, block: Block, type_: int, codes: int) -> _Blocked:
        laid = _lay_out(prepared, block, type_, codes, len(block.pos))
        layout, place = laid.layout, laid.layout.place
        slot = np.empty(len(block.pos), np.int32)
        slot[place[place >= 0]] = np.flatnonzero(place >= 0)
        bits = prepared.problem.types.role[block.type][place]
        cell = np.where(place >= 0, layout.city * ROLES + bits, len(prepared.problem.places.roles) * ROLES)
        pos = np.where(layout.pos >= 0, layout.pos + self.first, -1).astype(np.int32)
        self.nbytes += sum(array.nbytes for array in (*layout, *laid.lookup)) + cell.nbytes
        there = At(block.pos + np.int32(self.first))
        return _Blocked(
            Laid(there, layout._replace(pos=pos), laid.lookup), block.pos, slot, cell.astype(np.int32),
            len(self._mends),
        )  # fmt: skip

    def mend(self, fresh: Stock, pool: Pool) -> bool:
        """Put capabilities in place of what they were; False when somebody came, moved or became another's, and when
        too many mends wait for blocks.

        The stock says nothing any more then, and has to be made anew.
        """
        at = np.minimum(np.searchsorted(self.ids, fresh.ids), max(0, len(self.ids) - 1))
        if not len(self.ids) or (self.ids[at] != fresh.ids).any() or (self.firms[at] != fresh.firms).any():
            return False
        own, new = self.shared.problem.capabilities, fresh.shared.problem.capabilities
        if (own.city[at] != new.city).any() or (own.type[at] != new.type).any():
            return False
        if len(self._mends) >= MOST_MENDS:
            return False
        made: dict[tuple[int, int], Layout] = {}
        for type_, codes in {(type_, codes) for type_, _, codes, _ in self._laid}:
            prepared = Prepared(fresh.shared.problem, fresh.shared)
            block = prepared.block(type_, True)
            if len(block.pos) != len(at):
                return False
            made[type_, codes] = _lay_out(prepared, block, type_, codes).layout
        if made:
            self._mends.append(_Mend(at, made))
        self._is_old = True
        pool.put(self, at, fresh)
        return True

    def failing(self, asked: ConditionSets) -> tuple[AnyArray, AnyArray]:
        """Which conditions each capability fails, and of which sets any, as ``Conditions`` holds it."""
        words = self.size // WORD
        fails = np.array([self._fails(want) for want in asked.conditions], np.uint64)
        fails = fails.reshape(len(asked.conditions), words)
        misfits = np.zeros((len(asked.sets), words), np.uint64)
        some = np.flatnonzero(np.diff(asked.start))
        if len(some) and words:
            misfits[some] = np.bitwise_or.reduceat(fails[asked.item], asked.start[some], axis=0)
        return turned(fails, self.size), turned(misfits, self.size)

    def _fails(self, want: Want) -> AnyArray:
        problem = self.shared.problem
        bad = problem.types.has_key[problem.capabilities.type, want.key]
        if bad.any():
            rows, column = self.shared.specs.stated(want.key)
            bad[rows[holds(want, column)]] = False
        return pack(bad, self.size // WORD)


Again = Callable[[], Stock]


def _lay_out(prepared: Prepared, block: Block, type_: int, codes: int, size: int = 0) -> Laid:
    """size: of the block; a large one is looked up by sorted columns."""
    keys = np.flatnonzero(prepared.problem.types.has_key[type_]).astype(np.int32)
    lines = FEW_LINES if size >= LARGE_BLOCK else NO_INDEX
    return lay_out(prepared, block, keys, np.arange(codes, dtype=np.int32), lines)


def _roles(places: Places) -> Floats:
    """The term by city and by the roles of a type; the last is for gaps."""
    bits = np.arange(ROLES, dtype=np.uint8)
    there = (places.roles[:, None] & bits[None, :]) != 0
    return np.append(there.reshape(-1), False).astype(np.float64)


def _put(blocked: _Blocked, at: AnyArray, fresh: Layout) -> None:
    """Those of a stock's places that have a slot here get the values of the fresh slots 0, 1, …"""
    layout = blocked.laid.layout
    place = np.minimum(np.searchsorted(blocked.places, at), len(blocked.places) - 1)
    inside = np.flatnonzero(blocked.places[place] == at)
    slot = blocked.slot[place[inside]]
    if not len(slot):
        return
    if len(blocked.laid.lookup.order):
        for to, of in zip(slot.tolist(), inside.tolist(), strict=True):
            move_in_index(blocked.laid.lookup, to, layout.least[:, to], fresh.least[:, of])
    layout.least[:, slot] = fresh.least[:, inside]
    layout.days[slot], layout.trust[slot] = fresh.days[inside], fresh.trust[inside]
    for rows, new in (
        (layout.unstated, fresh.unstated),
        (layout.choices, fresh.choices),
        (layout.held, fresh.held),
    ):
        for to, of in zip(slot.tolist(), inside.tolist(), strict=True):
            bit = np.uint64(1) << np.uint64(to & 63)
            there = (new[:, of >> 6] >> np.uint64(of & 63)) & np.uint64(1) == 1
            rows[:, to >> 6] = np.where(there, rows[:, to >> 6] | bit, rows[:, to >> 6] & ~bit)


class StockedLines(CompiledLines):
    """Lines over blocks that are there. blocks: by number (twice the type, and one more for an open scope)."""

    def __init__(self, prepared: Prepared, blocks: Mapping[int, Laid | None]) -> None:
        super().__init__(prepared, NEVER)  # conditions by slot cost more than the few lines of a small run
        nobody: Any = None
        empty = At(np.zeros(0, np.int32))
        self._stocked = {number: laid or Laid(empty, nobody, nobody) for number, laid in blocks.items()}

    def block(self, number: int, *, by_score: bool = False) -> Laid:
        return self._stocked[number]


class _Over(Shared):
    """What a Problem over stocks shares with others: proximity, sites, conditions."""

    def __init__(self, problem: Problem, sites: Shared, table: SiteTable, conditions: Conditions) -> None:
        self.problem, self.common = problem, False
        self.keep = lambda _name, make: make()
        self.prox, self.trust = sites.prox, sites.trust
        self.conditions, self.condition_sets = sites.conditions, sites.condition_sets
        self.condition_set = sites.condition_set
        self.loops = {"sites": table, "conditions": conditions, "near": near_of(sites)}


def stocked_solver(
    problem: Problem,
    sites: Shared,
    table: SiteTable,
    conditions: Conditions,
    blocks: Mapping[int, Laid | None],
) -> CompiledSolver:
    """sites, table: of the sites that the problem has; conditions: of its capabilities."""
    prepared = Prepared(problem, _Over(problem, sites, table, conditions))
    return CompiledSolver(prepared, StockedLines(prepared, blocks))
