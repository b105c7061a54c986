"""Writes the current results as CSV files, by external id."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from alliance.errors import DomainError
from alliance.models import Alliance
from matching.services.export_matches import export_matches


class Command(BaseCommand):
    help = "Write matches, near misses, relaxations, sites, pipelines and teams into an empty folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--alliance", metavar="SLUG", help="only this alliance")

    def handle(self, *args: Any, **options: Any) -> None:
        alliance = None
        if options["alliance"]:
            alliance = Alliance.objects.filter(slug=options["alliance"]).first()
            if alliance is None:
                raise CommandError(f"There is no alliance {options['alliance']!r}.")
        try:
            counts = export_matches(options["path"], alliance)
        except DomainError as error:
            raise CommandError(error.message) from error
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count}")
