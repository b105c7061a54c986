"""Rows that a role does not see change no byte of any answer that it gets: lists, details, pages, cursors.

One world is built twice with the same public ids, names and times, the second time with invisible rows before and
between the visible ones, so that every database id after them differs.
"""

import io
import random
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection, transaction
from openpyxl import load_workbook

from tests import cast, factories
from tests.cast import World, build_world
from tests.matrix.roles import client
from tests.matrix.routes import address, routes
from tests.matrix.rows import ROWS

ROLES = ["owner", "lab", "other", "city_bureau", "partner_bureau", "other_bureau"]
NOISE = re.compile(rb"value=\"[A-Za-z0-9]{64}\"|nonce=\"[^\"]+\"|[0-9a-f-]{36}(?=</(?:small|span|code)>)")
NOW = "2026-11-21T08:00:00+08:00"


@contextmanager
def steady() -> Iterator[None]:
    """The same public ids and names each time, whatever else is made in between."""
    dice = random.Random(7)
    numbers = iter(range(1, 10_000))
    fields = [
        field
        for model in _models()
        for field in model._meta.get_fields()
        if getattr(field, "name", "") == "public_id"
    ]
    with (
        patch.object(factories, "_numbers", numbers),
        patch.multiple("uuid", uuid4=lambda: uuid.UUID(int=dice.getrandbits(128), version=4)),
    ):
        olds = [field.default for field in fields]
        for field in fields:
            field.default = lambda: uuid.UUID(int=dice.getrandbits(128), version=4)
            field.__dict__.pop("_get_default", None)
        try:
            yield
        finally:
            for field, old in zip(fields, olds, strict=True):
                field.default = old
                field.__dict__.pop("_get_default", None)


def _models() -> list[Any]:
    from django.apps import apps

    return [
        model
        for app in ("alliance", "companies", "scenarios", "matching")
        for model in apps.get_app_config(app).get_models()
    ]


class Intruder:
    """Puts rows that nobody of North or South may see before each step of the cast."""

    def __init__(self) -> None:
        self.dice = random.Random(99)
        self.made = 0

    def __call__(self, world: World) -> None:
        if "nowhere" not in world.cities:
            return
        self.made += 1
        name = f"intruder-{self.made}"
        firm = factories.make_firm(
            world.cities["nowhere"], "Intruder", listed=False, external_id=name, public_id=self._id()
        )
        if "reducer" not in world.types or "line" not in world.scenario_types:
            return
        plant = factories.make_facility(firm, external_id=name, public_id=self._id())
        part = factories.make_capability(
            plant, world.types["reducer"], published=False, external_id=name, public_id=self._id()
        )
        factories.make_site(
            firm, world.scenario_types["line"], published=False, external_id=name, public_id=self._id()
        )
        hidden = factories.make_demand(
            firm, self._alliance(world), published=False, external_id=name, public_id=self._id()
        )
        line = factories.make_line(hidden, world.types["reducer"], external_id=name, public_id=self._id())
        run = factories.make_run(hidden.alliance, hidden, public_id=self._id())
        factories.point_to(run, hidden)
        factories.make_match(run, line, part)
        factories.make_near_miss(run, line, part, "price", 0.1, rank=2)
        factories.make_pipeline(run, hidden, None, {line: part})
        if "outside_official" in world.people:
            factories.make_introduction(
                line,
                part,
                world.people["outside_official"],
                (firm, firm),
                public_id=self._id(),
            )

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self.dice.getrandbits(128), version=4)

    def _alliance(self, world: World) -> Any:
        from alliance.models import Alliance

        found = Alliance.objects.filter(slug="hidden").first()
        return found or world.alliances["hidden"]


STEPS = ["_organisations", "_people", "_trees", "_offers", "_demands", "_results", "_introductions"]


