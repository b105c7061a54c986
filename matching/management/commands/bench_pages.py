"""Times pages on a generated region in a throw-away database: what the server needs, without network or browser."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from argparse import BooleanOptionalAction
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.test import Client
from django.urls import reverse

from alliance.models import Alliance, User
from alliance.services.demo import make_demo_people
from matching.management.commands.bench_matching import throw_away_database
from matching.models import Demand, Introduction, Match
from matching.services.benchmark.workers import start_workers, wait_for_workers
from matching.services.bundle import import_region
from matching.services.generation import generate_region
from matching.services.introductions import introduce
from matching.services.runs import create_run

AS_OF = date(2026, 11, 20)
#: Server time of a page that nobody waits for, in milliseconds.
LIMIT = 150.0
SIZES = {
    "firms": 10_000,
    "capabilities": 60_000,
    "demands": 2_000,
    "lines": 8_000,
    "sites": 500,
    "alliances": 2,
}
INTRODUCED = 300


@dataclass(frozen=True)
class Timed:
    """One page as one person: milliseconds, and how many queries it asked. `best` is what it takes where nothing else
    runs on the machine; `program` and `database` are processor time, which tells on a busy one."""

    who: str
    page: str
    best: float
    median: float
    p95: float
    program: float
    database: float | None
    queries: int


class Command(BaseCommand):
    help = (
        "Time every list, Today, gaps, details and search on a generated region, as an official and as firms."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for name, number in SIZES.items():
            parser.add_argument(f"--{name}", type=int, default=number)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--workers", type=int, default=4)
        parser.add_argument("--repeats", type=int, default=15)
        parser.add_argument("--only", default="", help="only pages whose name contains this")
        parser.add_argument("--strict", action=BooleanOptionalAction, help="status 1 when a median is over")
        parser.add_argument("--keep", default="", help="name of a database to fill once and to use again")
        parser.add_argument("--inside", help="(used by itself) the bundle to measure on this very database")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"] is not None:
            self._inside(options)
        else:
            self._outside(options)

    def _outside(self, options: dict[str, Any]) -> None:
        sizes = {name: options[name] for name in SIZES}
        told = " ".join(f"--{name} {number}" for name, number in sizes.items())
        self.stdout.write(f"bench_pages {told} --seed {options['seed']} --repeats {options['repeats']}")
        database = kept_database(options["keep"]) if options["keep"] else throw_away_database()
        with tempfile.TemporaryDirectory() as folder, database as address:
            bundle = Path(folder) / "bundle"
            if not options["keep"] or not is_filled(address):
                generate_region(bundle, **sizes, open_share=0.2, seed=options["seed"])
            command = [sys.executable, "manage.py", "bench_pages", "--inside", str(bundle)]
            command += ["--workers", str(options["workers"]), "--repeats", str(options["repeats"])]
            command += ["--only", options["only"]] + (["--strict"] if options["strict"] else [])
            status = subprocess.call(  # noqa: S603
                command, env=os.environ | {"DATABASE_URL": address, "LOG_LEVEL": "ERROR"}
            )
        if status:
            raise CommandError("A page was too slow, or did not answer.", returncode=status)

    def _inside(self, options: dict[str, Any]) -> None:
        call_command("migrate", verbosity=0)
        if Path(options["inside"]).exists():
            fill(Path(options["inside"]), options["workers"], self.stderr.write)
        settings.ALLOWED_HOSTS = ["testserver"]
        warnings.filterwarnings("ignore", "No directory at")  # static files are not part of it
        slow = 0
        load = " ".join(f"{value:.1f}" for value in os.getloadavg())
        self.stdout.write(
            f"{os.cpu_count()} cores, load average {load}: with more load than cores every time is longer"
        )
        self.stdout.write(HEADING)
        for row in measure(options["repeats"], options["only"]):
            self.stdout.write(line(row))
            self.stdout.flush()
            slow += row.median > LIMIT
        if options["strict"] and slow:
            raise CommandError(f"{slow} pages need more than {LIMIT:.0f} ms.")


@contextmanager
def kept_database(name: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def is_filled(address: str) -> bool:
    import psycopg

    with psycopg.connect(address) as other:
        found = other.execute("SELECT to_regclass('matching_match')").fetchone()
        if not found or found[0] is None:
            return False
        return bool(other.execute("SELECT 1 FROM matching_match LIMIT 1").fetchone())


def fill(bundle: Path, workers: int, say: Callable[[str], object]) -> None:
    """Import, match, introduce, and the statistics that a database has after a night."""
    say("importing the bundle")
    import_region(bundle)
    alliances = list(Alliance.objects.filter(demands__published=True).distinct().order_by("pk"))
    say(f"matching {len(alliances)} alliances")
    for alliance in alliances:
        create_run(alliance, cause="asked", as_of=AS_OF, pinned=True)
    wait_for_workers(start_workers(workers))
    with tempfile.TemporaryDirectory() as folder:
        make_demo_people(Path(folder) / "people.txt")
    say("introducing")
    official = next(person for person in people().values() if person.username.endswith("-lead"))
    for match in _best(official):
        introduce(user=official, line=match.line_row, capability=match.capability_row)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _best(official: User) -> Iterator[Any]:
    from companies.models import Capability
    from matching.models import DemandLine

    rows = list(Match.objects.visible_to(official).current().filter(rank=1).order_by("pk")[:INTRODUCED])
    lines = DemandLine.objects.select_related("demand__owner").in_bulk([row.line_id for row in rows])
    offers = Capability.objects.select_related("organisation", "facility").in_bulk(
        [row.capability_id for row in rows]
    )
    for row in rows:
        row.line_row, row.capability_row = lines[row.line_id], offers[row.capability_id]
        if row.line_row.demand.owner_id != row.capability_row.organisation_id:
            yield row


def people() -> dict[str, User]:
    """Who is timed: of the alliance with the most demands its lead official, a lab and a supplier."""
    found = {}
    for part in ("lead", "lab", "supplier-owner"):
        rows = User.objects.filter(username__endswith=f"-{part}").order_by("pk")
        person = max(rows, key=lambda p: Demand.objects.visible_to(p).count(), default=None)
        if person is None:
            raise CommandError(f"nobody plays {part}")
        found[part] = person
    return found


def measure(repeats: int, only: str) -> Iterator[Timed]:
    for who, person in people().items():
        client = Client(headers={"accept-language": "zh-hans"})
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        for page, address in pages(person, who):
            if only in page:
                yield timed(client, who, page, address, repeats)


def timed(client: Client, who: str, page: str, address: str, repeats: int) -> Timed:
    asked: list[str] = []

    def noted(run: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return run(sql, *rest)

    with connection.execute_wrapper(noted):
        answer = client.get(address)
    if answer.status_code != 200:
        raise CommandError(f"{page} as {who} answered {answer.status_code}: {address}")
    took, worked = [], []
    before = backend_work()
    for _ in range(repeats):
        began, busy = time.perf_counter(), time.process_time()
        client.get(address)
        took.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    after = backend_work()
    took.sort()
    late = took[min(len(took) - 1, round(0.95 * len(took)))]
    database = None if before is None or after is None else (after - before) / repeats
    return Timed(who, page, took[0], median(took), late, median(worked), database, len(asked))


def backend_work() -> float | None:
    """Processor time of the server process behind this connection so far, in milliseconds; only on its own machine."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_backend_pid(), inet_server_addr() IS NULL OR inet_server_addr() = '127.0.0.1'"
        )
        number, here = cursor.fetchone()
    told = Path(f"/proc/{number}/schedstat")
    if not here or not told.exists() or "postgres" not in Path(f"/proc/{number}/comm").read_text():
        return None
    return int(told.read_text().split()[0]) / 1e6


