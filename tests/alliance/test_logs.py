import logging
import runpy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import structlog
from django.conf import settings
from gunicorn.config import Config

from alliance.logs import FOREIGN, render


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """What stands in the log, as the handlers of the settings write it."""
    line = structlog.stdlib.ProcessorFormatter(processor=render, foreign_pre_chain=FOREIGN)
    return lambda: "\n".join(map(line.format, caplog.records))


@pytest.mark.parametrize("logger", [logging.getLogger("somewhere"), structlog.get_logger("somewhere")])
def test_an_error_in_the_log_says_where_it_came_from(
    logger: logging.Logger, written: Callable[[], str]
) -> None:
    try:
        Path("/nowhere/at/all").read_text()
    except OSError:
        logger.exception("a step failed")
    said = written()
    assert "event='a step failed'" in said.splitlines()[0]
    assert "/nowhere/at/all" in said
    assert 'test_logs.py", line' in said


SECRETS = [
    "/invitations/zR8kQ-secret_x/",
    "/accounts/reset/Mg/c8x1yz-0123456789abcdef/",
    "/confirm/abc:def:ghi/",
    "/unsubscribe/WyJhIl0:xyz/?a=1",
]


@pytest.mark.parametrize("address", SECRETS)
def test_what_opens_a_door_does_not_stand_in_the_log(address: str, written: Callable[[], str]) -> None:
    structlog.get_logger("somewhere").error("request_started", request=f"GET {address}")
    logging.getLogger("django.request").warning("Not Found: %s", address)
    said = written()
    assert said.count("[secret]") == 2
    assert address.partition("?")[0].strip("/").split("/")[-1] not in said


@pytest.mark.parametrize("address", [*SECRETS, "/accounts/reset/sent/", "/firms/?q=a", "/confirm/"])
def test_nor_in_the_web_servers_own(address: str) -> None:
    """The address, and the page that a picture or style of such an address names."""
    server = runpy.run_path(str(settings.BASE_DIR / "docker" / "gunicorn.py"))
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": address,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "PATH_INFO": address,
        "HTTP_REFERER": f"https://alliance.example.org{address}",
    }
    answer = SimpleNamespace(status="200 OK", headers=[], sent=7)
    logger = server["logger_class"](Config())
    told = logger.atoms(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1))
    line = Config().access_log_format % told
    assert ("[secret]" in line) == (address in SECRETS)
    assert (address in line) == (address not in SECRETS)
