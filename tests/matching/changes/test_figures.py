"""Of a change of figures only what shows in results is matched again, and what is stored equals a full run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from companies.models import Capability
from companies.services import update_capability
from matching.models import CurrentResult, Demand, DemandResult, MatchRun
from matching.services.bundle import import_region
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

    def fleet(self) -> str:
        row = self.any(Site.objects.all())
        fleet = max(1, round(row.fleet_capacity * self.dice.choice([0.5, 0.8, 0.95, 1.05, 1.3, 2])))
        conditions = [{"key": c.key.key, "op": c.op, "value": c.value} for c in row.part_conditions.all()]
        given = SiteInput(
            name=row.name, city=row.city, scenario_type=row.scenario_type, fleet_capacity=fleet, params=row.params,
            conditions=conditions, external_id=row.external_id,
        )  # fmt: skip
        update_site(row, given, user=self.user, version=row.version)
        return f"{row.pk} {fleet}"


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
