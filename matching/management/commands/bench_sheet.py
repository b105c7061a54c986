"""Plays large capability sheets through pages and worker in a throw-away database; prints what each step took."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from alliance.services.demo import make_demo_people
from matching.services.benchmark import region, sheets
from matching.services.bundle import import_region

BUNDLES = (Path("data/reference"), Path("data/sample-region"))
HEADING = f"{'step':44} {'clock':>8} {'CPU':>8} {'memory':>8} {'queries':>8} {'bars':>5} {'gap':>6} {'poll':>8}  result"
KINDS = ("good.xlsx", "good.csv", "dearer.csv", "wrong.xlsx", "twice.csv")


class Command(BaseCommand):
    help = "A 20,000-row sheet from upload to saved: clock, processor, memory, queries and progress of each step."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", type=int, default=20_000)
        parser.add_argument("--only", default="", help="only the sheets whose name contains this, or: both")
        region.add_inside_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"]:
            self._inside(options)
            return
        status = region.measure_inside("bench_sheet", region.handed_on(options, "rows", "only"))
        if status:
            raise CommandError("A step did not do what it should.", returncode=status)

    def _inside(self, options: dict[str, Any]) -> None:
        region.migrated(options["inside"])
        for bundle in BUNDLES:
            import_region(bundle)
        with tempfile.TemporaryDirectory() as folder:
            make_demo_people(Path(folder) / "people.txt")
        settings.ALLOWED_HOSTS = ["testserver"]
        warnings.filterwarnings("ignore", "No directory at")  # static files are not part of it
        load = region.load_average()
        self.stdout.write(f"{options['rows']} rows; {os.cpu_count()} cores, load average {load}")
        self.stdout.write(HEADING)
        bad = 0
        for step in self._steps(options["rows"], options["only"]):
            self.stdout.write(line(step))
            self.stdout.flush()
            bad += step.said.startswith(("UNEXPECTED", "the process died")) or "Error" in step.said
        if bad:
            raise CommandError(f"{bad} steps did not do what they should.")

    def _steps(self, rows: int, only: str) -> Iterator[sheets.Step]:
        firm = sheets.a_firm()
        for name in KINDS:
            if only in name:
                kind, form = name.split(".")
                yield from sheets.play(firm, rows, form, kind)
        if only in ("", "dearer", "dearer.csv"):
            yield from sheets.undone(firm, "changed ones: take it back")
        if only in ("", "good", "good.xlsx"):
            yield from sheets.undone(firm, "new ones: take it back")
        if only in ("", "both"):
            yield from sheets.both_at_once(firm, rows)


def line(step: sheets.Step) -> str:
    bars = f"{step.states:5} {step.gap:5.1f}s {step.poll * 1000:5.0f} ms" if step.states else " " * 21
    return (
        f"{step.name:44} {step.seconds:7.1f}s {step.cpu:7.1f}s {step.megabytes:5.0f} MB {step.queries:8} {bars}"
        f"  {step.said}"
    )
