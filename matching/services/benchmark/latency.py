"""From the commit of one change to results that readers see, through real workers and a real broker."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from alliance.errors import DomainError
from alliance.models import Alliance, AllianceCity, Membership, Organisation, User
from alliance.services.alliances import set_city, set_weights
from companies.models import Capability
from companies.services import CapabilityInput, set_free_capacity, update_capability
from matching.encoding import snapshot
from matching.models import Demand, DemandLine, Introduction, LinePrice, MatchRun, SiteNeed
from matching.services.changes.following import CONSUMER
from matching.services.demands import LineInput, publish_demand, save_line, withdraw_demand
from matching.services.introductions.delivering import count_delivery
from matching.services.runs.supplying import one_snapshot
from scenarios.models import Site
from scenarios.services import SiteInput, update_site

PATIENCE = 300.0  # seconds; workers of a whole country begin with a minute or two of laying out
WHOLE = ("weights of an alliance", "roles of a city")
POLL = 0.002

Write = Callable[[], Any]

# Every change has been followed, and no run is open: what a reader gets is the newest.
SETTLED = """
    SELECT NOT EXISTS (SELECT 1 FROM matching_matchrun WHERE state IN ('queued', 'running'))
       AND NOT EXISTS (
            SELECT 1 FROM alliance_change c JOIN alliance_consumerposition p ON p.name = 'matcher'
            WHERE (c.transaction, c.id) > (p.transaction, p.change) AND c.kind NOT IN ('run', 'mail'))
"""
FOLLOWED = """
    INSERT INTO alliance_consumerposition (name, transaction, change)
    SELECT %(name)s, pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1, coalesce(max(id), 0)
    FROM alliance_change
    ON CONFLICT (name) DO UPDATE SET transaction = excluded.transaction, change = excluded.change
"""


@dataclass(frozen=True)
class Measured:
    """One change: milliseconds from its commit, and how many demands it touched.

    `queued`, `started`, `ended`: when its last run was queued, taken up and over, by the database's clock.
    """

    kind: str
    total: float
    queued: float
    started: float
    ended: float
    demands: int
    runs: int
    span: tuple[float, float] = (0.0, 0.0)  # by this machine's monotonic clock


class Changes:
    """Makes one change of a kind through the services, on rows that somebody asks for."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 (spreads the changes, guards nothing)
        self.user = somebody()
        self.capabilities = list(
            Capability.objects.filter(
                published=True, component_type__in=DemandLine.objects.values("component_type")
            ).values_list("pk", flat=True)
        )
        self.lines = list(DemandLine.objects.filter(demand__published=True).values_list("pk", flat=True))
        kinds = SiteNeed.objects.values("scenario_type")
        self.sites = list(
            Site.objects.filter(published=True, scenario_type__in=kinds).values_list("pk", flat=True)
        )
        self.demands = list(Demand.objects.filter(published=True).values_list("pk", flat=True))
        self.kinds: dict[str, Callable[[], Write]] = {
            "capacity of a capability": self.capacity,
            "lead time of a capability": self.lead_time,
            "a line": self.line,
            "a site": self.site,
            "a demand published": self.publishing,
            "a delivery": self.delivery,
            "weights of an alliance": self.weights,
            "roles of a city": self.roles,
        }

    def _join(self, organisation: int) -> None:
        """One's own row is changed, by who may."""
        firm = Organisation.objects.get(pk=organisation)
        role = "owner" if firm.kind == "firm" else "admin"
        _, new = Membership.objects.get_or_create(user=self.user, organisation=firm, defaults={"role": role})
        if new:
            self.user = User.objects.get(pk=self.user.pk)  # what one may do is kept with the person

    def capacity(self) -> Write:
        row = Capability.objects.get(pk=self.dice.choice(self.capabilities))
        self._join(row.organisation_id)
        free = round(row.terms.capacity_per_month * (0.3 + 0.7 * self.dice.random()), 2)
        if free == row.terms.free_per_month:  # the same dice were thrown on this database before
            free = round(free / 2, 2)
        return partial(set_free_capacity, row, free, user=self.user)

    def lead_time(self) -> Write:
        row = Capability.objects.select_related("facility", "component_type").get(
            pk=self.dice.choice(self.capabilities)
        )
        self._join(row.organisation_id)
        days = row.volume_lead_days
        given = as_given(row, volume_lead_days=days + self.dice.choice([1, 3]))
        return partial(update_capability, row, given, user=self.user, version=None)

    def line(self) -> Write:
        row = DemandLine.objects.select_related("demand").get(pk=self.dice.choice(self.lines))
        self._join(row.demand.owner_id)
        price = LinePrice.objects.filter(line=row).first()
        given = LineInput(
            component_type=row.component_type,
            quantity=row.quantity,
            monthly_rate=row.monthly_rate * self.dice.choice([0.9, 1.1]),
            need_by=row.need_by,
            ceiling_unit_price=price.ceiling_unit_price if price else None,
            certificates=list(row.certificates.values_list("code", flat=True)),
            requirements=[
                {"key": r.key.key, "op": r.op, "value": r.value, "hard": r.hard}
                for r in row.requirements.select_related("key")
            ],
        )
        return partial(save_line, row.demand, given, user=self.user, line=row)

    def site(self) -> Write:
        row = Site.objects.get(pk=self.dice.choice(self.sites))
        self._join(row.organisation_id)
        fleet = max(1, round(row.fleet_capacity * self.dice.choice([0.9, 1.2])) + 1)
        given = SiteInput(
            name=row.name,
            city=row.city,
            scenario_type=row.scenario_type,
            # Saving what is there already is no change, of which nobody would hear.
            fleet_capacity=fleet + (fleet == row.fleet_capacity),
            params=row.params,
            conditions=[
                {"key": c.key.key, "op": c.op, "value": c.value}
                for c in row.part_conditions.select_related("key")
            ],
            external_id=row.external_id,
        )
        return partial(update_site, row, given, user=self.user, version=row.version)

    def publishing(self) -> Write:
        """Only the publishing is timed: what takes it back has been followed before."""
        row = Demand.objects.get(pk=self.dice.choice(self.demands))
        self._join(row.owner_id)
        withdraw_demand(row, user=self.user)
        wait_until_settled()
        return partial(publish_demand, row, user=self.user)

    def delivery(self) -> Write:
        row = Capability.objects.select_related("organisation").get(pk=self.dice.choice(self.capabilities))
        return partial(count_delivery, Introduction(supplier=row.organisation), on_time=True)

    def weights(self) -> Write:
        alliance = self.dice.choice(list(Alliance.objects.all()))
        line = {"price": self.dice.randrange(5, 40)}
        return partial(set_weights, alliance, user=self.user, version=alliance.version, line=line, site={})

    def roles(self) -> Write:
        row = self.dice.choice(list(AllianceCity.objects.select_related("alliance", "city")))
        roles = self.dice.sample(["rnd", "components", "production", "sites", "support"], 3)
        version = row.alliance.version
        return partial(set_city, row.alliance, row.city, roles, user=self.user, version=version)


