"""Measures the matcher on a generated region in a throw-away database, beside the same work in SQL."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.kernel.compiled import is_wanted
from matching.services.benchmark import measure, region, work_together
from matching.services.benchmark.growth import measure_growth, report_growth
from matching.services.benchmark.report import report, report_ways
from matching.services.benchmark.ways import SHAPES, compare_ways


class Command(BaseCommand):
    help = "Measure the matcher on a generated region, beside one SQL statement doing the same work."

    def add_arguments(self, parser: CommandParser) -> None:
        region.add_region_arguments(parser, keep=False)
        parser.add_argument("--workers", type=int, default=4)
        parser.add_argument(
            "--sql-lines", type=int, default=2_000, help="lines the SQL statement is measured on"
        )
        parser.add_argument(
            "--ways-lines", type=int, default=2_500, help="lines on which ways to match are compared, 0: none"
        )
        parser.add_argument(
            "--ways-only", action="store_true", help="compare the ways to match, without region and SQL"
        )
        parser.add_argument("--work", action="store_true", help="(used by itself) be the workers")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["work"]:
            work_together(options["workers"])
        elif options["ways_only"]:
            if self._ways(options["ways_lines"], rivals=False):
                raise CommandError("The ways to match do not agree.")
        elif options["inside"]:
            self._inside(Path(options["inside"]), options)
        else:
            self._outside(options)

    def _outside(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"bench_matching {region.asked_region(options)}")
        arguments = region.handed_on(options, "workers", "sql_lines", "ways_lines")
        status = region.measure_inside("bench_matching", arguments, region.make_region(options))
        if status:
            raise CommandError("The measurement failed or the two did not agree.", returncode=status)

    def _inside(self, bundle: Path, options: dict[str, Any]) -> None:
        workers, sql_lines = options["workers"], options["sql_lines"]
        region.migrated(options["inside"])
        region.compiled_before()
        figures = measure(
            bundle, as_of=region.AS_OF, workers=workers, sql_lines=sql_lines, say=self.stderr.write
        )
        self.stdout.write(report(figures, workers))
        differ = self._ways(options["ways_lines"]) if options["ways_lines"] else 0
        if options["ways_lines"] and is_wanted():
            self.stdout.write("\n" + report_growth(measure_growth()))
        if figures.differences or differ:
            raise CommandError("The matcher and the SQL statement do not agree.")

    def _ways(self, lines: int, *, rivals: bool = True) -> int:
        """Print every shape; returns on how many lines somebody did not agree."""
        differ = 0
        for shape in SHAPES:
            feasible, ways = compare_ways(shape, lines, rivals=rivals and shape == "usual")
            self.stdout.write("\n" + report_ways(shape, feasible, ways))
            differ += sum(way.differ for way in ways)
        return differ
