"""Entry for an ASGI server; pages poll, so WSGI is what runs by default."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")

application = get_asgi_application()

from alliance.serving import limit_statements, share_processors  # noqa: E402 (it reads the settings)

limit_statements()
share_processors()
