"""Celery carries hints: rows are the truth, and the reconciler finds what a lost message named.

Nothing is kept in a result store, nothing waits for a broker: a publisher gives up at once.
"""

import logging
import os
import time
from contextlib import suppress
from typing import Any, ClassVar

from celery import Celery
from celery.signals import task_prerun, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")

from django.conf import settings
from django.db import close_old_connections, connections

# Ends a hung task before its lease ends: the lease's next owner never meets the old one.
TIME_LIMIT = max(settings.MATCH_LEASE_SECONDS - 10, 5)

TASKS_PER_CHILD = 500

TRANSPORT: dict[str, Any] = {
    "visibility_timeout": 3600,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    # kombu looks for unacknowledged messages every interval × throttle seconds, 100 unless both are set.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}

CONFIGURATION: dict[str, Any] = {
    "broker_url": settings.REDIS_URL,
    "broker_transport_options": TRANSPORT,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "result_backend": None,
    "task_ignore_result": True,
    "task_publish_retry": False,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_default_queue": "alliance",
    "task_time_limit": TIME_LIMIT,
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 30,
    "worker_max_tasks_per_child": TASKS_PER_CHILD,
    # Else celery closes the connection to the database around each task: a change waits for a new one, and for what
    # PostgreSQL reads for its first statements, in every process that works on it.
    "CELERY_DB_REUSE_MAX": TASKS_PER_CHILD,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_hijack_root_logger": False,
    "worker_send_task_events": False,
    "beat_schedule": settings.CELERY_BEAT_SCHEDULE,
    "beat_max_loop_interval": 30,
    "timezone": settings.TIME_ZONE,
    "enable_utc": True,
}

app = Celery("alliance")
app.conf.update(CONFIGURATION)
app.autodiscover_tasks()


@worker_process_init.connect
def keep_connections(**_: Any) -> None:
    """A worker's process has its connection as long as it lives."""
    for alias in connections:
        connections[alias].settings_dict["CONN_MAX_AGE"] = None


@task_prerun.connect
def look_at_connections(**_: Any) -> None:
    """One that the server has closed since the last task is opened anew, one that was left broken is closed."""
    close_old_connections()


logger = logging.getLogger(__name__)
# A request that publishes waits for a silent broker this long at most, and then nobody for a while.
PATIENCE = 1.0
MUTED_SECONDS = 5.0
PUBLISHING: dict[str, Any] = TRANSPORT | {
    "socket_timeout": PATIENCE,
    "socket_connect_timeout": PATIENCE,
    "connect_retries_timeout": PATIENCE,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
EXPIRES = 600  # a hint as old as this tells nothing new
MOST_FREE = 4  # connections kept by a process


class _Publisher:
    """Remembers when the broker last failed, for this process, and connections that nobody uses at the moment.

    Opening one costs more than everything else about a message. They are of one process and one address.
    """

    muted_until = 0.0
    of: tuple[int, Any] = (0, None)
    free: ClassVar[list[Any]] = []


def _connection() -> Any:
    """A free connection to the broker, or a new one."""
    of = (os.getpid(), app.conf.broker_write_url or app.conf.broker_url)
    if _Publisher.of != of:
        _Publisher.of, _Publisher.free = (
            of,
            [],
        )  # those of the process that forked this one are not ours to close
    try:
        return _Publisher.free.pop()
    except IndexError:
        return app.connection_for_write(transport_options=PUBLISHING)


def _keep(connection: Any) -> None:
    if len(_Publisher.free) < MOST_FREE:
        _Publisher.free.append(connection)
    else:
        connection.release()


def nudge(name: str, *args: Any) -> bool:
    """Publish a task by name, best effort: never raises, hardly waits; False when the broker did not take it."""
    if time.monotonic() < _Publisher.muted_until:
        return False
    connection = _connection()
    try:
        app.send_task(name, args, connection=connection, retry=False, ignore_result=True, expires=EXPIRES)
    except Exception as error:
        _Publisher.muted_until = time.monotonic() + MUTED_SECONDS
        logger.warning("the broker did not take %s: %s", name, error)
        with suppress(Exception):
            connection.release()
        return False
    _keep(connection)
    return True
