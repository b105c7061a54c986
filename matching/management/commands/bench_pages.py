"""Times pages on a generated region in a throw-away database: what the server needs, without network or browser."""

from __future__ import annotations

import os
import time
import warnings
from argparse import BooleanOptionalAction
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.test import Client
from django.urls import reverse

from alliance.models import User
from matching.models import Demand, Introduction
from matching.services.benchmark import region
from matching.services.benchmark.filling import fill, people

#: Server time of a page that nobody waits for, in milliseconds.
LIMIT = 150.0


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
        region.add_region_arguments(parser)
        parser.add_argument("--workers", type=int, default=4)
        parser.add_argument("--repeats", type=int, default=15)
        parser.add_argument("--only", default="", help="only pages whose name contains this")
        parser.add_argument("--strict", action=BooleanOptionalAction, help="status 1 when a median is over")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inside"] is not None:
            self._inside(options)
            return
        self.stdout.write(f"bench_pages {region.asked_region(options)} --repeats {options['repeats']}")
        arguments = region.handed_on(options, "workers", "repeats", "only", "strict")
        status = region.measure_inside(
            "bench_pages",
            arguments,
            region.make_region(options),
            keep=options["keep"],
            filled="matching_match",
        )
        if status:
            raise CommandError("A page was too slow, or did not answer.", returncode=status)

    def _inside(self, options: dict[str, Any]) -> None:
        bundle = region.migrated(options["inside"])
        if bundle:
            fill(bundle, options["workers"], self.stderr.write)
        settings.ALLOWED_HOSTS = ["testserver"]
        warnings.filterwarnings("ignore", "No directory at")  # static files are not part of it
        from alliance.serving import settle

        settle()  # as the server does
        slow = 0
        load = region.load_average()
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
