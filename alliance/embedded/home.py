"""Where a checkout keeps its servers' data, and as which system user the servers run.

PostgreSQL refuses to run as root. For root the data therefore lives in a system folder that every
user can walk to, owned by an unprivileged user, and `.run` is a link to it: nobody's home folder
has to be opened. Ordinary users get a plain `.run`.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from alliance.embedded.errors import DiskFullError, EmbeddedError, readable
from alliance.embedded.processes import write_atomically

CHECKOUT = Path(__file__).resolve().parent.parent.parent
SYSTEM_FOLDERS = (Path("/var/lib/robot-alliance"), Path("/var/tmp/robot-alliance"))  # noqa: S108 (survives a restart, ours only)
LEAST_SPACE = 300 * 1024 * 1024
LOCK_SECONDS = 180


def everyone_can_reach(path: Path) -> bool:
    """Whether any user may walk down to this folder."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


@dataclass(frozen=True)
class Home:
    """The folder of one checkout's servers (`.run`), or of one test run's."""

    root: Path
    uid: int | None = None  # run the servers as this user; None: as ourselves
    gid: int | None = None

    @classmethod
    def of_checkout(cls, checkout: Path = CHECKOUT) -> "Home":
        """Makes `.run` where it is missing; the same folder every time for one checkout."""
        run = checkout / ".run"
        try:
            home = cls._of_root(checkout, run) if os.geteuid() == 0 else cls._of_user(run)
            for name in ("logs", "pids"):
                (home.root / name).mkdir(exist_ok=True)
            if not os.access(home.root, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied", str(home.root))
        except OSError as error:
            raise readable(error, run) from error
        return home

    @classmethod
    def _of_user(cls, run: Path) -> "Home":
        if run.is_symlink() and not run.exists():
            run.unlink()  # a link of root's whose target is gone
        run.mkdir(exist_ok=True, mode=0o700)
        return cls(run.resolve())

    @classmethod
    def _of_root(cls, checkout: Path, run: Path) -> "Home":
        if run.is_dir() and not run.is_symlink():
            owner = run.stat()
            if owner.st_uid != 0:
                raise EmbeddedError(
                    f"{run} belongs to user {owner.st_uid}: start as that user, or remove it."
                )
            if any(run.iterdir()):
                raise EmbeddedError(
                    f"{run} is a folder that was not made here: move it away and start again."
                )
            run.rmdir()
        name = hashlib.sha256(str(checkout.resolve()).encode()).hexdigest()[:16]
        nobody = pwd.getpwnam("nobody")
        folder = system_folder() / name
        folder.mkdir(exist_ok=True)
        os.chown(folder, 0, nobody.pw_gid)
        folder.chmod(0o710)  # the servers walk through, nobody else looks in
        if not run.is_symlink() or run.resolve() != folder:
            run.unlink(missing_ok=True)  # a copied checkout brings the link of the original
            run.symlink_to(folder)
        return cls(folder, nobody.pw_uid, nobody.pw_gid)

    @classmethod
    def temporary(cls) -> "Home":
        """A folder for throw-away servers; whoever asks removes it."""
        root = Path(tempfile.mkdtemp(prefix="alliance-test-"))
        if os.geteuid() != 0:
            return cls(root)
        if not everyone_can_reach(root.parent):
            root.rmdir()
            root = Path(tempfile.mkdtemp(prefix="test-", dir=system_folder()))
        root.chmod(0o711)
        (root / "logs").mkdir()
        nobody = pwd.getpwnam("nobody")
        return cls(root, nobody.pw_uid, nobody.pw_gid)

    @property
    def as_user(self) -> dict[str, Any]:
        """Arguments that make `subprocess` start a server as its own user."""
        if self.uid is None or os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def log(self, name: str) -> Path:
        (self.root / "logs").mkdir(exist_ok=True)
        return self.root / "logs" / f"{name}.log"

    def give(self, path: Path) -> Path:
        """Hands a file or folder to the servers' user and closes it to everybody else."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        if self.as_user:
            os.chown(path, self.uid or 0, self.gid or 0)
        return path

    def check_space(self) -> None:
        """A full disk is told before a server dies of it half-way."""
        if shutil.disk_usage(self.root).free < LEAST_SPACE:
            raise DiskFullError(self.root)

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Password of the servers and Django's secret, made once; callers hold the `starting` lock."""
        path = self.root / "secrets.json"
        if not path.exists():
            made = {
                "SECRET_KEY": secrets.token_urlsafe(64),
                "password": secrets.token_urlsafe(24),
            }
            write_atomically(path, json.dumps(made))
        try:
            found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise EmbeddedError(
                f"{path} cannot be read: restore it, or remove {self.root} to begin anew."
            ) from error
        return found

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """One process at a time looks at the servers, starts or stops them."""
        with open_lock(self.root / "start.lock") as lock:
            deadline = time.monotonic() + LOCK_SECONDS
            while not take(lock, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"Another process has been starting or stopping the servers in {self.root} for "
                        f"{LOCK_SECONDS} s: end it and start again."
                    )
                time.sleep(0.05)
            yield


def system_folder() -> Path:
    """Root's place for data that an unprivileged user must walk to."""
    for folder in SYSTEM_FOLDERS:
        try:
            folder.mkdir(exist_ok=True, mode=0o755)
        except OSError:
            continue
        if folder.stat().st_uid == os.geteuid() and everyone_can_reach(folder):
            return folder
    places = " or ".join(map(str, SYSTEM_FOLDERS))
    raise EmbeddedError(f"Root's servers need {places} to be writable: start as an ordinary user instead.")


def open_lock(path: Path) -> IO[str]:
    """A file to lock; the lock goes with the process however it ends."""
    return path.open("a+", encoding="utf-8")


def take(lock: IO[str], kind: int) -> bool:
    """Locks at once or says False."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
