"""How gunicorn serves in a container; the variables are named in `.env.example`."""

import os

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES") or 2)
threads = int(os.environ.get("WEB_THREADS") or 8)
preload_app = True
timeout = 60
graceful_timeout = 30
keepalive = 5
# Nobody's SCRIPT_NAME, PATH_INFO or scheme is believed here, not even that of a proxy on this machine, which may pass
# on what callers wrote. Django reads X-Forwarded-Proto where SITE_URL says that there is TLS before it.
forwarded_allow_ips = ""
worker_tmp_dir = "/dev/shm"  # noqa: S108 (the workers' heartbeat must not wait for a disk)
control_socket_disable = True
accesslog = "-"
