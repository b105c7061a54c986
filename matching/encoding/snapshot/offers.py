"""Capabilities as columns, by id; their stated values and certificates as compressed rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from matching.encoding.columns import Array
from matching.encoding.errors import EncodingError
from matching.kernel import Certificates, Specs

# column: type on disk and in memory
COLUMNS = {
    "id": np.int64,
    "type": np.int32,
    "firm": np.int32,
    "city": np.int32,
    "active": np.bool_,  # published, and its firm not suspended
    "valid_until": np.int32,
    "available_from": np.int32,
    "free": np.float64,
    "moq": np.float64,
    "prototype_days": np.int32,
    "volume_days": np.int32,
    "price": np.float64,
    "verified": np.bool_,  # these of its firm
    "completed": np.int32,
    "on_time": np.int32,
}
OF_FIRM = ("verified", "completed", "on_time")


@dataclass(frozen=True, eq=False)
class Offers:
    """Rows sorted by id.

    Row r states `spec_key[spec_start[r]:spec_start[r + 1]]` (keys by id, ascending; an infinite `spec_hi` marks a value
    that does not suit its parameter) and holds `held_code` likewise (positions in `codes`). Values are as
    `matching.kernel.Specs` and `Certificates` have them.
    """

    columns: dict[str, Array]
    spec_start: Array
    spec_key: Array
    spec_lo: Array
    spec_hi: Array
    spec_mask: Array
    held_start: Array
    held_code: Array
    held_until: Array
    codes: list[str]

    def __len__(self) -> int:
        return len(self.columns["id"])

    def nbytes(self) -> int:
        rest = (getattr(self, item.name) for item in fields(self) if item.name not in ("columns", "codes"))
        return sum(array.nbytes for array in (*self.columns.values(), *rest))

    @cached_property
    def _by_type(self) -> tuple[Array, Array]:
        """Positions by type, ascending in each, and the types beside them."""
        order = np.argsort(self.columns["type"], kind="stable").astype(np.int32)
        return order, self.columns["type"][order]

    def of_types(self, types: Iterable[int]) -> Array:
        """Positions of the rows of these types, ascending."""
        order, sorted_types = self._by_type
        wanted = np.array(sorted(set(types)), np.int64)
        first, last = (np.searchsorted(sorted_types, wanted, side=side) for side in ("left", "right"))
        parts = [order[a:b] for a, b in zip(first.tolist(), last.tolist(), strict=True)]
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int32)

    def of_ids(self, ids: Array, types: Iterable[int]) -> Array:
        """Positions of the rows of these ids and types, both ascending."""
        if not len(self):
            return np.empty(0, np.int64)
        at = np.minimum(np.searchsorted(self.columns["id"], ids), len(self) - 1)
        at = at[self.columns["id"][at] == ids]
        return at[np.isin(self.columns["type"][at], list(types))]

    def types_of(self, ids: Array) -> Array:
        """Types of those of these ids that are among the rows."""
        if not len(self):
            return self.columns["type"]
        at = np.minimum(np.searchsorted(self.columns["id"], ids), len(self) - 1)
        return np.unique(self.columns["type"][at[self.columns["id"][at] == ids]])

    def rows(self, chosen: Array) -> Offers:
        """Some of the rows (positions, ascending)."""
        specs, spec_start = _gather(self.spec_start, chosen)
        held, held_start = _gather(self.held_start, chosen)
        return Offers(
            {name: column[chosen] for name, column in self.columns.items()},
            spec_start,
            self.spec_key[specs],
            self.spec_lo[specs],
            self.spec_hi[specs],
            self.spec_mask[specs],
            held_start,
            self.held_code[held],
            self.held_until[held],
            self.codes,
        )

    @classmethod
    def joined(cls, parts: Sequence[Offers]) -> Offers:
        """One table of several without a common id, all with the same list of codes or a beginning of the longest."""
        if len(parts) == 1:
            return parts[0]

        def end_to_end(name: str) -> Array:
            return np.concatenate([getattr(part, name) for part in parts])

        merged = cls(
            {name: np.concatenate([part.columns[name] for part in parts]) for name in COLUMNS},
            _pointers(parts, "spec_start"),
            end_to_end("spec_key"),
            end_to_end("spec_lo"),
            end_to_end("spec_hi"),
            end_to_end("spec_mask"),
            _pointers(parts, "held_start"),
            end_to_end("held_code"),
            end_to_end("held_until"),
            max((part.codes for part in parts), key=len),
        )
        ids = merged.columns["id"]
        if (np.diff(ids) > 0).all():
            return merged
        return merged.rows(np.argsort(ids, kind="stable"))

    def without(self, ids: Array) -> Offers:
        gone = np.isin(self.columns["id"], ids)
        return self.rows(np.flatnonzero(~gone)) if gone.any() else self


@dataclass(frozen=True)
class Chosen:
    """The offers that some demands can see, in the encoder's terms: ids outside, everything by id."""

    offers: Offers

    @property
    def found(self) -> dict[str, Array]:
        """As `encoding.offers.read_capabilities` reads them."""
        wide = ("type", "firm", "city")
        return {
            name: column.astype(np.int64) if name in wide else column
            for name, column in self.offers.columns.items()
            if name not in ("active", *OF_FIRM)
        }

    def firms(self) -> tuple[Array, dict[str, Array]]:
        """Keys of the firms behind them, ascending, and what `OF_FIRM` says of each."""
        keys, first = np.unique(self.offers.columns["firm"], return_index=True)
        return keys.astype(np.int64), {name: self.offers.columns[name][first] for name in OF_FIRM}

    def specs(self, key_ids: Sequence[int]) -> Specs:
        """Stated values of some keys (ascending ids), which become positions."""
        offers = self.offers
        row = np.repeat(np.arange(len(offers), dtype=np.int32), np.diff(offers.spec_start))
        place, kept = _among(np.asarray(key_ids, np.int64), offers.spec_key)
        unfit = np.flatnonzero(kept & np.isinf(offers.spec_hi))
        if len(unfit):
            identity = int(offers.columns["id"][row[unfit[0]]])
            raise EncodingError(f"capability {identity}: a value does not suit its parameter")
        return Specs(
            row[kept], place[kept], offers.spec_lo[kept], offers.spec_hi[kept], offers.spec_mask[kept]
        )

    def certificates(self, codes: Sequence[str]) -> Certificates:
        """Certificates of these codes, whose positions they become."""
        offers = self.offers
        places = {code: place for place, code in enumerate(codes)}
        known = np.array([places.get(code, -1) for code in offers.codes], np.int32)
        row = np.repeat(np.arange(len(offers), dtype=np.int32), np.diff(offers.held_start))
        if not len(known) or not len(row):
            return Certificates.of([], [], [])
        place = known[offers.held_code]
        kept = place >= 0
        return Certificates.of(row[kept], place[kept], offers.held_until[kept])


