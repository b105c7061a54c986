"""Makes introductions, a meeting, a firm to verify: what demo people find waiting."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from alliance.errors import DomainError
from matching.services.demo import make_demo_work


class Command(BaseCommand):
    help = (
        "Makes work for the demo people of the sample region, once for each alliance; again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="also on a database of your own")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.EMBEDDED or options["demo"]):
            raise CommandError("Demo work is for the embedded servers. On a database of your own say --demo.")
        try:
            made = make_demo_work()
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"demo work for {', '.join(made) or 'no alliance'}")
