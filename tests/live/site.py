"""The program in server processes of its own, on the test's database: for tests that speak to it over a wire."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.matching.runs.test_kills import own_broker

SERVER = (
    "-m gunicorn tests.live.app:application --worker-class gthread --workers 2 --threads 16 --preload"
    " --no-control-socket --forwarded-allow-ips="
)


class LiveSite:
    """Server processes at one address, which may be killed and started again; `url` is where they answer."""

    def __init__(self, folder: Path) -> None:
        at = connection.settings_dict
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log, self.blow = folder / "server.log", folder / "blow"
        self.environ = os.environ | {
            "DATABASE_URL": f"postgresql://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}",
            "REDIS_URL": own_broker(),
            "DJANGO_SETTINGS_MODULE": "alliance.settings",
            "FILES_DIR": str(settings.FILES_DIR),
            "ALLOWED_HOSTS": "127.0.0.1",
            "API_REQUESTS_PER_MINUTE": "1000000",
            "OPEN_FEED": "1",
            "BLOW": str(self.blow),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *SERVER.split(), "--bind", f"127.0.0.1:{self.port}"],
                cwd=settings.BASE_DIR,
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(f"the server does not answer; {self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def killed(self, seconds: float = 30) -> bool:
        """Whether the processes were killed from within by then."""
        assert self.process is not None
        try:
            return self.process.wait(seconds) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
