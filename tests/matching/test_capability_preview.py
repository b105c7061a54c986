"""The preview of a capability says what the reference solver says after it has really been saved."""

from datetime import date
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companies.models import Capability, CapabilityTerms
from companies.services import CapabilityChecker, CapabilityInput, update_capability
from matching.encoding import encode
from matching.kernel import reference
from matching.models import Demand, DemandResult, LineRequirement
from matching.services.preview.capabilities import Preview, preview_capability
from tests import factories as make
from tests.cast import World
from tests.companies.test_services import as_input


def ask(world: World, row: Capability, who: str = "supplier_owner", **more: Any) -> Preview:
    checked = CapabilityChecker(row.organisation).check(as_input(row, **more), now_at=row.facility)
    found = preview_capability(checked, row.organisation, user=world.person(who), capability=row)
    assert found is not None
    return found


def reference_counts(world: World, row: Capability) -> tuple[int, int]:
    """(lines it fits, lines it nearly fits) by the rules said one by one."""
    frozen = encode(world.alliances["north"].pk, make.AS_OF)
    assert frozen is not None
    place = frozen.identities.capabilities.tolist().index(row.pk)
    fits = near = 0
    for line in range(len(frozen.identities.lines)):
        rules = [v for v in reference.explain(frozen.problem, line, place) if v.hard]
        if all(v.holds for v in rules[:4]):
            failed = sum(not v.holds for v in rules)
            fits, near = fits + (failed == 0), near + (failed == 1)
    return fits, near


def many_lines(world: World, count: int = 40) -> None:
    """Lines that ask for all kinds of things, some of them confidential."""
    dice = Random(5)
    for number in range(count):
        demand = make.make_demand(
            world.organisations["lab"],
            world.alliances["north"],
            f"Programme {number}",
            confidentiality=dice.choice(["open", "members"]),
            need_by=date(2026, 12, 1 + dice.randrange(28)) if dice.random() < 0.3 else date(2027, 6, 1),
        )
        line = make.make_line(
            demand,
            world.types[dice.choice(["drive", "reducer", "reducer"])],
            quantity=dice.choice([5, 50, 500]),
            monthly_rate=dice.choice([10, 300, 900]),
            ceiling=dice.choice([None, 1000, 1300]),
        )
        op = dice.choice([">=", "<=", "between", "covers", "="])
        value: Any = dice.choice([5, 12, 15, 18, 20])
        if op in ("between", "covers"):
            value = [value, value + 4]
        LineRequirement.objects.create(
            line=line, key=world.keys["torque"], op=op, value=value, hard=dice.random() < 0.9, position=9
        )


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"specs": {"rated_torque": 18}},
        {"specs": {"rated_torque": [10, 20]}},
        {"specs": {}},
        {"volume_lead_days": 20},
        {"volume_lead_days": 300},
        {"capacity_per_month": 1000},
        {"capacity_per_month": 100},
        {"min_order_quantity": 60},
        {"available_from": "2027-01-15"},
        {"component_type": "DRV"},
        {"component_type": "SNS", "specs": {"bus": ["CAN"]}},
    ],
)
def test_the_preview_is_what_saving_brings(world: World, change: dict[str, Any]) -> None:
    many_lines(world)
    # What suppliers do not read of it is judged by what is stored; see the tests below.
    Demand.objects.filter(confidentiality="introduction").update(confidentiality="members")
    row = world.capabilities["supplier"]
    said = ask(world, row, **change)
    update_capability(
        row, as_input(row, **change), user=world.person("supplier_owner"), version=None, publish=True
    )
    assert (said.fits, said.near) == reference_counts(world, row)
    assert said.fits or said.near or change.get("specs") == {} or "component_type" in change


def test_it_says_what_would_be_lost_and_what_would_bring_more(world: World) -> None:
    row = world.capabilities["supplier"]
    LineRequirement.objects.filter(line=world.lines["open"]).update(op=">=", value=14)
    said = ask(world, row, specs={"rated_torque": 13})
    assert {lost.line.line.pk for lost in said.lost if lost.line} >= {world.lines["open"].pk}
    gain = said.gains[0]
    assert gain.field == "spec-rated_torque"
    assert "14" in " ".join(gain.words for gain in said.gains)


def test_it_names_only_what_the_firm_may_see(world: World) -> None:
    """A demand for members that the rival has no pair on counts, and is not named; nothing names the lab."""
    row = make.make_capability(
        world.facilities["rival"], world.types["reducer"], specs={"rated_torque": 1000}
    )
    DemandResult.objects.update(suppliers=[])
    said = ask(world, row, "rival_owner")
    named = {shown.demand.public_id for shown in said.shown}
    assert world.demands["open"].public_id in named
    assert world.demands["members"].public_id not in named
    assert world.demands["unmatched"].public_id not in named
    assert said.fits > len(said.shown)


def test_prices_cannot_be_tried_against_a_ceiling(world: World) -> None:
    row = world.capabilities["supplier"]
    answers = {ask(world, row, unit_price=price).fits for price in (1, 1500, 1512, 10**9)}
    assert len(answers) == 1
    assert ask(world, row, unit_price=5).price_later
    CapabilityTerms.objects.filter(capability=row).update(unit_price=10**6)
    assert ask(world, row, unit_price=5).fits == 0


def test_a_confidential_rate_cannot_be_found_by_trying(world: World) -> None:
    row = world.capabilities["supplier"]
    for name in ("open", "members", "unmatched"):
        Demand.objects.filter(pk=world.demands[name].pk).update(published=False)
    answers = {
        ask(world, row, capacity_per_month=rate, committed_per_month=0).fits for rate in (1, 10, 10**6)
    }
    assert answers == {1}


def test_an_unlisted_firm_is_compared_with_what_it_may_see(world: World) -> None:
    row = world.capabilities["draft"]
    said = ask(world, row, "draft_owner")
    assert said.fits == len(said.shown) == 1
    assert said.shown[0].demand.public_id == world.demands["open"].public_id


def test_nothing_is_written_and_queries_do_not_grow(world: World) -> None:
    row = world.capabilities["supplier"]

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            ask(world, row)
        assert not [q for q in seen.captured_queries if not q["sql"].strip().startswith(("SELECT", "COPY"))]
        return len(seen)

    many_lines(world, 20)
    few = queries()
    many_lines(world, 60)
    assert queries() == few


def test_without_type_or_place_there_is_no_preview(world: World) -> None:
    firm = world.organisations["supplier"]
    checked = CapabilityChecker(firm).check(CapabilityInput(component_type="DRV"))
    assert preview_capability(checked, firm, user=world.person("supplier_owner")) is None
