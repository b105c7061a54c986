"""What is kept, and how it stays true."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from alliance.models import City
from companies.models import ComponentKey
from matching.encoding import snapshot
from matching.encoding import surroundings as around
from matching.encoding.columns import Array, positions
from matching.encoding.kept.sites import KeptSites, SiteReader
from matching.encoding.supply import read_codes
from matching.kernel import (
    Capabilities,
    ComponentKeys,
    Organisations,
    Places,
    Problem,
    SiteKeys,
    no_demands,
    no_lines,
    no_offers,
    no_sites,
    problem,
)
from matching.kernel.compiled.stocks import Again, Pool, Stock
from matching.kernel.shared import trust_of
from scenarios.models import ScenarioKey

# Changes that the snapshot of offers follows, and changes of sites: all others that matching reads make all of it anew.
OF_OFFERS = ("capability", "capabilities", "facility")
OF_SITES = ("site", "organisation")
NEWS = """
    SELECT DISTINCT kind, CASE WHEN kind = ANY(%(sites)s) THEN object_id ELSE '' END FROM alliance_change
    WHERE transaction >= %(oldest)s
      AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(moment)s::pg_snapshot)
      AND kind <> ALL(%(outside)s)
"""
MOST_MENDED = 400  # capabilities at a time
# Places for capabilities in the pool: each may stand in the stock of its type and of those above it.
LEAST_ROOM, LEVELS = 100_000, 4
MOST_BYTES = 500_000_000  # of stocks that a process makes; the longest unused go first


Stocks = dict[tuple[int, date], tuple[Stock, Again]]


class World:
    """Of one database, as one transaction sees it. `outside` of `look`: kinds of changes that say nothing here."""

    def __init__(self, now: snapshot.Current) -> None:
        self.epoch, self.moment = now.epoch, now.moment
        self.component_tree, self.scenario_tree = around.component_tree(), around.scenario_tree()
        self.keys = around.component_keys(ComponentKey.objects.values_list("pk", flat=True))
        self.site_keys = around.scenario_keys(ScenarioKey.objects.values_list("pk", flat=True))
        self.cities = np.array(sorted(City.objects.values_list("pk", flat=True)), np.int64)
        self.codes: list[str] = read_codes()
        self.bare = problem(
            as_of=1,
            places=self._places(around.read_travel(self.cities)),
            component_keys=ComponentKeys(self.keys.kind, self.keys.n_choices),
            site_keys=SiteKeys(self.site_keys.kind, self.site_keys.n_choices),
            types=around.component_types(self.component_tree, self.keys),
            scenario_types=around.scenario_types(self.scenario_tree),
            organisations=organisations_up_to(0),
            capabilities=no_offers(),
            demands=no_demands(),
            lines=no_lines(),
            sites=no_sites(),
            weights=around.default_weights(),
        )
        self.below: dict[int, list[int]] = {}
        self.room = 0
        self.pool = Pool(LEAST_ROOM + LEVELS * len(now.base))
        self._stocks: dict[tuple[int, date], tuple[int, int, Stock]] = {}
        self.sites = self._read_sites(None)

    def _places(self, travel: Array) -> Places:
        nobody = np.zeros(len(self.cities), np.uint8)
        return Places(travel, nobody.astype(bool), nobody)

    def look(self, now: snapshot.Current, outside: Collection[str]) -> bool:
        """Follow what has changed since; False when everything has to be read anew."""
        if now.epoch is not self.epoch:
            return False
        params: dict[str, Any] = {
            "oldest": int(self.moment.split(":")[0]),
            "moment": self.moment,
            "outside": [*outside, *OF_OFFERS],
            "sites": list(OF_SITES),
        }
        with connection.cursor() as cursor:
            cursor.execute(NEWS, params)
            news = cursor.fetchall()
        if {kind for kind, _name in news} - set(OF_SITES):
            return False
        if news:
            self.sites = self._mend_sites(news)
        self.moment = now.moment
        return True

    def know(self, codes: Collection[str]) -> None:
        """Certificates that lines ask for: nobody may hold one yet."""
        self.codes += sorted(set(codes) - set(self.codes))

    def stocks(self, wanted: Collection[tuple[int, date]], now: snapshot.Current) -> Stocks:
        """The offers of types (by id) and below them, on a day; with what reads each anew."""
        for as_of in {day for _, day in wanted}:
            self._make_room(as_of)
        while True:
            pool = self.pool
            found: Stocks = {
                key: (self._stock(*key, now), partial(self._read_stock, *key, now)) for key in wanted
            }
            if self.pool is pool:  # else it was full, and has begun again on the way
                return found

    def _stock(self, kind: int, as_of: date, now: snapshot.Current) -> Stock:
        if kind not in self.below:
            self.below[kind] = self.component_tree.at_or_below(np.array([kind]))
        kept = self._stocks.pop((kind, as_of), None)
        newest = max(now.touched.get(own, 0) for own in self.below[kind])
        if kept and kept[1] == len(self.codes) and kept[0] < newest:
            kept = self._mended(kind, as_of, now, kept)
        if kept is None or kept[1] != len(self.codes):
            self._make_room(as_of)
            made = self._read_stock(kind, as_of, now)
            if not self.pool.has_room(made.size):
                live = made.size + sum(stock.size for _, _, stock in self._stocks.values())
                self._stocks, self.pool = {}, Pool(max(self.pool.room, 2 * live))
            self.pool.add(made)
            kept = (now.revision, len(self.codes), made)
        self._stocks[kind, as_of] = kept
        return kept[2]

    def _mended(
        self, kind: int, as_of: date, now: snapshot.Current, kept: tuple[int, int, Stock]
    ) -> tuple[int, int, Stock] | None:
        """With the rows that have changed since put in their places; None where that cannot be."""
        revision, codes, stock = kept
        changed = now.since(revision)
        if changed is None or len(changed) > MOST_MENDED:
            return None
        fresh = self._read_stock(kind, as_of, now, changed)
        if stock.count(changed) != len(fresh.ids):
            return None  # one came or went
        if len(fresh.ids) and not stock.mend(fresh, self.pool):
            return None
        return now.revision, codes, stock

    def is_full(self) -> bool:
        """Of what this process has made: what its parent had laid out before is there once for all of them."""
        own = sum(stock.own_bytes for _, _, stock in self._stocks.values())
        return own > max(MOST_BYTES, self.room)

    def _make_room(self, as_of: date) -> None:
        """Two days are kept: the one asked for and the newest other. The dictionary's order is that of last use."""
        others = {day for _, day in self._stocks} - {as_of}
        for key in [key for key in self._stocks if key[1] != as_of and key[1] != max(others)]:
            del self._stocks[key]
        for key, (_, _, stock) in list(self._stocks.items()):
            if not self.is_full():
                break
            if stock.process == os.getpid():
                del self._stocks[key]
            else:
                stock.forget_later()

    def _read_stock(self, kind: int, as_of: date, now: snapshot.Current, ids: Array | None = None) -> Stock:
        """ids: of these only."""
        chosen = now.of_kinds(self.below[kind], as_of, ids)
        found = chosen.found
        firms, record = chosen.firms()
        same = ("valid_until", "available_from", "free", "moq", "prototype_days", "volume_days", "price")
        own: dict[str, Any] = {name: found[name] for name in same}
        capabilities = Capabilities(
            type=positions(self.component_tree.ids, found["type"]),
            firm=found["firm"],
            city=positions(self.cities, found["city"]),
            active=np.ones(len(found["id"]), bool),
            specs=chosen.specs(sorted(self.keys.by_id)),
            certificates=chosen.certificates(self.codes),
            **own,
        )
        organisations = organisations_up_to(int(firms.max(initial=0)))
        built = self.over(as_of=as_of.toordinal(), capabilities=capabilities, organisations=organisations)
        built.validate()
        return Stock(
            self.over(as_of=as_of.toordinal(), capabilities=capabilities),
            found["id"],
            firms,
            trust_of(**record),
        )

    def _read_sites(self, before: KeptSites | None) -> KeptSites:
        reader = SiteReader(self.scenario_tree, self.cities)
        return KeptSites.of(self._of_sites(reader), reader, before)

    def _mend_sites(self, news: Collection[tuple[str, str]]) -> KeptSites:
        """Those that changed are read again, where it is known which."""
        try:
            named = {kind: [UUID(name) for of, name in news if of == kind] for kind in OF_SITES}
        except ValueError:
            return self._read_sites(self.sites)
        changed = self.sites.changed(named["site"], named["organisation"])
        if changed is None:
            return self._read_sites(self.sites)
        if not changed:
            return self.sites
        reader = SiteReader(self.scenario_tree, self.cities, changed)
        return self.sites.mended(self._of_sites(reader), reader, changed)

    def _of_sites(self, reader: SiteReader) -> Problem:
        sites, operators = reader.read(self.keys, self.site_keys)
        built = self.over(organisations=operators, sites=sites)
        built.validate()
        return built

    def over(self, **parts: Any) -> Problem:
        """A Problem of these tables, and for the rest what all have in common; not validated."""
        return replace(self.bare, **parts)


def organisations_up_to(identity: int) -> Organisations:
    """Places for organisations that are numbered by their keys: what is known of them stands elsewhere."""
    nothing = np.zeros(identity + 1, np.int32)
    return Organisations(nothing.astype(bool), nothing, nothing)


_kept: list[World] = []


def forget() -> None:
    """The next one reads everything anew."""
    _kept.clear()


def world_of(now: snapshot.Current, outside: Collection[str]) -> World:
    """What this process keeps, as the running transaction sees it."""
    kept = _kept.pop() if _kept else None  # an error on the way leaves nothing half told
    if kept is None or not kept.look(now, outside):
        kept = World(now)
    _kept[:] = [kept]
    return kept
