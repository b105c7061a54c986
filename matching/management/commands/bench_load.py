"""Loads the API: clients with think time on real server processes while a run and an import go on beside them."""

from __future__ import annotations

import tempfile
import time
from argparse import BooleanOptionalAction
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from alliance.models import Organisation
from matching.services.benchmark import load, region, work_until_done
from matching.services.benchmark.clients import Plan
from matching.services.benchmark.report import machine
from matching.services.bundle import import_region
from matching.services.generation import generate_region
from matching.services.results.naming import name_ids
from matching.services.runs import create_run

SIZES: dict[str, dict[str, Any]] = {
    "short": {"firms": 10_000, "capabilities": 60_000, "demands": 2_000, "lines": 8_000, "sites": 500, "alliances": 2},
    "middle": {
        "firms": 45_000, "capabilities": 200_000, "demands": 10_000, "lines": 50_000, "sites": 5_000, "alliances": 60,
    },
    "national": {
        "firms": 450_000, "capabilities": 2_000_000, "demands": 100_000, "lines": 500_000, "sites": 50_000,
        "alliances": 60, "feasible": 100, "condition_sets": 200,
    },
}  # fmt: skip
MOST_CLIENTS = 640
#: Addresses that are told where the limit is not met.
SLOWEST = 8


class Command(BaseCommand):
    help = "Load the API with reading clients beside a run and an import; find how many clients it bears."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=list(SIZES), default="short")
        parser.add_argument("--clients", type=int, default=20)
        parser.add_argument(
            "--think", type=float, default=1.0, help="seconds between two requests of a client"
        )
        parser.add_argument("--seconds", type=float, default=60.0)
        parser.add_argument(
            "--warm", type=float, default=30.0, help="seconds of reading before anything is measured"
        )
        parser.add_argument("--processes", type=int, help="of the web server; else as in production")
        parser.add_argument("--threads", type=int, help="of each of them; else as in production")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--update", type=int, default=20_000, help="rows of each import beside")
        parser.add_argument(
            "--beside-them", action=BooleanOptionalAction, default=True, help="a run and an import"
        )
        parser.add_argument(
            "--breaking", action=BooleanOptionalAction, default=True, help="look for the most clients"
        )
        parser.add_argument("--strict", action="store_true", help="status 1 where the limit is not met")
        region.add_keep_argument(parser)
        parser.add_argument(
            "--bundle", default="", help="a bundle to fill it with, instead of a generated one"
        )
        region.add_inside_argument(parser)
        parser.add_argument("--beside", help="(used by itself) be the run, or the import of this folder")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["beside"]:
            go_on(options["beside"])
        elif options["inside"] is not None:
            self._inside(options)
        else:
            self._outside(options)

    def _outside(self, options: dict[str, Any]) -> None:
        told = region.handed_on(options, "size", "clients", "think", "seconds", "processes", "threads")
        self.stdout.write(f"bench_load {' '.join(told)}")
        arguments = region.handed_on(
            options, "clients", "think", "seconds", "warm", "processes", "threads", "update", "seed", "strict"
        )
        arguments += [
            f"--no-{name}" for name in ("beside-them", "breaking") if not options[name.replace("-", "_")]
        ]
        size = SIZES[options["size"]]
        status = region.measure_inside(
            "bench_load", arguments,
            lambda path: generate_region(path, **size, open_share=0.2, seed=options["seed"]),
            bundle=options["bundle"], keep=options["keep"],
        )  # fmt: skip
        if status:
            raise CommandError("The limit was not met, or something failed.", returncode=status)

    def _inside(self, options: dict[str, Any]) -> None:
        region.migrated(options["inside"])
        if not Organisation.objects.exists():
            self.stderr.write("importing the bundle")
            began, used = time.perf_counter(), time.process_time()
            import_region(Path(options["inside"]))
            took, used = time.perf_counter() - began, time.process_time() - used
            self.stdout.write(
                f"import of the bundle: {took:.0f} s, {used:.0f} s of this process's processor time"
            )
        settings.PASSWORD_HASHERS = [
            "django.contrib.auth.hashers.MD5PasswordHasher"
        ]  # nobody signs in with them
        with tempfile.TemporaryDirectory() as folder:
            began, made = time.perf_counter(), name_ids(seconds=600, pause=0)  # as the reconciler does
            took = time.perf_counter() - began
            self.stdout.write(f"ids that alliances name: {made} of them made anew in {took:.1f} s")
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
            self.stdout.write(f"{machine()}, {buffers()} of shared buffers")
            self.stdout.write(f"load average {region.load_average()} at the start")
            self.stdout.write(
                f"{Organisation.objects.count():,} organisations, limit {load.LIMIT:.0f} ms at the 95th percentile"
            )
            met = self._measure(options, Path(folder))
        if options["strict"] and not met:
            raise CommandError("The limit is not met.")

    def _measure(self, options: dict[str, Any], folder: Path) -> bool:
        with load.web_server(options["processes"], options["threads"]) as address:
            plan = Plan(
                address, load.tokens(), load.visits(), options["clients"], options["think"],
                options["seconds"], options["seed"],
            )  # fmt: skip
            self._warm(plan, options["warm"])
            self.stdout.write(HEADING)
            alone = load.ask(plan)
            self._say("nothing beside", alone)
            if not options["beside_them"]:
                return alone.met
            with load.background(folder / "update", options["update"]):
                beside = load.ask(plan)
                self._say("run and import beside", beside)
                if options["breaking"]:
                    self._break(plan, beside.met)
        return beside.met

    def _warm(self, plan: Plan, seconds: float) -> None:
        """The server has been up: other people ask it for addresses of the same kinds. What it has read into memory for
        them and has planned counts; what those who are measured see, it is asked for the first time."""
        others = plan.tokens[plan.clients :] + plan.tokens[: plan.clients]
        load.ask(replace(plan, tokens=others, think=0.2, seconds=seconds, seed=plan.seed + 1))
        self.stdout.write(f"other people read for {seconds:.0f} s before, not measured")

    def _break(self, plan: Plan, borne: bool) -> None:
        """Twice as many until the limit is crossed, then between the two. `borne`: the limit is met by the plan's."""
        good, bad = (plan.clients, 0) if borne else (0, plan.clients)
        for more in doubled(plan.clients) if borne else ():
            met = self._try(plan, more)
            good, bad = (more, bad) if met else (good, more)
            if not met:
                break
        while bad and bad - good > max(5, good // 8):
            middle = (good + bad) // 2
            good, bad = (middle, bad) if self._try(plan, middle) else (good, middle)
        self.stdout.write(f"breaking point: {good} clients are borne, {bad or 'more than tried'} are not")

    def _try(self, plan: Plan, clients: int) -> bool:
        found = load.ask(replace(plan, clients=clients, seconds=min(20.0, plan.seconds)))
        self._say("run and import beside", found)
        return found.met

    def _say(self, beside: str, found: load.Round) -> None:
        for kind, (count, middle, p95) in found.kinds.items():
            over = "  over" if p95 >= load.LIMIT else ""
            self.stdout.write(
                f"{beside:22}{found.clients:8}  {kind:8}{count:8}{middle:10.0f} ms{p95:10.0f} ms{over}"
            )
        self.stdout.write(
            f"{'':32}{found.per_second:8.1f} requests/s, {len(found.errors)} errors {found.errors[:3] or ''}"
        )
        if not found.met:
            for p95, middle, count, path in found.addresses[:SLOWEST]:
                self.stdout.write(f"{count:40}{middle:10.0f} ms{p95:10.0f} ms  {unquote(path)}")
        self.stdout.flush()


def buffers() -> str:
    """Memory that PostgreSQL keeps for its tables itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_size_pretty(setting::bigint * 8192) FROM pg_settings WHERE name = 'shared_buffers'"
        )
        return str(cursor.fetchone()[0])


HEADING = f"{'':22}{'clients':>8}  {'':8}{'number':>8}{'median':>13}{'p95':>13}"


def doubled(clients: int) -> Iterator[int]:
    while clients * 2 <= MOST_CLIENTS:
        clients *= 2
        yield clients


def go_on(what: str) -> None:
    """One after the other, until somebody ends this process."""
    while True:
        if what == "run":
            for alliance in load.alliances_by_demands(most=4):
                create_run(alliance, cause="asked", as_of=region.AS_OF, pinned=True)
                work_until_done()
                name_ids()  # no reconciler goes here
        else:
            load.next_update(Path(what))
            import_region(Path(what))