def choose(
    base: Offers, gone: Array, patch: Offers | None, reach: Any, cities: Array, ids: Array | None = None
) -> Chosen:
    """Rows that these types and cities reach, as `encoding.offers.CAPABILITIES` says it; `gone` ones are in `patch`.

    ids: of these only, ascending.
    """
    day = reach.as_of.toordinal()
    kept = []
    for part, hidden in ((base, gone), (patch, None)):
        if part is None:
            continue
        kinds = [*reach.kinds, *reach.open_kinds]
        at = part.of_types(kinds) if ids is None else part.of_ids(ids, kinds)
        columns = part.columns
        good: Array = np.array(columns["active"][at])
        until = columns["valid_until"][at]
        good &= (until == 0) | (until >= day)
        good &= np.isin(columns["type"][at], reach.open_kinds) | np.isin(columns["city"][at], cities)
        if hidden is not None and len(hidden):
            good &= ~np.isin(columns["id"][at], hidden)
        kept.append(part.rows(at[good]))
    return Chosen(Offers.joined([part for part in kept if len(part)] or kept[:1]))


def _gather(start: Array, chosen: Array) -> tuple[Array, Array]:
    """Positions of the entries of the chosen rows one after another, and their row pointers."""
    begin = start[chosen]
    lengths = start[chosen + 1] - begin
    pointers = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    first = np.repeat(begin - pointers[:-1], lengths)
    return first + np.arange(pointers[-1]), pointers


def _pointers(parts: Sequence[Offers], name: str) -> Array:
    lengths = [np.diff(getattr(part, name)) for part in parts]
    return np.concatenate(([0], np.cumsum(np.concatenate(lengths)))).astype(np.int64)


def _among(wanted: Array, values: Array) -> tuple[Array, Array]:
    """Where each value stands among the wanted ones (ascending), and which do at all."""
    if not len(wanted) or not len(values):
        return np.zeros(len(values), np.int32), np.zeros(len(values), bool)
    place = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1).astype(np.int32)
    return place, wanted[place] == values
