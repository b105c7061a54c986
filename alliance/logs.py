"""Log lines as key and value, with the request id in each."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

FOREIGN: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
]

_LINE = structlog.processors.KeyValueRenderer(
    key_order=["timestamp", "level", "logger", "event"], drop_missing=True
)


#: What opens a door in an address: invitations, new passwords, addresses to confirm. Logs are kept for months.
_SECRET = re.compile(r"(/(?:invitations|confirm|unsubscribe)/|/accounts/reset/[^/\s]+/)[^/\s?#'\"]+")


def discreet(text: str) -> str:
    """Without the secrets that stand in addresses."""
    return _SECRET.sub(r"\1[secret]", text)


def render(logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
    """One line: time, level, logger, event, then the rest; below it where an error came from."""
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    trace = event.pop("exception", "")
    line = discreet(_LINE(logger, name, event))
    return f"{line}\n{trace}" if trace else line


def configure() -> None:
    """Let structlog's own loggers end in the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *FOREIGN,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
