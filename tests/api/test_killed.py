"""Twenty clients race, and the server is killed between the commit of the first effect and its answer.

Real server processes, SIGKILL. Every client sends its request again until somebody answers, as a program would.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from django.db import connection

from alliance.models import Change, IdempotencyKey
from companies.models import Facility
from matching.models import Introduction, IntroductionStep, Project
from tests.cast import World
from tests.factories import make_token
from tests.live.site import LiveSite

pytestmark = [pytest.mark.worker, pytest.mark.xdist_group("committed")]
RACERS = 20
PLANT = {"name": "Raced", "city": "990200"}


@dataclass
class Race:
    """What all of them send; `own_key`: each its own Idempotency-Key. `effects` counts what is in the database."""

    who: str
    method: str
    place: str
    body: Callable[[World], Any]
    effects: Callable[[World], int]
    answers: dict[int, int]
    key: str = ""
    own_key: bool = False
    condition: str = ""


def raced_plants(world: World) -> int:
    made = Facility.objects.filter(name="Raced").count()
    assert made == Change.objects.filter(kind="facility", after__name="Raced").count()
    return made


def pair(world: World) -> dict[str, str]:
    return {
        "line": str(world.lines["members"].public_id),
        "capability": str(world.capabilities["supplier"].public_id),
    }


def pipeline(world: World) -> dict[str, str]:
    return {
        "demand": str(world.demands["members"].public_id),
        "site": str(world.sites["open"].public_id),
    }


def proposed(world: World) -> int:
    rows = Introduction.objects.filter(line=world.lines["members"])
    assert rows.count() == IntroductionStep.objects.filter(introduction__in=rows).count()
    return rows.count()


def projects(world: World) -> int:
    """One for the supplier and one for the site in each project, or the count is off."""
    rows = Introduction.objects.filter(demand=world.demands["members"])
    made = Project.objects.filter(demand=world.demands["members"]).count()
    assert rows.count() == 2 * made
    return made


def accepted(world: World) -> int:
    steps = IntroductionStep.objects.filter(move="accept").count()
    row = Introduction.objects.get(pk=world.introductions["open"].pk)
    assert row.version == 1 + steps
    return steps


RACES = {
    "one key": Race(
        "supplier:service", "POST", "facilities/", lambda w: PLANT, raced_plants, {201: RACERS}, key="race"
    ),
    "one upsert": Race(
        "supplier:service",
        "PUT",
        "facilities/by-external-id/race/",
        lambda w: PLANT,
        raced_plants,
        {200: RACERS},
    ),
    "one introduction": Race(
        "bureau", "POST", "introductions/", pair, proposed, {201: 1, 409: RACERS - 1}, own_key=True
    ),
    "one project": Race(
        "bureau", "POST", "projects/", pipeline, projects, {201: 1, 409: RACERS - 1}, own_key=True
    ),
    "one step": Race(
        "supplier:service",
        "POST",
        "introductions/{introduction}/steps/",
        lambda w: {"move": "accept"},
        accepted,
        {200: 1, 412: RACERS - 1},
        own_key=True,
        condition='"1"',
    ),
}


def patiently(
    client: httpx.Client, race: Race, place: str, headers: dict[str, str], body: bytes
) -> httpx.Response:
    """Sent again while nobody answers, or while the same key is being worked on."""
    until = time.monotonic() + 90
    while True:
        try:
            answer = client.request(race.method, place, headers=headers, content=body)
        except httpx.TransportError:
            assert time.monotonic() < until, "the server never came back"
        else:
            if not (answer.status_code == 409 and answer.json()["code"] == "in_flight"):
                return answer
        time.sleep(0.1)


def run(race: Race, site: LiveSite, world: World, token: str) -> list[httpx.Response]:
    """All at once, the blow in the middle, the server back: the answers that they had in the end."""
    place = f"{site.url}/api/v1/{race.place}".format(introduction=world.introductions["open"].public_id)
    body = json.dumps(race.body(world)).encode()
    start = threading.Barrier(RACERS + 1)

    def one(number: int) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if race.key or race.own_key:
            headers["Idempotency-Key"] = race.key or f"race-{number}"
        if race.condition:
            headers["If-Match"] = race.condition
        with httpx.Client(timeout=60) as client:
            start.wait()
            return patiently(client, race, place, headers, body)

    site.blow.touch()
    with ThreadPoolExecutor(RACERS) as pool:
        waiting = [pool.submit(one, number) for number in range(RACERS)]
        start.wait()
        assert site.killed(), "nobody struck the blow"
        assert race.effects(world) == 1, "the effect is there, and nobody has heard of it"
        site.start()
        return [each.result() for each in waiting]


def left_behind() -> list[Any]:
    """Locks of the killed, and transactions that they left open."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.state, a.query FROM pg_stat_activity a WHERE a.datname = current_database()"
            " AND a.pid <> pg_backend_pid() AND (a.state LIKE 'idle in transaction%%' OR EXISTS"
            " (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype IN ('advisory', 'tuple')))"
        )
        return list(cursor.fetchall())


@pytest.mark.parametrize("name", RACES)
def test_killed_between_effect_and_answer(name: str, live_site: LiveSite, live_world: World) -> None:
    race = RACES[name]
    if race.who == "bureau":
        token = make_token(live_world.people["lead_official"], "read", "write")
    else:
        token = live_world.tokens[race.who]
    answers = run(race, live_site, live_world, token)
    assert Counter(answer.status_code for answer in answers) == race.answers
    assert race.effects(live_world) == 1
    won = [answer for answer in answers if answer.status_code < 300]
    assert len({answer.text for answer in won}) == 1, "the same answer for everybody who gets one"
    if race.key or race.own_key:
        assert all(answer.headers["Idempotent-Replayed"] == "true" for answer in won)
        assert IdempotencyKey.objects.count() == 1
    if name == "one key":
        made = Facility.objects.get(name="Raced")
        assert {answer.json()["id"] for answer in won} == {str(made.public_id)}
    assert left_behind() == []
    if race.place.startswith("facilities"):
        again = httpx.patch(
            f"{live_site.url}/api/v1/facilities/{won[0].json()['id']}/",
            headers={"Authorization": f"Bearer {token}", "If-Match": won[0].headers["ETag"]},
            json={"name": "After"},
            timeout=10,
        )
        assert again.status_code == 200, again.text
