"""The web server's entry: `gunicorn alliance.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.settings")

application = get_wsgi_application()


def settle() -> None:
    """What was loaded once is not looked through again whenever garbage is collected: a page of some thousand rows
    else spends five to ten percent of its time on that."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


settle()
