"""§3 and §4 for one line against its whole block of candidates at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.kernel.codes import KEEP_MATCHES, Code
from matching.kernel.measure import Want, best_first, clamp, fit, holds, wants_of, weighted_mean
from matching.kernel.near import Rule, near_misses
from matching.kernel.prepare import Block, Prepared
from matching.kernel.rows import Rows
from matching.kernel.tables import AnyArray, Bools, Floats, Ints


class Ask(NamedTuple):
    """One line as scalars. days: from as-of to need-by, at least 1 (the divisor)."""

    line: int
    organisation: int
    lab: int
    quantity: float
    rate: float
    need_by: int
    days: int
    target: float
    ceiling: float
    wants: list[Want]
    certificates: list[int]
    excluded: list[int]


class Feasible(NamedTuple):
    """All feasible capabilities of a line. at: indices in the block, ascending; score: S(l, c), rounded."""

    block: Block
    at: AnyArray
    score: Floats


def read_line(prepared: Prepared, line: int, demand: int) -> Ask:
    """The line's row of the Problem."""
    lines, demands = prepared.problem.lines, prepared.problem.demands
    need_by = int(lines.need_by[line])
    codes, excluded = lines.certificates, demands.excluded
    return Ask(
        line=line,
        organisation=int(demands.organisation[demand]),
        lab=int(demands.lab[demand]),
        quantity=float(lines.quantity[line]),
        rate=float(lines.rate[line]),
        need_by=need_by,
        days=max(1, need_by - prepared.problem.as_of),
        target=float(lines.target[line]),
        ceiling=float(lines.ceiling[line]),
        wants=wants_of(lines.requirements, line),
        certificates=codes.item[codes.start[line] : codes.start[line + 1]].tolist(),
        excluded=excluded.item[excluded.start[demand] : excluded.start[demand + 1]].tolist(),
    )


class Judged(NamedTuple):
    """The hard rules of §3 over the block of a line. others: bool[n], the rule ``self`` holds."""

    ask: Ask
    block: Block
    others: Bools
    rules: list[Rule]


def judge_line(prepared: Prepared, line: int, demand: int) -> Judged:
    """Who fails which hard rule of the line."""
    ask = read_line(prepared, line, demand)
    open_scope = bool(prepared.problem.demands.open_scope[demand])
    block = prepared.block(int(prepared.problem.lines.type[line]), open_scope)
    return Judged(ask, block, _others(ask, block), _rules(ask, block))


def solve_line(prepared: Prepared, line: int, demand: int, rows: Rows) -> Feasible:
    """Add the line's rows of totals, matches, near misses and relaxations; return all feasible ones."""
    ask, block, others, rules = judge_line(prepared, line, demand)
    failed = np.zeros(len(block.pos), np.uint16)
    for rule in rules:
        failed += rule.fails
    failed[~others] = len(rules) + 2
    at = np.flatnonzero(failed == 0)
    near = np.flatnonzero(failed == 1)
    firms = [len(np.unique(block.firm[found])) for found in (at, near)]
    rows.add("line_totals", line, len(at), int(np.count_nonzero(others)), len(near), *firms)
    if len(near):
        near_misses(line, block.pos, block.firm, rules, near, rows)
    terms = _terms(prepared, ask, block, at)
    score = weighted_mean(prepared.line_weights, terms)
    best = best_first(score, KEEP_MATCHES)
    if len(best):
        rank = np.arange(1, len(best) + 1)
        parts = np.stack([term[best] for term in terms], axis=1)
        rows.add_many("matches", line, rank, block.pos[at[best]], score[best], parts)
    return Feasible(block, at, score)


def _others(ask: Ask, block: Block) -> Bools:
    """The rule ``self``: neither the demanding organisation nor one it excludes."""
    others: Bools = block.firm != ask.organisation
    for firm in ask.excluded:
        others &= block.firm != firm
    return others


def _rules(ask: Ask, block: Block) -> list[Rule]:
    """The other hard rules of §3 in the order of relaxations, each with who fails it.

    The measured ones are (amount - limit) / divisor, as in the list of shortfalls under "Near miss".
    """
    rules = []
    for want in ask.wants:
        if want.hard:
            column = block.column(want.key)
            rules.append(Rule(Code.SPEC, ~holds(want, column), want=want, column=column))
    if ask.certificates:
        missing: Ints = np.zeros(len(block.pos), np.int32)
        for code in ask.certificates:
            missing += ~block.held(code)
        rules.append(Rule(Code.CERTIFICATION, missing > 0, amount=missing, divisor=len(ask.certificates)))
    rules += [
        Rule(Code.MOQ, block.moq > ask.quantity, amount=block.moq, limit=ask.quantity, divisor=ask.quantity),
        Rule(Code.CAPACITY, block.free < ask.rate, amount=block.free, limit=ask.rate, divisor=ask.rate),
        Rule(
            Code.TIME,
            block.last_day > ask.need_by,
            amount=block.last_day,
            limit=ask.need_by,
            divisor=ask.days,
        ),
    ]
    if ask.ceiling > 0:
        over = block.price > ask.ceiling
        rules.append(Rule(Code.PRICE, over, amount=block.price, limit=ask.ceiling, divisor=ask.ceiling))
    return rules


def _terms(prepared: Prepared, ask: Ask, block: Block, at: AnyArray) -> list[Floats]:
    """The seven terms of §4 for the rows ``at`` of the block, in the order of LINE_TERMS."""
    soft = [want for want in ask.wants if not want.hard]
    price = np.full(len(at), 0.5)
    if ask.target > 0:
        offered = block.price[at]
        price = np.where(np.isnan(offered), 0.5, clamp(2 - offered / ask.target))
    return [
        fit(soft, [block.column(want.key).at(at) for want in soft], len(at)),
        price,
        clamp(1 - block.volume_days[at] / ask.days),
        clamp(block.free[at] / (2 * ask.rate)),
        prepared.prox[ask.lab][block.city[at]],
        block.role[at],
        block.trust[at],
    ]
