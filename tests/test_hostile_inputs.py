"""Whatever is sent: an answer below 500, of the documented shape, soon.

HOSTILE=all sends every value to every parameter (minutes); otherwise every value meets every kind of parameter once,
and each parameter some of the values.
"""

import os
import time
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from tests.cast import World
from tests.hostile import BODIES, QUERIES, TYPES, VALUES
from tests.matrix.roles import client
from tests.matrix.routes import routes
from tests.matrix.rows import ROWS

ALL = os.environ.get("HOSTILE") == "all"
PATIENCE = 10.0  # seconds: on a busy machine a second is nothing, and what hangs hangs for longer
LISTS = [row.route for row in ROWS if row.method == "GET" and row.route.endswith("-list")]
FILTERED = {
    "demands",
    "capabilities",
    "firms",
    "sites",
    "pipelines",
    "matches",
    "runs",
    "cities",
    "introductions",
}
PAGE_LISTS = [
    row.route
    for row in ROWS
    if row.method == "GET"
    and not row.target
    and not row.more
    and not row.api
    and row.route not in ("healthz", "readyz", "login")
]


@pytest.fixture(scope="module")
def asker(shared_world: World) -> Client:
    found = client(shared_world, "admin")
    found.raise_request_exception = False
    return found


def ask(asker: Client, method: str, address: str, **more: Any) -> Any:
    """One request, undone; no answer of ours, no hang, and no statement that fails afterwards."""
    begun = time.monotonic()
    with transaction.atomic():
        answer = asker.generic(method, address, **more)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    assert answer.status_code < 500, (method, address[:300], more)
    assert time.monotonic() - begun < PATIENCE, (method, address[:300])
    return answer


def parameters(route: str) -> dict[str, type]:
    """Name → what reads it. `limit` and `cursor` are the same code everywhere: once is enough."""
    view = next(view for name, view in routes() if name == route)
    chosen = view.cls.filters
    known = chosen(None, queryset=chosen._meta.model._default_manager.none()).filters
    shared = {"limit": int, "cursor": str} if route == LISTS[0] else {}
    return {name: type(each) for name, each in known.items()} | shared


def values_for(route: str) -> list[tuple[str, str]]:
    """(parameter, value): all values where a kind of parameter stands first, some of them elsewhere."""
    first: dict[type, tuple[str, str]] = {}
    for place in LISTS:
        for name, kind in parameters(place).items():
            first.setdefault(kind, (place, name))
    pairs = []
    for number, (name, kind) in enumerate(parameters(route).items()):
        whole = ALL or first[kind] == (route, name)
        pairs += [(name, value) for value in (VALUES if whole else VALUES[number % 15 :: 15])]
    return pairs


def test_the_corpus_is_large() -> None:
    assert len(VALUES) >= 100
    assert len({*VALUES}) == len(VALUES)


@pytest.mark.parametrize("route", LISTS)
def test_every_parameter_of_every_list(asker: Client, route: str) -> None:
    place = reverse(route)
    for name, value in values_for(route):
        answer = ask(asker, "GET", f"{place}?{name}={quote(value)}")
        assert answer.status_code in (200, 400, 404), (name, value)
        if answer.status_code != 200:
            problem = answer.json()
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert problem["status"] == answer.status_code


@pytest.mark.parametrize("route", LISTS)
def test_whole_queries(asker: Client, route: str) -> None:
    for query in QUERIES:
        answer = ask(asker, "GET", reverse(route), QUERY_STRING=query)
        assert answer.status_code in (200, 400, 404), query


def test_unknown_parameters_are_named(asker: Client) -> None:
    for route in LISTS:
        for name in ("ordering", "owner", "id__gt", "search", "page", "谐波"):
            answer = ask(asker, "GET", f"{reverse(route)}?{quote(name)}=1")
            assert answer.status_code == 400
            assert answer.json()["errors"][0]["field"] == name


@pytest.mark.parametrize("route", PAGE_LISTS)
def test_pages(asker: Client, route: str) -> None:
    """Each value for one of the parameters, in turn: all values and all parameters meet over the pages."""
    place, shift = reverse(route), PAGE_LISTS.index(route)
    names = ("q", "sort", "cursor", "city", "component_type", "format", "line", "state")
    # Pages that list nothing read few parameters.
    step = 1 if ALL else 3 if route in FILTERED else 15
    for number, value in enumerate(VALUES[shift % step :: step]):
        name = names[(number + shift) % len(names)]
        ask(asker, "GET", f"{place}?{name}={quote(value)}")
        if ALL or number % 4 == 0:
            ask(asker, "GET", f"{place}?{quote(value[:50])}=1")
    for query in QUERIES if ALL else QUERIES[shift % 4 :: 4]:
        ask(asker, "GET", place, QUERY_STRING=query)


def test_addresses(asker: Client) -> None:
    """Junk where an id or code stands."""
    routes = {row.route: row for row in ROWS if row.target and row.method == "GET" and row.api}
    for row in routes.values():
        if not row.route.endswith("-detail"):
            continue  # what hangs on a detail: the corpus of tests/api goes there
        base = reverse(row.route.replace("-detail", "-list"))
        for value in VALUES:
            answer = ask(asker, "GET", f"{base}{quote(value, safe='')}/")
            assert answer.status_code in (200, 301, 308, 400, 404), (base, value)


def test_headers(asker: Client) -> None:
    for value in VALUES:
        if not value.isascii() or any(ord(character) < 32 for character in value):
            continue
        for name in ("authorization", "accept", "accept-language", "cookie", "if-none-match", "x-request-id"):
            anonymous = Client(raise_request_exception=False)
            ask(anonymous, "GET", "/api/v1/cities/", headers={name: value})
        for scheme in ("Bearer", "bearer", "Token", "Basic"):
            answer = ask(Client(), "GET", "/api/v1/cities/", headers={"authorization": f"{scheme} {value}"})
            assert answer.status_code == 401


@pytest.mark.parametrize("place", ["/api/v1/tokens/", "/api/v1/match-runs/"])
def test_bodies(asker: Client, place: str) -> None:
    before = _counts()
    for body in BODIES:
        for kind in TYPES:
            answer = ask(asker, "POST", place, data=body, content_type=kind)
            assert answer.status_code in (400, 413, 415), (body[:80], kind, answer.content[:200])
            assert answer.headers["Content-Type"] == "application/problem+json"
    assert _counts() == before


def _counts() -> list[int]:
    from alliance.models import ApiToken, Change
    from matching.models import MatchRun

    return [model.objects.count() for model in (ApiToken, MatchRun, Change)]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"])
def test_methods(asker: Client, method: str) -> None:
    for route in LISTS:
        answer = ask(asker, method, reverse(route))
        assert answer.status_code == 405
        assert answer.json()["code"] == "method_not_allowed"
    assert connection.is_usable()
