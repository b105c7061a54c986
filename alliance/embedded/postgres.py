"""The embedded PostgreSQL: its cluster, its start and its probe."""

import contextlib
import hashlib
import locale
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from alliance.embedded import processes
from alliance.embedded.binaries import postgres_programs
from alliance.embedded.errors import DiskFullError, EmbeddedError
from alliance.embedded.home import Home
from alliance.embedded.server import FULL, Server, environment

if TYPE_CHECKING:
    import psycopg

MAJOR = "18"
ADMIN = "postgres"
OWNER = "alliance"  # no superuser: what works here works on a managed server too
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "8GB",
    "wal_buffers": "64MB",  # four workers write rows faster than 16 are emptied, and then write the log themselves
    "random_page_cost": "1.1",
    "jit": "off",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
MEGABYTE = 2**20
LEAST_BUFFERS, MOST_BUFFERS = 256, 1024  # megabytes
LEAST_TOLD = 16
THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "5min",
}


class Postgres(Server):
    """Listens on a loopback port with a password; the database and its owner are both `alliance`."""

    name = "postgres"
    # "Fast" shutdown, then "immediate" (no data is lost, the next start replays the log).
    stop_signals = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

    def __init__(self, home: Home, *, durable: bool = True) -> None:
        super().__init__(home, durable=durable)
        # In the title of each process: finds backends whose postmaster was killed.
        self.cluster = "alliance-" + hashlib.sha256(str(self.data).encode()).hexdigest()[:12]

    @property
    def url(self) -> str:
        password = quote(self.home.secrets["password"], safe="")
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{self.port}/{OWNER}"

    def command(self, port: int) -> list[str]:
        settings = SETTINGS | {
            "port": str(port),
            "cluster_name": self.cluster,
            "shared_buffers": f"{shared_buffers()}MB",
        }
        if not self.durable:
            settings |= THROW_AWAY
        if small_shared_memory():
            settings["dynamic_shared_memory_type"] = "mmap"
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [
            str(postgres_programs(self.home) / "postgres"),
            "-D",
            str(self.data),
            *options,
        ]

    def prepare(self, port: int) -> None:
        version = self.data / "PG_VERSION"
        if not version.exists():
            self._init()
        elif version.read_text().strip() != MAJOR:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {version.read_text().strip()}, this is {MAJOR}: "
                "export the region with the old version (export_region), remove .run, start, and import it."
            )

    def _init(self) -> None:
        """Into a folder beside and then renamed: an interrupted initdb leaves nothing half-made."""
        scratch = self.data.with_name("postgres.new")
        if self.data.exists() and any(self.data.iterdir()):
            raise EmbeddedError(
                f"{self.data} holds files but no PostgreSQL data: move it away and start again."
            )
        if scratch.exists():
            shutil.rmtree(scratch)
        scratch.mkdir()
        self.home.give(scratch)
        password = self.home.root / "password.new"
        processes.write_atomically(password, self.home.secrets["password"] + "\n")
        self.home.give(password)
        done = subprocess.run(
            [
                str(postgres_programs(self.home) / "initdb"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *(f"--locale={utf8_locale()}", "--encoding=UTF8"),
                *("--username", ADMIN, "--auth=scram-sha-256", f"--pwfile={password}"),
                *(() if self.durable else ("--no-sync",)),
                *("-D", str(scratch)),
            ],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=scratch,
            env=environment(),
            **self.home.as_user,
        )
        password.unlink()
        if done.returncode:
            if any(words in done.stderr for words in FULL):
                raise DiskFullError(self.home.root)
            raise EmbeddedError(f"PostgreSQL's initdb failed in {scratch}: {done.stderr.strip()}")
        scratch.rename(self.data)

    def connect(self, port: int, database: str = ADMIN) -> "psycopg.Connection[tuple[object, ...]]":
        """As superuser; for this package only."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=port,
            user=ADMIN,
            password=self.home.secrets["password"],
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def probe(self, port: int) -> bool:
        """Answers, is ours, has the application's database, and sees Chinese letters."""
        import psycopg

        try:
            with self.connect(port) as connection:
                row = connection.execute(
                    "select current_setting('data_directory'),"
                    " exists (select from pg_database where datname = %s)",
                    [OWNER],
                ).fetchone()
                if row is None or Path(str(row[0])).resolve() != self.data.resolve():
                    return False
                if not row[1]:
                    self._create(connection)
                chinese = connection.execute("select 1 where show_trgm('谐波') <> '{}'").fetchone()
        except psycopg.OperationalError:
            return False
        if chinese is None:
            raise EmbeddedError(
                f"The database in {self.data} cannot search Chinese (its locale is not UTF-8): "
                "remove .run, or set DATABASE_URL to a server of your own."
            )
        return True

    def _create(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        """Once for each cluster; the database comes last, so a kill in between is made good."""
        from psycopg import sql

        exists = connection.execute("select from pg_roles where rolname = %s", [OWNER]).fetchone()
        connection.execute(
            sql.SQL("{} role {} login createdb password {}").format(
                sql.SQL("alter" if exists else "create"),
                sql.Identifier(OWNER),
                sql.Literal(self.home.secrets["password"]),
            )
        )
        connection.execute("create extension if not exists pg_trgm")
        connection.execute(
            sql.SQL("create database {} owner {}").format(sql.Identifier(OWNER), sql.Identifier(OWNER))
        )

    def clear(self) -> None:
        """A killed postmaster's children may outlive it and hold its shared memory; a stale pid file
        stops the next start when its number was given to somebody else."""
        for pid, command in processes.commands():
            ours = command.startswith(f"postgres: {self.cluster}:")
            if ours or ("-D" in command and f"{self.data} -c" in command and "postgres" in command):
                left = processes.Record.of(pid)
                processes.send(pid, signal.SIGQUIT)
                if not processes.wait_gone(left, 5):
                    processes.send(pid, signal.SIGKILL)
                    processes.wait_gone(left, 5)
        with contextlib.suppress(FileNotFoundError):
            (self.data / "postmaster.pid").unlink()


def utf8_locale() -> str:
    """The character classes pg_trgm uses; the order of Chinese is a stored column, not a locale."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):
            with contextlib.suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"


def shared_buffers() -> int:
    """Megabytes: what POSTGRES_BUFFERS says, else a sixteenth of the machine's memory, within bounds. Of a country's
    results the indexes should fit in: rows of ten million matches go into them in no order."""
    told = os.environ.get("POSTGRES_BUFFERS", "").strip()
    if told:
        if not told.isdigit() or int(told) < LEAST_TOLD:
            raise EmbeddedError(
                f"POSTGRES_BUFFERS is {told!r}; it must be a number of megabytes, at least {LEAST_TOLD}."
            )
        return int(told)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEGABYTE
    return max(LEAST_BUFFERS, min(MOST_BUFFERS, memory // 16))


def small_shared_memory() -> bool:
    """Containers give /dev/shm 64 MB, too little for parallel queries; files in the data folder do instead."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108 (only measured)
    except OSError:
        return False
    return room.f_bsize * room.f_blocks < 512 * 1024 * 1024
