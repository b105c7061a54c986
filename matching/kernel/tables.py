"""Columns that know their type, length and bounds, so that one walk checks a whole Problem.

A ``Table`` is a frozen dataclass whose fields are NumPy columns (made by ``column``) or other tables
(made by ``table``). A dimension is a letter (``"N"``: as many as there are capabilities), ``"N+1"`` for the
pointers of compressed rows, or a number. Construction turns lists into read-only arrays of the declared
type; ``check`` walks the tree and raises ``ProblemError`` naming the first array that is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Masks = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
AnyArray = NDArray[Any]

LAST_DATE = 3_652_059  # date.max.toordinal()


class ProblemError(ValueError):
    """An array of a Problem breaks the contract; the message starts with the array's name."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


def column(
    dtype: Any,
    *shape: str | int,
    refers: str = "",
    optional: bool = False,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    missing: bool = False,
    date: bool = False,
) -> Any:
    """A column of ``dtype`` and ``shape``; bounds are checked by ``Table.check``.

    refers: a dimension the values are positions in (``optional``: -1 allowed, "none").
    least, above, most: inclusive, exclusive and inclusive bounds. missing: NaN allowed.
    date: an ordinal (``optional``: NO_DATE allowed).
    """
    meta = {"dtype": np.dtype(dtype), "shape": shape, "refers": refers, "optional": optional}
    meta |= {"least": least, "above": above, "most": most, "missing": missing, "date": date}
    return field(metadata=meta)


def table(**dimensions: str) -> Any:
    """A nested table; ``dimensions`` says what its own dimension names mean outside (rows="N")."""
    return field(metadata={"dimensions": dimensions})


def _as_array(name: str, value: Any, dtype: np.dtype[Any], ndim: int) -> AnyArray:
    """Turn value into a read-only contiguous array of dtype; a value that would change is an error."""
    try:
        raw = np.asarray(value)
        if raw.size == 0 and raw.ndim != ndim:
            raw = np.empty((0,) * ndim, dtype)
        with np.errstate(invalid="ignore"):
            array = np.ascontiguousarray(raw, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise ProblemError(name, f"is not {dtype}: {error}") from error
    if raw.dtype != dtype and dtype.kind in "iub" and not np.array_equal(raw, array):
        raise ProblemError(name, f"holds values that do not fit {dtype}")
    view = array.view()
    view.setflags(write=False)
    return view


@dataclass(frozen=True, eq=False)
class Table:
    """Base of all tables; see the module's docstring."""

    def __post_init__(self) -> None:
        for item in fields(self):
            if "dtype" in item.metadata:
                meta = item.metadata
                value = _as_array(item.name, getattr(self, item.name), meta["dtype"], len(meta["shape"]))
                object.__setattr__(self, item.name, value)

    def arrays(self, prefix: str = "") -> Iterator[tuple[str, AnyArray]]:
        """Every array below this table with its dotted name, in declaration order."""
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Table):
                yield from value.arrays(f"{prefix}{item.name}.")
            elif "dtype" in item.metadata:
                yield prefix + item.name, value

    def nbytes(self) -> int:
        """Bytes held by all arrays below this table."""
        return sum(array.nbytes for _, array in self.arrays())

    def equals(self, other: Table) -> bool:
        """Same arrays, bit for bit in meaning (NaN equals NaN)."""
        mine, theirs = dict(self.arrays()), dict(other.arrays())
        if mine.keys() != theirs.keys():
            return False
        return all(np.array_equal(mine[k], theirs[k], equal_nan=mine[k].dtype.kind == "f") for k in mine)

    def check(self, sizes: dict[str, int] | None = None, prefix: str = "") -> dict[str, int]:
        """Check shapes, then values, of every array below; returns what each dimension measured."""
        sizes = self._check_shapes({} if sizes is None else sizes, prefix)
        self._check_values(sizes, prefix)
        return sizes

    def _check_shapes(self, sizes: dict[str, int], prefix: str) -> dict[str, int]:
        for item in fields(self):
            if "dtype" in item.metadata:
                _check_shape(
                    prefix + item.name, getattr(self, item.name).shape, item.metadata["shape"], sizes
                )
        return sizes

    def _check_values(self, sizes: dict[str, int], prefix: str) -> None:
        for item in fields(self):
            value, name = getattr(self, item.name), prefix + item.name
            if "dtype" in item.metadata:
                _check_bounds(name, value, item, sizes)
            elif isinstance(value, Table):
                outer = item.metadata.get("dimensions", {})
                inner = {own: sizes[there] for own, there in outer.items()} if outer else sizes
                value._check_values(value._check_shapes(inner, name + "."), name + ".")

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray], prefix: str = "") -> Self:
        """The inverse of ``arrays``; a missing array is a ProblemError."""
        values: dict[str, Any] = {}
        for item in fields(cls):
            name = prefix + item.name
            nested = _nested_class(cls, item)
            if nested:
                values[item.name] = nested.from_arrays(arrays, name + ".")
            elif name not in arrays:
                raise ProblemError(name, "is missing")
            else:
                values[item.name] = arrays[name]
        return cls(**values)


def _nested_class(cls: type[Table], item: Field[Any]) -> type[Table] | None:
    """The class of a nested table's field (annotations are strings in these modules)."""
    if "dtype" in item.metadata:
        return None
    found = vars(sys.modules[cls.__module__]).get(str(item.type))
    return found if isinstance(found, type) and issubclass(found, Table) else None


def _check_shape(
    name: str, shape: tuple[int, ...], want: tuple[str | int, ...], sizes: dict[str, int]
) -> None:
    if len(shape) != len(want):
        raise ProblemError(name, f"has {len(shape)} dimensions, not {len(want)}")
    for size, dimension in zip(shape, want, strict=True):
        if isinstance(dimension, int):
            expected = dimension
        elif dimension.endswith("+1"):
            expected = sizes.setdefault(dimension[:-2], size - 1) + 1
        else:
            expected = sizes.setdefault(dimension, size)
        if size != expected:
            raise ProblemError(name, f"has {size} entries where {expected} are expected")


def _check_bounds(name: str, array: AnyArray, item: Field[Any], sizes: dict[str, int]) -> None:
    meta = item.metadata
    if array.dtype.kind == "f":
        bad = np.isinf(array) if meta["missing"] else ~np.isfinite(array)
        require(name, ~bad, "is not finite")
    if meta["refers"]:
        lowest = -1 if meta["optional"] else 0
        good = (array >= lowest) & (array < sizes[meta["refers"]])
        require(name, good, "points outside what it refers to")
    if meta["date"]:
        good = (array >= (0 if meta["optional"] else 1)) & (array <= LAST_DATE)
        require(name, good, "is not a date ordinal")
    known = ~np.isnan(array) if array.dtype.kind == "f" else np.ones(array.shape, bool)
    if meta["least"] is not None:
        require(name, ~known | (array >= meta["least"]), f"is below {meta['least']:g}")
    if meta["above"] is not None:
        require(name, ~known | (array > meta["above"]), f"is not above {meta['above']:g}")
    if meta["most"] is not None:
        require(name, ~known | (array <= meta["most"]), f"is above {meta['most']:g}")


def require(name: str, good: Any, reason: str) -> None:
    """Raise ProblemError(name, reason) with the first position where ``good`` is false."""
    good = np.asarray(good)
    if not good.all():
        at = np.unravel_index(int(np.argmin(good)), good.shape) if good.ndim else ()
        where = ", ".join(str(int(i)) for i in at)
        raise ProblemError(name, f"{reason} (at {where})" if where else reason)
