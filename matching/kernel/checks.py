"""The contract of a Problem beyond types, lengths and bounds: order, trees, values that fit their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from matching.kernel.codes import Kind, Op
from matching.kernel.tables import LAST_DATE, AnyArray, Bools, Bytes, Ints, ProblemError, require

if TYPE_CHECKING:
    from matching.kernel.packed import Requirements, Specs
    from matching.kernel.problem import Demands, Lines, Problem, Sites


def check_problem(problem: Problem) -> None:
    """Raise ProblemError naming the first array of ``problem`` that breaks the contract."""
    if not 1 <= problem.as_of <= LAST_DATE:
        raise ProblemError("as_of", "is not a date ordinal")
    problem.check()
    require("places.travel", np.diagonal(problem.places.travel) == 30.0, "is not 30 from a city to itself")
    for name in ("component_keys", "site_keys"):
        keys = getattr(problem, name)
        choices = np.isin(keys.kind, (Kind.CHOICE, Kind.ORDERED))
        require(f"{name}.n_choices", choices == (keys.n_choices > 0), "does not suit the kind")
    _check_tree("types.parent", problem.types.parent)
    _check_tree("scenario_types.parent", problem.scenario_types.parent)
    _check_role_bits(problem.types.role)
    _check_inherited(problem)
    require(
        "organisations.on_time",
        problem.organisations.on_time <= problem.organisations.completed,
        "is above completed",
    )
    certificates = problem.capabilities.certificates
    _check_sorted("capabilities.certificates.row", certificates.row, certificates.code)
    keys = problem.component_keys
    _check_specs("capabilities.specs", problem.capabilities.specs, keys.kind, keys.n_choices)
    _check_demands(problem, problem.demands)
    _check_lines(problem, problem.lines)
    _check_sites(problem, problem.sites)
    for name in ("line", "site"):
        if not getattr(problem.weights, name).sum() > 0:
            raise ProblemError(f"weights.{name}", "has no weight above 0")


def check_demands(problem: Problem) -> None:
    """Like ``check_problem`` for demands and lines that were put over tables that are clean."""
    sizes = {
        "O": len(problem.organisations.verified), "C": len(problem.places.member), "T": len(problem.types.parent),
        "U": len(problem.scenario_types.parent), "K": len(problem.component_keys.kind),
        "J": len(problem.site_keys.kind),
    }  # fmt: skip
    for name in ("demands", "lines", "weights"):
        getattr(problem, name).check(sizes, name + ".")
    _check_demands(problem, problem.demands)
    _check_lines(problem, problem.lines)


def _check_tree(name: str, parent: Ints) -> None:
    """A forest: following parents ends at -1. Halving paths finds a cycle in log2(depth) steps."""
    above = parent.astype(np.int64)
    for _ in range(max(1, len(parent)).bit_length() + 1):
        above = np.where(above < 0, -1, above[above])
    require(name, above < 0, "has a cycle")


def _check_role_bits(role: Bytes) -> None:
    require("types.role", (role & (role - np.uint8(1)) * (role > 0)) == 0, "is more than one role")


def _check_inherited(problem: Problem) -> None:
    """A child has its parent's keys too."""
    child = np.flatnonzero(problem.types.parent >= 0)
    has = problem.types.has_key
    lost = has[problem.types.parent[child]] & ~has[child]
    require("types.has_key", ~lost, "lacks a key of the parent")


def _check_sorted(name: str, first: AnyArray, second: AnyArray) -> None:
    """Pairs strictly ascending."""
    rising = (first[1:] > first[:-1]) | ((first[1:] == first[:-1]) & (second[1:] > second[:-1]))
    require(name, rising, "is not sorted, or has a pair twice")


def _check_pointers(name: str, start: Ints, items: int) -> None:
    if start[0] != 0 or start[-1] != items:
        raise ProblemError(f"{name}.start", "does not span its items")
    require(f"{name}.start", np.diff(start) >= 0, "is not rising")


def _rows(start: Ints) -> Ints:
    """Row of every item of compressed rows."""
    return np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))


def _check_specs(name: str, specs: Specs, kinds: Bytes, n_choices: Ints) -> None:
    _check_sorted(f"{name}.row", specs.row, specs.key)
    kind = kinds[specs.key]
    number = kind <= Kind.RANGE
    require(f"{name}.lo", ~number | np.isfinite(specs.lo), "is missing for a number or range")
    require(f"{name}.hi", ~number | (specs.lo <= specs.hi), "is missing or below lo")
    _check_mask(f"{name}.mask", specs.mask, kind, n_choices[specs.key])


