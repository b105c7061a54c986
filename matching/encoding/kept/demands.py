"""A few demands, of one alliance or several, over what is kept. Only where the compiled loops are (`is_ready`)."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from django.db import connection

from alliance.models import Exclusion
from matching.encoding import demands as asked
from matching.encoding import snapshot
from matching.encoding import surroundings as around
from matching.encoding.columns import Array
from matching.encoding.errors import EncodingError
from matching.encoding.freeze import Encoder, Frozen
from matching.encoding.identities import Identities
from matching.encoding.kept.world import Stocks, World, organisations_up_to, world_of
from matching.kernel import Lines, Lists, Places, Problem, Requirements
from matching.kernel.compiled.block import Laid
from matching.kernel.compiled.stocks import stocked_solver

WARM_PART = 25  # of a hundred parts
# What lines ask for, most often asked first.
ASKED = """
    SELECT d.alliance_id, a.as_of, l.component_type_id, d.scope = 'open'
    FROM matching_demandline l JOIN matching_demand d ON d.id = l.demand_id
    JOIN alliance_alliance a ON a.id = d.alliance_id
    WHERE d.published AND a.as_of IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC
"""


@dataclass(frozen=True)
class Wanted:
    """Some demands of an alliance, to be matched as of its date."""

    alliance: int
    as_of: date
    demands: Sequence[int]


@dataclass(frozen=True)
class Part:
    """The demands of one alliance: ``solver`` solves ``problem``, of which they are those at ``positions``."""

    problem: Problem
    positions: Array
    solver: Any


@dataclass(frozen=True)
class Ready:
    """All demands as one table. parts: for each that was asked for its own, as its alliance sees it."""

    frozen: Frozen
    parts: list[Part]


def over_kept(wanted: Sequence[Wanted], outside: Collection[str]) -> Ready | None:
    """Some demands of different alliances, ready to be solved; None where `encode` has to read them.

    That is without a snapshot, where nothing of them is published, and where a value does not
    suit its parameter: `encode` says so if it matters to these demands. outside: kinds of changes that nothing kept
    depends on.
    """
    now = snapshot.current()
    if now is None:
        return None
    demands = _still_there(asked.read_demands(None, [key for each in wanted for key in each.demands]), wanted)
    if not len(demands["id"]):
        return None
    try:
        world = world_of(now, outside)
        return _OverKept(world, wanted, demands).ready(now)
    except EncodingError:
        return None


def _still_there(demands: dict[str, Array], wanted: Sequence[Wanted]) -> dict[str, Array]:
    """Without those that belong to another alliance by now than to the one they were asked for with."""
    of = {key: each.alliance for each in wanted for key in each.demands}
    there = np.array([of[key] for key in demands["id"].tolist()], np.int64) == demands["alliance"]
    return {name: column[there] for name, column in demands.items()}


def warm(outside: Collection[str], seconds: float) -> int:
    """Lay out beforehand what published lines ask for, as far as time and room go; how many blocks there are.

    Room is a part of the machine's memory: the processes to come share it.
    """
    until = time.monotonic() + seconds
    now = snapshot.current()
    if now is None:
        return 0
    world = world_of(now, outside)
    world.room = WARM_PART * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 100
    try:
        return _lay_out_asked(world, now, until)
    finally:
        world.room = 0


def _lay_out_asked(world: World, now: snapshot.Current, until: float) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ASKED)
        asked_for = cursor.fetchall()
    seen: dict[int, Places] = {}
    for done, (alliance, as_of, kind, everywhere) in enumerate(asked_for):
        if time.monotonic() > until or world.is_full():
            return done
        if alliance not in seen:
            travel = world.sites.problem.places.travel
            seen[alliance] = Places(travel, *around.read_members(alliance, world.cities))
        place = int(np.searchsorted(world.component_tree.ids, kind))
        stock, again = world.stocks([(kind, as_of)], now)[kind, as_of]
        stock.laid(place, everywhere, seen[alliance], len(world.codes), again)
        world.pool.conditions(world.sites.asked, [(stock, again)])
    return len(asked_for)


class _OverKept(Encoder):
    """Organisations are numbered by their keys here."""

    def __init__(self, world: World, wanted: Sequence[Wanted], demands: dict[str, Array]) -> None:
        self.world, self.wanted, self.demands = world, wanted, demands
        self.lines = asked.read_lines(demands["id"])
        self.component_tree, self.scenario_tree = world.component_tree, world.scenario_tree
        self.cities = world.cities
        owners = sorted(set(demands["owner"].tolist()))
        pairs = Exclusion.objects.filter(organisation_id__in=owners)
        self.exclusions = list(pairs.values_list("organisation_id", "excluded_id"))

    def _owners(self) -> Array:
        return self.demands["owner"]

    def _excluded(self) -> Lists:
        others: dict[int, list[int]] = {}
        for owner, other in self.exclusions:
            others.setdefault(owner, []).append(other)
        return Lists.of(others.get(owner, []) for owner in self.demands["owner"].tolist())

    def ready(self, now: snapshot.Current) -> Ready:
        world, sites = self.world, self.world.sites
        codes = asked.line_certificates(self.demands["id"])
        world.know({code for _, code in codes})
        ids = self.demands["id"]
        wants = asked.in_rows(self.lines["id"], world.keys, "line", asked.line_requirements(ids))
        needs = asked.in_rows(ids, world.site_keys, "site need of demand", asked.site_requirements(ids))
        lines = self._lines(Requirements.of(wants), codes, world.codes)
        demands = self._demands(Requirements.of(needs))
        stocks = self._stocks(lines, now)
        highest = max([*self.demands["owner"].tolist(), *(other for _, other in self.exclusions)])
        built = world.over(
            as_of=self.wanted[0].as_of.toordinal(),
            organisations=organisations_up_to(highest),
            capabilities=world.pool.capabilities,
            demands=demands,
            lines=lines,
            sites=sites.problem.sites,
        )
        built.validate_demands()
        conditions = world.pool.conditions(sites.asked, stocks.values())
        alliances = [each.alliance for each in self.wanted]
        members, weights = around.members_of(alliances, self.cities), around.weights_of(alliances)
        parts = []
        for each in self.wanted:
            places = Places(sites.problem.places.travel, *members[each.alliance])
            own = replace(built, as_of=each.as_of.toordinal(), places=places, weights=weights[each.alliance])
            positions = np.flatnonzero(self.demands["alliance"] == each.alliance)
            blocks = self._blocks(own, positions, each.as_of, stocks)
            solver = stocked_solver(own, sites.shared, sites.table, conditions, blocks)
            parts.append(Part(own, positions, solver))
        return Ready(Frozen(built, self._names(), now.moment), parts)

    def _stocks(self, lines: Lines, now: snapshot.Current) -> Stocks:
        """Of every type and day that somebody asks for; types by their place."""
        day = {each.alliance: each.as_of for each in self.wanted}
        alliance = self.demands["alliance"][lines.demand]
        pairs = set(zip(lines.type.tolist(), alliance.tolist(), strict=True))
        keys = sorted({(kind, day[of]) for kind, of in pairs})
        ids = self.world.component_tree.ids
        return self.world.stocks([(int(ids[kind]), as_of) for kind, as_of in keys], now)

    def _blocks(
        self,
        problem: Problem,
        positions: Array,
        as_of: date,
        stocks: Stocks,
    ) -> dict[int, Laid | None]:
        """Those that lines of these demands ask for."""
        lines, is_open = problem.lines, problem.demands.open_scope
        own = np.isin(lines.demand, positions)
        blocks = {}
        for number in np.unique(lines.type[own].astype(np.int64) * 2 + is_open[lines.demand[own]]).tolist():
            kind, everywhere = number // 2, bool(number % 2)
            stock, again = stocks[int(self.component_tree.ids[kind]), as_of]
            blocks[number] = stock.laid(kind, everywhere, problem.places, len(self.world.codes), again)
        return blocks

    def _names(self) -> Identities:
        """Gaps between stocks have the key 0."""
        world = self.world
        return Identities(
            self.demands["id"], self.lines["id"], world.pool.ids, world.pool.firms, world.sites.ids, world.keys.names,
            world.keys.choices,
        )  # fmt: skip
