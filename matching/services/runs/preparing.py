"""The kernel's loops are compiled in a process of their own while a worker already works, with NumPy."""

import subprocess
import sys
from typing import Any

from django.conf import settings

from matching.kernel.compiled import is_ready, is_wanted


def load_kernel() -> bool:
    """Load the compiled loops into this process, where they are ready; whether they are."""
    if not is_ready():
        return False
    from matching.kernel.compiled.__main__ import run_every_loop

    run_every_loop()
    return True


def prepare_kernel() -> "subprocess.Popen[bytes] | None":
    """Begin compiling, at the lowest priority, where that has not been done; of several at once one does it."""
    if not is_wanted() or is_ready():
        return None
    command: list[Any] = [sys.executable, "-m", "matching.kernel.compiled", "--nice"]
    return subprocess.Popen(command, cwd=settings.BASE_DIR)  # noqa: S603 (our own command)
