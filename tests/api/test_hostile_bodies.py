"""Every operation that takes a body: whatever is sent, a documented answer below 500, soon.

In one run each operation meets a part of the corpus, and over all operations all of it; HOSTILE=all sends all to each.
"""

import copy
import json
import os
import random
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.api.test_writes import capability, programme, site
from tests.cast import World
from tests.factories import make_token
from tests.hostile import BODIES, VALUES
from tests.judge import judge

# ruff: noqa: E501
JSON: list[Any] = [
    None, True, False, 0, -1, 1.5, -0.0, 1e15, 1e308, 2**63 - 1, -(2**63), "", " ", "x" * 5000, "\u202e", "=1+1", [], {},
    [[]], [None], [1, 2, 3], {"code": None}, {"id": []}, {"": ""}, ["a"] * 300, {"a": {"b": {"c": 1}}}, "null", "true", "1e999",
    "9" * 60, "12 N*m", "NaN", "-5", "2027-02-30", "0001-01-01", "9999-12-31", "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
ALL = os.environ.get("HOSTILE") == "all"
EVERY, MOST = (1, 100_000) if ALL else (16, 6)


@pytest.fixture(scope="module")
def askers(shared_world: World) -> dict[str, Client]:
    people = {
        "firm": "supplier_owner",
        "lab": "lab_owner",
        "operator": "outside_owner",
        "bureau": "lead_official",
    }
    return {
        role: Client(
            headers={"authorization": f"Bearer {make_token(shared_world.people[who], 'read', 'write')}"},
            raise_request_exception=False,
        )
        for role, who in people.items()
    }


def operations(world: World) -> list[tuple[str, str, str, dict[str, Any]]]:
    """(who, method, address, a body that is accepted)"""
    plant = {
        "name": "Plant",
        "city": "990200",
        "certificates": [{"code": "ISO9001", "expires_on": "2028-01-01"}],
    }
    part, walker, yard = capability(world), programme(world), site()
    ids = {
        "facilities": world.facilities["supplier"],
        "capabilities": world.capabilities["supplier"],
        "demands": world.demands["unmatched"],
        "sites": world.sites["outside"],
    }
    told: list[tuple[str, str, str, dict[str, Any]]] = []
    for who, kind, body in (
        ("firm", "facilities", plant),
        ("firm", "capabilities", part),
        ("lab", "demands", walker),
        ("operator", "sites", yard),
    ):
        base = f"/api/v1/{kind}/"
        told += [
            (who, "POST", base, body),
            (who, "PUT", f"{base}{ids[kind].public_id}/", body),
            (who, "PATCH", f"{base}{ids[kind].public_id}/", body),
            (who, "PUT", f"{base}by-external-id/h-1/", body),
            (who, "POST", f"{base}bulk/", {"atomic": False, "rows": [body]}),
        ]
    pair = {
        "line": str(world.lines["members"].public_id),
        "capability": str(world.capabilities["supplier"].public_id),
        "note": "",
        "due_on": None,
    }
    firm = {
        "name_zh": "企业",
        "name_en": "Firm",
        "city": "990200",
        "roles": ["manufacturer"],
        "contact": {"phone": "1"},
    }
    step = {"move": "plan", "note": "n", "reason": "r", "turn": "lab", "due_on": None, "delivered_on": None}
    return [
        *told,
        ("lab", "POST", "/api/v1/match-preview/", {"demand": walker}),
        ("firm", "POST", "/api/v1/match-preview/", {"capability": part}),
        ("bureau", "POST", "/api/v1/introductions/", pair),
        ("bureau", "POST", f"/api/v1/introductions/{world.introductions['open'].public_id}/steps/", step),
        ("firm", "PATCH", f"/api/v1/organisations/{world.organisations['supplier'].public_id}/", firm),
        ("firm", "PUT", f"/api/v1/organisations/{world.organisations['supplier'].public_id}/", firm),
        (
            "lab",
            "POST",
            "/api/v1/match-runs/",
            {"demand": str(world.demands["open"].public_id), "as_of": "2026-11-20"},
        ),
    ]


NUMBER = 27


def spoiled(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places in a body where something else can stand."""
    if path:
        yield path
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in inner:
        yield from spoiled(value, (*path, name))


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    found = copy.deepcopy(body)
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return found


def send(client: Client, method: str, place: str, data: bytes, statuses: set[str]) -> int:
    begun = time.monotonic()
    with transaction.atomic():
        answer: Any = client.generic(
            method,
            place,
            data,
            content_type="application/json",
            headers={"if-match": "*"} if re.search("[0-9a-f]{8}-", place) else {},
        )
        transaction.set_rollback(True)
    assert answer.status_code < 500, (method, place, data[:500], answer.content[:300])
    assert str(answer.status_code) in statuses, (method, place, data[:300], answer.status_code)
    assert time.monotonic() - begun < 10, (method, place, data[:300])
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
    return int(answer.status_code)


def documented(place: str, method: str) -> set[str]:
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{id}", place).replace("h-1", "{external_id}")
    return set(judge().document["paths"][path][method.lower()]["responses"])


@pytest.mark.parametrize("number", range(NUMBER))
def test_bodies_that_are_nearly_right(shared_world: World, askers: dict[str, Client], number: int) -> None:
    told = operations(shared_world)
    assert len(told) == NUMBER
    who, method, place, body = told[number]
    statuses, asker = documented(place, method), askers[who]
    assert send(asker, method, place, json.dumps(body).encode(), statuses) < 300
    texts = [value for value in VALUES if value.isprintable()]
    pairs = [(path, value) for path in spoiled(body) for value in (*JSON, *texts)]
    random.Random(number).shuffle(pairs)
    for path, value in pairs[:MOST]:
        send(asker, method, place, json.dumps(put(body, path, value)).encode(), statuses)
    for raw in BODIES[number % EVERY :: EVERY]:
        send(asker, method, place, raw, statuses)
    send(asker, method, place, json.dumps({**body, "nonsense": 1}).encode(), statuses)
