# ruff: noqa: RUF009 -- column() and table() are dataclasses.field() with metadata, a new one at each call
"""What the solvers work on: one Problem = one alliance as of one date, as frozen tables of arrays.

Positions inside, database ids outside: every table is sorted by database id, so "by id" of the rules is
position order. Dates are ordinals (``date.toordinal()``), ``NO_DATE`` = empty; a missing float is NaN.
Build with ``problem(...)``, the only door: it validates once and everything after assumes clean arrays.
Rules: docs/matching.md, whose section numbers are quoted as §n throughout the kernel.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum, IntFlag
from typing import Any, Self

import numpy as np

from matching.kernel.tables import (
    AnyArray,
    Bools,
    Bytes,
    Floats,
    Ints,
    Masks,
    ProblemError,
    Table,
    column,
    table,
)

NO_DATE = 0
MAX_CHOICES = 64
FORMAT = 1  # of to_bytes; a blob of another format is refused

LINE_TERMS = ("fit", "price", "lead_time", "capacity", "proximity", "role", "trust")
SITE_TERMS = ("fit", "wait", "capacity", "role", "trust")
LINE_WEIGHTS = (30.0, 15.0, 15.0, 10.0, 15.0, 5.0, 10.0)
SITE_WEIGHTS = (45.0, 25.0, 10.0, 10.0, 10.0)

KEEP_MATCHES = 20  # §4
KEEP_NEAR = 5  # §3
KEEP_SITES = 20  # §5
KEEP_PIPELINES = 10  # §6


class Kind(IntEnum):
    """What a parameter's values are (§1). ORDERED is a choice with an order, worst first."""

    NUMBER = 0
    RANGE = 1
    CHOICE = 2
    ORDERED = 3
    BOOL = 4


class Op(IntEnum):
    """Requirement operators (§2). ``= v`` is stored as BETWEEN v, v."""

    GE = 0
    LE = 1
    BETWEEN = 2
    COVERS = 3
    ONE_OF = 4
    IS = 5


class Role(IntFlag):
    """Roles of a city in an alliance (§1), as bits."""

    RND = 1
    COMPONENTS = 2
    PRODUCTION = 4
    SITES = 8
    SUPPORT = 16


class Code(IntEnum):
    """Hard rules (§3, §5). A SPEC code belongs to a key; see ``code_name``."""

    TYPE = 0
    STATE = 1
    REACH = 2
    SELF = 3
    SPEC = 4
    CERTIFICATION = 5
    MOQ = 6
    CAPACITY = 7
    TIME = 8
    PRICE = 9
    SCENARIO = 10
    FLEET = 11
    WINDOW = 12


def code_name(code: int, key_name: str = "") -> str:
    """The rule's public name: ``moq``, ``time``, …, ``spec:<key>``.

    >>> code_name(Code.MOQ), code_name(Code.SPEC, "rated_torque")
    ('moq', 'spec:rated_torque')
    """
    name = Code(code).name.lower()
    return f"{name}:{key_name}" if code == Code.SPEC else name


@dataclass(frozen=True, eq=False)
class Lists(Table):
    """Compressed rows: row r holds ``item[start[r]:start[r + 1]]``, strictly ascending."""

    start: Ints = column(np.int32, "rows+1", least=0)
    item: Ints = column(np.int32, "items", least=0)

    @classmethod
    def of(cls, rows: Iterable[Iterable[int]]) -> Self:
        """From one iterable per row, in any order, repeats allowed."""
        clean = [sorted(set(row)) for row in rows]
        return cls(pointers(map(len, clean)), np.array([i for row in clean for i in row], np.int32))


@dataclass(frozen=True, eq=False)
class Specs(Table):
    """Stated values only, one entry each, sorted by (row, key), at most one per pair (§2).

    A number x is lo = hi = x, a range [lo, hi]; a set of choices is ``mask`` (bit i = choice i), a bool
    is mask 1 (false) or 2 (true), with lo = hi = NaN; mask 0 of those kinds is "not stated".
    """

    row: Ints = column(np.int32, "items", refers="rows")
    key: Ints = column(np.int32, "items", refers="keys")
    lo: Floats = column(np.float64, "items", missing=True)
    hi: Floats = column(np.float64, "items", missing=True)
    mask: Masks = column(np.uint64, "items")

    @classmethod
    def of(cls, row: Any, key: Any, lo: Any, hi: Any, mask: Any) -> Self:
        """From columns in any order."""
        order = np.lexsort((np.asarray(key), np.asarray(row)))
        return cls(*(np.asarray(values)[order] for values in (row, key, lo, hi, mask)))


