"""Sent twice, done once: idempotency keys, and races of twenty clients."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from alliance.models import Change, IdempotencyKey
from alliance.rest.writing import WriteViewSet
from alliance.services.retries import KEPT, sweep_keys
from companies.models import Facility
from matching.models import Introduction, IntroductionStep
from tests.cast import World, build_world
from tests.factories import make_token

JSON = "application/json"
PLACE = "/api/v1/facilities/"
PLANT = {"name": "Plant 2", "city": "990200"}


def send(client: Client, method: str, place: str, body: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic(method, place, json.dumps(body), content_type=JSON, headers=named)


def test_the_same_request_is_answered_as_before_and_does_nothing(world: World, with_token: Any) -> None:
    erp = with_token("supplier_editor:write")
    first = send(erp, "POST", PLACE, PLANT, Idempotency_Key="k-1")
    assert first.status_code == 201
    changes = Change.objects.count()
    again = send(erp, "POST", PLACE, dict(reversed(PLANT.items())), Idempotency_Key="k-1")
    assert again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    for name in ("Location", "ETag"):
        assert again.headers[name] == first.headers[name]
    assert Change.objects.count() == changes
    assert Facility.objects.filter(name="Plant 2").count() == 1
    other = send(erp, "POST", PLACE, {**PLANT, "name": "Plant 3"}, Idempotency_Key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert send(erp, "POST", PLACE, PLANT, Idempotency_Key="k-2").status_code == 201


def test_a_key_is_the_callers_own(world: World, with_token: Any) -> None:
    assert (
        send(with_token("supplier_editor:write"), "POST", PLACE, PLANT, Idempotency_Key="k").status_code
        == 201
    )
    answer = send(with_token("lab_editor:write"), "POST", PLACE, PLANT, Idempotency_Key="k")
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers


def test_a_refused_request_is_not_remembered(world: World, with_token: Any) -> None:
    erp = with_token("supplier_editor:write")
    assert send(erp, "POST", PLACE, {**PLANT, "city": "0"}, Idempotency_Key="k").status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert send(erp, "POST", PLACE, PLANT, Idempotency_Key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "a" * 201, "ключ", "a\tb"])
def test_what_is_no_key(world: World, with_token: Any, key: str) -> None:
    answer = send(with_token("supplier_editor:write"), "POST", PLACE, PLANT, Idempotency_Key=key)
    assert answer.status_code == 400
    assert not Facility.objects.filter(name="Plant 2").exists()


def test_bulk_upsert_runs_and_steps_hear_the_key_too(world: World, with_token: Any) -> None:
    erp, admin = with_token("supplier_editor:write"), with_token("alliance_admin:write")
    several = {"rows": [{**PLANT, "external_id": "f-1"}]}
    for _time in range(2):
        answer = send(erp, "POST", f"{PLACE}bulk/", several, Idempotency_Key="b")
        assert answer.json()["created"] == 1
        upsert = send(erp, "PUT", f"{PLACE}by-external-id/f-2/", PLANT, Idempotency_Key="u")
        assert upsert.status_code == 201
        run = send(admin, "POST", "/api/v1/match-runs/", {"alliance": "north"}, Idempotency_Key="r")
        assert run.status_code == 202
        step = {"move": "accept"}
        place = f"/api/v1/introductions/{world.introductions['open'].public_id}/steps/"
        accepted = send(erp, "POST", place, step, Idempotency_Key="s", If_Match='"1"')
        assert accepted.status_code == 200, accepted.content
    assert IntroductionStep.objects.filter(move="accept").count() == 1


def test_killed_between_effect_and_answer(
    world: World, with_token: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done is committed with its answer: whoever asks again gets it, and nothing is done twice."""
    from companies.api import FacilityViewSet

    def die(*args: Any, **more: Any) -> None:
        raise SystemExit("killed")

    erp = with_token("supplier_editor:write")
    with monkeypatch.context() as patched:
        patched.setattr(FacilityViewSet, "finalize_response", die)
        with pytest.raises(SystemExit):
            send(erp, "POST", PLACE, PLANT, Idempotency_Key="k")
    again = send(erp, "POST", PLACE, PLANT, Idempotency_Key="k")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert Facility.objects.filter(name="Plant 2").count() == 1


