"""Viewers of one shape: as many ids in each of their sets, and in the same ones. A rule asks all of them the same, so
it is written once, for somebody who stands in for them, and then filled with the ids of who asks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from alliance.viewer import Viewer

#: Which sets of a viewer hold ids of one kind: an id that is in several is the same one in all of them.
KINDS = (
    ("firms", "editing", "owning", "bureaus"),
    ("care",),
    ("bureau_alliances", "admin_alliances", "firm_alliances"),
)
#: Nobody's ids, small enough for the smallest column of a database; so many of each kind at most.
FIRST, MOST = -2_000_000_000, 10_000_000
LAST = FIRST + (len(KINDS) + 1) * MOST


@dataclass(frozen=True)
class Shape:
    """Who stands in for a viewer, and the viewer's id for each id of that one."""

    stand_in: Viewer
    ids: Mapping[int, int]

    def filled(self, params: Iterable[Any]) -> list[Any]:
        """What a statement of the stand-in is given, as the viewer's."""
        return [self._filled(param) for param in params]

    def _filled(self, param: Any) -> Any:
        if isinstance(param, int):  # of the type that the driver writes it by
            return type(param)(self.ids[param]) if FIRST <= param < LAST else param
        return [self._filled(each) for each in param] if isinstance(param, list) else param


@lru_cache(maxsize=1024)
def shape_of(viewer: Viewer) -> Shape:
    ids: dict[int, int] = {}
    sets: dict[str, Any] = {}
    for number, names in enumerate(KINDS):
        held = {name: getattr(viewer, name) for name in names}
        # In an order that says nothing of the ids but which sets they are in.
        known = sorted(
            frozenset().union(*held.values()), key=lambda key: ([key in held[name] for name in names], key)
        )
        instead = {key: FIRST + number * MOST + place for place, key in enumerate(known)}
        ids |= {other: key for key, other in instead.items()}
        sets |= {name: frozenset(instead[key] for key in found) for name, found in held.items()}
    user_id = None
    if viewer.user_id is not None:
        user_id = FIRST + len(KINDS) * MOST
        ids[user_id] = viewer.user_id
    return Shape(replace(viewer, user_id=user_id, **sets), ids)


#: A number of ten figures below zero in a text.
TEN_FIGURES = re.compile(r"-\d{10}(?!\d)")


def is_complete(sql: str, params: Iterable[Any]) -> bool:
    """Whether every id of a stand-in is a value of its own, where it can be filled in."""
    return not any(_hides(part) for part in (sql, *params))


def _hides(part: Any) -> bool:
    if isinstance(part, list):
        return any(map(_hides, part))
    if isinstance(part, int):
        return False
    return any(FIRST <= int(found) < LAST for found in TEN_FIGURES.findall(str(part)))
