"""Match on the fly: the answer of a stored row, nothing written, nothing seen that the caller may not see."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alliance.models import Change
from companies.models import Capability
from matching.models import Demand, MatchRun
from tests.api.test_writes import capability, fields, programme
from tests.cast import World

PLACE = "/api/v1/match-preview/"


def ask(client: Client, body: Any) -> Any:
    return client.post(PLACE, json.dumps(body), content_type="application/json")


@pytest.fixture
def lab(with_token: Any) -> Client:
    client: Client = with_token("lab_editor:read")
    return client


def counts() -> list[int]:
    return [model._base_manager.count() for model in (Change, Demand, MatchRun, Capability)]


def test_a_demand_that_is_not_stored(world: World, lab: Client) -> None:
    before = counts()
    given = programme(world)
    given["lines"][0] |= {"certificates": [], "price": None}
    given["lines"].append(
        {**given["lines"][0], "external_id": "joint-2", "component_type": "SNS", "requirements": []}
    )
    answer = ask(lab, {"demand": given})
    assert answer.status_code == 200, answer.content
    told = answer.json()["demand"]
    assert told["matched"] is True
    assert [line["external_id"] for line in told["lines"]] == ["joint-1", "joint-2"]
    found = {pair["capability"] for pair in told["lines"][0]["matches"]}
    assert str(world.capabilities["supplier"].public_id) in found
    assert all(set(pair["terms"]) >= {"fit", "price", "trust"} for pair in told["lines"][0]["matches"])
    assert told["pipelines"]
    assert {member["line"] for member in told["pipelines"][0]["team"]} == {0, 1}
    assert counts() == before


def test_the_names_of_stored_rows_may_be_sent(world: World, lab: Client) -> None:
    demand, line = world.demands["open"], world.lines["open"]
    given = programme(world, external_id=demand.external_id)
    given["lines"][0]["external_id"] = line.external_id
    assert ask(lab, {"demand": given}).status_code == 200


def test_a_capability_that_is_not_stored(world: World, with_token: Any) -> None:
    erp, before = with_token("supplier_editor:read"), counts()
    answer = ask(erp, {"capability": capability(world)})
    assert answer.status_code == 200, answer.content
    told = answer.json()["capability"]
    assert told["asked"] >= 1
    assert told["fits"] + told["near"] <= told["asked"]
    assert "score" not in answer.content.decode()
    assert counts() == before


def test_what_is_wrong_is_named_from_the_whole(world: World, lab: Client, with_token: Any) -> None:
    given = programme(world)
    given["lines"][0]["quantity"] = -1
    assert fields(ask(lab, {"demand": given})) == {"demand.lines.0.quantity"}
    erp = with_token("supplier_editor:read")
    wrong = capability(world, specs={"colour": 1}, terms={"capacity_per_month": -1})
    assert fields(ask(erp, {"capability": wrong})) == {
        "capability.specs.colour",
        "capability.terms.capacity_per_month",
    }
    for body in ({}, {"demand": given, "capability": wrong}, {"site": {}}, []):
        assert ask(lab, body).status_code == 400


def test_only_who_may_write_it_previews_it(world: World, with_token: Any) -> None:
    assert ask(with_token("alliance_admin:read"), {"demand": programme(world)}).status_code == 403


def test_nothing_is_left_locked_or_open(world: World, lab: Client) -> None:
    with CaptureQueriesContext(connection) as found:
        assert ask(lab, {"demand": programme(world)}).status_code == 200
    assert not connection.needs_rollback
    assert any("ROLLBACK TO SAVEPOINT" in query["sql"] for query in found.captured_queries)