def as_given(row: Capability, **more: Any) -> CapabilityInput:
    terms = row.terms
    given = CapabilityInput(
        component_type=row.component_type.code,
        facility=str(row.facility.public_id),
        external_id=row.external_id,
        title=row.title,
        specs=row.specs,
        capacity_per_month=terms.capacity_per_month,
        committed_per_month=terms.committed_per_month,
        unit_price=terms.unit_price,
        min_order_quantity=row.min_order_quantity,
        prototype_lead_days=row.prototype_lead_days,
        volume_lead_days=row.volume_lead_days,
        available_from=row.available_from,
        valid_until=row.valid_until,
    )
    return replace(given, **more)


def somebody() -> User:
    """Who makes the changes: of the platform's staff, and of a firm's or lab's people once it joins them.

    Nobody's at first: a member of thousands would have to be told of everything that changes.
    """
    person, _ = User.objects.get_or_create(
        username="bench-latency", defaults={"display_name": "Bench", "is_superuser": True, "is_staff": True}
    )
    Membership.objects.filter(user=person).delete()
    return person


def caught_up() -> None:
    """A database with results: its changes until now have been matched, nobody follows them.

    Without this a region that has just been filled counts as settled until a worker has begun, and then all of it is
    matched while the first change is timed.
    """
    with connection.cursor() as cursor:
        cursor.execute(FOLLOWED, {"name": CONSUMER})
        cursor.execute("DELETE FROM matching_formerrow")


def wait_until_settled() -> float:
    """When it was so, by this process's clock. TimeoutError after `PATIENCE`."""
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until:
        with connection.cursor() as cursor:
            cursor.execute(SETTLED)
            settled = cursor.fetchone()[0]
        now = time.perf_counter()
        if settled:
            return now
        time.sleep(POLL)
    raise TimeoutError("a change was not followed, or its run did not end")


def size_of_region() -> tuple[int, str]:
    """The number of capabilities, and all numbers to print."""
    capabilities = Capability.objects.count()
    numbers = {
        "firms and labs": Organisation.objects.count(),
        "capabilities": capabilities,
        "published demands": Demand.objects.filter(published=True).count(),
        "lines": DemandLine.objects.count(),
        "sites": Site.objects.count(),
        "alliances": Alliance.objects.count(),
    }
    return capabilities, ", ".join(f"{number:,} {what}" for what, number in numbers.items())


