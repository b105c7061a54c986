"""The introductions as a board: a column for each state, the most urgent cards of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from alliance.choices import IntroductionState as State
from matching.selectors.introductions import attach_introduction_parts, counts_by_state

#: Cards of a column; the column's heading leads to all of them.
MOST = 12


@dataclass(frozen=True)
class BoardColumn:
    state: State
    total: int
    cards: list[Any] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.total - len(self.cards)


def introduction_board(user: Any, rows: Any) -> list[BoardColumn]:
    """The found introductions by state, the longest overdue first; as many queries as a list."""
    counts = counts_by_state(rows)
    place = Window(RowNumber(), partition_by=[F("state")], order_by=[F("due_key").asc(), F("id").asc()])
    cards = list(
        rows.annotate(place_in_column=place).filter(place_in_column__lte=MOST).order_by("due_key", "id")
    )
    attach_introduction_parts(user, cards)
    by_state: dict[str, list[Any]] = {state: [] for state in State}
    for card in cards:
        by_state[card.state].append(card)
    return [BoardColumn(state, counts.get(state, 0), by_state[state]) for state in State]
