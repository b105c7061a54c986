"""Work that may wait steps back for people who wait: the process that does it, and its process of the database."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created

LOW = 15  # nice value
ALONE = "-c max_parallel_workers_per_gather=0 -c max_parallel_maintenance_workers=0"


def step_back() -> None:
    """From now on this process takes of the processor what others leave, and so do those that it starts. Its statements
    are one process of the server's each: others that the server would start for them are lowered by nobody."""
    _lower(0)
    options = connections.settings["default"]["OPTIONS"]
    options["options"] = f"{options.get('options', '')} {ALONE}".strip()
    connection_created.connect(_lower_server, dispatch_uid="patience")


def _lower_server(connection: Any, **more: Any) -> None:
    """The database's process of this connection, where it is one of ours (`make run`, benches): elsewhere its number
    says nothing here."""
    server = connection.connection.info
    if not settings.EMBEDDED or server.host != "127.0.0.1":
        return
    pid = server.backend_pid
    with suppress(OSError):
        if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"postgres: "):
            _lower(pid)


def _lower(pid: int) -> None:
    """Where the system does not allow it, nothing happens. Linux may divide a processor among sessions before it looks
    at processes (autogroup): the first process of a session speaks for all of it. Who wakes up is given a processor on
    which only such work runs (SCHED_IDLE) as if it were free; for a nice value alone none is looked for."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, pid, LOW)
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        if os.getsid(pid) == (pid or os.getpid()):
            Path(f"/proc/{pid or 'self'}/autogroup").write_text(str(LOW))
