"""§3 and §4 for many lines of one block: the compiled way to the rows of ``kernel.lines``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from matching.kernel.codes import KEEP_MATCHES, KEEP_NEAR
from matching.kernel.compiled.best import solve_best
from matching.kernel.compiled.bits import COMPILE, ONE, OWNING, copy_row, count_bits, lowest, njit, set_bit
from matching.kernel.compiled.block import Laid
from matching.kernel.compiled.judge import OTHER_RULES, Asks, judge, leave_out, scratch
from matching.kernel.compiled.near import firms_in, relax
from matching.kernel.compiled.score import AT_ONCE, TERMS, score_all, write_terms
from matching.kernel.compiled.sixteens import notes_for, tables_of
from matching.kernel.problem import Problem
from matching.kernel.tables import AnyArray, Bools, Floats, Ints


class Found(NamedTuple):
    """What was found for B lines of one block, by slot.

    totals: int32[B, 5], in the order of ``LineTotals``. matches: int32[B, 20], -1 beyond the last (their
    scores and terms say nothing there). near: int32[B, 5],
    near_rule: which of the line's relaxations. relaxed: how many of them; relax_*: [B, rules], thresholds float64.
    feasible, feasible_score: all feasible of the lines that asked for them, flat, as indices in the block,
    ascending; feasible_start: int64[B + 1]. bits: uint64[B, W], the same by slot.
    """

    totals: Ints
    matches: Ints
    scores: Floats
    terms: Floats
    near: Ints
    near_rule: Ints
    near_short: Floats
    relaxed: Ints
    relax_kind: Ints
    relax_want: Ints
    relax_firms: Ints
    relax_numbers: Floats
    feasible_start: AnyArray
    feasible: Ints
    feasible_score: Floats
    bits: AnyArray


def asks_of(problem: Problem) -> Asks:
    """The lines as the loops read them; no copies."""
    lines, demands, wants = problem.lines, problem.demands, problem.lines.requirements
    return Asks(
        lines.demand, lines.quantity, lines.rate, lines.need_by, lines.target, lines.ceiling,
        wants.start, wants.key, wants.op, wants.a, wants.b, wants.mask, wants.hard, wants.weight, wants.tolerance,
        lines.certificates.start, lines.certificates.item, demands.organisation, demands.lab,
        demands.excluded.start, demands.excluded.item,
    )  # fmt: skip


def _found(lines: int, rules: int, words: int) -> Found:
    """rules: 0 where near misses and relaxations are not asked for; words: of bits, 0 where none are asked for."""
    whole, near = np.int32, KEEP_NEAR if rules else 0
    return Found(
        totals=np.zeros((lines, 5), whole), matches=np.full((lines, KEEP_MATCHES), -1, whole),
        # Beyond the last match they say nothing: filling megabytes takes as long as a tenth of the work.
        scores=np.empty((lines, KEEP_MATCHES)), terms=np.empty((lines, KEEP_MATCHES, TERMS)),
        near=np.full((lines, near), -1, whole), near_rule=np.zeros((lines, near), whole),
        near_short=np.zeros((lines, near)), relaxed=np.zeros(lines, whole),
        relax_kind=np.zeros((lines, rules), whole), relax_want=np.zeros((lines, rules), whole),
        relax_firms=np.zeros((lines, rules), whole), relax_numbers=np.zeros((lines, rules, 5)),
        feasible_start=np.zeros(lines + 1, np.int64), feasible=np.zeros(0, whole), feasible_score=np.zeros(0),
        bits=np.zeros((lines, words), np.uint64),
    )  # fmt: skip


def solve_lines(
    asks: Asks,
    laid: Laid,
    lines: Ints,
    keep_all: Bools,
    prox: Floats,
    weights: Floats,
    as_of: int,
    *,
    near: bool = True,
    bits: bool = False,
) -> Found:
    """keep_all: bool[B], whether a line's feasible capabilities are all wanted. near: False leaves out what only
    counts (near misses, relaxations, numbers of firms): the best 20 and no more. bits: who is feasible also by slot."""
    rules = OTHER_RULES + int(np.max(asks.start[lines + 1] - asks.start[lines], initial=0))
    words = len(laid.layout.valid)
    found = _found(len(lines), rules if near else 0, words if bits else 0)
    work = scratch(rules, words)
    seen = np.zeros(len(laid.layout.firms), np.int64)
    # Estimates are for lines of which the best 20 are wanted, those of one lab after each other.
    by_estimate = not keep_all.any() and len(laid.lookup.order) > 0
    if by_estimate:
        turns = np.argsort(asks.lab[asks.demand[lines]], kind="stable")
        tables = laid.tables or tables_of(laid.layout, weights)
        solve_best(
            laid.layout, laid.lookup, asks, lines, turns, prox, tables, weights, as_of, work, notes_for(tables), found
        )  # fmt: skip
        if not near:
            return found
    feasible, scores = _solve(
        laid.layout, laid.lookup, asks, lines, keep_all, prox, weights, as_of, not by_estimate, near, work, seen, found,
    )  # fmt: skip
    return found._replace(feasible=feasible, feasible_score=scores)


@njit(**OWNING)
def grown(array: Any, room: int) -> Any:
    """The array, or a longer one that begins with it."""
    if room <= len(array):
        return array
    larger = np.empty(max(room, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger


@njit(**OWNING)
def grown_rows(array: Any, room: int) -> Any:
    """Like ``grown`` for a table of rows."""
    if room <= len(array):
        return array
    larger = np.empty((max(room, 2 * len(array)), array.shape[1]), array.dtype)
    larger[: len(array)] = array
    return larger


@njit(**COMPILE)
def _by_place(place: Any, slots: Any, scores: Any, count: int, marks: Any, by_place: Any) -> None:
    for i in range(count):
        set_bit(marks, place[slots[i]])
        by_place[place[slots[i]]] = scores[i]


@njit(**COMPILE)
def _write_out(marks: Any, by_place: Any, found: Any, scores: Any, filled: int) -> None:
    """What is marked, in the block's own order, behind what is there; leaves no mark."""
    for word in range(len(marks)):
        bits = marks[word]
        marks[word] = 0
        while bits != 0:
            place = (word << 6) + np.int64(lowest(bits))
            bits &= bits - ONE
            found[filled], scores[filled] = place, by_place[place]
            filled += 1


