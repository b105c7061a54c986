"""Parameter keys and how their values are written for the kernel: numbers as bounds, choices as bits."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from operator import is_, ne
from typing import Any

import numpy as np

from matching.encoding.columns import Array
from matching.encoding.errors import EncodingError
from matching.kernel import Kind, Op, Specs

NAN = float("nan")
KINDS = {"number": Kind.NUMBER, "range": Kind.RANGE, "choice": Kind.CHOICE, "bool": Kind.BOOL}
OPS = {
    ">=": Op.GE,
    "<=": Op.LE,
    "=": Op.BETWEEN,
    "between": Op.BETWEEN,
    "covers": Op.COVERS,
    "one_of": Op.ONE_OF,
    "is": Op.IS,
}
# key, op, a, b, mask, hard, weight, tolerance
Entry = tuple[int, int, float, float, int, bool, float, float]


class Keys:
    """The keys that somebody asks about, in the order of their ids; all others are left out of the problem."""

    def __init__(self, rows: Iterable[tuple[int, str, str, list[str], bool]]) -> None:
        """rows: id, key, kind, choices, ordered."""
        kept = sorted(rows)
        self.names = [row[1] for row in kept]
        self.choices = [list(row[3]) if row[2] == "choice" else [] for row in kept]
        self.kinds = [Kind.ORDERED if row[4] else KINDS[row[2]] for row in kept]
        self.by_id = {row[0]: place for place, row in enumerate(kept)}
        self.by_name = {name: place for place, name in enumerate(self.names)}
        self._bits = [{choice: 1 << bit for bit, choice in enumerate(choices)} for choices in self.choices]

    @property
    def kind(self) -> Any:
        return np.array(self.kinds, np.uint8)

    @property
    def n_choices(self) -> Any:
        return np.array([len(choices) for choices in self.choices], np.int32)

    def mask(self, key: int, chosen: Iterable[str]) -> int:
        """The set of choices as bits; LookupError for an unknown one."""
        bits, mask = self._bits[key], 0
        for choice in chosen:
            mask |= bits[choice]
        return mask

    def requirement(
        self, key_id: int, op: str, value: Any, hard: bool, weight: float, tolerance: float
    ) -> Entry:
        """A stored requirement as the kernel's tuple; LookupError, TypeError or ValueError if it cannot be one."""
        key, code = self.by_id[key_id], OPS[op]
        low = high = NAN
        mask = 0
        if code == Op.IS:
            mask = 2 if value else 1
        elif code == Op.ONE_OF:
            mask = self.mask(key, value)
        elif self.kinds[key] == Kind.ORDERED:
            low = float(self.choices[key].index(value))
        elif isinstance(value, list):
            low, high = map(float, value)
        else:
            low = float(value)
            high = low if op == "=" else NAN
        return (key, int(code), low, high, mask, hard, weight, tolerance)


