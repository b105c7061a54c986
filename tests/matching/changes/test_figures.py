"""Of a change of figures only what shows in results is matched again, and what is stored equals a full run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from companies.models import Capability
from companies.services import set_free_capacity, update_capability
from matching.encoding import encode
from matching.kernel.prepare import Prepared
from matching.kernel.rows import Rows
from matching.kernel.sites import solve_sites
from matching.models import (
    CurrentResult,
    Demand,
    DemandLine,
    DemandResult,
    LinePrice,
    MatchRun,
    Relaxation,
    SiteNeed,
)
from matching.services.bundle import import_region
from matching.services.changes import nearness, places, reaching, supply
from matching.services.changes.naming import naming_capabilities, naming_sites
from matching.services.generation import generate_region
from matching.services.runs import create_run
from scenarios.models import Site
from scenarios.services import SiteInput, update_site
from tests.matching.changes.conftest import work_off
from tests.matching.changes.steps import Hand, as_input

SEQUENCES = int(os.environ.get("SEQUENCES", "10"))
Settled = Callable[[], dict[str, Any]]


@pytest.fixture(scope="session")
def crowded_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many more fit a line, and more sites a demand, than results have room for."""
    folder = tmp_path_factory.mktemp("crowded") / "bundle"
    generate_region(
        folder, firms=100, capabilities=4000, demands=16, lines=48, sites=150, alliances=2, open_share=0.6,
        seed=11, feasible=60,
    )  # fmt: skip
    return folder


@pytest.fixture
def crowded(committed_db: None, own_horizon: None, crowded_bundle: Path) -> None:
    import_region(crowded_bundle)
    work_off()


class Figures(Hand):
    """Changes that speak of figures only."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.steps = [*[self.figure] * 5, *[self.capacity] * 3, *[self.fleet] * 4]

    def missing(self) -> str:
        """Of somebody who misses a line by what is free or by price, and by most of it still does."""
        rule = self.any(
            Relaxation.objects.current().filter(code__in=("capacity", "price"), capabilities__gt=3)
        )
        line = DemandLine.objects.get(pk=rule.line_id)
        offers = Capability.objects.select_related("facility", "component_type", "terms")
        offers = offers.filter(component_type=line.component_type, published=True)
        if rule.code == "capacity":
            short = F("terms__capacity_per_month") - F("terms__committed_per_month")
            row = self.any(offers.annotate(short=short).filter(short__lt=line.monthly_rate, short__gt=0))
            free = round(row.terms.free_per_month * self.dice.choice([0.6, 0.9, 0.97, 1.02, 1.05]), 2)
            set_free_capacity(row, min(free, row.terms.capacity_per_month), user=self.user)
            return f"{row.pk} {free}"
        ceiling = LinePrice.objects.get(line=line).ceiling_unit_price
        row = self.any(offers.filter(terms__unit_price__gt=ceiling))
        price = round(row.terms.unit_price * self.dice.choice([0.97, 0.99, 1.01, 1.05, 1.3]), 2)
        update_capability(row, replace(as_input(row), unit_price=price), user=self.user, version=None)
        return f"{row.pk} {price}"

    def figure(self) -> str:
        row = self.any(Capability.objects.select_related("facility", "component_type"))
        given, share = as_input(row), self.dice.choice([0.5, 0.8, 0.97, 1.03, 1.25, 2.0])
        price, days = given.unit_price or 100, given.volume_lead_days
        changes: list[dict[str, Any]] = [
            {"unit_price": self.dice.choice([None, round(price * share, 2)])},
            {"min_order_quantity": max(1, round(given.min_order_quantity * share))},
            {"volume_lead_days": max(1, round(days * share))},
            {"volume_lead_days": days + 1, "prototype_lead_days": max(1, given.prototype_lead_days - 1)},
            {"prototype_lead_days": given.prototype_lead_days + 3},
        ]
        change = self.dice.choice(changes)
        update_capability(row, replace(given, **change), user=self.user, version=None)
        return f"{row.pk} {change}"

    def growth(self) -> str:
        """Of a site that fits a demand which names others: worth more to it, or less where it was worth most."""
        result = self.any(DemandResult.objects.current().filter(feasible_sites__gt=25))
        need = SiteNeed.objects.select_related("demand__alliance").get(demand=result.demand_id)
        frozen = encode(need.demand.alliance_id, need.demand.alliance.as_of, result.demand_id)
        assert frozen is not None
        fitting = frozen.identities.sites[solve_sites(Prepared(frozen.problem), 0, Rows()).site].tolist()
        row = self.any(Site.objects.filter(pk__in=set(fitting) - set(result.sites)))
        most = 2 * need.fleet_size
        fleet = need.fleet_size + 1 if row.fleet_capacity >= most else min(most, row.fleet_capacity + 1)
        return self._resized(row, fleet)

    def fleet(self) -> str:
        row = self.any(Site.objects.all())
        share = self.dice.choice([0.5, 0.8, 0.95, 1.05, 1.3, 2])
        return self._resized(row, max(1, round(row.fleet_capacity * share)))

    def _resized(self, row: Site, fleet: float) -> str:
        conditions = [{"key": c.key.key, "op": c.op, "value": c.value} for c in row.part_conditions.all()]
        given = SiteInput(
            name=row.name, city=row.city, scenario_type=row.scenario_type, fleet_capacity=fleet, params=row.params,
            conditions=conditions, external_id=row.external_id,
        )  # fmt: skip
        update_site(row, given, user=self.user, version=row.version)
        return f"{row.pk} {fleet}"


@pytest.fixture
def proved(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many demands were left alone because stored results proved that they say the same afterwards."""
    alone: Counter[str] = Counter()

    def showing(several: Any, without: Any) -> set[int]:
        asked = {demand for each in several for demand in each.demand.tolist()} - set(without)
        found = nearness.showing(several, without)
        alone["near"] += len(asked - found)
        return found

    def may_reach(sites: Any, needs: Any, wanted: Any) -> set[int]:
        found = reaching.may_reach(sites, needs, wanted)
        alone["reach"] += len(set().union(*wanted.values()) - found)
        return found

    monkeypatch.setattr(supply, "showing", showing)
    monkeypatch.setattr(places, "may_reach", may_reach)
    return alone