def _build(intruders: bool) -> World:
    """The world of the cast; "hidden" is an alliance of the city that nobody belongs to."""
    original = cast._places

    def places(world: World) -> None:
        original(world)
        nowhere = world.cities["nowhere"]
        world.alliances["hidden"] = factories.make_alliance("hidden", nowhere, {nowhere: ["rnd"]})

    intruder = Intruder()

    def before(step: Any) -> Any:
        def run(world: World) -> None:
            if intruders:
                with patch.object(factories, "serial", lambda prefix: f"{prefix}-x{intruder.made}"):
                    intruder(world)
            step(world)

        return run

    patches = [patch.object(cast, name, before(getattr(cast, name))) for name in STEPS]
    with patch.object(cast, "_places", places), steady():
        for each in patches:
            each.start()
        try:
            world = build_world()
            if intruders:
                with patch.object(factories, "serial", lambda prefix: f"{prefix}-x{intruder.made}"):
                    intruder(world)
        finally:
            for each in patches:
                each.stop()
    _one_time()
    if intruders:
        assert intruder.made >= 6
    return world


def _one_time() -> None:
    """Times that the database sets differ between two builds and say nothing."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE matching_matchrun SET created_at = %s", [NOW])
        cursor.execute("UPDATE matching_introductionstep SET at = %s", [NOW])
        cursor.execute("UPDATE alliance_viewing SET at = %s", [NOW])
        cursor.execute("UPDATE alliance_notice SET at = %s", [NOW])


def _addresses(world: World, role: str) -> list[str]:
    """Every list of the API and of the pages that answers this role, and every detail it may open."""
    told = [row for row in ROWS if row.method == "GET" and row.expected(role) == 200]
    lists = [address(world, row) for row in told if row.target or _is_list(row.route)]
    return [
        *dict.fromkeys(lists),
        *(f"{place}?limit=1" for place in lists if place.startswith("/api/") and len(place.split("/")) == 5),
    ]


def _is_list(route: str) -> bool:
    pages = {name for name, _view in routes() if not name.startswith("api:")} - {
        "healthz", "readyz", "login", "password_change", "password_change_done"
    }  # fmt: skip
    return route.endswith("-list") or route in pages


def _everything(world: World, role: str) -> dict[str, bytes]:
    asker = client(world, role)
    told: dict[str, bytes] = {}
    for place in _addresses(world, role):
        answer = asker.get(place, headers={"accept-language": "en"})
        told[place] = _content(answer)
        if not place.startswith("/api/") or answer.get("content-type") != "application/json":
            continue  # a page, or a file
        if "limit" not in place and "results" in answer.json():
            for row in answer.json()["results"]:
                detail = f"{place}{row.get('id', row.get('code'))}/"
                told[detail] = _content(asker.get(detail))
    return told


def _content(answer: Any) -> bytes:
    assert answer.status_code == 200, (
        answer.request["PATH_INFO"],
        answer.request["QUERY_STRING"],
        answer.content,
    )
    body: bytes = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return _cells(body) if body.startswith(b"PK\x03\x04") else NOISE.sub(b"", body)


def _cells(blob: bytes) -> bytes:
    """What a workbook says; its packing carries times."""
    book = load_workbook(io.BytesIO(blob))
    sheets = [
        (sheet.title, [list(row) for row in sheet.iter_rows(values_only=True)]) for sheet in book.worksheets
    ]
    return repr(sheets).encode()


def _world_seen_by(roles: list[str], intruders: bool) -> dict[str, dict[str, bytes]]:
    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        world = _build(intruders)
        told = {role: _everything(world, role) for role in roles}
        transaction.set_rollback(True)
    return told


@pytest.mark.django_db
@pytest.mark.parametrize("roles", [ROLES[:2], ROLES[2:4], ROLES[4:]], ids="-".join)
def test_invisible_rows_change_no_byte_for_anybody(roles: list[str]) -> None:
    without, with_them = _world_seen_by(roles, False), _world_seen_by(roles, True)
    assert all(len(told) > 40 for told in without.values())
    for role in roles:
        assert set(without[role]) == set(with_them[role]), role
        for place, body in without[role].items():
            assert body == with_them[role][place], (role, place)


@pytest.mark.django_db
def test_the_comparison_notices_a_visible_row() -> None:
    """Guards the test above: a row that is for the lab's eyes does change its answers."""
    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        world = _build(False)
        before = _everything(world, "lab")
        factories.make_facility(world.organisations["lab"], name="seen")
        assert _everything(world, "lab") != before
        transaction.set_rollback(True)
