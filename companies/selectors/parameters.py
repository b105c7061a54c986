"""Which parameters a type has, its parents' included, and what they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from alliance.models.base import SpecKey, TypeNode, TypeParameter
from companies.models import ComponentKey, ComponentParameter, ComponentType

Row = TypeVar("Row", bound=TypeParameter)


class ParameterBook(Generic[Row]):
    """The parameters of a type tree, in two queries: all of them, or those of some types and of what these lie under;
    then `every` is asked for what no type of its own tells."""

    def __init__(
        self,
        parameters: Iterable[Row],
        parents: dict[int, int | None],
        every: Callable[[], ParameterBook[Row]] | None = None,
    ) -> None:
        self._parents = parents
        self._every = every
        self._own: dict[int, list[Row]] = {}
        self._by_key: dict[str, Row] = {}
        for row in parameters:
            self._own.setdefault(row.type_id, []).append(row)  # type: ignore[attr-defined]
            self._by_key.setdefault(row.key.key, row)  # type: ignore[attr-defined]

    def of(self, type_id: int) -> dict[str, Row]:
        """Key -> parameter, the type's own first; its own hides a parent's with the same key."""
        found: dict[str, Row] = {}
        node: int | None = type_id
        while node is not None:
            for row in self._own.get(node, ()):
                found.setdefault(row.key.key, row)  # type: ignore[attr-defined]
            node = self._parents.get(node)
        return found

    def name(self, key: str, type_id: int | None = None) -> str:
        """What the parameter is called on this type, or anywhere in the tree."""
        row = self.of(type_id).get(key) if type_id is not None else None
        row = row or self._anywhere(key)
        return str(row) if row is not None else key

    def _anywhere(self, key: str) -> Row | None:
        if self._every is None:
            return self._by_key.get(key)
        self._by_key, self._every = self._every()._by_key, None
        return self._by_key.get(key)

    def key(self, key: str) -> SpecKey | None:
        row = self._by_key.get(key) or self._anywhere(key)
        return row.key if row is not None else None  # type: ignore[attr-defined]


def book_of(
    parameter: type[Row], tree: type[TypeNode], types: Iterable[int] | None = None
) -> ParameterBook[Row]:
    rows = parameter.objects.select_related("key").order_by("type_id", "position")  # type: ignore[attr-defined]
    parents: dict[int, int | None] = dict(tree.objects.values_list("id", "parent_id"))  # type: ignore[attr-defined]
    if types is None:
        return ParameterBook(rows, parents)
    nodes: set[int | None] = set()
    for node in types:
        step: int | None = node
        while step is not None and step not in nodes:
            nodes.add(step)
            step = parents.get(step)
    return ParameterBook(rows.filter(type__in=nodes), parents, lambda: book_of(parameter, tree))


def units_by_key() -> dict[str, str]:
    """Component parameter → its unit."""
    return dict(ComponentKey.objects.values_list("key", "unit"))


def component_book(types: Iterable[int] | None = None) -> ParameterBook[ComponentParameter]:
    """`types`: the only ones that are asked about; all parameters of the tree take ten milliseconds."""
    return book_of(ComponentParameter, ComponentType, types)


def type_path(node: Any) -> list[Any]:
    """The node with what it lies under, the root first."""
    path = [node]
    while path[-1].parent_id is not None and len(path) < 20:
        path.append(path[-1].parent)
    return path[::-1]