@njit(**COMPILE)
def put_parts(start: Any, which: Any, part: Any, pos: Any, score: Any, to_pos: Any, to_score: Any) -> None:
    """Lists one after the other in ``part`` to where ``start`` says that those of ``which`` begin."""
    for i in range(len(which)):
        to = start[which[i]]
        for k in range(part[i], part[i + 1]):
            to_pos[to], to_score[to] = pos[k], score[k]
            to += 1


@njit(**OWNING)
def _solve(
    layout: Any, index: Any, asks: Any, lines: Any, keep_all: Any, prox: Any, weights: Any, as_of: int,
    with_best: bool, with_near: bool, work: Any, seen: Any, found: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """with_best, with_near: whether best 20 and what only counts are asked for."""
    size = len(layout.pos)
    all_found, all_score = np.empty(1024, np.int32), np.empty(1024)
    some, some_score = np.empty(size, np.int32), np.empty(size)
    best, best_score, terms = np.empty(KEEP_MATCHES, np.int32), np.empty(KEEP_MATCHES), np.empty(AT_ONCE)
    marks, by_place = np.zeros(len(layout.valid), np.uint64), np.empty(size)
    filled = 0
    for i in range(len(lines)):
        line = lines[i]
        lab = asks.lab[asks.demand[line]]
        days = float(max(1, asks.need_by[line] - as_of))
        rules = judge(layout, index, asks, line, work)
        found.totals[i, 1] = leave_out(layout, asks, line, work)
        if with_best:
            if found.bits.shape[1]:
                copy_row(work.feasible, found.bits[i])
            count, kept = score_all(
                layout,
                asks,
                line,
                prox[lab],
                days,
                weights,
                work.feasible,
                terms,
                best,
                best_score,
                some,
                some_score,
            )
            found.matches[i, :kept], found.scores[i, :kept] = best[:kept], best_score[:kept]
            write_terms(layout, asks, line, best[:kept], prox[lab], days, weights, found.terms[i])
            if keep_all[i]:
                all_found, all_score = grown(all_found, filled + count), grown(all_score, filled + count)
                _by_place(layout.place, some, some_score, count, marks, by_place)
                _write_out(marks, by_place, all_found, all_score, filled)
                filled += count
        found.feasible_start[i + 1] = filled
        if with_near:
            _count_line(layout, index, asks, line, i, rules, days, work, seen, found)
    return all_found[:filled], all_score[:filled]


@njit(**COMPILE)
def _count_line(
    layout: Any,
    index: Any,
    asks: Any,
    line: int,
    i: int,
    rules: int,
    days: float,
    work: Any,
    seen: Any,
    found: Any,
) -> None:
    """Totals, near misses and relaxations. ``seen`` is stamped with numbers that no line uses again."""
    stamp = i * (rules + 1000) + 1
    found.totals[i, 0] = count_bits(work.feasible)
    found.totals[i, 2] = count_bits(work.near)
    found.totals[i, 3] = firms_in(layout.ends, layout.firm, work.feasible, seen, stamp)
    found.totals[i, 4] = firms_in(layout.ends, layout.firm, work.near, seen, stamp + 1)
    relaxed = kept = 0
    if found.totals[i, 2]:
        for rule in range(rules):
            only, anybody = work.fails[rule], np.uint64(0)
            for word in range(len(only)):
                only[word] &= work.near[word]
                anybody |= only[word]
            if anybody == 0:
                continue
            kind, want = work.kind[rule], work.want[rule]
            kept = relax(
                layout,
                index,
                asks,
                line,
                relaxed,
                kind,
                want,
                days,
                work.last[rule],
                only,
                found.near[i],
                found.near_rule[i],
                found.near_short[i],
                kept,
                found.relax_numbers[i, relaxed],
            )
            found.relax_kind[i, relaxed], found.relax_want[i, relaxed] = kind, want
            found.relax_firms[i, relaxed] = firms_in(layout.ends, layout.firm, only, seen, stamp + 2 + rule)
            relaxed += 1
    found.relaxed[i] = relaxed
