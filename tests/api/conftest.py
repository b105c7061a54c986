"""The small world behind real server processes."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cast import World, build_world
from tests.factories import make_city, make_component_type
from tests.live.site import LiveSite


@pytest.fixture
def live_world(committed_db: None) -> World:
    """The cast in committed rows, with what the walk-throughs of docs/api.md name."""
    world = build_world()
    make_city("510100", "Chengdu", "成都市")
    make_component_type("DRV-SWG", world.types["drive"])
    return world


@pytest.fixture(scope="module")
def live_site(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveSite]:
    """Started once: it holds nothing of one test that the next could stumble over."""
    with django_db_blocker.unblock():
        site = LiveSite(tmp_path_factory.mktemp("live"))
        site.start()
    yield site
    site.close()
