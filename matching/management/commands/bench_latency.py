"""Times changes from their commit to readable results, on a generated region, through real workers and broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.management.tracing import FOLDER, read_steps, spent, timeline
from matching.services.benchmark import region
from matching.services.benchmark.filling import fill
from matching.services.benchmark.latency import (
    Measured,
    caught_up,
    measure_changes,
    measure_snapshot,
    size_of_region,
    table,
)

# Milliseconds, 95 of 100 changes of one capability, line or site: with as many capabilities at most, and beyond.
LIMIT, LARGE, LIMIT_OF_LARGE = 300.0, 100_000, 1000.0
LIMITED = ("capacity of a capability", "lead time of a capability", "a line", "a site", "a demand published")
BROKER = 14  # a database of Redis that nothing else uses


class Command(BaseCommand):
    help = (
        "Time changes of capabilities, lines, sites and more from their commit to results that readers see."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        region.add_region_arguments(parser)
        parser.add_argument("--workers", type=int, default=4)
        parser.add_argument("--changes", type=int, default=40, help="of each kind")
        parser.add_argument(
            "--only", default="", help="only kinds whose name contains one of these, with commas between"
        )
        parser.add_argument("--trace", action="store_true", help="tell where the time went")
        parser.add_argument(
            "--strict", action="store_true", help="status 1 when p95 of one row's change is over"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"] is not None:
            self._inside(options)
            return
        self.stdout.write(f"bench_latency {region.asked_region(options)} --changes {options['changes']}")
        arguments = region.handed_on(options, "workers", "changes", "seed", "only", "strict", "trace")
        broker = os.environ["REDIS_URL"].rsplit("/", 1)[0] + f"/{BROKER}"
        status = region.measure_inside(
            "bench_latency", arguments, region.make_region(options), keep=options["keep"],
            filled="matching_match", environ={"REDIS_URL": broker},
        )  # fmt: skip
        if status:
            raise CommandError("Results came too late, or the measurement failed.", returncode=status)

    def _inside(self, options: dict[str, Any]) -> None:
        bundle = region.migrated(options["inside"])
        if bundle:
            fill(bundle, options["workers"], self.stderr.write)
        caught_up()
        region.compiled_before()
        capabilities, told = size_of_region()
        self.stdout.write(told)
        # What these change is matched before the first change that is timed: of a country hundreds of demands each.
        self.stdout.write(measure_snapshot(options["seed"], 20 if capabilities <= LARGE else 4))
        self.stdout.flush()
        with tempfile.TemporaryDirectory() as traces:
            with celery_workers(options["workers"], traces if options["trace"] else ""):
                rows = list(measure_changes(options["changes"], options["seed"], options["only"]))
            load = region.load_average()
            self.stdout.write(
                f"{os.cpu_count()} cores, load average {load}, {options['workers']} worker processes"
            )
            self.stdout.write(table(rows))
            if options["trace"]:
                self._tell_steps(rows, Path(traces))
        limit = LIMIT if capabilities <= LARGE else LIMIT_OF_LARGE
        late = [kind for kind in LIMITED if _p95(rows, kind) > limit]
        if options["strict"] and late:
            raise CommandError(f"p95 over {limit:.0f} ms: {', '.join(late)}")

    def _tell_steps(self, rows: list[Measured], folder: Path) -> None:
        """Of each kind all steps, and the slowest change and one of the middle one by one."""
        steps = read_steps(folder)
        for kind in dict.fromkeys(row.kind for row in rows):
            own = sorted((row for row in rows if row.kind == kind), key=lambda row: row.total)
            self.stdout.write(f"\n{kind}\n{spent(steps, [row.span for row in own])}")
            for what, row in (("median", own[len(own) // 2]), ("slowest", own[-1])):
                self.stdout.write(
                    f"  the {what}: {row.total:.0f} ms, {row.demands} demands\n{timeline(steps, *row.span)}"
                )


def _p95(rows: list[Measured], kind: str) -> float:
    own = sorted(row.total for row in rows if row.kind == kind)
    return own[min(len(own) - 1, int(0.95 * len(own)))] if own else 0.0


@contextmanager
def celery_workers(count: int, traces: str = "") -> Iterator[None]:
    """Workers and a reconciler as in operation; they end with this process, also when it is told to end. traces: a
    folder into which they write their steps."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    quiet = "--loglevel ERROR --without-gossip --without-mingle"
    quiet += " -I matching.management.tracing" if traces else ""
    commands = [f"-m celery -A alliance worker {quiet} --concurrency {count}", "manage.py reconcile"]
    environ = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environ |= {FOLDER: traces} if traces else {}
    running = [
        subprocess.Popen(  # noqa: S603 (our own commands)
            [sys.executable, *command.split()], cwd=settings.BASE_DIR, env=environ, start_new_session=True
        )
        for command in commands
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()  # its children it ends itself
        for process in running:
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
