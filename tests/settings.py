"""The program's settings, quicker where tests need it."""

import os

os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")

from alliance.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
