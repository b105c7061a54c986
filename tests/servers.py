"""Throw-away PostgreSQL and Valkey for a test run; a plugin, so that they are up before settings load.

Loaded by `-p tests.servers`. The controller starts them once; xdist's workers get the addresses in
their environment. TEST_DATABASE_URL and TEST_REDIS_URL replace them.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Generator

import pytest

from alliance.embedded import processes
from alliance.embedded.home import Home
from alliance.embedded.postgres import Postgres
from alliance.embedded.server import Server
from alliance.embedded.valkey import Valkey
from tests import template

# Waits for the end of its input, which comes also when pytest is killed, and then tidies up.
WATCHDOG = """\
import pathlib, shutil, sys
sys.path.insert(0, sys.argv[1])
from alliance.embedded.home import Home
from alliance.embedded.postgres import Postgres
from alliance.embedded.valkey import Valkey
sys.stdin.read()
root = pathlib.Path(sys.argv[2])
for server in (Postgres(Home(root)), Valkey(Home(root))):
    server.stop_signals = server.stop_signals[-1:]
    server.stop()
shutil.rmtree(root, ignore_errors=True)
"""
_running: list["ThrowAway"] = []
_beside: list["subprocess.Popen[bytes]"] = []


class ThrowAway:
    """Both servers in a folder of their own, gone at the end however the run ends."""

    def __init__(self) -> None:
        self.home = Home.temporary()
        self.watchdog = subprocess.Popen(
            [sys.executable, "-c", WATCHDOG, os.getcwd(), self.home.root],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self.postgres = Postgres(self.home, durable=False)
        self.valkey = Valkey(self.home, durable=False)
        self.servers: list[Server] = [self.postgres, self.valkey]
        with self.home.starting():
            for server in self.servers:
                server.ensure()

    def stop(self) -> None:
        assert self.watchdog.stdin is not None
        self.watchdog.stdin.close()
        self.watchdog.wait(30)
        processes.reap()
        for server in self.servers:
            assert not server.alive()
        if self.home.root.exists():
            shutil.rmtree(self.home.root)


def keep_bytecode() -> None:
    """Many machines say PYTHONDONTWRITEBYTECODE; then each of the hundreds of processes that tests start, and each of
    xdist's, compiles the whole program and rewrites all tests again."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def start() -> None:
    """Puts addresses into the environment, of given servers or of new ones."""
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
    database, broker = (
        os.environ.get("TEST_DATABASE_URL"),
        os.environ.get("TEST_REDIS_URL"),
    )
    if not (database and broker):
        servers = ThrowAway()
        _running.append(servers)
        database, broker = (
            database or servers.postgres.url,
            broker or servers.valkey.url,
        )
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = database, broker


def stop() -> None:
    while _beside:
        process = _beside.pop()
        process.terminate()
        process.wait()
    if template.NAMED in os.environ and not _running:
        template.drop()
    while _running:
        _running.pop().stop()


def compile_beside() -> None:
    """A run of many processes begins by compiling the kernel, so that none of them waits for it later."""
    process = subprocess.Popen([sys.executable, "-m", "matching.kernel.compiled"], stderr=subprocess.DEVNULL)
    _beside.append(process)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, object, object]:
    """Around pytest-django's, which reads the settings here. xdist's workers have what the controller began."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        keep_bytecode()
        start()
        early_config.add_cleanup(stop)
        if getattr(early_config.known_args_namespace, "numprocesses", None):
            compile_beside()
            os.environ[template.NAMED] = f"test_template_{secrets.token_hex(4)}"
            _beside.append(template.begin())
    return (yield)
