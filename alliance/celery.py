"""Celery carries hints: rows are the truth, and the reconciler finds what a lost message named.

Nothing is kept in a result store, nothing waits for a broker: a publisher gives up at once.
"""

import os
from typing import Any

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")

from django.conf import settings

# Ends a hung task; shorter than any lease, so that the lease's next owner never meets the old one.
TIME_LIMIT = 240
SOFT_TIME_LIMIT = 210

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
    "task_soft_time_limit": SOFT_TIME_LIMIT,
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 30,
    "worker_max_tasks_per_child": 500,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_hijack_root_logger": False,
    "worker_send_task_events": False,
    "beat_schedule": getattr(settings, "CELERY_BEAT_SCHEDULE", {}),
    "beat_max_loop_interval": 30,
    "timezone": settings.TIME_ZONE,
    "enable_utc": True,
}

app = Celery("alliance")
app.conf.update(CONFIGURATION)
app.autodiscover_tasks()
