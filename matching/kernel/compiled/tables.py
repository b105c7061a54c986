"""What compiled loops found, as the tables of ``Results``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, cast

import numpy as np

from matching.kernel.compiled.block import Laid, lay_out
from matching.kernel.compiled.cutting import cut_for, seen_by
from matching.kernel.compiled.judge import SPEC
from matching.kernel.compiled.lines import Found, asks_of, put_parts, solve_lines
from matching.kernel.compiled.marked import LARGE, Marked
from matching.kernel.compiled.plans import Feasible
from matching.kernel.compiled.sixteens import tables_of
from matching.kernel.prepare import Prepared
from matching.kernel.results import LineTotals, Matches, NearMisses, Relaxations
from matching.kernel.tables import AnyArray, Floats, Ints, Table

ITEM_BITS = 32
ITEM_MASK = (1 << ITEM_BITS) - 1
ROOM = 300_000_000  # bytes of blocks kept laid out between chunks
TABLES: dict[str, type[Table]] = {
    "line_totals": LineTotals,
    "matches": Matches,
    "near_misses": NearMisses,
    "relaxations": Relaxations,
}
# lines; where what is feasible for each begins, as positions; scores; whether as bits
Part = tuple[Ints, AnyArray, Ints, Floats, bool]
Columns = dict[str, list[AnyArray]]  # in the order of the table's columns, the line first


class CompiledLines:
    """Solves the lines of chunks of demands block by block; blocks are laid out once, while there is room."""

    def __init__(self, prepared: Prepared, large: int = LARGE) -> None:
        """large: slots of a block, from how many on its lines have bits by slot."""
        self.prepared, self.large = prepared, large
        problem = prepared.problem
        self.asks = asks_of(problem)
        lines = problem.lines
        open_scope = problem.demands.open_scope[lines.demand].astype(np.int64)
        self._block_of = lines.type.astype(np.int64) * 2 + open_scope
        self._lines_of = np.bincount(self._block_of, minlength=2 * len(problem.types.parent))
        wants = np.repeat(self._block_of, np.diff(lines.requirements.start))
        codes = np.repeat(self._block_of, np.diff(lines.certificates.start))
        self._keys = _by_block(wants, lines.requirements.key)
        self._codes = _by_block(codes, lines.certificates.item)
        self._weights = np.array(prepared.line_weights)
        self._laid: dict[tuple[int, bool], Laid] = {}
        self._bytes = 0

    def solve(self, lines: Ints) -> tuple[dict[str, Table], Feasible, list[Marked]]:
        """The tables of §3 and §4 for ascending ``lines``, and what is feasible for each."""
        parts: dict[str, list[list[AnyArray]]] = {name: [] for name in TABLES}
        feasible: list[Part] = []
        marked: list[Marked] = []
        for number, some in self._by_block(lines):
            laid = self.block(number)
            if not len(laid.block.pos):
                none = np.zeros(len(some), np.int32)
                parts["line_totals"].append([some, *[none] * 5])
                continue
            bits = self._has_bits(laid)
            found = self._solved(some, laid, bits)
            columns = _columns(found, some, laid.layout.pos, self.asks.key)
            for name, part in columns.items():
                parts[name].append(part)
            feasible.append(_feasible(some, laid, found, bits))
            if bits:
                marked.append(Marked(some, found.bits, laid, number))
        tables = {name: _joined(cls, parts[name]) for name, cls in TABLES.items()}
        return tables, _in_order(lines, feasible), marked

    def _by_block(self, lines: Ints) -> Iterator[tuple[int, Ints]]:
        block_of = self._block_of[lines]
        order = np.argsort(block_of, kind="stable")
        parts = np.split(lines[order], np.flatnonzero(np.diff(block_of[order])) + 1)
        # Processes that begin beside each other over one supply lay different types out, and do not wait in turn.
        first = os.getpid() % 7 * len(parts) // 7 if self.prepared.shared.common else 0
        for some in (*parts[first:], *parts[:first]):
            if len(some):
                yield int(self._block_of[some[0]]), some

    def _has_bits(self, laid: Laid) -> bool:
        """Whether those feasible for a line of the block are kept by slot as well: over a supply always."""
        return len(laid.layout.pos) >= self.large or self.prepared.shared.common

    def _solved(self, lines: Ints, laid: Laid, bits: bool) -> Found:
        everything, as_of = np.ones(len(lines), np.bool_), self.prepared.problem.as_of
        return solve_lines(
            self.asks, laid, lines, everything, self.prepared.prox, self._weights, as_of, bits=bits
        )

    def block(self, number: int, *, by_score: bool = False) -> Laid:
        if (number, by_score) not in self._laid:
            type_, everywhere = number // 2, bool(number % 2)
            over_supply = self.prepared.shared.common and not by_score
            if over_supply and everywhere:
                self._laid[number, by_score] = seen_by(self.prepared, type_)
                return self._laid[number, by_score]
            laid = cut_for(self.prepared, type_) if over_supply else self._laid_out(number, by_score)
            size = sum(array.nbytes for array in (*laid.layout, *laid.lookup, *(laid.tables or ())))
            if self._bytes + size > ROOM:
                self._laid, self._bytes = {}, 0
            self._laid[number, by_score] = laid
            self._bytes += size
        return self._laid[number, by_score]

    def _laid_out(self, number: int, by_score: bool) -> Laid:
        block = self.prepared.block(number // 2, bool(number % 2))
        keys, codes = self._keys.get(number, _NONE), self._codes.get(number, _NONE)
        laid = lay_out(self.prepared, block, keys, codes, int(self._lines_of[number]), by_score=by_score)
        return laid._replace(tables=tables_of(laid.layout, self._weights)) if by_score else laid


_NONE = np.zeros(0, np.int32)


def _feasible(lines: Ints, laid: Laid, found: Found, bits: bool) -> Part:
    return lines, found.feasible_start, laid.block.pos[found.feasible], found.feasible_score, bits


def _in_order(lines: Ints, parts: list[Part]) -> Feasible:
    """The parts of all blocks in the order of lines."""
    count, marked = np.zeros(len(lines), np.int64), np.zeros(len(lines), np.bool_)
    for own, start, _, _, bits in parts:
        at = np.searchsorted(lines, own)
        count[at], marked[at] = np.diff(start), bits
    whole = np.concatenate(([0], np.cumsum(count)))
    feasible = Feasible(whole, np.empty(whole[-1], np.int32), np.empty(whole[-1]), marked)
    for own, start, capability, score, *_ in parts:
        put_parts(
            feasible.start,
            np.searchsorted(lines, own),
            start,
            capability,
            score,
            feasible.capability,
            feasible.score,
        )
    return feasible


def _by_block(blocks: AnyArray, items: Ints) -> dict[int, Ints]:
    """The different items of each block, ascending."""
    pairs = np.sort(
        blocks.astype(np.int64) << ITEM_BITS | items
    )  # as one number: rows take ten times as long
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    block = pairs >> ITEM_BITS
    ends = np.flatnonzero(np.diff(block)) + 1
    parts = np.split((pairs & ITEM_MASK).astype(np.int32), ends)
    return dict(zip(block[np.concatenate(([0], ends))].tolist(), parts, strict=True)) if len(pairs) else {}


def _columns(found: Found, lines: Ints, pos: Ints, keys: Ints) -> Columns:
    which, rank = np.nonzero(found.matches >= 0)
    near, near_rank = np.nonzero(found.near >= 0)
    rule = found.near_rule[near, near_rank]
    relaxed, place = np.nonzero(np.arange(found.relax_kind.shape[1]) < found.relaxed[:, None])
    kind, want = found.relax_kind[relaxed, place], found.relax_want[relaxed, place]
    numbers = found.relax_numbers[relaxed, place]
    return {
        "line_totals": [lines, *found.totals.T],
        "matches": [
            lines[which], rank + 1, pos[found.matches[which, rank]], found.scores[which, rank],
            found.terms[which, rank],
        ],
        "near_misses": [
            lines[near], near_rank + 1, pos[found.near[near, near_rank]], found.relax_kind[near, rule],
            _keys(found.relax_kind[near, rule], found.relax_want[near, rule], keys),
            found.near_short[near, near_rank],
        ],
        "relaxations": [
            lines[relaxed], kind, _keys(kind, want, keys), numbers[:, 0], *numbers[:, 1:].T,
            found.relax_firms[relaxed, place],
        ],
    }  # fmt: skip


def _keys(kind: Ints, want: Ints, keys: Ints) -> AnyArray:
    """The component key of a SPEC rule, else -1."""
    spec = kind == SPEC
    if not spec.any():
        return np.full(len(kind), -1, np.int32)
    return np.where(spec, keys[np.where(spec, want, want[spec][0])], -1)


def _joined(cls: type[Table], parts: list[list[AnyArray]]) -> Table:
    """The parts of all blocks in the order of lines; rows of a line stay as they are."""
    items = fields(cls)
    if not parts:
        empty = [np.empty((0, *item.metadata["shape"][1:]), item.metadata["dtype"]) for item in items]
        return cls(*cast(Any, empty))
    columns = [np.concatenate(values) for values in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    typed = [
        values[order].astype(item.metadata["dtype"]) for values, item in zip(columns, items, strict=True)
    ]
    return cls(*cast(Any, typed))
