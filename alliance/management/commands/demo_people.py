"""Makes a person for each role, for trying things out."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from alliance.errors import DomainError
from alliance.services.demo import make_demo_people


class Command(BaseCommand):
    help = "Makes demo people with random passwords, written to .run/demo-people.txt; again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="also on a database of your own")
        parser.add_argument("--file", type=Path, default=settings.BASE_DIR / ".run" / "demo-people.txt")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.EMBEDDED or options["demo"]):
            raise CommandError(
                "Demo people are for the embedded servers. On a database of your own say --demo."
            )
        try:
            cast = make_demo_people(options["file"])
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(cast)} demo people; passwords in {options['file']}")