def test_after_changes_of_figures_results_are_those_of_a_full_run(crowded: None, settled: Settled) -> None:
    done: list[str] = []
    before = dict(CurrentResult.objects.values_list("demand_id", "run_id"))
    again = changes = 0
    for seed in range(7000, 7000 + SEQUENCES):
        hand = Figures(seed)
        for _ in range(hand.dice.randrange(1, 4)):
            done.append(hand.step())
            changes += 1
            if hand.dice.random() < 0.5:
                work_off()
        assert settled() == {}, f"sequence {seed}, after {done[-6:]}"
        now = dict(CurrentResult.objects.values_list("demand_id", "run_id"))
        again, before = again + sum(now[key] != before[key] for key in now), now
    demands = Demand.objects.filter(published=True).count()
    assert 0 < again < 0.25 * changes * demands, f"{again} of {changes * demands} were matched again"


def test_demands_are_left_alone_only_where_stored_results_prove_it(
    crowded: None, settled: Settled, proved: Counter[str]
) -> None:
    """Steps of which most show nowhere: each is followed by itself, so that results are there to be held against."""
    done: list[str] = []
    for seed in range(9000, 9000 + max(3, SEQUENCES // 3)):
        hand = Figures(seed)
        hand.steps = [hand.missing, hand.growth]
        for _ in range(6):
            done.append(hand.step())
            work_off()
        assert settled() == {}, f"sequence {seed}, after {done[-6:]}"
    assert proved["near"] > 0, proved
    assert proved["reach"] > 0, proved


def test_what_a_run_under_way_will_say_is_not_known_yet(crowded: None) -> None:
    """Nor is it where there are no results, or none that say whom they name."""
    result = DemandResult.objects.exclude(capabilities=[]).exclude(sites=[]).current().first()
    assert result is not None
    demand = Demand.objects.get(pk=result.demand_id)
    stranger, named = 10**9, result.capabilities[0]
    asked = {stranger: {demand.pk}}
    assert naming_capabilities(asked) == naming_sites(asked) == set()
    assert naming_capabilities({named: {demand.pk}}) == {demand.pk}
    assert naming_capabilities({result.team[0]: {demand.pk}, stranger: {demand.pk}}) == {demand.pk}
    assert naming_sites({result.sites[-1]: {demand.pk}}) == {demand.pk}
    for covers in ({}, {"demand": demand}, {"demands": [demand.pk]}):
        run = create_run(demand.alliance, cause="change", **covers)
        assert naming_capabilities(asked) == set(), "one that waits has seen nothing"
        MatchRun.objects.filter(pk=run.pk).update(state="running")
        assert naming_capabilities(asked) == naming_sites(asked) == {demand.pk}
        MatchRun.objects.filter(pk=run.pk).update(state="finished")
    DemandResult.objects.filter(pk=result.pk).update(capabilities=[], sites=[])
    assert naming_capabilities(asked) == naming_sites(asked) == {demand.pk}
    CurrentResult.objects.filter(demand=demand).delete()
    assert naming_capabilities(asked) == {demand.pk}