LISTS = {
    "demands": ("", "sort=need_by", "supply=bare", "q=机器人"),
    "opportunities": ("",),
    "capabilities": ("", "sort=title", "sort=firm", "sort=-volume", "component_type=DRV", "q=减速"),
    "firms": ("", "sort=city", "component_type=DRV", "q=精密"),
    "sites": ("", "sort=name"),
    "matches": ("", "side=offers", "side=nearly", "side=needs&sort=score", "side=needs&best=1"),
    "pipelines": ("", "sort=score"),
    "introductions": ("", "who=overdue"),
    "runs": ("",),
    "cities": ("",),
    "notices": ("", "unread=true"),
}
WORDS = ("谐波", "jm", "Chengdu", "reducer", "有限公司")


def pages(person: User, who: str) -> Iterator[tuple[str, str]]:
    """Every page that this person is timed on: (name, address)."""
    yield "today", reverse("dashboard")
    for name, queries in LISTS.items():
        for query in queries:
            yield f"{name} {query}".strip(), f"{reverse(name)}?{query}".rstrip("?")
    for word in WORDS:
        yield f"search {word}", f"{reverse('search')}?q={word}"
    yield "gaps", reverse("gaps")
    if who == "lead":
        yield "meetings", reverse("meetings")
        yield "verifications", reverse("verifications")
    demand = Demand.objects.visible_to(person).filter(published=True).order_by("pk").first()
    if demand is not None:
        yield "a demand", reverse("demand", args=[demand.public_id])
    introduction = Introduction.objects.visible_to(person).order_by("pk").first()
    if introduction is not None:
        yield "an introduction", reverse("introduction", args=[introduction.public_id])


HEADING = f"{'as':15} {'page':34} {'best':>9} {'median':>9} {'p95':>9} {'program':>9} {'database':>9} {'queries':>8}"


def line(row: Timed) -> str:
    over = "  over" if row.median > LIMIT else ""
    values = (row.best, row.median, row.p95, row.program, row.database)
    times = " ".join(" " * 9 if value is None else f"{value:6.0f} ms" for value in values)
    return f"{row.who:15} {row.page:34} {times} {row.queries:8}{over}"
