"""What a process that answers people does before it begins, beside workers, commands and benches, which do not."""

from __future__ import annotations

import gc

from django.conf import settings
from django.db import connections


def settle() -> None:
    """What was loaded once is not looked through again whenever garbage is collected: a page of some thousand rows
    else spends five to ten percent of its time on that."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def limit_statements() -> None:
    """PostgreSQL ends a statement of this process after WEB_STATEMENT_SECONDS: one that nobody waits for any more, once
    proxy and browser have given up, else goes on. Who waits still reads that the database did not answer in time (503).

    Sent with the connection itself, so it costs no request; connections that are open already keep theirs.
    """
    if seconds := settings.WEB_STATEMENT_SECONDS:
        options = connections.settings["default"]["OPTIONS"]
        options["options"] = f"{options.get('options', '')} -c statement_timeout={seconds}s".strip()


def share_processors() -> None:
    """A statement of this process is one process of PostgreSQL's: with many readers at once others would only take the
    processors from them, and each of them reads anew which rows a reader knows by a demand."""
    options = connections.settings["default"]["OPTIONS"]
    options["options"] = f"{options.get('options', '')} -c max_parallel_workers_per_gather=0".strip()
