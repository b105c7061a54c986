"""Fixtures that every test may use: the world of `tests/cast.py`, and clients that speak as its people."""

import gc
import pickle
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from tests import template
from tests.cast import World, build_world
from tests.counting import summary
from tests.judge import watch
from tests.matrix.roles import ROLES, client
from tests.order import SHARED, Kind, kind_of, ordered

KEPT, EMPTY = "_kept_world", "_no_kept_world"
#: seconds that the transaction of the kept world may last: what reads the feed of changes waits for it
LONGEST = 15.0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts them in order, and says to each in which state it finds the database."""
    for item in items:
        names: list[str] = item.fixturenames  # type: ignore[attr-defined]
        if SHARED in names:  # pytest-django makes the test database only for tests that it knows to need one
            item.add_marker(pytest.mark.django_db)
        kind = kind_of(item)
        if kind is not Kind.WITHOUT_DATABASE and not {KEPT, EMPTY} & set(names):
            names.insert(0, KEPT if kind is Kind.WORLD else EMPTY)
    items[:] = ordered(items)


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


class Kept:
    """The small world in an open transaction, as long as one test after the other begins with it: building it takes
    longer than most of them."""

    def __init__(self) -> None:
        self._transaction: Any = None
        self._world = b""
        self._since = 0.0

    def open(self) -> None:
        if time.monotonic() - self._since > LONGEST:
            self.close()
        if self._transaction is None:
            assert not connection.in_atomic_block, "another world lies open: tests are not in their order"
            self._transaction = transaction.atomic()
            self._transaction.__enter__()
            self._world = pickle.dumps(build_world())
            self._since = time.monotonic()

    def close(self) -> None:
        if self._transaction is not None:
            transaction.set_rollback(True)
            self._transaction.__exit__(None, None, None)
            self._transaction = None

    def world(self) -> World:
        """Rows and objects of one's own, as they were built."""
        return cast("World", pickle.loads(self._world))  # noqa: S301 (made above)


@pytest.fixture(scope="session")
def _kept(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Kept]:
    kept = Kept()
    yield kept
    with django_db_blocker.unblock():
        kept.close()


@pytest.fixture
def _kept_world(_kept: Kept, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        _kept.open()


@pytest.fixture
def _no_kept_world(_kept: Kept, django_db_blocker: DjangoDbBlocker) -> None:
    """What commits, or begins with an empty database, must not meet the open transaction."""
    with django_db_blocker.unblock():
        _kept.close()


@pytest.fixture
def world(request: pytest.FixtureRequest, db: None) -> World:
    """The small world as it was built; what a test writes into it is undone, or emptied, after it."""
    if KEPT in request.fixturenames:
        return cast("Kept", request.getfixturevalue("_kept")).world()
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


@pytest.fixture(autouse=True)
def _fresh_language() -> None:
    """A request leaves the language of its answer behind: no test reads in another's."""
    translation.deactivate()


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
