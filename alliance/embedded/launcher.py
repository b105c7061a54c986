"""`make run`: servers, migrations, the sample region once, workers and the web, in one foreground program."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from alliance.embedded import children, outside, processes
from alliance.embedded.children import Child
from alliance.embedded.errors import EmbeddedError, readable
from alliance.embedded.home import CHECKOUT, Home, open_lock, take
from alliance.embedded.session import DEFAULT_PORT, Session, describe

READY_SECONDS = 120
STOP_SECONDS = 6.0
EARLY_DEATHS = 3
BUNDLES = ("data/reference", "data/sample-region")


class StoppedError(Exception):
    """The user asked to end while something was under way."""


def run() -> int:
    """The exit status of `make run`; Ctrl-C is a normal end."""
    launcher = Launcher(Home.of_checkout(), asked_port())
    try:
        with launcher.alone():
            try:
                launcher.start()
                launcher.watch()
            except StoppedError:
                pass
            finally:
                launcher.stop()
    except OSError as error:
        raise readable(error, launcher.home.root) from error
    return 0


def asked_port() -> int:
    text = os.environ.get("PORT") or DEFAULT_PORT
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise EmbeddedError(f"PORT is {text!r}; it must be a number from 1 to 65535.")
    return int(text)


class Launcher:
    """Knows what runs; `start`, `watch` and `stop` in this order."""

    def __init__(self, home: Home, port: int) -> None:
        self.home = home
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.environ = dict(os.environ) | {"PORT": str(port)}
        self.session: Session | None = None
        self.children: list[Child] = []
        self.asked_to_stop = 0
        self._step: subprocess.Popen[bytes] | None = None
        self._line_open = False

    # --- the frame -------------------------------------------------------------------------------
    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One launcher for a checkout; it also takes over the signals that end programs."""
        with open_lock(self.home.root / "launcher.lock") as lock:
            if not take(lock, fcntl.LOCK_EX):
                raise EmbeddedError(already_running(self.home))
            say_who(lock, self.port)
            before = {
                number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            }
            for number, handler in before.items():
                if number != signal.SIGHUP or handler != signal.SIG_IGN:  # nohup stays nohup
                    signal.signal(number, self._asked)
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def _asked(self, _number: int, _frame: object) -> None:
        """The first time: end in order. The second: kill. The third: leave at once."""
        self.asked_to_stop += 1
        if self.asked_to_stop > 2:
            raise KeyboardInterrupt

    def _go_on(self) -> None:
        if self.asked_to_stop:
            raise StoppedError

    # --- start -----------------------------------------------------------------------------------
    def start(self) -> None:
        """Up and answering afterwards, or an error that says what to do."""
        left = children.end_leftovers(self.home)
        if left:
            self.say(f"Ended what an earlier run left behind: {', '.join(left)}")
        if not processes.port_is_free(self.port):
            raise EmbeddedError(
                f"Port {self.port} is taken by another program. Choose another one: make run PORT={self.port + 1}"
            )
        self._start_servers()
        self.manage("Bringing the database up to date", "migrate", "--no-input", "--verbosity", "1")
        first = self._load()
        self.children = children.program(self.home, self.environ, self.port)
        with self.step("Starting worker, beat, reconciler and web"):
            for child in self.children:
                child.start()
        if first:
            self.manage("Matching the demands", "match", "--wait", show=True)
            self.manage("Making work for the demo people", "demo_work")
        with self.step("Waiting for the web to answer"):
            self._wait_ready()
        self._greet()
        if not first and self._matched_on() != time.strftime("%Y-%m-%d"):
            self.manage("Matching with today's date", "match")
        self._mark(matched=time.strftime("%Y-%m-%d"))

    def _start_servers(self) -> None:
        database, broker = not self.environ.get("DATABASE_URL"), not self.environ.get("REDIS_URL")
        describe(self.environ, self.home)
        if database or broker:
            names = [name for name, wanted in (("PostgreSQL", database), ("Valkey", broker)) if wanted]
            with self.step(f"Starting {' and '.join(names)} (data in {CHECKOUT / '.run'})"):
                self.session = Session(self.home, database=database, broker=broker)
                self.session.open()
                self.environ.update(self.session.variables())
        if not database or not broker:
            with self.step("Checking the given servers"):
                outside.check(self.environ, database=not database, broker=not broker)

    def _load(self) -> bool:
        """The sample region, once for each database; a foreign database that has data stays as it is."""
        state = self._state().get("loaded")
        if state == "done":
            return False
        if state is None and not self._own_database() and outside.has_data(self.environ["DATABASE_URL"]):
            self.say("The database has data already: the sample region is not loaded into it")
            self._mark(loaded="done")
            return False
        self._mark(loaded="begun")
        for bundle in BUNDLES:
            self.manage(f"Loading {bundle}", "import_region", bundle)
        self.manage("Making demo people", "demo_people")
        self._mark(loaded="done")
        return True

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        seen = "no answer"
        while time.monotonic() < deadline:
            self._go_on()
            for child in self.children:
                child.check(self.say)
                if child.deaths >= EARLY_DEATHS:
                    raise EmbeddedError(
                        f"{child.name} does not start; the end of {child.log}:\n{tail(child.log)}"
                    )
            seen = answer(f"{self.address}/readyz")
            if seen == "ready":
                return
            time.sleep(0.2)
        raise EmbeddedError(
            f"{self.address}/readyz is not ready after {READY_SECONDS} s ({seen}); see {self.home.root / 'logs'}"
        )

    def _greet(self) -> None:
        people = self.home.root / "demo-people.txt"
        self.say("")
        self.say(f"Robot Alliance is up:  {self.address}")
        if people.exists() and self._state().get("loaded") == "done":
            self.say(people.read_text(encoding="utf-8").rstrip())
        self.say(f"Logs: {CHECKOUT / '.run' / 'logs'}    Stop: Ctrl-C")

    # --- watch and stop --------------------------------------------------------------------------
    def watch(self) -> None:
        """Until asked to stop; what dies is started again."""
        while True:
            self._go_on()
            if self.session is not None and not all(server.alive() for server in self.session.servers):
                self._revive(self.session)
            for child in self.children:
                child.check(self.say)
            time.sleep(0.25)

    def _revive(self, session: Session) -> None:
        """Starts dead servers again; at another address only if theirs was taken meanwhile."""
        names = session.open()
        if names:
            self.say(f"Started again after a sudden end: {', '.join(names)}")
        if session.variables().items() <= self.environ.items():
            return
        self.environ.update(session.variables())
        self.say("The servers have another address now: starting everything else again")
        for child in self.children:
            child.kill()
        self.children = children.program(self.home, self.environ, self.port)

    def stop(self) -> None:
        """Web first, servers last; nothing is left after it."""
        self._close_line()
        if self.children:
            self.say("Stopping …")
        if self._step is not None:
            kill_step(self._step)
        for child in reversed(self.children):
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self.children):
            while self.asked_to_stop < 2 and time.monotonic() < deadline and child.running():
                time.sleep(0.05)
            child.kill()
        if self.session is not None and not self.session.close():
            self.say("The servers stay up for another command that uses them; it stops them when it ends.")

    # --- steps and words -------------------------------------------------------------------------
    def say(self, text: str) -> None:
        self._close_line()
        print(text, flush=True)

    def _close_line(self) -> None:
        if self._line_open:
            self._line_open = False
            print(flush=True)

    @contextlib.contextmanager
    def step(self, label: str) -> Iterator[None]:
        """`label … 1.2 s`, with a running clock where somebody watches."""
        self._go_on()
        began = time.monotonic()
        print(f"- {label} …", end="", flush=True)
        self._line_open = True
        yield
        print(f" {time.monotonic() - began:.1f} s" if self._line_open else f"  done: {label}", flush=True)
        self._line_open = False
        self._go_on()

    def manage(self, label: str, *arguments: str, show: bool = False) -> None:
        """Runs a command of manage.py; its output goes to a log unless it shows its own progress."""
        log = self.home.log("setup")
        with self.step(label), log.open("ab") as output:
            offset = output.tell()
            if show:
                self._close_line()
            self._step = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=None if show else output,
                stderr=None if show else subprocess.STDOUT,
                cwd=CHECKOUT,
                env=self.environ,
                start_new_session=True,
            )
            self._follow(self._step)
            code = self._step.returncode
            self._step = None
        if code:
            said = "" if show else f"; the end of {log}:\n{processes.log_tail(log, offset, 30)}"
            raise EmbeddedError(f"manage.py {' '.join(arguments)} failed ({children.ending(code)}){said}")

    def _follow(self, process: "subprocess.Popen[bytes]") -> None:
        """Waits, letting the user stop; a dot for every few seconds shows that it is alive."""
        dot_at = time.monotonic() + 3
        while True:
            try:
                process.wait(0.1)
                return
            except subprocess.TimeoutExpired:
                self._go_on()
            if time.monotonic() > dot_at and self._line_open:
                print(".", end="", flush=True)
                dot_at += 3

    # --- what was done before --------------------------------------------------------------------
    def _own_database(self) -> bool:
        return self.session is not None and self.session.postgres is not None

    def _key(self) -> str:
        return "embedded" if self._own_database() else outside.fingerprint(self.environ["DATABASE_URL"])

    def _all_states(self) -> dict[str, dict[str, str]]:
        try:
            found = json.loads((self.home.root / "state.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _state(self) -> dict[str, str]:
        return self._all_states().get(self._key(), {})

    def _matched_on(self) -> str:
        return self._state().get("matched", "")

    def _mark(self, **facts: str) -> None:
        states = self._all_states() | {self._key(): self._state() | facts}
        processes.write_atomically(self.home.root / "state.json", json.dumps(states))


def already_running(home: Home) -> str:
    """Names the other launcher, whose lock file says who it is."""
    try:
        other = json.loads((home.root / "launcher.lock").read_text(encoding="utf-8"))
        where = f" as process {other['pid']} on http://127.0.0.1:{other['port']}"
    except (OSError, ValueError, KeyError):
        where = ""
    return f"`make run` is already running here{where}: use it, or stop it with Ctrl-C in its window."


def say_who(lock: IO[str], port: int) -> None:
    lock.truncate(0)
    lock.write(json.dumps({"pid": os.getpid(), "port": port}))
    lock.flush()


def kill_step(process: "subprocess.Popen[bytes]") -> None:
    """A command under way gets two seconds to end; its transaction rolls back either way."""
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        processes.send_group(process.pid, signal.SIGKILL)
        process.wait()


def answer(url: str) -> str:
    """`ready`, or what came instead."""
    try:
        with urllib.request.urlopen(url, timeout=3) as response:  # noqa: S310 (our own address)
            return "ready" if response.status == 200 else f"status {response.status}"
    except urllib.error.HTTPError as error:
        return f"status {error.code}: {error.read(500).decode('utf-8', 'replace')}"
    except OSError as error:
        return str(error)


def tail(log: Path) -> str:
    return processes.log_tail(log, lines=30)
