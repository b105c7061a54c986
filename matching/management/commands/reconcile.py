"""The reconciler as a process of its own: needs only the database."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.services.reconciling import Reconciler


class Command(BaseCommand):
    help = "Find what lost messages named: changes to match, chunks to work on, runs to end, rows to sweep."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            if failed := Reconciler().once():
                raise CommandError(f"{failed} steps failed: the log says which and why.", returncode=1)
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        Reconciler().run(stop)
