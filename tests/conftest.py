"""Fixtures that every test may use: the world of `tests/cast.py`, and clients that speak as its people."""

import copy
import gc
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from tests import template
from tests.cast import World, build_world
from tests.counting import summary
from tests.judge import watch
from tests.matrix.roles import ROLES, client

MODULE_WORLD = "_module_world"
COMMITTING = {"transactional_db", "committed_db", "live_server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pytest-django makes the test database only for tests that it knows to need one."""
    for item in items:
        if "shared_world" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)
    by_module = defaultdict(list)
    for item in items:
        if _uses_database(item):
            by_module[item.path].append(item)
    for several in by_module.values():
        if len(several) > 1 and all(map(_begins_with_the_world, several)):
            for item in several:
                if MODULE_WORLD not in item.fixturenames:
                    item.fixturenames.insert(0, MODULE_WORLD)


def _uses_database(item: Any) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return bool(names & {"db", "world", *COMMITTING} or item.get_closest_marker("django_db"))


def _begins_with_the_world(item: Any) -> bool:
    """And leaves nothing behind. What commits would meet the open transaction that holds a module's world."""
    mark = item.get_closest_marker("django_db")
    return "world" in item.fixturenames and not (
        set(item.fixturenames) & COMMITTING or (mark and mark.kwargs)
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests counted with `record_property`: cells of the matrix, requests made up, statuses, the slowest one."""
    told = [
        (name, value)
        for state in ("passed", "failed")
        for report in terminalreporter.stats.get(state, [])
        for name, value in report.user_properties
        if report.when == "call"
    ]
    for line in summary(told):
        terminalreporter.write_line(line)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Tests and all that they import stay: looking for garbage took 9 of 96 s of processor."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """In a run of many processes: each has its own, migrated once for all."""
    if name := template.ensure():
        connection.settings_dict["TEST"]["TEMPLATE"] = name


@pytest.fixture(scope="session", autouse=True)
def _judged() -> Iterator[None]:
    """What the API answers in any test is what its document says."""
    with watch():
        yield


@pytest.fixture(scope="module")
def _module_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The small world once for a module all of whose tests begin with it: building it takes longer than most."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_world()
        transaction.set_rollback(True)


@pytest.fixture
def world(request: pytest.FixtureRequest, db: None) -> World:
    """The small world as it was built, in a test that leaves nothing behind; rows and objects are its own."""
    if MODULE_WORLD in request.fixturenames:
        return copy.deepcopy(request.getfixturevalue(MODULE_WORLD))
    return build_world()


@pytest.fixture(scope="module")
def shared_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The small world once for a module; each test's own writes are undone after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = build_world()
        for role in ROLES:
            client(world, role)  # what signs in within a test is forgotten after it
        yield world
        transaction.set_rollback(True)


@pytest.fixture
def signed_in(world: World) -> Callable[[str], Client]:
    """A browser in which this person of the cast has signed in: `signed_in("lab_owner").get("/")`."""

    def client(name: str) -> Client:
        browser = Client()
        browser.force_login(world.people[name], backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return client


@pytest.fixture
def with_token(world: World) -> Callable[[str], Client]:
    """A program with a token of the cast: `with_token("lab_editor:read").get("/api/v1/demands/")`."""
    return lambda name: Client(headers={"authorization": f"Bearer {world.tokens[name]}"})


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Throttle counters live in the cache: no test inherits another's."""
    caches["default"].clear()
    caches["rates"].clear()


@pytest.fixture
def _flushable_history(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The table of changes refuses TRUNCATE; emptying the database after a test needs it."""

    def switch(how: str) -> None:
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE alliance_change {how} TRIGGER change_no_truncate")

    switch("DISABLE")
    yield
    switch("ENABLE")


@pytest.fixture
def committed_db(_flushable_history: None, transactional_db: None) -> None:
    """A database in which writes are committed, for other connections and processes to see; emptied afterwards."""