@dataclass(frozen=True, eq=False)
class Requirements(Table):
    """Compressed rows of (key, op, value, hard, weight, tolerance), in the order people wrote them (§2).

    GE and LE read ``a`` (for an ordered choice: the choice's position), BETWEEN and COVERS ``a`` <= ``b``,
    ONE_OF and IS ``mask``; what an operator does not read is ignored (NaN, NaN, 0).
    """

    start: Ints = column(np.int32, "rows+1", least=0)
    key: Ints = column(np.int32, "items", refers="keys")
    op: Bytes = column(np.uint8, "items", most=Op.IS)
    a: Floats = column(np.float64, "items", missing=True)
    b: Floats = column(np.float64, "items", missing=True)
    mask: Masks = column(np.uint64, "items")
    hard: Bools = column(np.bool_, "items")
    weight: Floats = column(np.float64, "items", above=0)
    tolerance: Floats = column(np.float64, "items", above=0)

    @classmethod
    def of(cls, rows: Iterable[Sequence[Sequence[Any]]]) -> Self:
        """From one list per row of tuples (key, op, a, b, mask, hard, weight, tolerance)."""
        rows = list(rows)
        flat = [entry for row in rows for entry in row]
        columns = list(zip(*flat, strict=True)) if flat else [()] * 8
        return cls(pointers(map(len, rows)), *columns)


@dataclass(frozen=True, eq=False)
class Places(Table):
    """Cities as the alliance sees them (§1).

    travel[a, b]: minutes T(a, b), diagonal 30 (kernel/geo.py builds it). member, roles: effective, that is
    with the inheritance from listed ancestors already applied; roles is a bitmask of ``Role``.
    """

    travel: Floats = column(np.float64, "C", "C", above=0)
    member: Bools = column(np.bool_, "C")
    roles: Bytes = column(np.uint8, "C", most=31)


@dataclass(frozen=True, eq=False)
class ComponentKeys(Table):
    """Parameter keys of the component tree: ``Kind`` and number of choices (0 unless a choice)."""

    kind: Bytes = column(np.uint8, "K", most=Kind.BOOL)
    n_choices: Ints = column(np.int32, "K", least=0, most=MAX_CHOICES)


@dataclass(frozen=True, eq=False)
class SiteKeys(Table):
    """Parameter keys of the scenario tree, like ``ComponentKeys``."""

    kind: Bytes = column(np.uint8, "J", most=Kind.BOOL)
    n_choices: Ints = column(np.int32, "J", least=0, most=MAX_CHOICES)


@dataclass(frozen=True, eq=False)
class Types(Table):
    """Component types: parent position (-1 root), bit of the role that supplies it (0 none), keys own + inherited."""

    parent: Ints = column(np.int32, "T", refers="T", optional=True)
    role: Bytes = column(np.uint8, "T", most=31)
    has_key: Bools = column(np.bool_, "T", "K")


@dataclass(frozen=True, eq=False)
class ScenarioTypes(Table):
    """Scenario types: parent position (-1 root)."""

    parent: Ints = column(np.int32, "U", refers="U", optional=True)


@dataclass(frozen=True, eq=False)
class Organisations(Table):
    """Verification and delivery record of firms and bureaus."""

    verified: Bools = column(np.bool_, "O")
    completed: Ints = column(np.int32, "O", least=0)
    on_time: Ints = column(np.int32, "O", least=0)


