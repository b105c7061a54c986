"""One step on several rows at once: first what would happen, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from alliance.errors import DomainError


@dataclass(frozen=True)
class Wanted:
    """A row, what to do with it beside what is done with all, and the version that the person has seen."""

    row: Any
    values: dict[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What happens, or would happen, to one row; `refused`: why it is left out. `before`: what taking it back needs."""

    row: Any
    words: str = ""
    refused: str = ""
    before: dict[str, Any] = field(default_factory=dict)


class NotAllError(Exception):
    """A row was refused that had been promised: nothing was done."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


def what_would_happen(wanted: Sequence[Wanted], act: Callable[[Wanted], Outcome]) -> list[Outcome]:
    """Do it to each row by itself and take everything back (as docs/decisions/0006): the services say why not."""
    outcomes = []
    for each in wanted:
        with transaction.atomic():
            outcomes.append(_tried(each, act))
            transaction.set_rollback(True)
    return outcomes


def do_all(wanted: Sequence[Wanted], act: Callable[[Wanted], Outcome]) -> list[Outcome]:
    """One transaction. NotAllError, and nothing done, when a row is refused meanwhile."""
    with transaction.atomic():
        outcomes = [_tried(each, act) for each in wanted]
        if any(outcome.refused for outcome in outcomes):
            transaction.set_rollback(True)
    if any(outcome.refused for outcome in outcomes):
        raise NotAllError(outcomes)
    return outcomes


def versions_of(rows: Sequence[Any]) -> dict[Any, int]:
    """Key → the version that each row has in the database now; all of them of one model."""
    if not rows:
        return {}
    found = type(rows[0])._base_manager.filter(pk__in=[row.pk for row in rows])
    return dict(found.values_list("pk", "version"))


def _tried(wanted: Wanted, act: Callable[[Wanted], Outcome]) -> Outcome:
    try:
        with transaction.atomic():
            return act(wanted)
    except DomainError as error:
        words = error.message or " ".join(text for texts in error.errors.values() for text in texts)
        return Outcome(wanted.row, refused=words)
