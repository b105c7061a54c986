"""Django's entry for this app."""

from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    name = "scenarios"
