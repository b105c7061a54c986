"""In which order a run of many processes takes its tests, so that none waits for another at the end.

xdist gives each process an equal part of the list, and who is done takes from the end of another's. So every part
begins with what is long, and ends with the small tests of the small world, which is built once for all of them.
What needs the compiled loops comes when another process has had the time to compile them.
"""

from __future__ import annotations

import os
from collections import defaultdict
from enum import IntEnum
from itertools import chain, groupby

import pytest

#: fixtures of tests whose writes other connections see; the database is emptied after them
COMMITTING = {"transactional_db", "committed_db", "live_server", "live_world"}
#: fixtures that hold one open transaction for a whole module
SHARED = "shared_world"


class Kind(IntEnum):
    """What a test needs, in the order in which they are taken."""

    COMMITS = 0
    WITHOUT_DATABASE = 1
    EMPTY_DATABASE = 2
    WORLD = 3
    SHARED_WORLD = 4


def kind_of(item: pytest.Item) -> Kind:
    names = set(getattr(item, "fixturenames", ()))
    mark = item.get_closest_marker("django_db")
    if commits(item):
        return Kind.COMMITS
    if SHARED in names:
        return Kind.SHARED_WORLD
    if not (mark or "db" in names or "world" in names):
        return Kind.WITHOUT_DATABASE
    return Kind.WORLD if "world" in names else Kind.EMPTY_DATABASE


def commits(item: pytest.Item) -> bool:
    """pytest-django's mark with any argument asks for more than a transaction that is undone."""
    mark = item.get_closest_marker("django_db")
    return bool(COMMITTING & set(getattr(item, "fixturenames", ())) or (mark and (mark.args or mark.kwargs)))


class Turn(IntEnum):
    """When it is taken."""

    LONG = 0
    SHORT = 1
    COMPILED = 2
    SMALL_WORLD = 3


def turn_of(item: pytest.Item) -> Turn:
    kind = kind_of(item)
    if item.get_closest_marker("compiled"):
        return Turn.COMPILED
    if item.get_closest_marker("long") or kind is Kind.COMMITS:
        return Turn.LONG
    return Turn.SHORT if kind < Kind.WORLD else Turn.SMALL_WORLD


def ordered(items: list[pytest.Item], processes: int | None = None) -> list[pytest.Item]:
    """All of them, as so many parts one after the other, each with its share of every kind."""
    processes = processes or int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    parts: list[list[pytest.Item]] = [[] for _ in range(processes)]
    by_turn: dict[Turn, list[pytest.Item]] = {
        turn: [item for item in items if turn_of(item) is turn] for turn in Turn
    }
    for turn, several in by_turn.items():
        if turn in (Turn.LONG, Turn.COMPILED):
            _deal_modules(several, parts)
        else:
            for _kind, alike in groupby(sorted(several, key=kind_of), key=kind_of):
                _deal([*alike], parts)
    return [*chain.from_iterable(parts)]


def _deal_modules(items: list[pytest.Item], parts: list[list[pytest.Item]]) -> None:
    """Whole ones, the largest first, each to who has least of them."""
    dealt = [0] * len(parts)
    for module in _modules(items):
        least = dealt.index(min(dealt))
        parts[least].extend(module)
        dealt[least] += len(module)


def _modules(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    found: dict[object, list[pytest.Item]] = defaultdict(list)
    for item in items:
        found[item.path].append(item)
    return sorted(found.values(), key=len, reverse=True)


def _deal(items: list[pytest.Item], parts: list[list[pytest.Item]]) -> None:
    """Neighbours stay together, as far as parts of equal length allow."""
    room, begin = len(items) + sum(map(len, parts)), 0
    for left, part in zip(range(len(parts), 0, -1), parts, strict=True):
        wanted = max(0, room // left - len(part))
        part.extend(items[begin : begin + wanted])
        begin += wanted
        room -= len(part)
