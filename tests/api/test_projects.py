"""A pipeline introduced as a whole by a program: the page's service, the page's rules."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from matching.models import Introduction, Pipeline, Project
from tests.cast import World
from tests.factories import make_token

PLACE = "/api/v1/projects/"
SOON = (timezone.localdate() + timedelta(days=30)).isoformat()


@pytest.fixture
def bureau(world: World) -> Client:
    token = make_token(world.people["lead_official"], "read", "write")
    return Client(headers={"authorization": f"Bearer {token}", "accept-language": "en"})


def named(world: World, **more: Any) -> dict[str, Any]:
    rows = {"demand": world.demands["members"], "site": world.sites["open"]}
    return {name: str(row.public_id) for name, row in rows.items()} | more


def post(client: Client, body: Any, **headers: str) -> Any:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(PLACE, json.dumps(body), content_type="application/json", headers=told)


def test_the_whole_team_is_proposed_at_once(world: World, bureau: Client) -> None:
    made = post(bureau, named(world, note="Please", due_on=SOON), Idempotency_Key="p")
    assert made.status_code == 201, made.content
    body = made.json()
    assert {row["state"] for row in body["introductions"]} == {"proposed"}
    assert {row["due_on"] for row in body["introductions"]} == {SOON}
    assert {row["site"] for row in body["introductions"]} == {None, str(world.sites["open"].public_id)}
    assert body["state"] == "proposed"
    assert [row["kind"] for row in body["milestones"]]
    assert bureau.get(made.headers["Location"]).json() == body
    assert [row["id"] for row in bureau.get(PLACE, {"demand": body["demand"]}).json()["results"]] == [
        body["id"]
    ]
    again = post(bureau, named(world, note="Please", due_on=SOON), Idempotency_Key="p")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (body, "true")
    second = post(bureau, named(world))
    assert second.status_code == 409
    assert second.json()["detail"] == "Everybody in this pipeline has been introduced already."
    assert Project.objects.filter(demand=world.demands["members"]).count() == 1


def test_nothing_is_proposed_of_what_cannot_be(world: World, bureau: Client, with_token: Any) -> None:
    before = Introduction.objects.count()
    assert post(bureau, named(world, site=str(world.sites["outside"].public_id))).status_code == 400
    assert post(bureau, named(world, demand=str(world.demands["foreign"].public_id))).status_code == 400
    assert post(bureau, named(world, site=None)).status_code == 404, "there is no such pipeline"
    assert post(bureau, named(world, nonsense=1)).json()["errors"][0]["field"] == "nonsense"
    assert post(with_token("lab_editor:write"), named(world)).status_code == 403
    Pipeline.objects.all().delete()
    assert post(bureau, named(world)).status_code == 404
    assert Introduction.objects.count() == before


def test_one_project_and_several_cost_the_same_queries(
    world: World, bureau: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    bureau.get(PLACE)
    with django_assert_max_num_queries(30) as one:
        assert len(bureau.get(PLACE).json()["results"]) == 1
    for name in ("members", "introduction", "everywhere"):
        Project.objects.create(
            demand=world.demands[name], site=world.sites["open"], opened_by=world.people["lead_official"]
        )
    with django_assert_num_queries(len(one)):
        assert len(bureau.get(PLACE).json()["results"]) == 4
