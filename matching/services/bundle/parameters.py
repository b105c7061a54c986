"""The parameters of every type, own and inherited, as the importer needs them: by type id, and by key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from companies.specs import Parameter


@dataclass(frozen=True, slots=True)
class TypeEntry:
    """A type as far as parameters go."""

    pk: int
    code: str
    parent: str | None
    keys: tuple[str, ...]


class ParameterSets:
    """A child has its parents' parameters too; a key means the same in the whole tree."""

    def __init__(
        self, types: Iterable[TypeEntry], keys: Mapping[str, Parameter], key_ids: Mapping[str, int]
    ) -> None:
        self.by_code = {entry.code: entry for entry in types}
        self.by_key = dict(keys)
        self.key_ids = dict(key_ids)
        self._codes = {entry.pk: entry.code for entry in self.by_code.values()}
        self._effective: dict[str, dict[str, Parameter]] = {}

    def of(self, type_id: int) -> dict[str, Parameter]:
        return self.of_code(self._codes[type_id])

    def of_code(self, code: str) -> dict[str, Parameter]:
        """Own and inherited parameters by key. The tree has no cycle: the importer refuses one."""
        found = self._effective.get(code)
        if found is None:
            entry = self.by_code[code]
            inherited = self.of_code(entry.parent) if entry.parent in self.by_code and entry.parent else {}
            found = inherited | {key: self.by_key[key] for key in entry.keys if key in self.by_key}
            self._effective[code] = found
        return found

    def pairs(self) -> Iterable[tuple[int, str]]:
        """Every (type id, key) that values may be stated for."""
        for entry in self.by_code.values():
            for key in self.of_code(entry.code):
                yield entry.pk, key


def in_cycles(parents: Mapping[str, str | None]) -> list[str]:
    """Codes that are their own ancestors, in the order given."""
    state: dict[str, int] = {}  # 1: on the path being walked, 2: done
    caught: set[str] = set()
    for start in parents:
        path: list[str] = []
        node: str | None = start
        while node is not None and node in parents and node not in state:
            state[node] = 1
            path.append(node)
            node = parents[node]
        if node is not None and state.get(node) == 1 and node in path:
            caught.update(path[path.index(node) :])
        state.update(dict.fromkeys(path, 2))
    return [code for code in parents if code in caught]
