"""Where a bench command measures: a database of its own, filled with a generated region, in a process of its own.

A command is called twice: by somebody, who says what to measure, and by itself with `--inside BUNDLE` on that database.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from matching.services.generation import generate_region

AS_OF = date(2026, 11, 20)
SIZES = {
    "firms": 10_000,
    "capabilities": 60_000,
    "demands": 2_000,
    "lines": 8_000,
    "sites": 500,
    "alliances": 2,
}
#: What stands for a bundle where none is needed.
NONE = "-"


def add_region_arguments(parser: ArgumentParser, *, keep: bool = True) -> None:
    """The size of the region; `keep`: whether a database may be filled once and used again."""
    for name, number in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--open-share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    if keep:
        add_keep_argument(parser)
    add_inside_argument(parser)


def add_keep_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--keep", default="", help="name of a database to fill once and to use again")


def add_inside_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--inside", help="(used by itself) the bundle to measure on this very database")


def asked_region(options: Mapping[str, Any]) -> str:
    """The region as it would be asked for again."""
    return " ".join(handed_on(options, *SIZES, "open_share", "seed"))


def make_region(options: Mapping[str, Any]) -> Callable[[Path], object]:
    """What makes the bundle of this size."""
    sizes = {name: options[name] for name in SIZES}
    return lambda path: generate_region(path, **sizes, open_share=options["open_share"], seed=options["seed"])


def handed_on(options: Mapping[str, Any], *names: str) -> list[str]:
    """These options as arguments again; a switch that is off is left out."""
    found: list[str] = []
    for name in names:
        value = options[name]
        if value is None or value is False:
            continue
        found.append(f"--{name.replace('_', '-')}")
        if value is not True:
            found += map(str, value) if isinstance(value, list) else [str(value)]
    return found


def measure_inside(
    command: str,
    arguments: list[str],
    make: Callable[[Path], object] | None = None,
    *,
    bundle: str = "",
    keep: str = "",
    filled: str = "alliance_organisation",
    environ: Mapping[str, str] | None = None,
) -> int:
    """`manage.py COMMAND --inside BUNDLE ARGUMENTS` on a database of its own; returns its status.

    `make` writes the bundle, unless `bundle` names one. A database that is kept and has rows in the table `filled`
    is measured as it is. A database that was made and all files are gone afterwards, except what was kept.
    """
    database = _kept_database(keep) if keep else _throw_away_database()
    with tempfile.TemporaryDirectory() as folder, database as address:
        told = Path(bundle or Path(folder) / "bundle")
        if make is None or (keep and _has_rows(address, filled)):
            told = Path(NONE)
        elif not told.exists():
            make(told)
        own = {
            "DATABASE_URL": address,
            "LOG_LEVEL": "ERROR",
            "SNAPSHOT_DIR": str(Path(folder) / "snapshots"),
            **(environ or {}),
        }
        return subprocess.call(  # noqa: S603 (our own command)
            [sys.executable, "manage.py", command, "--inside", str(told), *arguments], env=os.environ | own
        )


def migrated(inside: str) -> Path | None:
    """Inside: the bundle to fill this database with, None where it is filled. Its tables are made."""
    call_command("migrate", verbosity=0)
    return Path(inside) if Path(inside).exists() else None


def compiled_before() -> None:
    """The compiled loops are made ready in a process of its own: a compiler's memory is not the matcher's."""
    subprocess.check_call([sys.executable, "-m", "matching.kernel.compiled"])


def load_average() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


@contextmanager
def _throw_away_database() -> Iterator[str]:
    """The address of a new database on the same server; it is gone afterwards, whatever happens."""
    name = f"bench_{uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        yield _address(name)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _kept_database(name: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(f'CREATE DATABASE "{name}"')
    yield _address(name)


def _address(name: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _has_rows(address: str, table: str) -> bool:
    with psycopg.connect(address) as other:
        found = other.execute("SELECT to_regclass(%s)", [table]).fetchone()
        if not found or found[0] is None:
            return False
        rows = sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))
        return bool(other.execute(rows).fetchone())
