"""What waits for an official today, in groups; each row says what, why, whose turn, and leads to where it is done."""

from __future__ import annotations

from dataclasses import dataclass

from matching.selectors.desk import Desk
from matching.selectors.today import supply, work
from matching.selectors.today.changes import Seen as Seen
from matching.selectors.today.changes import changes_since as changes_since
from matching.selectors.today.inbox import inbox as inbox
from matching.selectors.today.items import Group, Item, Steps, gathered, who

__all__ = ["Group", "Item", "Queue", "Seen", "changes_since", "inbox", "queue"]


@dataclass(frozen=True)
class Queue:
    """All groups; `shown` are their rows after the filter."""

    groups: list[Group]
    chosen: str

    def _count(self, chosen: str) -> int:
        return sum(item.fits(chosen) for group in self.groups for item in group.items)

    @property
    def count(self) -> int:
        return self._count("")

    @property
    def mine(self) -> int:
        return self._count("mine")

    @property
    def late(self) -> int:
        return self._count("late")

    @property
    def oldest(self) -> Item | None:
        late = [item for group in self.groups for item in group.items if item.late]
        return max(late, key=lambda item: item.late, default=None)

    @property
    def shown(self) -> list[tuple[Group, list[Item]]]:
        return [(group, [item for item in group.items if item.fits(self.chosen)]) for group in self.groups]


def queue(desk: Desk, chosen: str = "") -> Queue:
    """A fixed number of queries for each group, a few rows of each; what several show is read once for all."""
    asks, user = who(desk), desk.user
    groups: list[Group | Steps] = [
        work.introductions(user, asks),
        work.questions(user, asks),
        work.actions(user, asks),
        work.firms(user, asks),
        supply.answered(user, asks),
        supply.openings(user, asks),
        supply.bare(user, asks),
        supply.windows(user, asks),
        work.failures(user, asks),
    ]
    return Queue(gathered(user, groups), chosen)
