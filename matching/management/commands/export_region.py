"""manage.py export_region PATH: write everything, or one alliance, as a region bundle."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alliance.errors import DomainError
from matching.services.bundle import export_region


class Command(BaseCommand):
    help = "Writes a bundle that imports to an equal database. The folder must be empty."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument(
            "--alliance", default="", metavar="SLUG", help="only this alliance and what it refers to"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = export_region(options["path"], alliance=options["alliance"])
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(str(error)) from error
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count}")
