"""PostgreSQL and Valkey out of wheels for `make run`, `manage.py` and tests; never for production.

`ensure()` starts what is missing and fills the environment; `python -m alliance.embedded run` is `make run`.
Nothing here imports Django: it runs before settings are read.
"""

from alliance.embedded.errors import EmbeddedError
from alliance.embedded.session import ensure

__all__ = ["EmbeddedError", "ensure"]
