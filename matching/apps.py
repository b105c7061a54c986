"""Django's entry for this app."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    name = "matching"

    def ready(self) -> None:
        from alliance.templatetags.ui import BADGES
        from matching.selectors.introduced import count_turns

        BADGES["introductions"] = count_turns
