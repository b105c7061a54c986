"""Work that may wait leaves the processor to others: the process, what it starts, and its process of the database."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from alliance.patience import LOW

ROOT = Path(__file__).parents[2]
SAYS = """
import json, os, subprocess, sys
import django; django.setup()
from django.db import connection
connection.ensure_connection()
server = connection.connection.info.backend_pid
started = subprocess.check_output([sys.executable, "-c", "import os; print(os.nice(0))"])
with connection.cursor() as cursor:
    cursor.execute("SELECT current_setting('max_parallel_workers_per_gather')::int")
    more = cursor.fetchone()[0]
print(json.dumps({
    "nice": [os.nice(0), int(started), os.getpriority(os.PRIO_PROCESS, server)],
    "idle": [os.sched_getscheduler(pid) == os.SCHED_IDLE for pid in (0, server)],
    "more": more,
}))
"""


def levels(**environ: str) -> dict[str, Any]:
    """nice: of the process, of one that it starts, of its server's; idle: whether the first and the last give way
    (SCHED_IDLE); more: processes that the server may start for one statement."""
    said = subprocess.run(
        [sys.executable, "-c", SAYS],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "alliance.settings"} | environ,
        capture_output=True,
        start_new_session=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return found


@pytest.mark.django_db
@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="the database's processes are not ours")
def test_background_work_steps_back() -> None:
    before = os.nice(0)
    others = levels(EMBEDDED="1")
    assert others == {"nice": [before] * 3, "idle": [False] * 2, "more": others["more"]}
    assert others["more"] > 0
    assert levels(EMBEDDED="1", BACKGROUND="1") == {"nice": [LOW] * 3, "idle": [True] * 2, "more": 0}
    foreign = levels(EMBEDDED="0", ALLOWED_HOSTS="localhost", BACKGROUND="1")
    assert (foreign["nice"][2], foreign["idle"][1]) == (before, False), "of a foreign database nothing"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert os.getpriority(os.PRIO_PROCESS, cursor.fetchone()[0]) < LOW
