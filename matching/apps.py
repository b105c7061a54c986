"""Django's entry for this app."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    name = "matching"
