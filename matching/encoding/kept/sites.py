"""All sites as one Problem without demands, with what the compiled loops make of them.

Sites that have changed are read again alone, and put in place of what they were: where the same sites are there, into
columns that are copied as they lie. What sites state is not copied: of that a process only writes some places.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Q

from alliance.models import Organisation
from matching.encoding import offers
from matching.encoding import surroundings as around
from matching.encoding.columns import Array, positions, unique
from matching.encoding.freeze import Encoder
from matching.encoding.vocabulary import Keys
from matching.kernel import Organisations, Requirements, Sites, Specs, Windows
from matching.kernel.compiled.sites import SiteTable, site_table
from matching.kernel.compiled.stocks import ConditionSets
from matching.kernel.prepare import Prepared
from matching.kernel.problem import Problem
from matching.kernel.shared import Shared
from scenarios.models import Site

MOST_MENDED = 200  # sites; more are read with all others


class SiteReader(Encoder):
    """Every published site of an operator that is not suspended, or those of these ids."""

    def __init__(
        self, scenario_tree: around.Tree, cities: Array, only: Collection[int] | None = None
    ) -> None:
        self.scenario_tree, self.cities = scenario_tree, cities
        some = None if only is None else tuple(only)
        self.site_reach = offers.Reach(0, date.min, [], scenario_tree.ids.tolist(), some)
        self.sites = offers.read_sites(self.site_reach)
        self.operators = self.sites["organisation"]
        self.organisations = unique(self.operators)

    def read(self, keys: Keys, site_keys: Keys) -> tuple[Sites, Organisations]:
        """The sites, and the operator of each in the place of its site."""
        sites = self._sites(keys, site_keys, self._conditions())
        known = around.read_organisations(self.organisations)
        at = positions(self.organisations, self.operators)
        own = Organisations(known.verified[at], known.completed[at], known.on_time[at])
        return replace(sites, organisation=np.arange(len(at), dtype=np.int32)), own


@dataclass(frozen=True)
class KeptSites:
    """Good until a site or one of their operators changes. problem: these sites and their operators."""

    problem: Problem
    ids: Array
    operators: Array
    shared: Shared
    table: SiteTable
    asked: ConditionSets

    @classmethod
    def of(cls, problem: Problem, reader: SiteReader, before: KeptSites | None) -> KeptSites:
        """before: what was kept until now."""
        shared = Shared(problem)
        table = site_table(Prepared(problem, shared))
        asked = _asked(shared, before)
        return cls(problem, reader.sites["id"], reader.operators, shared, table, asked)

    def changed(self, sites: Collection[UUID], operators: Collection[UUID]) -> list[int] | None:
        """Keys of those that these changes are about, now or before; None where all have to be read."""
        named = Q(public_id__in=sites) | Q(organisation__public_id__in=operators)
        rows = Site.objects.filter(named).values_list("pk", "public_id", "organisation_id")
        found = {pk for pk, _public, _operator in rows}
        if not set(sites) <= {public for _pk, public, _operator in rows}:
            return None  # one is gone, and nobody knows any more which row it was
        former = np.isin(self.operators, _keys_of(operators))
        found |= set(self.ids[former].tolist())
        return sorted(found) if len(found) <= MOST_MENDED else None

    def mended(self, problem: Problem, reader: SiteReader, changed: list[int]) -> KeptSites:
        """With these in place of what they were. problem: of what the reader has read of them.

        The columns of stated values are written on: by then nobody may read them as they were.
        """
        fresh = KeptSites.of(problem, reader, None)
        if fresh.ids.tolist() != changed or not np.isin(fresh.ids, self.ids).all():
            return self._with_others(fresh, changed)
        return self._with_values(fresh, np.searchsorted(self.ids, fresh.ids))

    def _with_values(self, fresh: KeptSites, at: Array) -> KeptSites:
        """The same sites; those at these places say something else."""
        own, new = self.problem.sites, fresh.problem.sites
        columns = _columns_with(own, new, at) | {"organisation": own.organisation}
        sites = Sites(
            **columns,
            windows=_packed_with(own.windows, new.windows, at),
            params=_specs_with(own.params, new.params, at),
            conditions=_packed_with(own.conditions, new.conditions, at),
        )
        record = _columns_with(self.problem.organisations, fresh.problem.organisations, at)
        whole = replace(self.problem, sites=sites, organisations=Organisations(**record))
        shared = self.shared.with_sites(whole, fresh.shared, at=at)
        table = self.table
        if (sites.active[at] != own.active[at]).any() or (sites.scenario[at] != own.scenario[at]).any():
            table = table._replace(**_by_scenario(sites, shared))
        for name in ("lo", "hi", "mask"):
            getattr(table, name)[:, at] = getattr(fresh.table, name)
        operators = _with(self.operators, fresh.operators, at)
        table = table._replace(**_of_problem(sites, shared))
        return KeptSites(whole, self.ids, operators, shared, table, _asked(shared, self))

    def _with_others(self, fresh: KeptSites, changed: list[int]) -> KeptSites:
        """Some came or went: all columns are copied."""
        stays = ~np.isin(self.ids, changed)
        ids = np.concatenate((self.ids[stays], fresh.ids))
        order = np.argsort(ids, kind="stable")
        source = np.concatenate((np.flatnonzero(stays), len(self.ids) + np.arange(len(fresh.ids))))[order]
        sites = _rows(self.problem.sites, fresh.problem.sites, source)
        sites = replace(sites, organisation=np.arange(len(ids), dtype=np.int32))
        record = _columns_of(self.problem.organisations, fresh.problem.organisations, source)
        whole = replace(self.problem, sites=sites, organisations=Organisations(**record))
        shared = self.shared.with_sites(whole, fresh.shared, source=source)
        return KeptSites(
            whole, ids[order], np.concatenate((self.operators, fresh.operators))[source], shared,
            _table(self.table, fresh.table, whole, shared, source), _asked(shared, self),
        )  # fmt: skip


def _numbers(shared: Shared) -> tuple[int, int]:
    """How many conditions and lists of them have a number."""
    return len(shared.conditions), len(shared.condition_sets)


def _keys_of(operators: Collection[UUID]) -> list[int]:
    return list(Organisation.objects.filter(public_id__in=operators).values_list("pk", flat=True))


def _asked(shared: Shared, before: KeptSites | None) -> ConditionSets:
    if before is not None and _numbers(before.shared) == _numbers(shared):
        return before.asked  # what was made for them is still right: numbers are only added
    asked = ConditionSets(shared)
    if before is not None and before.asked.identity == asked.identity:
        return before.asked
    return asked


# --- tables of which some rows say something else ---------------------------------------------------------------
def _with(one: Array, other: Array, at: Array) -> Array:
    made = one.copy()
    made[at] = other
    return made


def _columns_with(one: Any, other: Any, at: Array) -> dict[str, Array]:
    """Plain columns of a table, with those of another in these rows."""
    names = [item.name for item in fields(one) if "dtype" in item.metadata]
    return {name: _with(getattr(one, name), getattr(other, name), at) for name in names}


def _spliced(one: Array, other: Array, begin: Array, end: Array, start: Array) -> Array:
    """Where entries begin[i] to end[i] of a column stood, those of another from start[i] on."""
    pieces, done = [], 0
    for i, (first, last) in enumerate(zip(begin.tolist(), end.tolist(), strict=True)):
        pieces += [one[done:first], other[start[i] : start[i + 1]]]
        done = last
    return np.concatenate([*pieces, one[done:]])


def _packed_with(one: Any, other: Any, at: Array) -> Any:
    """Compressed rows, with those of another table in these rows."""
    lengths = _with(np.diff(one.start), np.diff(other.start), at)
    names = [item.name for item in fields(one) if item.name != "start"]
    ends = one.start[at], one.start[at + 1], other.start
    rest = {name: _spliced(getattr(one, name), getattr(other, name), *ends) for name in names}
    return type(one)(start=np.concatenate(([0], np.cumsum(lengths))).astype(np.int32), **rest)


def _specs_with(one: Specs, other: Specs, at: Array) -> Specs:
    """Stated values, with those of another table in these rows."""
    begin, end = (np.searchsorted(one.row, at, side=side) for side in ("left", "right"))
    start = np.searchsorted(other.row, np.arange(len(at) + 1))
    names = ("key", "lo", "hi", "mask")
    rest = {name: _spliced(getattr(one, name), getattr(other, name), begin, end, start) for name in names}
    return Specs(row=_spliced(one.row, at[other.row].astype(np.int32), begin, end, start), **rest)


# --- tables of which some rows are others -----------------------------------------------------------------------
def _columns_of(one: Any, other: Any, source: Array) -> dict[str, Array]:
    """Plain columns of two tables end to end, of which these rows are taken."""
    return {
        item.name: np.concatenate((getattr(one, item.name), getattr(other, item.name)))[source]
        for item in fields(one)
        if "dtype" in item.metadata
    }


def _rows(one: Sites, other: Sites, source: Array) -> Sites:
    """Rows of two tables end to end, of which these are taken."""
    return Sites(
        **_columns_of(one, other, source),
        windows=_packed(Windows, one.windows, other.windows, source),
        params=_specs(one.params, other.params, len(one.city), source),
        conditions=_packed(Requirements, one.conditions, other.conditions, source),
    )


def _packed(cls: Any, one: Any, other: Any, source: Array) -> Any:
    """Compressed rows of two tables end to end, of which these are taken."""
    start = np.concatenate((one.start.astype(np.int64), other.start[1:].astype(np.int64) + one.start[-1]))
    lengths = np.diff(start)[source]
    begin = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    items = np.repeat(start[:-1][source] - begin[:-1], lengths) + np.arange(begin[-1])
    names = [item.name for item in fields(cls) if item.name != "start"]
    rest = {name: np.concatenate((getattr(one, name), getattr(other, name)))[items] for name in names}
    return cls(start=begin, **rest)


def _specs(one: Specs, other: Specs, rows: int, source: Array) -> Specs:
    """Those of some rows, which get the places that they have there."""
    place = np.full(int(source.max(initial=-1)) + 1, -1, np.int32)
    place[source] = np.arange(len(source))
    row = np.concatenate((one.row, other.row + np.int32(rows)))
    there = np.flatnonzero(row < len(place))
    there = there[place[row[there]] >= 0]
    there = there[np.argsort(place[row[there]], kind="stable")]
    rest = {
        name: np.concatenate((getattr(one, name), getattr(other, name)))[there]
        for name in ("key", "lo", "hi", "mask")
    }
    return Specs(row=place[row[there]], **rest)


def _table(one: SiteTable, other: SiteTable, problem: Problem, shared: Shared, source: Array) -> SiteTable:
    wide = {
        name: np.take(np.concatenate((getattr(one, name), getattr(other, name)), axis=1), source, axis=1)
        for name in ("lo", "hi", "mask")
    }
    own = _by_scenario(problem.sites, shared) | _of_problem(problem.sites, shared)
    return one._replace(**own, **wide)


def _by_scenario(sites: Sites, shared: Shared) -> dict[str, Array]:
    own = [
        np.flatnonzero(row[sites.scenario] & sites.active).astype(np.int32) for row in shared.scenario_below
    ]
    start = np.concatenate(([0], np.cumsum([len(each) for each in own]))).astype(np.int32)
    return {"start": start, "item": np.concatenate([*own, np.zeros(0, np.int32)])}


def _of_problem(sites: Sites, shared: Shared) -> dict[str, Array]:
    """What the table has as the Problem has it."""
    windows = sites.windows
    return {
        "city": sites.city, "fleet": sites.fleet_capacity, "trust": shared.trust, "window_start": windows.start,
        "opens": windows.opens, "closes": windows.closes,
    }  # fmt: skip
