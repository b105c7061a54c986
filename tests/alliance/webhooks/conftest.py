"""A receiver on this machine, with a certificate of its own, that answers as a test wants and keeps what came."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from alliance.models import Webhook
from alliance.services.webhooks import create_webhook
from tests.cast import World

HERE = Path(__file__).parent


@dataclass
class Receiver:
    """`answer(handler, body)` writes the answer; each request is kept as (path, headers, body)."""

    url: str = ""
    kept: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler, bytes], None] = lambda handler, body: reply(handler, 204)


def reply(handler: BaseHTTPRequestHandler, status: int, text: str = "", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(text.encode())))
    handler.end_headers()
    handler.wfile.write(text.encode())


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.kept.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            told.answer(self, body)

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(HERE / "receiver.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    told.url = f"https://127.0.0.1:{server.server_address[1]}/hook?a=1"
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    settings.WEBHOOK_CA_FILE = str(HERE / "certificate.pem")
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook(world: World, receiver: Receiver) -> Webhook:
    """The only one."""
    Webhook.objects.all().delete()
    return create_webhook(
        world.organisations["lab"],
        user=world.people["lab_owner"],
        name="ERP",
        url=receiver.url,
        events=["introduction.state_changed", "match.found"],
    )[0]
