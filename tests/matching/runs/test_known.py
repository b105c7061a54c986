"""What a demand's results name stands beside the demand, each id once: after a run, after a merge and its undoing."""

from typing import Any

from companies.models import Capability
from matching.models import DemandResult, Match, NearMiss, Pipeline, SiteMatch
from matching.services.merging import merge_firms, undo_merge
from matching.services.runs.sweeping import put_in_place
from tests import factories as make
from tests.cast import World
from tests.matching.runs.conftest import match_now


def named(row: DemandResult) -> dict[str, list[int]]:
    """By the rows themselves."""
    of: dict[str, Any] = {"run_id": row.run_id, "demand_id": row.demand_id}
    paired = [each for model in (Match, NearMiss) for each in model.objects.filter(**of)]
    pipelines = list(Pipeline.objects.filter(**of))
    team = {member["capability"] for each in pipelines for member in each.team if member["capability"]}
    sites = {each.site_id for each in [*SiteMatch.objects.filter(**of), *pipelines] if each.site_id}
    found: dict[str, Any] = {
        "capabilities": {each.capability_id for each in paired},
        "suppliers": {each.supplier_id for each in paired},
        "team": team,
        "team_suppliers": set(
            Capability.objects.filter(pk__in=team).values_list("organisation_id", flat=True)
        ),
        "sites": sites,
    }
    return {name: sorted(ids) for name, ids in found.items()}


def told() -> dict[str, set[int]]:
    """All ids that stand beside demands; each row says what its results name."""
    seen: dict[str, set[int]] = {}
    for row in DemandResult.objects.all():
        for name, ids in named(row).items():
            assert getattr(row, name) == ids, (name, row.run_id, row.demand_id)
            seen.setdefault(name, set()).update(ids)
    return seen


def test_a_run_says_what_its_rows_name(world: World) -> None:
    match_now(world.alliances["north"])
    seen = told()
    assert DemandResult.objects.count() > 2
    assert all(seen.values()), "nothing is named: equal arrays would say nothing"


def test_what_lies_before_the_index_is_put_in(world: World) -> None:
    match_now(world.alliances["north"])
    assert put_in_place() > 0
    assert put_in_place() == 0


def test_rows_are_found_by_what_stands_beside_the_demand(world: World) -> None:
    """Firms and sites have no index on the rows themselves."""
    match_now(world.alliances["north"])
    seen = told()
    sides: list[tuple[Any, str, str]] = [
        *((model, "supplier_id", "suppliers") for model in (Match, NearMiss)),
        *((model, "site_id", "sites") for model in (SiteMatch, Pipeline)),
    ]
    for model, column, name in sides:
        asked = model.objects.of_suppliers if name == "suppliers" else model.objects.of_sites
        found = {key: set(asked([key]).values_list("pk", flat=True)) for key in seen[name]}
        for key, rows in found.items():
            assert rows == set(model.objects.filter(**{column: key}).values_list("pk", flat=True))
        assert any(found.values()), f"{model.__name__}: equal sets of nothing would say nothing"


def test_who_stands_behind_them_follows_a_merge_and_its_undoing(world: World) -> None:
    survivor, official = world.organisations["supplier"], world.people["partner_official"]
    same = world.capabilities["supplier"]
    gone = make.make_firm(survivor.city)
    make.make_capability(
        make.make_facility(gone), same.component_type, specs=same.specs, certificates=["ISO9001"]
    )
    match_now(world.alliances["north"])
    before = told()
    assert {gone.pk, survivor.pk} <= before["suppliers"]
    row = merge_firms(gone, survivor, user=official)
    after = told()
    assert gone.pk not in after["suppliers"] | after["team_suppliers"]
    assert survivor.pk in after["suppliers"]
    undo_merge(row, user=official)
    assert told() == before
