"""Makes the first platform admin."""

from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from alliance.errors import DomainError
from alliance.services.people import bootstrap


class Command(BaseCommand):
    help = "Makes the first platform admin; refuses when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", help="asked for when not given")
        parser.add_argument("--email", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        username, email, password = options["username"], options["email"], ""
        asked = not username
        try:
            if asked:
                username = input("User name: ").strip()
                email = email or input("E-mail (may be empty): ").strip()
                password = getpass("Password (empty for a random one): ")
            _person, used = bootstrap(username, email=email, password=password)
        except (DomainError, EOFError, KeyboardInterrupt) as error:
            raise CommandError(str(error) or "nothing was made") from error
        self.stdout.write(f"Platform admin {username} is made.")
        if not password:
            self.stdout.write(f"Password, shown this once (change it after signing in): {used}")
