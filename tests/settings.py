"""The program's settings, quicker where tests need it."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("LOG_LEVEL", "ERROR")
# Real workers in tests start no compiler; tests of the compiled loops call for it themselves.
os.environ.setdefault("MATCH_COMPILED", "0")
# The type checker loads these settings too, without any server; tests have the real addresses by then.
os.environ.setdefault("SECRET_KEY", "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz")
os.environ.setdefault("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")

from alliance.settings import *  # noqa: F403

# Each process of the suite has its own, for as long as it lives.
FILES_DIR = Path(tempfile.mkdtemp(prefix="alliance-files-"))
atexit.register(shutil.rmtree, FILES_DIR, ignore_errors=True)
# Tests make rows without the services, which nobody tells a snapshot of; those of the snapshot name a folder.
SNAPSHOT_DIR = None
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
API_REQUESTS_PER_MINUTE = dict.fromkeys(("token", "person", "anonymous"), 1_000_000)
# Static files are looked up when asked for, not collected into a table for each client.
WHITENOISE_AUTOREFRESH = True

# Test processes share one server, and the people of their worlds have the same keys.
LOCAL = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "rates"}
NONE = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
CACHES = CACHES | {"rates": LOCAL, "figures": NONE}  # noqa: F405