@dataclass(frozen=True, eq=False)
class Certificates(Table):
    """Certificates a capability can show (its own, its facility's, its firm's), one row per code.

    Sorted by (row, code); ``expires`` is the latest of the three, the last valid day, NO_DATE = never.
    """

    row: Ints = column(np.int32, "items", refers="rows")
    code: Ints = column(np.int32, "items", least=0)
    expires: Ints = column(np.int32, "items", date=True, optional=True)

    @classmethod
    def of(cls, row: Any, code: Any, expires: Any) -> Self:
        """From columns in any order; of several entries for one (row, code) the one valid longest stays."""
        row, code, expires = (np.asarray(values, np.int32) for values in (row, code, expires))
        lasting = np.where(expires == NO_DATE, np.iinfo(np.int32).max, expires)
        order = np.lexsort((-lasting.astype(np.int64), code, row))
        row, code, expires = row[order], code[order], expires[order]
        first = np.ones(len(row), bool)
        first[1:] = (row[1:] != row[:-1]) | (code[1:] != code[:-1])
        return cls(row[first], code[first], expires[first])


@dataclass(frozen=True, eq=False)
class Capabilities(Table):
    """What facilities can make (§1). free = capacity - committed per month (may be <= 0); lead times in days.

    active: published and the firm not suspended. price: CNY per piece, NaN unknown. city: the facility's.
    """

    type: Ints = column(np.int32, "N", refers="T")
    firm: Ints = column(np.int32, "N", refers="O")
    city: Ints = column(np.int32, "N", refers="C")
    active: Bools = column(np.bool_, "N")
    valid_until: Ints = column(np.int32, "N", date=True, optional=True)
    available_from: Ints = column(np.int32, "N", date=True, optional=True)
    free: Floats = column(np.float64, "N")
    moq: Floats = column(np.float64, "N")
    prototype_days: Ints = column(np.int32, "N", least=0)
    volume_days: Ints = column(np.int32, "N", least=0)
    price: Floats = column(np.float64, "N", above=0, missing=True)
    specs: Specs = table(rows="N", keys="K")
    certificates: Certificates = table(rows="N")


@dataclass(frozen=True, eq=False)
class Demands(Table):
    """Published demands, each with at least one line (§1).

    start may be NO_DATE (no bound). scenario -1: no site need; then fleet, trial_days and site_requirements
    are not read. deployment: city position or -1. excluded: organisations the demanding one excludes.
    """

    organisation: Ints = column(np.int32, "D", refers="O")
    lab: Ints = column(np.int32, "D", refers="C")
    open_scope: Bools = column(np.bool_, "D")
    start: Ints = column(np.int32, "D", date=True, optional=True)
    need_by: Ints = column(np.int32, "D", date=True)
    iterations: Ints = column(np.int32, "D", least=0)
    deployment: Ints = column(np.int32, "D", refers="C", optional=True)
    scenario: Ints = column(np.int32, "D", refers="U", optional=True)
    fleet: Floats = column(np.float64, "D", least=0)
    trial_days: Ints = column(np.int32, "D", least=0)
    site_requirements: Requirements = table(rows="D", keys="J")
    excluded: Lists = table(rows="D")


@dataclass(frozen=True, eq=False)
class Lines(Table):
    """Lines of the demands, sorted by (demand, id). need_by: resolved; target, ceiling: NaN when not given."""

    demand: Ints = column(np.int32, "L", refers="D")
    type: Ints = column(np.int32, "L", refers="T")
    quantity: Floats = column(np.float64, "L", above=0)
    rate: Floats = column(np.float64, "L", above=0)
    need_by: Ints = column(np.int32, "L", date=True)
    target: Floats = column(np.float64, "L", above=0, missing=True)
    ceiling: Floats = column(np.float64, "L", above=0, missing=True)
    certificates: Lists = table(rows="L")
    requirements: Requirements = table(rows="L", keys="K")


@dataclass(frozen=True, eq=False)
class Windows(Table):
    """Open dates of site r: ``opens[i], closes[i]`` (both inclusive), i in start[r]:start[r + 1], sorted."""

    start: Ints = column(np.int32, "rows+1", least=0)
    opens: Ints = column(np.int32, "items", date=True)
    closes: Ints = column(np.int32, "items", date=True)

    @classmethod
    def of(cls, rows: Iterable[Iterable[tuple[int, int]]]) -> Self:
        """From one iterable of (start, end) ordinals per site, in any order."""
        clean = [sorted(row) for row in rows]
        flat = [window for row in clean for window in row]
        opens, closes = (np.array([window[end] for window in flat], np.int32) for end in (0, 1))
        return cls(pointers(map(len, clean)), opens, closes)


