"""What both embedded servers share: adopt one that runs, start one that does not, stop it."""

import os
import signal
import time
from pathlib import Path

from alliance.embedded import processes
from alliance.embedded.errors import DiskFullError, EmbeddedError, readable
from alliance.embedded.home import Home
from alliance.embedded.processes import Record, Signals

START_SECONDS = 120  # replaying the write-ahead log of a killed server takes a while
LOG_LIMIT = 10 * 1024 * 1024
# Answers of a server that is alive and not ready yet, and of one whose predecessor still dies.
FULL = ("No space left on device", "Disk quota exceeded")
TAKEN = ("Address already in use", "could not create any TCP/IP sockets")


class Server:
    """One server with its data under a home. Call `ensure` and `stop` inside `home.starting()`."""

    name = ""
    stop_signals: Signals = ((signal.SIGTERM, 10.0), (signal.SIGQUIT, 3.0))

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        self.home = home
        self.durable = durable
        self.data = home.root / self.name
        self.record_path = home.root / f"{self.name}.json"

    # --- to be said by each server ---------------------------------------------------------------
    def command(self, port: int) -> list[str]:
        raise NotImplementedError

    def prepare(self, port: int) -> None:
        """Makes the data folder and writes the configuration."""
        raise NotImplementedError

    def probe(self, port: int) -> bool:
        """True when this very server (not a stranger on its port) answers as it should."""
        raise NotImplementedError

    def clear(self) -> None:
        """Ends leftovers of a killed server that keep a new one from starting."""
        raise NotImplementedError

    # --- the same for both -----------------------------------------------------------------------
    @property
    def port(self) -> int:
        record = Record.load(self.record_path)
        return record.port if record else 0

    def alive(self) -> bool:
        """Whether its process exists; says nothing about answering."""
        record = Record.load(self.record_path)
        return record is not None and record.alive()

    def up(self) -> bool:
        """Whether it answers."""
        return self.alive() and self.probe(self.port)

    def ensure(self) -> bool:
        """Up afterwards; True when it had to be started."""
        if self.up():
            return False
        try:
            if self.alive() and self._wait(START_SECONDS):
                return False  # it was recovering
            self._end()
            self.home.check_space()
            self._start()
        except OSError as error:
            raise readable(error, self.home.root) from error
        return True

    def stop(self) -> None:
        """Data on disk, process gone."""
        if self.alive():
            self._end()
        self.clear()

    def _end(self) -> None:
        record = Record.load(self.record_path)
        if record is not None and record.alive():
            processes.end(record, self.stop_signals)

    def _start(self) -> None:
        log = self.home.log(self.name)
        rotate(log)
        port = self.port
        for _attempt in range(5):
            self.clear()
            port = processes.free_port(port)
            self.prepare(port)
            offset = log.stat().st_size if log.exists() else 0
            pid = processes.spawn(self.command(port), log, self.data, environment(), **self.home.as_user)
            Record.of(pid, port).save(self.record_path)
            if self._wait(START_SECONDS):
                return
            said = processes.log_tail(log, offset)
            if any(words in said for words in FULL):
                raise DiskFullError(self.home.root)
            if any(words in said for words in TAKEN):
                port = 0  # somebody took it in between
            time.sleep(0.5)
        self._end()
        raise EmbeddedError(f"{self.name} does not start; the end of {log}:\n{said}")

    def _wait(self, seconds: float) -> bool:
        """Polls until it answers, its process ends, or time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.alive():
            if self.up():
                return True
            time.sleep(0.05)
        return False


def environment() -> dict[str, str]:
    """A server gets no secrets and no locale of its caller."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def rotate(log: Path) -> None:
    """Keeps one old log; a long-lived checkout must not fill the disk."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
