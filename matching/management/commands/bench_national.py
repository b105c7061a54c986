"""Measures a full run of a whole country: every alliance, from queueing to moved pointers, in a throw-away database."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.services.benchmark import region
from matching.services.benchmark.national import measure_country
from matching.services.benchmark.report import machine
from matching.services.generation import generate_region

SIZES = {
    "firms": 450_000,
    "capabilities": 2_000_000,
    "demands": 100_000,
    "lines": 500_000,
    "sites": 50_000,
}
ALLIANCES, OPEN_SHARE, FEASIBLE, CONDITION_SETS = 60, 0.2, 100, 200


class Command(BaseCommand):
    help = "Generate a country, import it, and time full runs of all its alliances with 4, 2 and 1 workers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--share", type=float, default=1.0, help="of the national size: 0.1 is a tenth")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--workers", type=int, nargs="+", default=[4, 2, 1])
        parser.add_argument(
            "--check", type=int, default=60, help="demands matched again without sharing, by NumPy"
        )
        parser.add_argument(
            "--early", action="store_true", help="the first run does not wait until the supply is laid out"
        )
        parser.add_argument("--bundle", help="a bundle made before, instead of generating one")
        region.add_keep_argument(parser)
        region.add_inside_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"]:
            self._inside(options)
            return
        arguments = region.handed_on(options, "check", "workers", "early")
        status = region.measure_inside(
            "bench_national", arguments,
            lambda path: self._generate(path, options["share"], options["seed"]), bundle=options["bundle"] or "",
            keep=options["keep"], filled="matching_demand",
        )  # fmt: skip
        if status:
            raise CommandError("The measurement failed or results differ.", returncode=status)

    def _generate(self, bundle: Path, share: float, seed: int) -> None:
        sizes: dict[str, Any] = {name: max(1, round(share * size)) for name, size in SIZES.items()}
        told = " ".join(f"--{name} {size}" for name, size in sizes.items())
        self.stdout.write(
            f"generate_region {told} --alliances {ALLIANCES} --open-share {OPEN_SHARE} --feasible {FEASIBLE} "
            f"--condition-sets {CONDITION_SETS} --seed {seed}"
        )
        generate_region(
            bundle, **sizes, alliances=ALLIANCES, open_share=OPEN_SHARE, seed=seed, feasible=FEASIBLE,
            condition_sets=CONDITION_SETS,
        )  # fmt: skip

    def _inside(self, options: dict[str, Any]) -> None:
        self.stdout.write(machine() + f"\nload average at the start {os.getloadavg()[0]:.1f}\n")
        bundle = region.migrated(options["inside"])
        region.compiled_before()
        differ = 0
        workers, check, early = options["workers"], options["check"], options["early"]
        for line, wrong in measure_country(bundle, region.AS_OF, workers, check, early=early):
            self.stdout.write(line)
            self.stdout.flush()
            differ += wrong
        if differ:
            raise CommandError("Results of runs over the supply differ from those of demands matched alone.")
