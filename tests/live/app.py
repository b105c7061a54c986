"""What `tests.live` serves: the program's own WSGI application, and a blow between the effect and the answer.

`BLOW`: a file; while it is there, the process that has done a writing request with success deletes the file and kills
itself and its brothers with SIGKILL. Its transaction is committed by then, and nothing of the answer is sent yet.

`OPEN_FEED`: the feed shows what is committed at once. Other tests share the database server, and the feed waits for
the oldest transaction of all of them.
"""

import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

from alliance.wsgi import application as program

if os.environ.get("OPEN_FEED"):
    from django.db import connection  # once the program has loaded its apps

    from alliance.selectors import feed

    def horizon() -> int:
        """The transaction after all that have begun."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
            return int(cursor.fetchone()[0])

    feed.horizon = horizon


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    told: list[str] = []

    def keep(status: str, headers: Any, *more: Any) -> Any:
        told.append(status)
        return start_response(status, headers, *more)

    answer = program(environ, keep)
    if environ["REQUEST_METHOD"] != "GET" and told and told[0].startswith("2"):
        _blow()
    return answer


def _blow() -> None:
    try:
        os.unlink(os.environ.get("BLOW", ""))
    except FileNotFoundError:
        return
    os.killpg(os.getpgrp(), signal.SIGKILL)
