"""Before the runs of a whole register: write what they read, and lay out what they begin with."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from matching.services.runs import prepare_supply


class Command(BaseCommand):
    help = "Write what full runs of a large register read, if need be, and lay it out; several at once share the work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=date.fromisoformat, help="the day of the runs, today by default")

    def handle(self, *args: Any, **options: Any) -> None:
        version = prepare_supply(options["as_of"] or timezone.localdate())
        if options["verbosity"] > 1:
            self.stdout.write(
                version or "none: a run of this register reads its own offers, or nothing can be written"
            )
