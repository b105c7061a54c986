"""What is kept, and how it stays true."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any

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
from matching.kernel.compiled.stocks import Stock
from matching.kernel.shared import trust_of
from scenarios.models import ScenarioKey

# Changes that the snapshot of offers follows, and changes of sites: all others that matching reads make all of it anew.
OF_OFFERS = ("capability", "capabilities", "facility")
OF_SITES = ("site", "organisation")
NEWS = """
    SELECT DISTINCT kind FROM alliance_change
    WHERE transaction >= %(oldest)s
      AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(moment)s::pg_snapshot)
      AND kind <> ALL(%(outside)s)
"""
MOST_BYTES = 500_000_000  # of stocks; the longest unused go first


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
        }
        with connection.cursor() as cursor:
            cursor.execute(NEWS, params)
            kinds = {row[0] for row in cursor.fetchall()}
        if kinds - set(OF_SITES):
            return False
        if kinds:
            self.sites = self._read_sites(self.sites)
        self.moment = now.moment
        return True

    def know(self, codes: Collection[str]) -> None:
        """Certificates that lines ask for: nobody may hold one yet."""
        self.codes += sorted(set(codes) - set(self.codes))

    def stock(self, kind: int, as_of: date, now: snapshot.Current) -> Stock:
        """The offers of a type (by id) and below it, on a day."""
        if kind not in self.below:
            self.below[kind] = self.component_tree.at_or_below(np.array([kind]))
        kept = self._stocks.pop((kind, as_of), None)
        newest = max(now.touched.get(own, 0) for own in self.below[kind])
        if kept is None or kept[0] < newest or kept[1] != len(self.codes):
            self._make_room(as_of)
            kept = (now.revision, len(self.codes), self._read_stock(self.below[kind], as_of, now))
        self._stocks[kind, as_of] = kept
        return kept[2]

    def is_full(self) -> bool:
        return sum(stock.nbytes for _, _, stock in self._stocks.values()) > MOST_BYTES

    def _make_room(self, as_of: date) -> None:
        """Two days are kept: the one asked for and the newest other. The dictionary's order is that of last use."""
        others = {day for _, day in self._stocks} - {as_of}
        for key in [key for key in self._stocks if key[1] != as_of and key[1] != max(others)]:
            del self._stocks[key]
        while self.is_full():
            del self._stocks[next(iter(self._stocks))]

    def _read_stock(self, kinds: list[int], as_of: date, now: snapshot.Current) -> Stock:
        chosen = now.of_kinds(kinds, as_of)
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
        built = self.over(
            organisations=around.read_organisations(reader.organisations),
            sites=reader.read(self.keys, self.site_keys),
        )
        built.validate()
        return KeptSites(built, reader.sites["id"], before)

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
