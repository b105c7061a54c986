"""Which organisations' webhooks are told of what, and that none learns more than it may see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from alliance.changes import record
from alliance.models import Webhook, WebhookMessage
from alliance.services.webhooks.collecting import EVENTS
from matching.services.demands.publishing import publish_demand, withdraw_demand
from matching.services.introductions import introduce, take_step
from matching.services.notices import remember_matches
from tests import factories as make
from tests.cast import World
from tests.news import follow_news, unguarded

pytestmark = pytest.mark.django_db
ORGANISATIONS = ("lab", "supplier", "rival", "outsider", "lead_bureau", "partner_bureau", "outside_bureau")


@pytest.fixture(autouse=True)
def hooks(world: World) -> Iterator[dict[str, Webhook]]:
    """Everybody wants to hear everything; the webhook of the cast is none of these."""
    Webhook.objects.all().delete()
    made = {
        name: Webhook.objects.create(
            organisation=world.organisations[name], name=name, url="https://example.org/", events=[*EVENTS]
        )
        for name in ORGANISATIONS
    }
    with unguarded():
        yield made


def told(event: str) -> dict[str, list[dict[str, Any]]]:
    """Name of the webhook → data of its messages about this event."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in WebhookMessage.objects.filter(event=event).select_related("webhook").order_by("pk"):
        assert row.payload["type"] == event
        found.setdefault(row.webhook.name, []).append(row.payload["data"])
    return found


def test_an_introduction_is_told_to_its_parties_and_at_each_state(world: World) -> None:
    row = introduce(
        user=world.person("lead_official"),
        line=world.lines["introduction"],
        capability=world.capabilities["supplier"],
    )
    follow_news()
    first = told("introduction.state_changed")
    assert set(first) == {"lab", "supplier", "lead_bureau", "partner_bureau"}
    assert first["supplier"] == [
        {"id": str(row.public_id), "url": f"{settings.SITE_URL}/api/v1/introductions/{row.public_id}/"}
    ]
    take_step(row, "accept", user=world.person("lab_owner"))
    take_step(row, "accept", user=world.person("supplier_owner"))
    follow_news()
    assert len(told("introduction.state_changed")["lab"]) == 2, "only the second answer changed the state"
    follow_news()
    assert WebhookMessage.objects.filter(event="introduction.state_changed").count() == 8


def test_a_published_demand_is_told_to_those_who_may_see_it(world: World) -> None:
    owner, row = world.person("lab_owner"), world.demands["introduction"]
    withdraw_demand(row, user=owner)
    publish_demand(row, user=owner)
    follow_news()
    assert set(told("demand.published")) == {"lab", "lead_bureau", "partner_bureau"}


def finish(world: World) -> Any:
    run = make.make_run(world.alliances["north"])
    for name, matched in {"open": ["near", "rival"], "introduction": ["rival"]}.items():
        make.point_to(run, world.demands[name])
        for rank, capability in enumerate(matched, 1):
            make.make_match(run, world.lines[name], world.capabilities[capability], rank, 0.9 - rank / 10)
        make.make_line_result(run, world.lines[name], len(matched), 0)
    record("finished", "run", str(run.public_id), after={"state": "finished"})
    follow_news()
    return run


def test_what_a_run_found_and_lost_is_told_once_for_each_demand(world: World) -> None:
    remember_matches()
    run = finish(world)
    assert "lab" not in told("run.finished"), "a run of the whole alliance is the bureaus'"
    assert set(told("run.finished")) == {"lead_bureau", "partner_bureau"}
    line = world.lines["open"]
    gained = {"line": str(line.public_id), "capability": str(world.capabilities["near"].public_id)}
    gone = {"line": str(line.public_id), "capability": str(world.capabilities["supplier"].public_id)}
    found, lost = told("match.found"), told("match.lost")
    assert set(found) == {"lab", "supplier", "lead_bureau", "partner_bureau"}
    for name in found:
        assert [data["pairs"] for data in found[name]] == [[gained]]
        assert found[name][0]["run"] == str(run.public_id)
        assert found[name][0]["more"] is False
    assert gone in [pair for data in lost["lab"] for pair in data["pairs"]]
    assert "rival" not in lost, "it lost nothing"


def test_a_supplier_hears_only_of_its_own_pairs(world: World) -> None:
    make.forget_matches(line_id=world.lines["open"].pk)
    remember_matches()
    finish(world)
    own = {"supplier": {"near", "supplier"}, "rival": {"rival"}}
    for name, capabilities in own.items():
        mine = {str(world.capabilities[key].public_id) for key in capabilities}
        heard = {pair["capability"] for data in told("match.found")[name] for pair in data["pairs"]}
        assert heard
        assert heard <= mine


def test_nobody_who_is_switched_off_or_suspended_is_told(world: World, hooks: dict[str, Webhook]) -> None:
    Webhook.objects.filter(pk=hooks["lead_bureau"].pk).update(enabled=False)
    Webhook.objects.filter(pk=hooks["partner_bureau"].pk).update(events=["match.found"])
    finish(world)
    assert told("run.finished") == {}
