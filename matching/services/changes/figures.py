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
    rest = lines.failing_else(states[0])
    now = _Standing(lines, states[0], rest, types, alliances)
    moved, named, near = (np.zeros(len(lines.id), bool) for _ in range(3))
    rule, at = now.fails.argmax(axis=0), np.arange(len(lines.id))
    nearest = farthest = now.amounts[rule, at]
    less = rule == CAPACITY  # what is free is missed from below
    for state in states[1:]:
        then = _Standing(lines, state, rest, types, alliances)
        both = now.candidate & then.candidate
        moved |= (now.candidate != then.candidate) | (both & (now.failed != then.failed))
        alone = both & (now.failed == 1) & (then.failed == 1)
        moved |= alone & (now.fails != then.fails).any(axis=0)
        feasible = both & (now.failed == 0) & (then.failed == 0)
        moved |= feasible & (now.terms > then.terms).any(axis=0)
        if _of_plans(states[0]) != _of_plans(state):
            named |= feasible
        amount = then.amounts[rule, at]
        near |= alone & now.fails[rule, at] & (now.amounts[rule, at] != amount)
        low, high = np.minimum(nearest, amount), np.maximum(farthest, amount)
        nearest, farthest = (
            np.where(less, np.maximum(nearest, amount), low),
            np.where(less, np.minimum(farthest, amount), high),
        )
    return Shown(moved, named, near & ~moved, rule, nearest, farthest)


def _of_plans(state: State) -> tuple[Any, ...]:
    """What scores and plans are made of; without a price as text, because no number is not equal to itself."""
    return state.free, state.volume_days, state.prototype_days, str(state.price)


class _Standing:
    """A state before all lines. failed: rules, 2 for more; fails, amounts: of its figures; terms: of the score."""

    def __init__(self, lines: Lines, state: State, rest: Array, types: set[int], alliances: set[int]) -> None:
        self.candidate = lines.candidates(state, types, alliances)
        self.amounts, self.fails = lines.figures(state)
        self.failed = np.minimum(self.fails.sum(axis=0) + rest, 2)
        self.terms = lines.terms(state)