@dataclass(frozen=True, eq=False)
class Sites(Table):
    """Application sites (§1). active: published and the operator not suspended.

    conditions: part conditions over component keys, in the site's own order; hard, weight and tolerance
    of these are not read.
    """

    scenario: Ints = column(np.int32, "S", refers="U")
    city: Ints = column(np.int32, "S", refers="C")
    organisation: Ints = column(np.int32, "S", refers="O")
    active: Bools = column(np.bool_, "S")
    fleet_capacity: Floats = column(np.float64, "S", least=0)
    windows: Windows = table(rows="S")
    params: Specs = table(rows="S", keys="J")
    conditions: Requirements = table(rows="S", keys="K")


@dataclass(frozen=True, eq=False)
class Weights(Table):
    """Weights of the terms in the order of LINE_TERMS and SITE_TERMS; at least one of each above 0."""

    line: Floats = column(np.float64, 7, least=0)
    site: Floats = column(np.float64, 5, least=0)

    @classmethod
    def default(cls) -> Self:
        """The weights of §4 and §5."""
        return cls(np.array(LINE_WEIGHTS), np.array(SITE_WEIGHTS))


@dataclass(frozen=True, eq=False)
class Problem(Table):
    """Everything the solvers read. Use ``problem(...)`` to make one."""

    as_of: int
    places: Places
    component_keys: ComponentKeys
    site_keys: SiteKeys
    types: Types
    scenario_types: ScenarioTypes
    organisations: Organisations
    capabilities: Capabilities
    demands: Demands
    lines: Lines
    sites: Sites
    weights: Weights

    def validate(self) -> None:
        """Raise ProblemError naming the first array that breaks the contract."""
        from matching.kernel.checks import check_problem

        check_problem(self)

    def line_range(self, demand: int) -> range:
        """Positions of the lines of one demand."""
        first, last = np.searchsorted(self.lines.demand, (demand, demand + 1))
        return range(int(first), int(last))

    def to_bytes(self) -> bytes:
        """One npz blob (stored, not compressed, no pickles); equal problems give equal bytes."""
        out = io.BytesIO()
        header = {"format": np.int64(FORMAT), "as_of": np.int64(self.as_of)}
        np.savez(out, **header, **dict(self.arrays()))  # type: ignore[arg-type]
        return out.getvalue()

    @classmethod
    def from_bytes(cls, blob: bytes) -> Problem:
        """The inverse of ``to_bytes``; ProblemError for anything that is not such a blob."""
        try:
            with np.load(io.BytesIO(blob), allow_pickle=False) as archive:
                arrays: dict[str, AnyArray] = {name: archive[name] for name in archive.files}
        except (ValueError, OSError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise ProblemError("blob", f"cannot be read: {error}") from error
        if int(arrays.get("format", np.int64(-1))) != FORMAT or "as_of" not in arrays:
            raise ProblemError("blob", f"is not of format {FORMAT}")
        parts: dict[str, Any] = {}
        for item in fields(cls):
            if item.name != "as_of":
                parts[item.name] = PARTS[item.name].from_arrays(arrays, item.name + ".")
        return problem(as_of=int(arrays["as_of"]), **parts)


PARTS: dict[str, type[Table]] = {
    "places": Places,
    "component_keys": ComponentKeys,
    "site_keys": SiteKeys,
    "types": Types,
    "scenario_types": ScenarioTypes,
    "organisations": Organisations,
    "capabilities": Capabilities,
    "demands": Demands,
    "lines": Lines,
    "sites": Sites,
    "weights": Weights,
}


def problem(**parts: Any) -> Problem:
    """Build and validate a Problem from its fields (see ``Problem``); ProblemError if it is not clean."""
    built = Problem(**parts)
    built.validate()
    return built


def pointers(lengths: Iterable[int]) -> Ints:
    """Row pointers of compressed rows: 0 and the running total of the lengths."""
    return np.concatenate(([0], np.cumsum(np.fromiter(lengths, np.int64)))).astype(np.int32)
