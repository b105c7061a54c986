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
from dataclasses import dataclass, fields
from typing import Any, Self, cast

import numpy as np

from matching.kernel.codes import LINE_WEIGHTS, MAX_CHOICES, SITE_WEIGHTS, Kind
from matching.kernel.packed import Certificates, Lists, Requirements, Specs, Windows
from matching.kernel.tables import AnyArray, Bools, Bytes, Floats, Ints, ProblemError, Table, column, table

FORMAT = 1  # of to_bytes; a blob of another format is refused


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

    def validate_demands(self) -> None:
        """Like ``validate`` where only the demands and lines are new."""
        from matching.kernel.checks import check_demands

        check_demands(self)

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


def no_demands() -> Demands:
    none: list[Any] = []
    make: Any = Demands
    return cast(Demands, make(*[none] * 10, site_requirements=Requirements.of([]), excluded=Lists.of([])))


def no_lines() -> Lines:
    none: list[Any] = []
    make: Any = Lines
    return cast(Lines, make(*[none] * 7, certificates=Lists.of([]), requirements=Requirements.of([])))


def no_offers() -> Capabilities:
    none: list[Any] = []
    make: Any = Capabilities
    return cast(Capabilities, make(*[none] * 11, Specs.of(*[none] * 5), Certificates.of(*[none] * 3)))


def no_sites() -> Sites:
    none: list[Any] = []
    make: Any = Sites
    return cast(
        Sites, make(*[none] * 5, Windows.of([]), params=Specs.of(*[none] * 5), conditions=Requirements.of([]))
    )


def problem(**parts: Any) -> Problem:
    """Build and validate a Problem from its fields (see ``Problem``); ProblemError if it is not clean."""
    built = Problem(**parts)
    built.validate()
    return built
