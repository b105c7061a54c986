"""A row of the queue, a group of them, and who asks."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.models import Alliance
from alliance.selectors import viewer_of
from matching.selectors.demands import demand_heads, line_detail
from matching.selectors.desk import Desk

#: Rows of a group that are shown: the link behind the group's name leads to all of them.
SHOWN = 5
MOST = 50


@dataclass(frozen=True)
class Item:
    """`state` and `tone` say how it stands, `turn` whose turn it is, `late` by how many days it is overdue."""

    title: str
    address: str
    why: str
    state: str
    tone: str
    symbol: str
    turn: str
    action: str
    todo: str = ""
    mine: bool = False
    late: int = 0
    due_now: bool = False
    fictitious: bool = False

    @property
    def where(self) -> str:
        return self.todo or self.address

    @property
    def urgent(self) -> bool:
        """The filled button: my turn, and due."""
        return self.mine and (self.late > 0 or self.due_now)

    def fits(self, chosen: str) -> bool:
        return {"mine": self.mine, "late": self.late > 0}.get(chosen, True)


@dataclass(frozen=True)
class Group:
    """`total` counts also what is not shown; `nothing` is what an empty group says."""

    key: str
    title: str
    symbol: str
    nothing: str
    items: list[Item] = field(default_factory=list)
    total: int = 0
    more: str = ""
    more_words: str = ""
    help: str = ""


@dataclass(frozen=True)
class Needs:
    """Keys of what a group shows beside its own rows; it is read once for all groups."""

    demands: Iterable[int | None] = ()
    lines: Iterable[int] = ()


@dataclass(frozen=True)
class Known:
    """Those of them that the viewer may see, by key."""

    demands: dict[int, Any]
    lines: dict[int, Any]


#: A group in two steps: it says what it needs, and is made of that.
Steps = Generator[Needs, Known, Group]


def gathered(user: Any, groups: Sequence[Group | Steps]) -> list[Group]:
    """All groups, in their order."""
    needs = [next(group) for group in groups if not isinstance(group, Group)]
    demands = {key for need in needs for key in need.demands if key}
    lines = {key for need in needs for key in need.lines}
    known = Known(
        {row.pk: row for row in demand_heads(user).filter(pk__in=demands)},
        {row.pk: row for row in line_detail(user).filter(pk__in=lines)},
    )
    return [group if isinstance(group, Group) else _made(group, known) for group in groups]


def _made(group: Steps, known: Known) -> Group:
    try:
        group.send(known)
    except StopIteration as done:
        made: Group = done.value
        return made
    raise RuntimeError("a group asks once")


@dataclass(frozen=True)
class Who:
    """The viewer, the alliance looked at, the cities in the viewer's care, and the two days that count."""

    desk: Desk
    care: frozenset[int]
    bureaus: frozenset[int]
    platform: bool
    today: date

    @property
    def user(self) -> Any:
        return self.desk.user

    @property
    def alliance(self) -> Alliance:
        return self.desk.alliance

    @property
    def as_of(self) -> date:
        return self.desk.as_of

    @property
    def open(self) -> dict[int, int]:
        """Open demands of the alliance, each with its lab's city."""
        return self.desk.demands

    @cached_property
    def cared(self) -> list[int]:
        """Those of labs in one's care; a platform admin cares for none and sees them all."""
        return [key for key, city in self.open.items() if self.platform or city in self.care]


def who(desk: Desk) -> Who:
    viewer = viewer_of(desk.user)
    return Who(desk, viewer.care, viewer.bureaus, viewer.platform_admin, timezone.localdate())


def address(name: str, *args: object) -> str:
    """ "" for a page that this installation does not have."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def due_words(due: date | None, today: date) -> tuple[str, str, str, int]:
    """(state, tone, symbol, days late) of a date."""
    if due is None:
        return _("no date"), "mute", "dash-circle", 0
    days = (due - today).days
    if days < 0:
        words = ngettext("%(days)d day overdue", "%(days)d days overdue", -days) % {"days": -days}
        return words, "bad", "x-octagon-fill", -days
    if days == 0:
        return _("due today"), "warn", "clock", 0
    words = ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
    return words, "mute", "clock", 0
