"""How gunicorn serves: in a container, by `make run` and when it is measured; the variables are in `.env.example`."""

import gc
import os
from typing import Any

from gunicorn.glogging import Logger


class Discreet(Logger):
    """Addresses without the secrets in them, also where a page of such an address asked for something."""

    def atoms(self, *request: Any) -> dict[str, Any]:
        from alliance.logs import discreet

        found: dict[str, Any] = super().atoms(*request)
        return {name: discreet(told) if isinstance(told, str) else told for name, told in found.items()}


bind = "0.0.0.0:8000"
worker_class = "gthread"
# Two processes for each core and one, within bounds: of the threads of a process one computes at a time, and clients
# keep their connections, so with few processes one of them has to answer many at once while another is idle.
cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
workers = int(os.environ.get("WEB_PROCESSES") or min(17, 2 * cores + 1))
threads = int(os.environ.get("WEB_THREADS") or 4)
preload_app = True
timeout = 60
graceful_timeout = 30
keepalive = 5
# Nobody's SCRIPT_NAME, PATH_INFO or scheme is believed here, not even that of a proxy on this machine, which may pass
# on what callers wrote. Django reads X-Forwarded-Proto where SITE_URL says that there is TLS before it.
forwarded_allow_ips = ""
if os.path.isdir("/dev/shm"):  # noqa: S108 (not on every system that `make run` knows)
    worker_tmp_dir = "/dev/shm"  # noqa: S108 (the workers' heartbeat must not wait for a disk)
control_socket_disable = True
accesslog = "-"
logger_class = Discreet


def when_ready(server: Any) -> None:
    """What was loaded is never garbage: no process looks through it again while somebody waits (some 100 ms each time),
    and its pages stay shared."""
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """A page of a list makes tens of thousands of objects that go with it: rarely is there anything to look for."""
    gc.set_threshold(5_000, 20, 100)
