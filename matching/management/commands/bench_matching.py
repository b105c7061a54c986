"""Measures the matcher on a generated region in a throw-away database, beside the same work in SQL."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from matching.kernel.compiled import is_wanted
from matching.services.benchmark import measure, work_until_done
from matching.services.benchmark.growth import measure_growth, report_growth
from matching.services.benchmark.report import report, report_ways
from matching.services.benchmark.ways import SHAPES, compare_ways
from matching.services.generation import generate_region

AS_OF = date(2026, 11, 20)
SIZES = {
    "firms": 10_000,
    "capabilities": 60_000,
    "demands": 2_000,
    "lines": 8_000,
    "sites": 500,
    "alliances": 2,
}


class Command(BaseCommand):
    help = "Measure the matcher on a generated region, beside one SQL statement doing the same work."

    def add_arguments(self, parser: CommandParser) -> None:
        for name, number in SIZES.items():
            parser.add_argument(f"--{name}", type=int, default=number)
        parser.add_argument("--open-share", type=float, default=0.2)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--workers", type=int, default=4)
        parser.add_argument(
            "--sql-lines", type=int, default=2_000, help="lines the SQL statement is measured on"
        )
        parser.add_argument(
            "--ways-lines", type=int, default=2_500, help="lines on which ways to match are compared, 0: none"
        )
        parser.add_argument("--inside", help="(used by itself) the bundle to measure on this very database")
        parser.add_argument("--work", action="store_true", help="(used by itself) be a worker")
        parser.add_argument("--number", type=int, default=0, help="(used by itself) which of them")
        parser.add_argument("--of", type=int, default=1, help="(used by itself) how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["work"]:
            work_until_done(options["number"], options["of"])
        elif options["inside"]:
            self._inside(Path(options["inside"]), options)
        else:
            self._outside(options)

    def _outside(self, options: dict[str, Any]) -> None:
        sizes = {name: options[name] for name in SIZES}
        told = " ".join(f"--{name} {number}" for name, number in sizes.items())
        self.stdout.write(
            f"bench_matching {told} --open-share {options['open_share']} --seed {options['seed']}"
        )
        with tempfile.TemporaryDirectory() as folder, throw_away_database() as address:
            bundle = Path(folder) / "bundle"
            generate_region(bundle, **sizes, open_share=options["open_share"], seed=options["seed"])
            command = [sys.executable, "manage.py", "bench_matching", "--inside", str(bundle)]
            command += ["--workers", str(options["workers"]), "--sql-lines", str(options["sql_lines"])]
            command += ["--ways-lines", str(options["ways_lines"])]
            own = {"DATABASE_URL": address, "SNAPSHOT_DIR": str(Path(folder) / "snapshots")}
            status = subprocess.call(command, env=os.environ | own)  # noqa: S603
        if status:
            raise CommandError("The measurement failed or the two did not agree.", returncode=status)

    def _inside(self, bundle: Path, options: dict[str, Any]) -> None:
        workers, sql_lines = options["workers"], options["sql_lines"]
        call_command("migrate", verbosity=0)
        # In a process of its own: a compiler's memory is not the matcher's.
        subprocess.check_call([sys.executable, "-m", "matching.kernel.compiled"])
        figures = measure(bundle, as_of=AS_OF, workers=workers, sql_lines=sql_lines, say=self.stderr.write)
        self.stdout.write(report(figures, workers))
        differ = self._ways(options["ways_lines"]) if options["ways_lines"] else 0
        if options["ways_lines"] and is_wanted():
            self.stdout.write("\n" + report_growth(measure_growth()))
        if figures.differences or differ:
            raise CommandError("The matcher and the SQL statement do not agree.")

    def _ways(self, lines: int) -> int:
        """Print every shape; returns on how many lines somebody did not agree."""
        differ = 0
        for shape in SHAPES:
            feasible, ways = compare_ways(shape, lines, rivals=shape == "usual")
            self.stdout.write("\n" + report_ways(shape, feasible, ways))
            differ += sum(way.differ for way in ways)
        return differ


@contextmanager
def throw_away_database() -> Iterator[str]:
    """The address of a new database on the same server; it is gone afterwards, whatever happens."""
    name = f"bench_{uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
