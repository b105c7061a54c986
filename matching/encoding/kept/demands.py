"""A few demands over what is kept. Only where the compiled loops are (`is_ready`)."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
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
from matching.encoding.kept.world import World, organisations_up_to, world_of
from matching.kernel import Lists, Places
from matching.kernel.compiled.stocks import Stock, stocked_solver, together

# What lines ask for, most often asked first.
ASKED = """
    SELECT d.alliance_id, a.as_of, l.component_type_id, d.scope = 'open'
    FROM matching_demandline l JOIN matching_demand d ON d.id = l.demand_id
    JOIN alliance_alliance a ON a.id = d.alliance_id
    WHERE d.published AND a.as_of IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC
"""


@dataclass(frozen=True)
class Ready:
    """`solver` solves the frozen problem and no other."""

    frozen: Frozen
    solver: Any


def over_kept(alliance: int, as_of: date, chosen: Sequence[int], outside: Collection[str]) -> Ready | None:
    """Some demands of an alliance, ready to be solved; None where `encode` has to read them.

    That is without a snapshot, where nothing of them is published, and where a value does not
    suit its parameter: `encode` says so if it matters to these demands. outside: kinds of changes that nothing kept
    depends on.
    """
    now = snapshot.current()
    if now is None:
        return None
    demands = asked.read_demands(alliance, chosen)
    if not len(demands["id"]):
        return None
    try:
        world = world_of(now, outside)
        return _OverKept(world, alliance, as_of, demands).ready(now)
    except EncodingError:
        return None


def warm(outside: Collection[str], seconds: float) -> int:
    """Lay out beforehand what published lines ask for, as far as time and room go; how many blocks there are."""
    until = time.monotonic() + seconds
    now = snapshot.current()
    if now is None:
        return 0
    world = world_of(now, outside)
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
        stock = world.stock(kind, as_of, now)
        stock.laid(place, everywhere, seen[alliance], len(world.codes))
        stock.failing(world.sites.asked)
    return len(asked_for)


class _OverKept(Encoder):
    """Organisations are numbered by their keys here."""

    def __init__(self, world: World, alliance: int, as_of: date, demands: dict[str, Array]) -> None:
        self.world, self.alliance, self.as_of, self.demands = world, alliance, as_of, demands
        self.lines = asked.read_lines(demands["id"])
        self.component_tree, self.scenario_tree = world.component_tree, world.scenario_tree
        self.cities = world.cities
        owners = demands["owner"].tolist()
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
        lines = self._lines(world.keys, asked.line_requirements(self.demands["id"]), codes, world.codes)
        demands = self._demands(world.site_keys, asked.site_requirements(self.demands["id"]))
        places = Places(sites.problem.places.travel, *around.read_members(self.alliance, self.cities))
        stocks = {
            kind: world.stock(int(world.component_tree.ids[kind]), self.as_of, now)
            for kind in np.unique(lines.type).tolist()
        }
        joined = together(list(stocks.values()))
        highest = max([*self.demands["owner"].tolist(), *(other for _, other in self.exclusions)])
        built = world.over(
            as_of=self.as_of.toordinal(),
            places=places,
            organisations=organisations_up_to(highest),
            capabilities=joined.capabilities,
            demands=demands,
            lines=lines,
            sites=sites.problem.sites,
            weights=around.read_weights(self.alliance),
        )
        built.validate_demands()
        first = dict(zip(stocks, joined.first, strict=True))
        blocks = {}
        for number in np.unique(lines.type.astype(np.int64) * 2 + demands.open_scope[lines.demand]).tolist():
            kind, everywhere = number // 2, bool(number % 2)
            blocks[number] = (stocks[kind].laid(kind, everywhere, places, len(world.codes)), first[kind])
        table = sites.seen_by(places.member, places.roles)
        solver = stocked_solver(built, sites.shared, table, sites.asked, list(stocks.values()), blocks)
        return Ready(Frozen(built, self._names(list(stocks.values())), now.moment), solver)

    def _names(self, stocks: list[Stock]) -> Identities:
        """Gaps between stocks have the key 0."""
        world = self.world
        size = sum(stock.size for stock in stocks)
        capabilities, suppliers = np.zeros(size, np.int64), np.zeros(size, np.int64)
        at = 0
        for stock in stocks:
            capabilities[at : at + len(stock.ids)] = stock.ids
            suppliers[at : at + len(stock.ids)] = stock.firms
            at += stock.size
        return Identities(
            self.demands["id"], self.lines["id"], capabilities, suppliers, world.sites.ids, world.keys.names,
            world.keys.choices,
        )  # fmt: skip
