"""One migrated database that those of xdist's processes are copied from: the migrations take 10 s of processor.

``python -m tests.template`` makes it, named TEST_TEMPLATE, on the server of DATABASE_URL. Of several that want it at
once one makes it, the others wait.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

LOCK = 6_047_313  # any number: nothing else of a test run locks by numbers in the server's first database
NAMED = "TEST_TEMPLATE"


def begin() -> subprocess.Popen[bytes]:
    """Makes it beside what else a run begins with."""
    return subprocess.Popen([sys.executable, "-m", __name__], cwd=Path(__file__).resolve().parents[1])


def ensure() -> str | None:
    """Its name, once it is there; none where nobody named one."""
    name = os.environ.get(NAMED)
    if name is None:
        return None
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            making = f"{name}_unfinished"
            subprocess.run([sys.executable, "-c", MIGRATE, making], check=True)
            server.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(making), Identifier(name)))
    return name


MIGRATE = """\
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from django.db import connection
connection.settings_dict["TEST"]["NAME"] = sys.argv[1]
connection.creation.create_test_db(verbosity=0, autoclobber=True)
"""


def drop() -> None:
    """From a server that stays."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        for name in (os.environ[NAMED], f"{os.environ[NAMED]}_unfinished"):
            server.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))


if __name__ == "__main__":
    ensure()