def measure_changes(count: int, seed: int, kinds: str = "") -> Iterator[Measured]:
    """`count` changes of each kind in turns, then a quarter of it of those that touch a whole alliance.

    Those come last: what they leave behind (a thousand demands' old rows to be swept, notices to be written) keeps
    workers and database busy for seconds after their results are there.
    """
    changes = Changes(seed)
    wait_until_settled()
    parts = kinds.split(",")
    chosen = {name: make for name, make in changes.kinds.items() if any(part in name for part in parts)}
    whole = {name: chosen.pop(name) for name in WHOLE if name in chosen}
    yield from _turns(chosen, count)
    yield from _turns(whole, count // 4)


def _turns(kinds: dict[str, Callable[[], Write]], count: int) -> Iterator[Measured]:
    for turn in range(count + 1):  # the first of each kind warms processes up and is not counted
        for name, make in kinds.items():
            with suppress(DomainError):  # an earlier change has made it impossible
                measured = _measure_one(name, make())
                if turn:
                    yield measured


def _measure_one(kind: str, write: Write) -> Measured:
    began: list[float] = []
    newest = MatchRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic():
        transaction.on_commit(lambda: began.append(time.perf_counter()))
        write()
    ended = wait_until_settled()
    runs = list(MatchRun.objects.filter(pk__gt=newest))
    latest = max((run.finished_at for run in runs if run.finished_at), default=None)
    times = [0.0, 0.0, 0.0]
    if latest is not None:
        last = next(run for run in runs if run.finished_at == latest)
        moments = (last.created_at, last.started_at or last.created_at, latest)
        over = (ended - began[0]) * 1000
        times = [over - (latest - moment).total_seconds() * 1000 for moment in moments]
    demands = sum(run.demands_done for run in runs)
    span = began[0], ended
    return Measured(kind, (ended - began[0]) * 1000, times[0], times[1], times[2], demands, len(runs), span)


def measure_snapshot(seed: int, changes: int = 20) -> str:
    """The snapshot made from nothing, mapped by a process, and brought up to date for a change."""
    took = {"rebuilt and written": _rebuild(), "mapped by another process": _seconds(_map)}
    made = Changes(seed)
    times = []
    for _ in range(changes):
        with suppress(DomainError), transaction.atomic():
            made.capacity()()
        times.append(1000 * _seconds(_look))
    with one_snapshot():
        now = snapshot.current()
    rows, size = (len(now.whole()), now.whole().nbytes()) if now else (0, 0)
    times.sort()
    told = [f"snapshot of {rows:,} capabilities: {size / 1e6:,.0f} MB, {size / max(rows, 1):,.0f} bytes each"]
    told += [f"{what:<28}{seconds:>8.2f} s" for what, seconds in took.items()]
    told.append(
        f"{'up to date after a change':<28}{_part(times, 0.5):>8.1f} ms p50, {times[-1]:.1f} ms at most"
    )
    return "\n".join(told)


def _look() -> None:
    with one_snapshot():
        snapshot.current()


def _rebuild() -> float:
    """Seconds, in a folder of its own: in the usual one the runs that filled the region have left it."""
    usual = settings.SNAPSHOT_DIR
    with tempfile.TemporaryDirectory() as empty:
        settings.SNAPSHOT_DIR = Path(empty)
        snapshot.forget()
        try:
            return _seconds(_look)
        finally:
            settings.SNAPSHOT_DIR = usual
            snapshot.forget()


def _map() -> None:
    snapshot.forget()
    _look()


def _seconds(work: Write) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def table(rows: list[Measured]) -> str:
    """Distribution by kind of change."""
    told = [
        f"{'change':<28}{'n':>4}{'p50':>8}{'p95':>8}{'max':>8}  ms   demands p50/max   runs   queued  started (p50, ms)"
    ]
    for kind in dict.fromkeys(row.kind for row in rows):
        own = [row for row in rows if row.kind == kind]
        total, demands = sorted(row.total for row in own), sorted(row.demands for row in own)
        runs = sorted(row.runs for row in own)
        queued, started = (sorted(getattr(row, name) for row in own) for name in ("queued", "started"))
        numbers = [_part(total, 0.5), _part(total, 0.95), total[-1]]
        told.append(
            f"{kind:<28}{len(own):>4}{numbers[0]:>8.0f}{numbers[1]:>8.0f}{numbers[2]:>8.0f}"
            f"  {_part(demands, 0.5):>12.0f} /{demands[-1]:>5}{_part(runs, 0.5):>7.0f}"
            f"{_part(queued, 0.5):>9.0f}{_part(started, 0.5):>9.0f}"
        )
    return "\n".join(told)


def _part(values: list[Any], part: float) -> float:
    """The value that this part of them does not exceed."""
    return float(values[min(len(values) - 1, int(part * len(values)))])
