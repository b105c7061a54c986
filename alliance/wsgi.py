"""The web server's entry: `gunicorn alliance.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")

application = get_wsgi_application()

from alliance.serving import limit_statements, settle, share_processors  # noqa: E402 (it reads the settings)

limit_statements()
share_processors()
settle()
