"""One alliance's problem as of a date, read from the database. Call it in one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from matching.encoding import demands as asked
from matching.encoding import offers, snapshot
from matching.encoding import surroundings as around
from matching.encoding.columns import Array, positions, unique
from matching.encoding.identities import Identities
from matching.encoding.vocabulary import Keys
from matching.kernel import (
    Capabilities,
    ComponentKeys,
    Demands,
    Lines,
    Lists,
    Organisations,
    Problem,
    Requirements,
    SiteKeys,
    Sites,
    Windows,
    problem,
)
from scenarios.models import PartCondition


@dataclass(frozen=True)
class Frozen:
    """`version` names the snapshot that the offers came from, "" where they were read from the database."""

    problem: Problem
    identities: Identities
    version: str = ""


def encode(alliance: int, as_of: date, chosen: int | Sequence[int] | None = None) -> Frozen | None:
    """The problem of an alliance, or of one or some demands of it; None when nothing of it is published."""
    demands = asked.read_demands(alliance, [chosen] if isinstance(chosen, int) else chosen)
    if not len(demands["id"]):
        return None
    return Encoder(alliance, as_of, demands).frozen()


class Encoder:
    """Reads in the order in which one answer says what the next question is."""

    def __init__(self, alliance: int, as_of: date, demands: dict[str, Array]) -> None:
        self.alliance, self.as_of = alliance, as_of
        self.demands = demands
        self.lines = asked.read_lines(demands["id"])
        self.component_tree, self.scenario_tree = around.component_tree(), around.scenario_tree()
        self.reach = self._reach_of_lines()
        self.site_reach = self._reach_of_needs()
        self.now = snapshot.current()
        self.chosen = self.now.chosen(self.reach) if self.now else None
        self.capabilities = self.chosen.found if self.chosen else offers.read_capabilities(self.reach)
        self.sites = offers.read_sites(self.site_reach)

    def _reach_of_lines(self) -> offers.Reach:
        is_open = self.demands["open"][positions(self.demands["id"], self.lines["demand"])]
        return self._reach(self.component_tree, self.lines["type"], is_open)

    def _reach_of_needs(self) -> offers.Reach:
        needed = self.demands["scenario"] >= 0
        return self._reach(self.scenario_tree, self.demands["scenario"][needed], self.demands["open"][needed])

    def _reach(self, tree: around.Tree, wanted: Array, is_open: Array) -> offers.Reach:
        return offers.Reach(
            self.alliance, self.as_of, tree.at_or_below(wanted), tree.at_or_below(wanted[is_open])
        )

    def frozen(self) -> Frozen:
        line_rows = asked.line_requirements(self.demands["id"])
        site_rows = asked.site_requirements(self.demands["id"])
        conditions = self._conditions()
        keys = around.component_keys(row[1] for row in (*line_rows, *conditions))
        site_keys = around.scenario_keys(row[1] for row in site_rows)
        self.organisations = unique(
            self.demands["owner"], self.capabilities["firm"], self.sites["organisation"]
        )
        self.cities = around.rounded_cities(
            unique(
                self.demands["lab"], self.demands["deployment"], self.capabilities["city"], self.sites["city"]
            )
        )
        codes = asked.line_certificates(self.demands["id"])
        known = sorted({code for _, code in codes})
        built = problem(
            as_of=self.as_of.toordinal(),
            places=around.read_places(self.alliance, self.cities),
            component_keys=ComponentKeys(keys.kind, keys.n_choices),
            site_keys=SiteKeys(site_keys.kind, site_keys.n_choices),
            types=around.component_types(self.component_tree, keys),
            scenario_types=around.scenario_types(self.scenario_tree),
            organisations=self._organisations(),
            capabilities=self._capabilities(keys, known),
            demands=self._demands(
                Requirements.of(
                    asked.in_rows(self.demands["id"], site_keys, "site need of demand", site_rows)
                )
            ),
            lines=self._lines(
                Requirements.of(asked.in_rows(self.lines["id"], keys, "line", line_rows)), codes, known
            ),
            sites=self._sites(keys, site_keys, conditions),
            weights=around.read_weights(self.alliance),
        )
        return Frozen(built, self._identities(keys), self.now.moment if self.now else "")

    def _organisations(self) -> Organisations:
        if self.chosen is None:
            return around.read_organisations(self.organisations)
        return around.complete_organisations(self.organisations, *self.chosen.firms())

    def _conditions(self) -> list[asked.RequirementRow]:
        rows = PartCondition.objects.filter(site_id__in=self.sites["id"].tolist()).order_by(
            "site_id", "position"
        )
        told = asked.parsed_rows(rows, "site_id", ("key_id", "op", "value"))
        return [(*row, True, 1.0, 0.2) for row in told]

    def _capabilities(self, keys: Keys, codes: list[str]) -> Capabilities:
        found, ids = self.capabilities, self.capabilities["id"]
        return Capabilities(
            type=positions(self.component_tree.ids, found["type"]),
            firm=positions(self.organisations, found["firm"]),
            city=positions(self.cities, found["city"]),
            active=np.ones(len(ids), bool),
            specs=self.chosen.specs(sorted(keys.by_id))
            if self.chosen
            else offers.capability_specs(self.reach, ids, keys),
            certificates=self.chosen.certificates(codes)
            if self.chosen
            else offers.held_certificates(self.reach, ids, codes),
            **_same(
                found,
                "valid_until",
                "available_from",
                "free",
                "moq",
                "prototype_days",
                "volume_days",
                "price",
            ),
        )

    def _owners(self) -> Array:
        return positions(self.organisations, self.demands["owner"])

    def _excluded(self) -> Lists:
        return around.read_exclusions(self.demands["owner"], self.organisations)

    def _demands(self, site_requirements: Requirements) -> Demands:
        found = self.demands
        return Demands(
            organisation=self._owners(),
            lab=positions(self.cities, found["lab"]),
            open_scope=found["open"],
            deployment=positions(self.cities, found["deployment"]),
            scenario=positions(self.scenario_tree.ids, found["scenario"]),
            site_requirements=site_requirements,
            excluded=self._excluded(),
            **_same(found, "start", "need_by", "iterations", "fleet", "trial_days"),
        )

    def _lines(self, requirements: Requirements, codes: list[tuple[int, str]], known: list[str]) -> Lines:
        found = self.lines
        place = {code: index for index, code in enumerate(known)}
        wanted: dict[int, list[int]] = {}
        for line, code in codes:
            wanted.setdefault(line, []).append(place[code])
        return Lines(
            demand=positions(self.demands["id"], found["demand"]),
            type=positions(self.component_tree.ids, found["type"]),
            certificates=Lists.of(wanted.get(line, []) for line in found["id"].tolist()),
            requirements=requirements,
            **_same(found, "quantity", "rate", "need_by", "target", "ceiling"),
        )

    def _sites(self, keys: Keys, site_keys: Keys, conditions: list[asked.RequirementRow]) -> Sites:
        found, ids = self.sites, self.sites["id"]
        return Sites(
            scenario=positions(self.scenario_tree.ids, found["scenario"]),
            city=positions(self.cities, found["city"]),
            organisation=positions(self.organisations, found["organisation"]),
            active=np.ones(len(ids), bool),
            fleet_capacity=found["fleet_capacity"],
            windows=Windows.of(offers.site_windows(ids)),
            params=offers.site_params(self.site_reach, ids, site_keys),
            conditions=Requirements.of(asked.in_rows(ids, keys, "site", conditions)),
        )

    def _identities(self, keys: Keys) -> Identities:
        return Identities(
            demands=self.demands["id"],
            lines=self.lines["id"],
            capabilities=self.capabilities["id"],
            suppliers=self.capabilities["firm"],
            sites=self.sites["id"],
            keys=keys.names,
            choices=keys.choices,
        )


def _same(found: dict[str, Array], *names: str) -> dict[str, Any]:
    """Columns whose names are the same on both sides."""
    return {name: found[name] for name in names}
