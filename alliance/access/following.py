"""Rows that are seen with the row they hang on: asked about that one, the answer need not be asked for again."""

from __future__ import annotations

from collections.abc import Iterable

from alliance.access.rows import Row
from alliance.access.seeing import VISIBLE

#: Kinds whose rule speaks of one row and whatever hangs on it → the path by which it names that row.
NAMED = {"demand": "demand", "capability": "capability", "evidence": "capability", "site": "site"}


def follows(child: Row, parent: Row, path: str) -> bool:
    """Whether the rule of `child` is that of the row which `path` leads to: the same one, said about the same paths."""
    name = NAMED.get(child.kind)
    if name is None or VISIBLE[child.kind] is not VISIBLE[parent.kind]:
        return False
    if getattr(child, name) != _along(path, getattr(parent, name)):
        return False
    if child.kind == "demand":
        return True  # it speaks of the demand and of nothing else
    return (
        (child.owner, child.reach) == (_along(path, parent.owner), _along(path, parent.reach))
        and set(child.cities) == _all_along(path, parent.cities)
        and set(child.published) == _all_along(path, parent.published)
    )


def _along(path: str, name: str) -> str:
    return f"{path}__{name}" if name else path


def _all_along(path: str, names: Iterable[str]) -> set[str]:
    return {_along(path, name) for name in names}
