"""Pages of application sites."""

from scenarios.views.editing import site_edit, site_new, site_step, window_add, window_remove
from scenarios.views.pages import site, sites

__all__ = ["site", "site_edit", "site_new", "site_step", "sites", "window_add", "window_remove"]