def _check_mask(name: str, mask: AnyArray, kind: AnyArray, n_choices: AnyArray) -> None:
    """Bits within the choices; a bool has at most one of its two bits."""
    choice = np.isin(kind, (Kind.CHOICE, Kind.ORDERED))
    wide = (mask >> np.minimum(n_choices, 63).astype(np.uint64)) > 0
    require(name, ~choice | (n_choices == 64) | ~wide, "has a bit beyond the choices")
    require(name, (kind != Kind.BOOL) | (mask <= 2), "is not 0, 1 (false) or 2 (true)")


def _check_requirements(name: str, wants: Requirements, kinds: Bytes, n_choices: Ints) -> None:
    _check_pointers(name, wants.start, len(wants.key))
    kind, op, many = kinds[wants.key], wants.op, n_choices[wants.key]
    number = kind <= Kind.RANGE
    allowed = np.where(number, op <= Op.COVERS, False)
    allowed |= (kind == Kind.CHOICE) & (op == Op.ONE_OF)
    allowed |= (kind == Kind.ORDERED) & np.isin(op, (Op.GE, Op.LE, Op.ONE_OF))
    allowed |= (kind == Kind.BOOL) & (op == Op.IS)
    require(f"{name}.op", allowed, "does not suit the kind of its key")
    require(f"{name}.a", (op > Op.COVERS) | np.isfinite(wants.a), "is missing")
    pair = (op == Op.BETWEEN) | (op == Op.COVERS)
    require(f"{name}.b", ~pair | (wants.a <= wants.b), "is missing or below a")
    place = (kind == Kind.ORDERED) & (op <= Op.LE)
    whole = (wants.a >= 0) & (wants.a < many) & (wants.a == np.floor(wants.a))
    require(f"{name}.a", ~place | whole, "is not the position of a choice")
    masked = op >= Op.ONE_OF
    require(f"{name}.mask", ~masked | (wants.mask > 0), "is empty")
    _check_mask(f"{name}.mask", np.where(masked, wants.mask, np.uint64(0)), kind, many)


def _check_one_hard(name: str, wants: Requirements) -> None:
    """At most one hard requirement per row and key (§2)."""
    pairs = np.stack((_rows(wants.start), wants.key), axis=1)[wants.hard]
    if len(np.unique(pairs, axis=0)) != len(pairs):
        raise ProblemError(f"{name}.key", "has two hard requirements in one row")


def _check_lists(name: str, start: Ints, item: Ints) -> None:
    _check_pointers(name, start, len(item))
    _check_sorted(f"{name}.item", _rows(start), item)


def _check_demands(problem: Problem, demands: Demands) -> None:
    keys = problem.site_keys
    need: Bools = demands.scenario >= 0
    require("demands.fleet", ~need | (demands.fleet > 0), "is not above 0")
    require("demands.trial_days", ~need | (demands.trial_days > 0), "is not above 0")
    wants = demands.site_requirements
    _check_requirements("demands.site_requirements", wants, keys.kind, keys.n_choices)
    _check_one_hard("demands.site_requirements", wants)
    _check_lists("demands.excluded", demands.excluded.start, demands.excluded.item)
    inside = demands.excluded.item < len(problem.organisations.verified)
    require("demands.excluded.item", inside, "points outside what it refers to")


def _check_lines(problem: Problem, lines: Lines) -> None:
    keys = problem.component_keys
    require("lines.demand", np.diff(lines.demand) >= 0, "is not sorted")
    counts = np.bincount(lines.demand, minlength=len(problem.demands.lab))
    require("lines.demand", counts > 0, "leaves a demand without lines")
    _check_lists("lines.certificates", lines.certificates.start, lines.certificates.item)
    wants = lines.requirements
    _check_requirements("lines.requirements", wants, keys.kind, keys.n_choices)
    _check_one_hard("lines.requirements", wants)
    known = problem.types.has_key[lines.type[_rows(wants.start)], wants.key]
    require("lines.requirements.key", known, "is not a parameter of the line's type")


def _check_sites(problem: Problem, sites: Sites) -> None:
    windows = sites.windows
    _check_pointers("sites.windows", windows.start, len(windows.opens))
    require("sites.windows.closes", windows.closes >= windows.opens, "is before opens")
    order = np.lexsort((windows.closes, windows.opens, _rows(windows.start)))
    require("sites.windows.opens", order == np.arange(len(order)), "is not sorted by site, start and end")
    keys = problem.site_keys
    _check_specs("sites.params", sites.params, keys.kind, keys.n_choices)
    keys_ = problem.component_keys
    _check_requirements("sites.conditions", sites.conditions, keys_.kind, keys_.n_choices)
