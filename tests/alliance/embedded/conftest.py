"""Homes and projects of their own: these tests start and kill real servers."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from alliance.embedded import processes
from alliance.embedded.home import Home
from alliance.embedded.postgres import Postgres
from alliance.embedded.valkey import Valkey

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home() -> Iterator[Home]:
    """A folder for servers; whatever runs in it at the end is stopped."""
    place = Home.temporary()
    yield place
    for server in (Postgres(place), Valkey(place)):
        server.stop_signals = server.stop_signals[-1:]
        server.stop()
    processes.reap()  # also those that another process of the test has ended
    shutil.rmtree(place.root)


@pytest.fixture
def outside() -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    ours = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "EMBEDDED", "PORT", "DJANGO_SETTINGS_MODULE")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith(("PYTEST", "COV_", "TEST_"))
    }
