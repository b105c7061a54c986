"""Health check of a container whose process answers no requests: exit status 0 while it gives signs of life."""

import socket
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alliance.selectors.heartbeats import alive


class Command(BaseCommand):
    help = "Exits with status 1 when no process of this kind on this machine gave a sign of life lately."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="worker or reconciler")
        parser.add_argument("--seconds", type=int, default=120)

    def handle(self, *, kind: str, seconds: int, **options: Any) -> None:
        host = socket.gethostname()
        if not alive(kind=kind, host=host, within=timedelta(seconds=seconds)):
            raise CommandError(f"No {kind} on {host} gave a sign of life in the last {seconds} seconds.")
        self.stdout.write(f"A {kind} on {host} is alive.")
