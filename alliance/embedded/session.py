"""Shared use of the servers: whoever comes starts what is not running, the last one out stops it."""

import atexit
import fcntl
import os
import signal
import sys
import threading
from collections.abc import MutableMapping
from pathlib import Path
from typing import IO

from alliance.embedded.home import CHECKOUT, Home, open_lock, take
from alliance.embedded.postgres import Postgres
from alliance.embedded.server import Server
from alliance.embedded.valkey import Valkey

DEFAULT_PORT = "8000"


class Session:
    """One process's use of a home's servers. Its lock on `users.lock` goes with the process."""

    def __init__(self, home: Home, *, database: bool = True, broker: bool = True) -> None:
        self.home = home
        self.postgres = Postgres(home) if database else None
        self.valkey = Valkey(home) if broker else None
        self._users: IO[str] | None = None
        self._owner = os.getpid()

    @property
    def servers(self) -> list[Server]:
        return [server for server in (self.postgres, self.valkey) if server is not None]

    def open(self) -> list[str]:
        """Everything answers afterwards; returns the names of what had to be started."""
        with self.home.starting():
            if self._users is None:
                self._users = open_lock(self.home.root / "users.lock")
                fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                return [server.name for server in self.servers if server.ensure()]
            except BaseException:
                self._leave()  # do not keep one server up because the other failed
                raise

    def close(self) -> bool:
        """Stops all servers unless somebody else uses them; True when it did."""
        if self._users is None or os.getpid() != self._owner:
            return False  # a forked child must not end its parent's servers
        with self.home.starting():
            return self._leave()

    def _leave(self) -> bool:
        if self._users is None:
            return False
        last = take(self._users, fcntl.LOCK_EX)
        if last:
            for server in (
                self.valkey or Valkey(self.home),
                self.postgres or Postgres(self.home),
            ):
                server.stop()
        self._users.close()
        self._users = None
        return last

    def variables(self) -> dict[str, str]:
        """What the program's settings need to use these servers."""
        found = {}
        if self.postgres is not None:
            found["DATABASE_URL"] = self.postgres.url
        if self.valkey is not None:
            found["REDIS_URL"] = self.valkey.url
        return found


_session: Session | None = None


def ensure(environ: MutableMapping[str, str] | None = None) -> Session | None:
    """Fills DATABASE_URL, REDIS_URL and SECRET_KEY where they are unset, starting servers as needed.

    What it started is stopped at exit, unless another process uses it. None when nothing was missing.
    """
    global _session  # noqa: PLW0603 (one for the process, as its environment is)
    environ = os.environ if environ is None else environ
    database, broker = not environ.get("DATABASE_URL"), not environ.get("REDIS_URL")
    if not database and not broker:
        use_own_secret(environ)
        return None
    if _session is None:
        _session = open_session(environ, database, broker)
        atexit.register(_session.close)
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        ):
            signal.signal(signal.SIGTERM, _exit)  # or nothing would stop the servers
    environ.update(_session.variables())
    return _session


def open_session(environ: MutableMapping[str, str], database: bool, broker: bool) -> Session:
    """Starts the servers and describes this embedded installation in the environment."""
    home = Home.of_checkout()
    session = Session(home, database=database, broker=broker)
    session.open()
    describe(environ, home)
    environ.update(session.variables())
    return session


def describe(environ: MutableMapping[str, str], home: Home) -> None:
    """Marks embedded use; what the user has set wins."""
    port = environ.get("PORT") or DEFAULT_PORT
    environ["EMBEDDED"] = "1"
    environ.setdefault("SECRET_KEY", home.secrets["SECRET_KEY"])
    environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1")
    environ.setdefault("SITE_URL", f"http://127.0.0.1:{port}")
    for name, folder in (("FILES_DIR", "files"), ("SNAPSHOT_DIR", "snapshots")):
        if name not in environ:
            place = home.root / folder
            place.mkdir(exist_ok=True)
            environ[name] = str(place)


def use_own_secret(environ: MutableMapping[str, str], checkout: Path = CHECKOUT) -> None:
    """With servers of one's own, commands still share the secret that `make run` made, if it made one."""
    made = checkout / ".run" / "secrets.json"
    if "SECRET_KEY" not in environ and made.exists():
        environ["SECRET_KEY"] = Home(made.parent).secrets["SECRET_KEY"]


def _exit(number: int, _frame: object) -> None:
    """A plain exit instead of sudden death, so that exit handlers run."""
    sys.exit(128 + number)
