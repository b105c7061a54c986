"""How a request goes out: by the standard library, or by whatever a caller puts in its place."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT = 60


@dataclass(frozen=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UnreachableError(Exception):
    """No answer came: nobody knows whether the request was done."""


#: (method, address, headers, body) → answer; raises UnreachableError
Send = Callable[[str, str, Mapping[str, str], bytes | None], Answer]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to the address that was configured and nowhere else."""

    def redirect_request(self, *args: object, **more: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def over_http(method: str, address: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError(f"not a web address: {address}")
    request = urllib.request.Request(address, data=body, headers=dict(headers), method=method)  # noqa: S310
    try:
        with _OPENER.open(request, timeout=TIMEOUT) as answer:
            return Answer(answer.status, _lower(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers), error.read())
    except OSError as error:
        raise UnreachableError(str(error)) from error


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
