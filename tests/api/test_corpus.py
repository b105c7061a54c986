"""The corpus of tests/hostile.py at every operation: in its path, its query, its headers and as its body.

tests/judge.py judges each answer. HOSTILE=all sends everything everywhere; otherwise each operation meets a part, and
over all operations everything is sent.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client

from tests.api.cases import FITTING, SENDERS, Ground, labels, quiet_connections
from tests.cast import World
from tests.factories import make_token
from tests.hostile import BODIES, QUERIES, TYPES, VALUES
from tests.judge import judge

ALL = os.environ.get("HOSTILE") == "all"
PATIENCE = 2.0
STEP = 1 if ALL else 90
Input = tuple[str, str, dict[str, Any]]


def test_the_corpus_has_250_inputs() -> None:
    assert len({*VALUES}) + len({*QUERIES}) + len({*BODIES}) + len({*TYPES}) >= 250


@pytest.fixture(scope="module")
def ground(shared_world: World) -> Iterator[Ground]:
    with quiet_connections():
        yield Ground(shared_world)


@pytest.fixture(scope="module")
def askers(shared_world: World) -> dict[str, Client]:
    return {
        name: Client(
            headers={"authorization": f"Bearer {make_token(shared_world.people[who], *scopes)}"},
            raise_request_exception=False,
        )
        for name, (who, scopes) in SENDERS.items()
        if scopes
    }


def places(path: str, ids: dict[str, list[str]]) -> tuple[str, str]:
    """The address of a row that is there, and the name of what stands in it."""
    name = path.partition("{")[2].partition("}")[0]
    if not name:
        return path, ""
    resource = path.split("/")[3]
    there = [*ids.get(resource, []), "00000000-0000-4000-8000-000000000000"]
    return path.replace(f"{{{name}}}", "x-1" if name == "external_id" else there[0]), name


def printable(value: str) -> bool:
    return value.isascii() and all(31 < ord(character) < 127 for character in value) and len(value) < 5000


def inputs(label: str, ids: dict[str, list[str]]) -> Iterator[Input]:
    """(where, address, what else is sent) of everything hostile at one operation."""
    path = label.split()[1]
    here, name = places(path, ids)
    told = judge().operation(label.split()[0], here)[1] or {}
    if name:
        for value in VALUES:
            yield "path", path.replace(f"{{{name}}}", quote(value, safe="")), {}
    for query in QUERIES:
        yield "query", here, {"QUERY_STRING": query}
    for each in told.get("parameters", []):
        if each["in"] == "query":
            for value in VALUES:
                yield "query", f"{here}?{each['name']}={quote(value)}", {}
    named = [each["name"] for each in told.get("parameters", []) if each["in"] == "header"]
    for header in (
        *named,
        "Accept",
        "Accept-Language",
        "X-Forwarded-For",
        "X-Request-ID",
        "Content-Type",
        "Cookie",
    ):
        for value in VALUES:
            if printable(value):
                yield "header", here, {"headers": {header: value}}
    for body in BODIES:
        yield "body", here, {"data": body, "content_type": "application/json"}
    for kind in TYPES:
        yield "type", here, {"data": b'{"name": "x"}', "content_type": kind}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("label", labels())
def test_the_corpus(ground: Ground, askers: dict[str, Client], label: str, record_property: Any) -> None:
    method, statuses, slowest = label.split()[0], Counter[int](), 0.0
    fitting = [name for name in FITTING.get(label.split("/")[3], []) if name in askers]
    asker = askers[(fitting or ["admin"])[0]]
    shift = labels().index(label)
    for _where, address, more in [*inputs(label, ground.ids)][shift % STEP :: STEP]:
        headers = {"If-Match": "*", **more.pop("headers", {})}
        seconds, answer = _ask(asker, method, address, headers, more)
        if ALL and seconds > PATIENCE:  # again: a busy machine is no hang
            seconds = min(seconds, _ask(asker, method, address, headers, more)[0])
            assert seconds < PATIENCE, (address[:200], str(more)[:300])
        assert answer.status_code < 500, (address[:200], str(more)[:300])
        statuses[answer.status_code] += 1
        slowest = max(slowest, seconds)
    record_property(
        "corpus",
        {"operation": label, "cases": statuses.total(), "statuses": dict(statuses), "slowest": slowest},
    )
    assert statuses


def _ask(
    asker: Client, method: str, address: str, headers: dict[str, str], more: dict[str, Any]
) -> tuple[float, Any]:
    begun = time.monotonic()
    with transaction.atomic():
        answer = asker.generic(method, address, headers=headers, **more)
        transaction.set_rollback(True)
    return time.monotonic() - begun, answer
