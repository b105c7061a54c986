"""Type trees as pages need them: a node with everything below it, and an indented list to choose from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from alliance.models.base import TypeNode, localised


def branch(model: type[TypeNode], code: str) -> list[int]:
    """Ids of the node with this code and of all below it; empty for an unknown code."""
    rows = list(model.objects.values_list("id", "code", "parent_id"))  # type: ignore[attr-defined]
    children: dict[int | None, list[int]] = defaultdict(list)
    for node, _, parent in rows:
        children[parent].append(node)
    found = [node for node, its_code, _ in rows if its_code == code]
    for node in found:
        found.extend(children[node])
    return found


def tree_choices(model: type[TypeNode]) -> list[tuple[str, str]]:
    """(code, indented name) in the order of the tree."""
    rows = model.objects.values_list("id", "code", "parent_id", "name_zh", "name_en")  # type: ignore[attr-defined]
    children: dict[int | None, list[tuple[int, str, str]]] = defaultdict(list)
    for node, code, parent, name_zh, name_en in rows.order_by("id"):
        children[parent].append((node, code, localised(name_zh, name_en)))
    return list(_walk(children, None, 0))


def _walk(
    children: dict[int | None, list[tuple[int, str, str]]], parent: int | None, depth: int
) -> Iterator[tuple[str, str]]:
    for node, code, name in children.get(parent, ()):
        yield code, "\N{EM SPACE}" * depth + name
        yield from _walk(children, node, depth + 1)
