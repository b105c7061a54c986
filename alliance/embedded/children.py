"""The processes beside the servers: started in groups of their own, started again when they die."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from alliance.embedded import processes
from alliance.embedded.home import CHECKOUT, Home
from alliance.embedded.processes import Record
from alliance.embedded.server import rotate

LONGEST_PAUSE = 30.0
SETTLED = 60.0  # a child that lived this long begins again with the shortest pause
Say = Callable[[str], None]


@dataclass
class Child:
    """One kept-alive process, its log and its pid file."""

    name: str
    command: list[str]
    home: Home
    environ: Mapping[str, str]
    folder: Path = CHECKOUT
    deaths: int = 0
    _pid: int = 0
    _started: float = 0.0
    _again_at: float = 0.0

    @property
    def log(self) -> Path:
        return self.home.log(self.name)

    @property
    def record_path(self) -> Path:
        return self.home.root / "pids" / f"{self.name}.json"

    def start(self) -> None:
        rotate(self.log)
        self._pid = processes.spawn(self.command, self.log, self.folder, self.environ)
        self._started = time.monotonic()
        Record.of(self._pid).save(self.record_path)

    def check(self, say: Say) -> None:
        """Notices a death, and starts it again after a pause that doubles with each death in a row."""
        if self._pid and (code := processes.exit_status(self._pid)) is not None:
            processes.send_group(self._pid, signal.SIGKILL)
            self._pid = 0
            lived = time.monotonic() - self._started
            self.deaths = 1 if lived > SETTLED else self.deaths + 1
            pause = min(2.0 ** (self.deaths - 1), LONGEST_PAUSE)
            self._again_at = time.monotonic() + pause
            say(f"{self.name} ended ({ending(code)}); starting it again in {pause:.0f} s, see {self.log}")
        if not self._pid and time.monotonic() >= self._again_at:
            self.start()

    def running(self) -> bool:
        return bool(self._pid) and processes.exit_status(self._pid) is None

    def ask_to_stop(self) -> None:
        """Politely, without waiting."""
        if self.running():
            processes.send(self._pid, signal.SIGTERM)

    def kill(self) -> None:
        """Gone afterwards, with all its own children."""
        if self._pid:
            record = Record.load(self.record_path)
            processes.send_group(self._pid, signal.SIGKILL)
            if record is not None:
                processes.wait_gone(record, 5)
            self._pid = 0
        self.record_path.unlink(missing_ok=True)


def ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def end_leftovers(home: Home) -> list[str]:
    """Ends what a killed launcher left running; returns the names."""
    names = []
    for path in sorted((home.root / "pids").glob("*.json")):
        record = Record.load(path)
        if record is not None and (record.alive() or record.group_remains()):
            processes.end(record, ((signal.SIGTERM, 3.0),))
            names.append(path.stem)
        path.unlink()
    return names


def cores() -> int:
    """Those this process may use; a container may give fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def program(home: Home, environ: Mapping[str, str], port: int) -> list[Child]:
    """Everything that runs beside the servers, in the order of starting."""
    environ = {**environ, "PYTHONUNBUFFERED": "1"}
    quiet = "--without-gossip --without-mingle"  # one worker has nobody to talk to
    gunicorn = "--config docker/gunicorn.py --graceful-timeout 3"  # as in a container
    commands = {
        "worker": f"-m celery -A alliance worker --loglevel INFO {quiet} --concurrency {min(4, cores())}",
        "beat": "-m celery -A alliance beat --loglevel INFO --pidfile= --schedule",
        "reconciler": "manage.py reconcile",
        "web": f"-m gunicorn alliance.wsgi:application {gunicorn} --bind 127.0.0.1:{port}",
    }
    own = {"worker": {"BACKGROUND": "1"}}  # the web goes first
    last = {"beat": [str(home.root / "beat")]}  # a path may hold spaces
    words = {name: [*command.split(), *last.get(name, [])] for name, command in commands.items()}
    return [
        Child(name, [sys.executable, *words[name]], home, {**environ, **own.get(name, {})})
        for name in commands
    ]
