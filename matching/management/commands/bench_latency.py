"""Times changes from their commit to readable results, on a generated region, through real workers and broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from matching.services.benchmark import region
from matching.services.benchmark.filling import fill
from matching.services.benchmark.latency import Measured, measure_changes, measure_snapshot, table

LIMIT = 300.0  # milliseconds, 95 of 100 changes of one capability, line or site
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
        parser.add_argument("--only", default="", help="only kinds whose name contains this")
        parser.add_argument(
            "--strict", action="store_true", help="status 1 when p95 of one row's change is over"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"] is not None:
            self._inside(options)
            return
        self.stdout.write(f"bench_latency {region.asked_region(options)} --changes {options['changes']}")
        arguments = region.handed_on(options, "workers", "changes", "seed", "only", "strict")
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
        region.compiled_before()
        self.stdout.write(measure_snapshot(options["seed"]))
        self.stdout.flush()
        with celery_workers(options["workers"]):
            rows: list[Measured] = []
            for row in measure_changes(options["changes"], options["seed"], options["only"]):
                rows.append(row)
        load = region.load_average()
        self.stdout.write(
            f"{os.cpu_count()} cores, load average {load}, {options['workers']} worker processes"
        )
        self.stdout.write(table(rows))
        late = [kind for kind in LIMITED if _p95(rows, kind) > LIMIT]
        if options["strict"] and late:
            raise CommandError(f"p95 over {LIMIT:.0f} ms: {', '.join(late)}")


def _p95(rows: list[Measured], kind: str) -> float:
    own = sorted(row.total for row in rows if row.kind == kind)
    return own[min(len(own) - 1, int(0.95 * len(own)))] if own else 0.0


@contextmanager
def celery_workers(count: int) -> Iterator[None]:
    """Workers and a reconciler as in operation; they end with this process, also when it is told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    quiet = "--loglevel ERROR --without-gossip --without-mingle"
    commands = [f"-m celery -A alliance worker {quiet} --concurrency {count}", "manage.py reconcile"]
    environ = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
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
