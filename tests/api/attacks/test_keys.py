"""One Idempotency-Key in many hands at once: other bodies, other addresses, other tokens, answers that just expire."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from alliance.models import Change, IdempotencyKey
from alliance.services.retries import KEPT, sweep_keys
from companies.models import Facility
from tests.api.test_retries import PLACE, PLANT, nothing_is_locked, send
from tests.cast import World, build_world
from tests.factories import make_token

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.xdist_group("committed")]
RACERS = 20
#: method, address and body of one racer
Asked = tuple[str, str, dict[str, Any]]


def together(tokens: list[str], asked: Callable[[int], Asked], key: str = "") -> list[Any]:
    """Everybody at once; the answers in the order of the racers."""
    start = threading.Barrier(RACERS)

    def one(number: int) -> Any:
        try:
            bearer = {"authorization": f"Bearer {tokens[number % len(tokens)]}"}
            client = Client(headers=bearer, raise_request_exception=False)
            start.wait(30)
            return send(client, *asked(number), **({"Idempotency_Key": key} if key else {}))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(one, range(RACERS)))


def named(name: str) -> int:
    made = Facility.objects.filter(name=name).count()
    assert made == Change.objects.filter(kind="facility", verb="created", after__name=name).count()
    return made


def age(hours: float) -> None:
    """Kept answers were given so much earlier."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE alliance_idempotencykey SET made_at = made_at - %s", [timedelta(hours=hours)])


@pytest.fixture
def world(committed_db: None) -> World:
    return build_world()


def test_one_key_with_two_bodies_and_one_effect(world: World) -> None:
    """Whoever is first has the key: the other body is 422 or, while the first is at work, 409."""
    token = world.tokens["supplier_editor:write"]
    names = ("Left", "Right")
    answers = together([token], lambda n: ("POST", PLACE, {**PLANT, "name": names[n % 2]}), "k")
    assert {answer.status_code for answer in answers} <= {201, 409, 422}
    assert sorted((named("Left"), named("Right"))) == [0, 1]
    won = names[0] if named("Left") else names[1]
    for number, answer in enumerate(answers):
        assert answer.status_code != 201 or names[number % 2] == won
        if answer.status_code == 409:
            assert answer.json()["code"] == "in_flight"
    assert IdempotencyKey.objects.count() == 1
    assert nothing_is_locked()


def test_one_key_at_two_addresses_and_one_effect(world: World) -> None:
    token = world.tokens["supplier_editor:write"]
    ways: list[Asked] = [
        ("POST", PLACE, {**PLANT, "name": "Posted"}),
        ("PUT", f"{PLACE}by-external-id/k-1/", {**PLANT, "name": "Put"}),
        ("POST", f"{PLACE}bulk/", {"rows": [{**PLANT, "name": "Bulk", "external_id": "k-2"}]}),
    ]
    answers = together([token], lambda n: ways[n % len(ways)], "k")
    assert {answer.status_code for answer in answers} <= {200, 201, 409, 422}
    assert sum(named(name) for name in ("Posted", "Put", "Bulk")) == 1
    assert IdempotencyKey.objects.count() == 1
    assert nothing_is_locked()


def test_one_key_of_two_tokens_is_two(world: World) -> None:
    """Also of one person, and of the organisation's own token: nobody is shown what another program was answered."""
    person = world.people["supplier_editor"]
    tokens = [make_token(person, "read", "write") for _number in range(2)]
    tokens.append(world.tokens["supplier:service"])
    answers = together(tokens, lambda n: ("POST", PLACE, PLANT), "k")
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {
        answer.json()["id"]: number % len(tokens)
        for number, answer in enumerate(answers)
        if answer.status_code == 201
    }
    assert sorted(made.values()) == [0, 1, 2], "each token its own plant, and only that"
    assert named(PLANT["name"]) == len(tokens)
    assert nothing_is_locked()


def test_a_key_that_is_forgotten_while_it_is_asked_for(world: World) -> None:
    """The day is over and the sweeper goes round: replayed or done anew by exactly one, and never 500."""
    token = world.tokens["supplier_editor:write"]
    for turn in range(4):
        IdempotencyKey.objects.all().delete()
        asker = Client(headers={"authorization": f"Bearer {token}"})
        body = {**PLANT, "name": f"Turn {turn}"}
        assert send(asker, "POST", PLACE, body, Idempotency_Key=f"k-{turn}").status_code == 201
        age(KEPT / timedelta(hours=1) + 1)

        def sweep() -> int:
            try:
                return sweep_keys()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            swept = pool.submit(sweep)
            answers = together([token], lambda n, body=body: ("POST", PLACE, body), f"k-{turn}")  # type: ignore[misc]
            gone = swept.result()
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert gone == 1
        fresh = [a for a in answers if a.status_code == 201 and "Idempotent-Replayed" not in a.headers]
        assert len(fresh) == named(f"Turn {turn}") - 1 <= 1
    assert nothing_is_locked()


def test_a_refusal_in_the_race_leaves_the_key_free(world: World) -> None:
    """Nineteen that are refused do not take the key from the one that is right."""
    token = world.tokens["supplier_editor:write"]
    answers = together(
        [token], lambda n: ("POST", PLACE, PLANT if n == 7 else {**PLANT, "city": f"no-{n}"}), "k"
    )
    assert {answer.status_code for answer in answers} <= {201, 400, 409, 422}
    asker = Client(headers={"authorization": f"Bearer {token}"})
    assert send(asker, "POST", PLACE, PLANT, Idempotency_Key="k").status_code == 201
    assert named(PLANT["name"]) == 1
    assert nothing_is_locked()


def test_one_name_without_a_key_is_made_once(world: World) -> None:
    """By POST, by upsert and in bulk at once: one row; who is late with POST is told that the name is taken."""
    token = world.tokens["supplier_editor:write"]
    body = {**PLANT, "name": "Same", "external_id": "same"}
    ways: list[Asked] = [
        ("POST", PLACE, body),
        ("PUT", f"{PLACE}by-external-id/same/", body),
        ("POST", f"{PLACE}bulk/", {"atomic": False, "rows": [body]}),
    ]
    answers = together([token], lambda n: ways[n % len(ways)])
    for number, answer in enumerate(answers):
        assert answer.status_code in ((201, 400, 409), (200, 201), (200,))[number % len(ways)], answer.content
    assert named("Same") == 1
    assert nothing_is_locked()