class SpecColumns:
    """Stated values of many rows, gathered column by column."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._row, self._key = array("i"), array("i")
        self._lo, self._hi = array("d"), array("d")
        self._mask = array("Q")
        self._masks: dict[tuple[Any, ...], int] = {}

    def add_all(self, rows: Array, values: Sequence[Mapping[str, Any]]) -> None:
        """``add`` for many rows in one go. LookupError, TypeError or ValueError where one of them cannot be: nothing
        is added then."""
        by_name, kinds = self._keys.by_name, self._keys.kind
        names = list(chain.from_iterable(values))
        told: list[Any] = list(chain.from_iterable(own.values() for own in values))
        key = np.fromiter(map(by_name.get, names, repeat(-1)), np.int32, len(names))
        key[np.fromiter(map(is_, told, repeat(None)), np.bool_, len(told))] = -1
        row = np.repeat(rows.astype(np.int32), np.fromiter(map(len, values), np.int64, len(values)))
        there = np.flatnonzero(key >= 0)
        if len(there) < len(key):
            row, key, told = row[there], key[there], [told[at] for at in there.tolist()]
        bounds, mask = np.full((len(key), 2), NAN), np.zeros(len(key), np.uint64)
        kind = kinds[key]
        is_list = np.fromiter(map(is_, map(type, told), repeat(list)), np.bool_, len(told))
        ranges, numbers = (np.flatnonzero((kind <= Kind.RANGE) & which) for which in (is_list, ~is_list))
        pairs = [told[at] for at in ranges.tolist()]
        if any(map(ne, map(len, pairs), repeat(2))):
            raise ValueError("a range has two ends")
        # By ``array``: NumPy would make numbers of texts.
        bounds[ranges] = np.frombuffer(array("d", chain.from_iterable(pairs))).reshape(-1, 2)
        bounds[numbers] = np.frombuffer(array("d", [told[at] for at in numbers.tolist()]))[:, None]
        for at in np.flatnonzero(kind == Kind.BOOL).tolist():
            mask[at] = 2 if told[at] else 1
        chosen = np.flatnonzero((kind > Kind.RANGE) & (kind != Kind.BOOL)).tolist()
        mask[chosen] = [
            self._mask_of(of, told[at]) for at, of in zip(chosen, key[chosen].tolist(), strict=True)
        ]
        for column, fresh in zip(self._columns(), (row, key, *bounds.T, mask), strict=True):
            column.frombytes(fresh.tobytes())

    def add(self, row: int, values: Mapping[str, Any]) -> None:
        """Values by key as stored: a number, [low, high], a list of choices, true or false."""
        by_name, kinds = self._keys.by_name, self._keys.kinds
        for name, value in values.items():
            key = by_name.get(name)
            if key is None or value is None:
                continue
            lo = hi = NAN
            mask = 0
            if kinds[key] <= Kind.RANGE:
                lo, hi = value if type(value) is list else (value, value)
            elif kinds[key] == Kind.BOOL:
                mask = 2 if value else 1
            else:
                mask = self._mask_of(key, value)
            self._row.append(row)
            self._key.append(key)
            self._lo.append(lo)
            self._hi.append(hi)
            self._mask.append(mask)

    def mend(self, row: int, values: Mapping[str, Any]) -> None:
        """``add`` where that has failed: what does not suit its parameter is marked by an infinite bound."""
        self._cut()
        done = {int(key) for place, key in zip(self._row, self._key, strict=True) if place == row}
        for name, value in values.items():
            key = self._keys.by_name.get(name)
            if key is None or key in done:
                continue
            try:
                self.add(row, {name: value})
            except (LookupError, TypeError, ValueError):
                self._cut()
                self._row.append(row)
                self._key.append(key)
                self._lo.append(NAN)
                self._hi.append(float("inf"))
                self._mask.append(0)

    def _cut(self) -> None:
        """A value that is no number is half added when it fails."""
        columns = self._columns()
        whole = min(len(column) for column in columns)
        for column in columns:
            del column[whole:]

    def _columns(self) -> "list[array[Any]]":
        return [self._row, self._key, self._lo, self._hi, self._mask]

    def _mask_of(self, key: int, value: Any) -> int:
        chosen = (key, *value)
        if chosen not in self._masks:
            self._masks[chosen] = self._keys.mask(key, value)
        return self._masks[chosen]

    def specs(self) -> Specs:
        return Specs.of(
            np.array(self._row, np.int32),
            np.array(self._key, np.int32),
            np.array(self._lo, np.float64),
            np.array(self._hi, np.float64),
            np.array(self._mask, np.uint64),
        )


def entry(keys: Keys, where: str, row: tuple[int, str, Any, bool, float, float]) -> Entry:
    """``Keys.requirement`` with the row's name on what goes wrong."""
    try:
        return keys.requirement(*row)
    except (LookupError, TypeError, ValueError) as error:
        raise EncodingError(
            f"{where}: the requirement {row[1]} {row[2]!r} does not suit its parameter"
        ) from error
