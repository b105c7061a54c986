import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

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
