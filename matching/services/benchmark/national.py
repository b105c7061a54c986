"""A country's full run: the register read once, all alliances matched and stored, readers looking on."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection

from alliance.models import Alliance
from companies.models import Capability
from matching.encoding import encode
from matching.kernel.solve import Solver
from matching.models import CurrentResult, Demand, DemandLine, Match, MatchRun, Pipeline
from matching.services.benchmark.measure import timed
from matching.services.benchmark.stages import postgres_processor, told
from matching.services.benchmark.workers import Workers, resident
from matching.services.bundle import import_region
from matching.services.runs import create_run
from matching.services.runs.supplying import one_snapshot, supply_of_now

LOOK_EVERY = 0.1  # seconds between two looks of a reader
LAYING = 4  # processes
Told = Iterator[tuple[str, int]]


def measure_country(bundle: Path | None, as_of: date, workers: list[int], check: int, *, early: bool) -> Told:
    """Lines to print, each with how many wrong results it tells of. On a migrated database, filled if no bundle.

    early: the first run begins when the supply has just been written, and lays out itself what runs begin with."""
    if bundle:
        seconds, _ = timed(lambda: import_region(bundle))
        yield f"{'import of the bundle':<44}{seconds:>9.1f} s", 0
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    alliances = list(Alliance.objects.filter(demands__published=True).distinct().order_by("pk"))
    lines = DemandLine.objects.filter(demand__published=True).count()
    demands = Demand.objects.filter(published=True).count()
    capabilities = Capability.objects.count()
    yield (
        f"{len(alliances)} alliances, {capabilities:,} capabilities, {demands:,} demands, {lines:,} lines",
        0,
    )
    yield from _supply(as_of)
    if not early:
        yield from _lay_out(as_of)
    for count in workers:
        yield _run(alliances, as_of, count, lines)
    yield _check(as_of, check)


def _supply(as_of: date) -> Told:
    def write() -> None:
        with one_snapshot():
            supply_of_now(as_of)

    before = time.process_time()
    seconds, _ = timed(write)
    folder = Path(settings.SNAPSHOT_DIR or ".")
    size = _written(folder)
    note = f"one process, {time.process_time() - before:.1f} s of its processor; {size:,.0f} MB in files"
    yield f"{'snapshot of offers and sites, rebuilt':<44}{seconds:>9.1f} s  {note}", 0


def _written(folder: Path) -> float:
    """MB of files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def _lay_out(as_of: date) -> Told:
    """What publishing a supply does in the background, by several processes as workers would."""
    folder, spent = Path(settings.SNAPSHOT_DIR or "."), os.times()
    before = _written(folder)
    command = [sys.executable, "manage.py", "prepare_supply", "--as-of", as_of.isoformat()]
    began = time.perf_counter()
    children = [subprocess.Popen(command, cwd=settings.BASE_DIR) for _ in range(LAYING)]  # noqa: S603 (our own)
    memory = 0.0
    while any(child.poll() is None for child in children):
        memory = max(memory, sum(resident(child.pid) for child in children))
        time.sleep(LOOK_EVERY)
    if any(child.returncode for child in children):
        raise RuntimeError("the supply was not laid out")
    seconds, after = time.perf_counter() - began, os.times()
    processor = after.children_user + after.children_system - spent.children_user - spent.children_system
    note = (
        f"{LAYING} processes, with their start; {processor:.1f} s of their processors, {memory:,.0f} MB; "
        f"{_written(folder) - before:,.0f} MB more in files"
    )
    yield f"{'what runs begin with, laid out':<44}{seconds:>9.1f} s  {note}", 0


def _run(alliances: list[Alliance], as_of: date, workers: int, lines: int) -> tuple[str, int]:
    """From queueing to the moved pointers, with workers that stand by."""
    reader = _Reader()
    with tempfile.TemporaryDirectory() as clocks:
        starting, ready = timed(lambda: Workers(workers, clocks))
        began, spent, before = time.perf_counter(), os.times(), postgres_processor()
        runs = [create_run(alliance, cause="asked", as_of=as_of, pinned=True) for alliance in alliances]
        with reader:
            memory = ready.work()
        seconds, after, stages = time.perf_counter() - began, os.times(), told(Path(clocks))
    server = "unknown" if before is None else f"{(postgres_processor() or before) - before:.1f} s"
    states = set(MatchRun.objects.filter(pk__in=[run.pk for run in runs]).values_list("state", flat=True))
    if states != {"finished"}:
        raise RuntimeError(f"runs ended {states}")
    processor = after.children_user + after.children_system - spent.children_user - spent.children_system
    kept = Match.objects.filter(run_id__in=[run.pk for run in runs]).count()
    note = (
        f"{lines / seconds:,.0f} lines/s, {kept:,} matches; workers' processors {processor:.1f} s "
        f"(ready before, in {starting:.1f} s), PostgreSQL's {server}, "
        f"memory of all {memory:,.0f} MB without PostgreSQL; {reader.said}; load average {os.getloadavg()[0]:.1f}"
    )
    return f"{f'full run, {workers} workers':<44}{seconds:>9.1f} s  {note}\n{stages}", reader.wrong


class _Reader:
    """Looks at one demand's results all the time: they are of one run, and there once they were there."""

    def __init__(self) -> None:
        self.demand = CurrentResult.objects.order_by("demand_id").values_list("demand_id", flat=True).first()
        self.looks: list[float] = []
        self.wrong = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while self.demand and not self._stop.wait(LOOK_EVERY):
            began = time.perf_counter()
            runs = set(Match.objects.current().filter(demand_id=self.demand).values_list("run_id", flat=True))
            self.looks.append(time.perf_counter() - began)
            self.wrong += int(len(runs) != 1)
        connection.close()

    def __enter__(self) -> "_Reader":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def said(self) -> str:
        if not self.looks:
            return "no results before to look at"
        slow = 1000 * float(np.quantile(self.looks, 0.95))
        return f"a reader looked {len(self.looks)} times, p95 {slow:.0f} ms, {self.wrong} times nothing or a mixture"


def _check(as_of: date, many: int) -> tuple[str, int]:
    """Demands spread over all, read and matched on their own by NumPy: the stored rows must be the same."""
    keys = list(CurrentResult.objects.order_by("demand_id").values_list("demand_id", flat=True))
    chosen = keys[:: max(1, len(keys) // max(1, many))][:many]
    wrong = looked = 0
    for demand in Demand.objects.filter(pk__in=chosen):
        frozen = encode(demand.alliance_id, as_of, demand.pk)
        if frozen is None:
            continue
        found, ids = Solver(frozen.problem, compiled=False).solve(), frozen.identities
        best, plans = found.matches, found.pipelines
        expected = list(
            zip(ids.lines[best.line].tolist(), best.rank.tolist(), ids.capabilities[best.capability].tolist(),
                best.score.tolist(), strict=True)
        )  # fmt: skip
        stored = Match.objects.current().filter(demand_id=demand.pk).order_by("line_id", "rank")
        same = expected == list(stored.values_list("line_id", "rank", "capability_id", "score"))
        rows = Pipeline.objects.current().filter(demand_id=demand.pk).order_by("rank")
        sites = [None if site < 0 else int(ids.sites[site]) for site in plans.site.tolist()]
        teams = list(zip(sites, plans.score.tolist(), strict=True))
        same &= teams == list(rows.values_list("site_id", "score"))
        wrong += not same
        looked += 1
    told = f"{looked} demands matched on their own by NumPy: {wrong} differ in matches or pipelines"
    return f"{'the same results':<44}{'yes' if not wrong and looked else 'NO':>9}    {told}", wrong + (
        not looked
    )
