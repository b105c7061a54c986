"""What can be done to several ticked rows of a list. Each app says what; the page and its preview are one for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise

from alliance.services.several import Outcome, Wanted

MOST = 200


@dataclass(frozen=True)
class Action:
    """A step. `rows(user)`: what may be ticked; `act(user, wanted, values)`: through a service, in its transaction.

    `form`: what it asks for beside the rows. `undo`: the action that takes it back, with `Outcome.before` as values
    of each row. `quiet`: only as somebody's undo. `name`: what a row is called in the preview.
    """

    key: str
    words: str | Promise
    rows: Callable[[Any], QuerySet[Any]]
    act: Callable[[Any, Wanted, dict[str, Any]], Outcome]
    offered: Callable[[Any], bool]
    form: type[Any] | None = None
    undo: str = ""
    quiet: bool = False
    prepare: Callable[[Any, list[Any]], object] = lambda user, rows: None
    name: Callable[[Any], str] = str


@dataclass
class Offer:
    """The actions of one list. `ticks(user)`: the rows on which this person can do any of them."""

    ticks: Callable[[Any], QuerySet[Any]]
    actions: dict[str, Action] = field(default_factory=dict)

    def to(self, user: Any) -> list[Action]:
        return [a for a in self.actions.values() if not a.quiet and a.offered(user)]


ACTIONS: dict[str, Offer] = {}


def offer(name: str, *actions: Action, ticks: Callable[[Any], QuerySet[Any]]) -> None:
    """Said by an app's views when they are loaded."""
    ACTIONS[name] = Offer(ticks, {action.key: action for action in actions})


def ticked(name: str, user: Any, rows: Iterable[Any]) -> set[int]:
    """Keys of those of the rows that get a box: a box beside what one cannot change would only lead to a refusal."""
    return set(ACTIONS[name].ticks(user).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))


def offered(name: str, user: Any) -> list[Action]:
    found = ACTIONS.get(name)
    return found.to(user) if found else []
