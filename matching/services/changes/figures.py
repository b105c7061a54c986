"""A capability of which only figures have changed, held against lines: what of it can stored results show?

Few lines of those that it is feasible for, or misses by one rule, say anything else than before: of 1,000 demands of a
country some 50. A line does

- where it has come to or left the candidates, the near misses or the feasible;
- where it still misses the same one rule, by another figure, and may be one of those near misses, or thresholds, that
  are kept (``nearness``);
- where it is feasible before and after and scores more by any term: it may take a place in a list or a team;
- where it is feasible and scores less, if the results that count name it. Who is not among the best, and in no team, is
  not after losing either: everybody else's marks stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from alliance.models import Change
from matching.encoding.columns import Array

if TYPE_CHECKING:
    from matching.services.changes.supply import Lines, State

#: What a published capability's change may say of it, for only its figures to have changed. Certificates, values and
#: all else that its rules and its score read stand as they did.
FIGURES = {
    *("committed_per_month", "capacity_per_month", "unit_price", "min_order_quantity"),
    *("prototype_lead_days", "volume_lead_days", "available_from", "valid_until"),
    *("title", "external_id"),
}


#: The place of what is free among the figures that rules are about (``Lines.figures``).
CAPACITY = 1


def says_figures_only(change: Change) -> bool:
    changed = {*(change.before or ()), *(change.after or ())}
    return change.verb == "changed" and bool(changed) and changed <= FIGURES


def differ_in_figures_only(states: Sequence[State | None]) -> bool:
    """All of them are there, and alike in all that is no figure."""
    known = [state for state in states if state is not None]
    return len(known) == len(states) and all(_rest(state) == _rest(known[0]) for state in known)


def _rest(state: State) -> tuple[Any, ...]:
    return state.type, state.firm, state.city, state.active, state.specs, state.certificates


@dataclass
class Shown:
    """bool[lines]: where results differ (``moved``), where they do if they name it; and where it misses the same one
    rule by another figure, with the rule's place among the figures and the least and the most that it ever missed it
    by (its figure: of what is free the most and the least)."""

    moved: Array
    named: Array
    near: Array
    rule: Array
    nearest: Array
    farthest: Array


def shown(lines: Lines, states: Sequence[State], types: set[int], alliances: set[int]) -> Shown:
    """What of a capability's states shows. The first one is that of now."""
    now, *others = (_Standing(lines, state, types, alliances) for state in states)
    same_plans = [_of_plans(states[0]) == _of_plans(state) for state in states[1:]]
    rest = lines.failing_else(states[0], _asking(now, others, all(same_plans)))
    failed = now.failed(rest)
    moved, named, near = (np.zeros(len(lines.id), bool) for _ in range(3))
    rule, at = now.fails.argmax(axis=0), np.arange(len(lines.id))
    nearest = farthest = now.amounts[rule, at]
    less = rule == CAPACITY  # what is free is missed from below
    for then, same in zip(others, same_plans, strict=True):
        both, former = now.candidate & then.candidate, then.failed(rest)
        moved |= (now.candidate != then.candidate) | (both & (failed != former))
        alone = both & (failed == 1) & (former == 1)
        moved |= alone & (now.fails != then.fails).any(axis=0)
        feasible = both & (failed == 0) & (former == 0)
        moved |= feasible & (now.terms > then.terms).any(axis=0)
        if not same:
            named |= feasible
        amount = then.amounts[rule, at]
        near |= alone & now.fails[rule, at] & (now.amounts[rule, at] != amount)
        low, high = np.minimum(nearest, amount), np.maximum(farthest, amount)
        nearest, farthest = (
            np.where(less, np.maximum(nearest, amount), low),
            np.where(less, np.minimum(farthest, amount), high),
        )
    return Shown(moved, named, near & ~moved, rule, nearest, farthest)


def _asking(now: _Standing, others: Sequence[_Standing], same_plans: bool) -> Array:
    """bool[lines]: where it matters how many other rules the capability fails. Of the rest its figures say enough:
    it fails two of them in all states, or the same ones by the same figures."""
    asking = np.zeros(len(now.candidate), bool)
    for then in others:
        one = np.minimum(now.by_figures, then.by_figures) <= 1
        other = (now.fails != then.fails) | (now.fails & (now.amounts != then.amounts))
        asking |= one & other.any(axis=0)
    if not same_plans:
        asking |= now.by_figures == 0
    return asking & now.candidate


def _of_plans(state: State) -> tuple[Any, ...]:
    """What scores and plans are made of; without a price as text, because no number is not equal to itself."""
    return state.free, state.volume_days, state.prototype_days, str(state.price)


class _Standing:
    """A state before all lines. fails, amounts: of its figures, by_figures: how many fail; terms: of the score."""

    def __init__(self, lines: Lines, state: State, types: set[int], alliances: set[int]) -> None:
        self.candidate = lines.candidates(state, types, alliances)
        self.amounts, self.fails = lines.figures(state)
        self.by_figures = self.fails.sum(axis=0)
        self.terms = lines.terms(state)

    def failed(self, rest: Array) -> Array:
        """Rules, 2 for more. rest: how many that are not about figures."""
        failed: Array = np.minimum(self.by_figures + rest, 2)
        return failed
