"""Django's entry for this app."""

from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    name = "scenarios"

    def ready(self) -> None:
        from alliance.selectors.history import TELLINGS
        from scenarios.selectors.telling import site_telling

        TELLINGS["site"] = site_telling
