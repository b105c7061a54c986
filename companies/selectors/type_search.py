"""Finding a component type by any of its names: Chinese, English, synonyms, pinyin, initials, code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from alliance.selectors.spelling import plain, spellings
from companies.models import ComponentType

LIMIT = 12
LONGEST = 60


@dataclass(frozen=True)
class FoundType:
    """A type with the name by which it was found ("" for its own name) and what it lies under."""

    type: Any
    matched: str
    path: str


def search_types(text: str, user: Any) -> list[FoundType]:
    """The best first: equal, then beginning, then containing; names before synonyms. All of them for ""."""
    types = list(ComponentType.objects.visible_to(user).order_by("code"))
    parents = {row.pk: row for row in types}
    wanted = plain(text[:LONGEST])
    found: list[tuple[tuple[int, int, str], FoundType]] = []
    for row in types:
        best = _best(row, wanted)
        if best is not None:
            place, name = best
            path = " / ".join(str(node) for node in _above(row, parents))
            found.append(((*place, row.code), FoundType(row, name, path)))
    found.sort(key=lambda each: each[0])
    return [each for _place, each in found][: LIMIT if wanted else None]


def _names(row: ComponentType) -> Iterable[tuple[int, str]]:
    yield 0, row.code
    for name in (row.name_zh, row.name_en):
        if name:
            yield 0, name
    for name in (*row.synonyms_zh, *row.synonyms_en):
        yield 1, name


def _best(row: ComponentType, wanted: str) -> tuple[tuple[int, int], str] | None:
    best: tuple[tuple[int, int], str] | None = None
    for rank, name in _names(row):
        for spelling in spellings(name):
            if wanted not in spelling:
                continue
            closeness = 0 if spelling == wanted else 1 if spelling.startswith(wanted) else 2
            if best is None or (closeness, rank) < best[0]:
                best = (closeness, rank), name if rank else ""
    return best


def _above(row: Any, parents: dict[int, Any]) -> list[Any]:
    path: list[Any] = []
    node = parents.get(row.parent_id)
    while node is not None and node not in path:
        path.append(node)
        node = parents.get(node.parent_id)
    return path[::-1]
