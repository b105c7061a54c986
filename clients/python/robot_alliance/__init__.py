"""A small client for the REST API: lists that follow their pages, writes that may be sent again, problems as errors."""

from robot_alliance.client import Client, Feed, ProblemError, Row, StaleError
from robot_alliance.transport import Answer, Send, UnreachableError, over_http

__all__ = [
    "Answer",
    "Client",
    "Feed",
    "ProblemError",
    "Row",
    "Send",
    "StaleError",
    "UnreachableError",
    "over_http",
]