def test_old_answers_are_forgotten(world: World, with_token: Any) -> None:
    send(with_token("supplier_editor:write"), "POST", PLACE, PLANT, Idempotency_Key="k")
    assert sweep_keys() == 0
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alliance_idempotencykey SET made_at = now() - %s - interval '1 minute'", [KEPT]
        )
    assert sweep_keys() == 1


# --- races ---------------------------------------------------------------------------------------------------
RACERS = 20


def race(headers: dict[str, str], method: str, place: str, body: Any, **more: str) -> list[int]:
    """Twenty clients send the same at once; their answers."""

    def one(number: int) -> int:
        try:
            client = Client(headers=headers, raise_request_exception=False)
            return int(send(client, method, place, body, **more).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(one, range(RACERS)))


def nothing_is_locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return bool(cursor.fetchone()[0] == 0)


@pytest.mark.usefixtures("committed_db")
def test_twenty_clients_one_effect_each() -> None:
    """One key, one upsert, one introduction's step: each done once, nobody answered 500, nothing locked after."""
    world = build_world()
    erp = {"authorization": f"Bearer {world.tokens['supplier_editor:write']}"}
    answers = race(erp, "POST", PLACE, PLANT, Idempotency_Key="race")
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert Facility.objects.filter(name="Plant 2").count() == 1

    answers = race(erp, "PUT", f"{PLACE}by-external-id/race/", {**PLANT, "name": "Raced"})
    assert sorted(answers) == [200] * (RACERS - 1) + [201]
    assert Facility.objects.filter(name="Raced").count() == 1
    assert Change.objects.filter(kind="facility", after__name="Raced").count() == 1

    place = f"/api/v1/introductions/{world.introductions['open'].public_id}/steps/"
    answers = race(erp, "POST", place, {"move": "accept"}, If_Match='"1"')
    assert sorted(set(answers)) == [200, 412]
    assert answers.count(200) == 1
    assert IntroductionStep.objects.filter(move="accept").count() == 1

    bureau = make_token(world.people["lead_official"], "read", "write")
    pair = {
        "line": str(world.lines["members"].public_id),
        "capability": str(world.capabilities["supplier"].public_id),
    }
    answers = race({"authorization": f"Bearer {bureau}"}, "POST", "/api/v1/introductions/", pair)
    assert sorted(set(answers)) == [201, 409]
    assert answers.count(201) == 1
    assert Introduction.objects.filter(line=world.lines["members"]).count() == 1
    assert nothing_is_locked()


def test_an_upsert_that_is_overtaken_writes_over_the_row(
    world: World, with_token: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody makes the row by another way after the upsert has looked for it."""
    erp, address = with_token("supplier_editor:write"), f"{PLACE}by-external-id/overtaken/"
    body = {**PLANT, "external_id": "overtaken"}
    first = send(erp, "PUT", address, body)
    assert first.status_code == 201, first.content
    real, looks = WriteViewSet.named, []

    def late(view: WriteViewSet, owner: Any, external_id: str) -> Any:
        looks.append(external_id)
        return real(view, owner, external_id) if len(looks) > 1 else None

    monkeypatch.setattr(WriteViewSet, "named", late)
    second = send(erp, "PUT", address, {**body, "name": "Second"})
    assert second.status_code == 200, second.content
    assert (second.json()["id"], second.json()["name"]) == (first.json()["id"], "Second")
    assert len(looks) > 1
    looks.clear()
    refused = send(erp, "PUT", address, {**body, "name": "Third"}, If_None_Match="*")
    assert refused.status_code == 412, refused.content
    assert Facility.objects.get(external_id="overtaken").name == "Second"
