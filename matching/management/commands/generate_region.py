"""`generate_region PATH …`: a synthetic bundle; same arguments, same bytes."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alliance.errors import DomainError
from matching.services.generation import generate_region

COUNTS = ("firms", "capabilities", "demands", "lines", "sites", "alliances", "seed")


class Command(BaseCommand):
    help = "Writes a synthetic region bundle. Same arguments, same bytes. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        for name in COUNTS:
            parser.add_argument(f"--{name}", type=int, required=True)
        parser.add_argument(
            "--open-share", type=float, required=True, help="share of demands with scope open, 0 to 1"
        )
        parser.add_argument(
            "--cities",
            choices=("all", "seed"),
            default="all",
            help="seed: only the cities of the two reference alliances, which then come first",
        )

        parser.add_argument(
            "--feasible",
            type=int,
            help="about so many capabilities suit a line at the median (default: as it comes)",
        )
        parser.add_argument(
            "--condition-sets", type=int, help="exactly so many different sets of part conditions of sites"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = (*COUNTS, "open_share", "cities", "feasible", "condition_sets")
        try:
            made = generate_region(options["path"], **{name: options[name] for name in names})
        except DomainError as error:
            raise CommandError(f"{error.field}: {error.message}") from error
        counts = ", ".join(f"{count} {name}" for name, count in made.sizes.items())
        self.stdout.write(f"{options['path']}: {counts}")
        if made.aim:
            first, median, last = made.aim.quartiles
            self.stdout.write(
                f"feasible per line: median {median:,.0f}, quartiles {first:,.0f} and {last:,.0f}, judged on "
                f"{made.aim.lines:,} trial lines against {made.aim.capabilities:,} of the capabilities; "
                f"strictness {made.aim.strictness:+.3f}"
            )
