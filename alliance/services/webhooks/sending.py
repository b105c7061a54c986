"""One signed request: to the address that was checked, without redirects, within a time and a size."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import quote, urlsplit

from django.conf import settings

from alliance.services.webhooks.addresses import RefusedAddressError, Target, target_of

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
KEPT_BYTES = 2_000
#: in a path and its query; other letters are sent as their bytes in UTF-8
AS_IT_IS = "%/:?@!$&'()*+,;=~"


@dataclass(frozen=True)
class Answer:
    """What a receiver said; `status` is None when it said nothing, and `error` tells why."""

    status: int | None = None
    text: str = ""
    error: str = ""
    milliseconds: int = 0
    retry_after: str = ""

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """POST the body; whatever goes wrong is an answer too."""
    begun = time.monotonic()
    try:
        answer = _post(target_of(url), url, body, headers)
    except RefusedAddressError as error:
        answer = Answer(error=str(error))
    except ssl.SSLCertVerificationError as error:
        answer = Answer(error=f"the certificate is not accepted: {error.verify_message}")
    except (OSError, HTTPException, ValueError) as error:
        answer = Answer(error=_text(f"{type(error).__name__}: {error}")[:300])
    spent = int((time.monotonic() - begun) * 1000)
    return Answer(answer.status, answer.text, answer.error, spent, answer.retry_after)


def _post(target: Target, url: str, body: bytes, headers: dict[str, str]) -> Answer:
    parts = urlsplit(url)
    path = quote(f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", safe=AS_IT_IS)
    raw = socket.create_connection((target.address, target.port), CONNECT_SECONDS)
    with raw, _deadline(raw) as late:
        connection = HTTPSConnection(target.host, target.port, timeout=TOTAL_SECONDS)
        connection.sock = _context().wrap_socket(raw, server_hostname=target.host)
        with connection.sock:
            connection.sock.settimeout(TOTAL_SECONDS)
            connection.request("POST", path, body, headers)
            reply = connection.getresponse()
            text = _text(_beginning(reply).decode("utf-8", "replace"))
            if late.is_set():  # what was read by then may look like a whole answer
                raise TimeoutError("no whole answer in time")
            return Answer(reply.status, text, retry_after=reply.headers.get("Retry-After", ""))


def _beginning(reply: HTTPResponse) -> bytes:
    """What is kept of an answer, read as it comes: a length or a chunk that it tells of is not believed, because
    `read` takes a chunk of -1 bytes for all that will ever come."""
    found = b""
    while len(found) < KEPT_BYTES and (piece := reply.read1(KEPT_BYTES - len(found))):
        found += piece
    return found[:KEPT_BYTES]


def _text(said: str) -> str:
    """As the database takes it: what a receiver says stands in some errors too."""
    return said.replace("\0", "")


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.WEBHOOK_CA_FILE:
        context.load_verify_locations(settings.WEBHOOK_CA_FILE)
    return context


@contextmanager
def _deadline(raw: socket.socket) -> Iterator[threading.Event]:
    """A receiver that sends a byte now and then never trips a socket's own time-out: hang up from outside.

    Through a duplicate: TLS takes the original's file descriptor over. The event says that it came to this.
    """
    twin, late = raw.dup(), threading.Event()

    def hang_up() -> None:
        late.set()
        with suppress(OSError):  # it may just have ended by itself
            twin.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(TOTAL_SECONDS, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()
        twin.close()
