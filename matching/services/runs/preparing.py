"""The kernel's loops are compiled in a process of their own while a worker already works, with NumPy."""

import logging
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections

from companies.models import Capability
from matching.encoding import EncodingError, snapshot
from matching.kernel import ProblemError
from matching.kernel.compiled import is_ready, is_wanted
from matching.services.runs.small import outside
from matching.services.runs.supplying import one_snapshot

logger = logging.getLogger(__name__)
WARMING = 10.0  # seconds, in which a worker that has just begun takes no work; on a large register more
# Capabilities; 28,000 with nothing else running. What is not laid out by then each process does in little room.
WARMED_A_SECOND = 10_000


def warm_up(seconds: float | None = None) -> int:
    """Load the compiled loops into this process, and lay out what small runs will ask for; how many blocks.

    seconds: at most; by default ten, and one more for every 10,000 capabilities.

    For the parent of a worker's processes: they begin with what it has, and share its memory. Without compiled loops,
    or before a snapshot is there, nothing; a database that does not answer is left to those who need it.
    """
    if not is_ready():
        return 0
    from matching.kernel.compiled.__main__ import run_every_loop

    run_every_loop()
    try:
        from matching.encoding.kept import warm

        with one_snapshot():
            if not snapshot.is_there():
                return 0
            if seconds is None:
                seconds = WARMING + Capability.objects.count() / WARMED_A_SECOND
            return warm(outside(), seconds)
    except (DatabaseError, EncodingError, ProblemError) as error:
        logger.warning("nothing was laid out beforehand: %s", error)
        return 0
    finally:
        connections.close_all()  # they are not for the processes to come


def prepare_kernel() -> "subprocess.Popen[bytes] | None":
    """Begin compiling, at the lowest priority, where that has not been done; of several at once one does it."""
    if not is_wanted() or is_ready():
        return None
    command: list[Any] = [sys.executable, "-m", "matching.kernel.compiled", "--nice"]
    return subprocess.Popen(command, cwd=settings.BASE_DIR)  # noqa: S603 (our own command)
