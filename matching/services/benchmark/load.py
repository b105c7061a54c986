"""The API under load: real server processes, readers beside them, and a run and an import at low priority."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from alliance.choices import MemberRole, OrganisationKind
from alliance.models import Alliance, AllianceReach, ApiToken, City, CityCare, Organisation, User
from alliance.services.people import create_person, join_organisation
from alliance.services.tokens import issue_token, revoke_token
from companies.models import ComponentType, Facility
from matching.models import Demand
from matching.services.benchmark import clients
from matching.services.benchmark.clients import Plan, Seen

LIMIT = 150.0  # milliseconds, at the 95th percentile
ALLIANCES_READING = 20
#: Of what may wait: as workers have it (alliance.patience).
BACKGROUND = {
    "BACKGROUND": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "LOG_LEVEL": "ERROR",
}
KINDS = ("list", "search", "detail")
LISTS = (
    "organisations/",
    "organisations/?city={city}",
    "organisations/?role=manufacturer&limit=100",
    "organisations/?sort=newest",
    "capabilities/",
    "capabilities/?component_type={type}",
    "capabilities/?city={city}&component_type={type}",
    "facilities/?city={city}",
    "sites/",
    "sites/?city={city}",
    "demands/",
    "demands/?component_type={type}",
    "component-types/",
)
SEARCHES = (
    "organisations/?q=精密",
    "organisations/?q=有限公司",
    "organisations/?q={name}",
    "organisations/?q=jm",
    "capabilities/?q=减速",
    "capabilities/?q=C0001",
    "demands/?q=机器人",
    "facilities/?q={name}",
    "sites/?q=12",
)


@dataclass(frozen=True, slots=True)
class Round:
    """What one number of clients met: by kind the number of requests, median and 95th percentile in ms."""

    clients: int
    seconds: float
    kinds: dict[str, tuple[int, float, float]]
    errors: list[str]
    #: 95th percentile, median, number of requests and address, the slowest first
    addresses: list[tuple[float, float, int, str]]

    @property
    def met(self) -> bool:
        return not self.errors and all(p95 < LIMIT for _, _, p95 in self.kinds.values())

    @property
    def per_second(self) -> float:
        return sum(count for count, _, _ in self.kinds.values()) / self.seconds


def figures(seen: Seen, clients: int, seconds: float) -> Round:
    kinds = {kind: _percentiles(seen.took[kind]) for kind in KINDS if seen.took.get(kind)}
    addresses = [(*_percentiles(times)[::-1], name) for name, times in seen.addresses.items()]
    return Round(clients, seconds, kinds, seen.errors, sorted(addresses, reverse=True))


def _percentiles(times: list[float]) -> tuple[int, float, float]:
    """How many, the median and the 95th percentile."""
    times = sorted(times)
    return len(times), times[len(times) // 2], times[min(len(times) - 1, int(0.95 * len(times)))]


def visits() -> dict[str, list[str]]:
    """Addresses of lists and searches over cities, types and names that there are."""
    cities = list(City.objects.order_by("code").values_list("code", flat=True)[::40])
    types = list(ComponentType.objects.order_by("code").values_list("code", flat=True)[::9])
    names = list(City.objects.order_by("code").values_list("name_zh", flat=True)[::60])

    def filled(patterns: Sequence[str]) -> Iterator[str]:
        for pattern in patterns:
            for number in range(6 if "{" in pattern else 1):
                words = {
                    "city": cities[number % len(cities)],
                    "type": types[number % len(types)],
                    "name": names[number % len(names)],
                }
                yield "/api/v1/" + quote(pattern.format(**words), safe="/?=&")

    return {"list": list(filled(LISTS)), "search": list(filled(SEARCHES))}


def tokens() -> list[str]:
    """A read token for each reader: of the first alliances an admin at the lead bureau, a lab and a supplier."""
    found = []
    for place, (organisation, role) in enumerate(_seats()):
        name = f"reader-{place}"
        person = User.objects.filter(username=name).first() or create_person(name, password=token_urlsafe(24))
        join_organisation(person, organisation, role)
        for old in ApiToken.objects.filter(user=person):
            revoke_token(person, old.public_id)
        found.append(issue_token(person, name="load", scopes=["read"], days=1)[1])
    return found


def _seats() -> Iterator[tuple[Organisation, str]]:
    """Who reads, and as what."""
    for alliance in alliances_by_demands(ALLIANCES_READING):
        care = CityCare.objects.filter(city=alliance.lead_city_id).order_by("bureau_id").first()
        if care:
            yield care.bureau, MemberRole.ALLIANCE_ADMIN
        demand = (
            Demand.objects.filter(
                alliance=alliance, owner__kind=OrganisationKind.FIRM, owner__suspended=False
            )
            .order_by("pk")
            .first()
        )
        if demand:
            yield demand.owner, MemberRole.OWNER
        reach = AllianceReach.objects.filter(alliance=alliance).values("city_id")
        offers = Facility.objects.filter(
            city__in=reach, organisation__capabilities__published=True, organisation__suspended=False
        )
        supplier = offers.order_by("pk").first()
        if supplier:
            yield supplier.organisation, MemberRole.OWNER


@contextmanager
def web_server(processes: int | None, threads: int | None) -> Iterator[str]:
    """gunicorn as in production (docker/gunicorn.py, which says how many of both where these do not) on a loopback
    port; yields host:port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "alliance.wsgi:application",
        "--config",
        "docker/gunicorn.py",
    ]
    command += ["--bind", address, "--access-logfile", "/dev/null", "--log-level", "warning"]
    command += ["--workers", str(processes)] if processes else []
    command += ["--threads", str(threads)] if threads else []
    environ = os.environ | {
        "DEBUG": "false",
        "LOG_LEVEL": "ERROR",
        "SITE_URL": f"http://{address}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "API_REQUESTS_PER_MINUTE": "1000000",
    }
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environ)  # noqa: S603 (our own command)
    try:
        _wait_for(f"http://{address}/healthz", server)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with status {server.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 (http on loopback)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def ask(plan: Plan) -> Round:
    """One number of clients, in a process of its own."""
    command = [sys.executable, clients.__file__]
    done = subprocess.run(  # noqa: S603 (our own command)
        command,
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=True,
        cwd=settings.BASE_DIR,
    )
    said = json.loads(done.stdout)
    return figures(Seen(**said), plan.clients, plan.seconds)


@contextmanager
def background(folder: Path, rows: int) -> Iterator[None]:
    """A run after the other and an import after the other, at low priority, until the measuring ends."""
    write_update(folder, rows)
    command = [sys.executable, "manage.py", "bench_load", "--beside"]
    jobs = [
        subprocess.Popen(  # noqa: S603 (our own command)
            [*command, what],
            cwd=settings.BASE_DIR,
            env=os.environ | BACKGROUND,
            start_new_session=True,
        )
        for what in ("run", str(folder))
    ]
    try:
        yield
        ended = [job.returncode for job in jobs if job.poll() is not None]
        if ended:
            raise RuntimeError(f"what should have gone on beside the readers ended with status {ended}")
    finally:
        for job in jobs:
            with suppress(ProcessLookupError):
                os.killpg(job.pid, signal.SIGTERM)  # those that judge a file's rows with it
        for job in jobs:
            job.wait()


def write_update(folder: Path, rows: int) -> None:
    """A bundle that changes the free capacity of so many capabilities: what firms' systems send every night."""
    folder.mkdir()
    query = """
        SELECT c.external_id, o.external_id || '/' || f.external_id, t.capacity_per_month
        FROM companies_capability c JOIN companies_facility f ON f.id = c.facility_id
        JOIN alliance_organisation o ON o.id = c.organisation_id
        JOIN companies_capabilityterms t ON t.capability_id = c.id
        WHERE c.archived_at IS NULL ORDER BY c.id LIMIT %s
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [rows])
        found = cursor.fetchall()
    with (folder / "capabilities.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["external_id", "facility", "capacity_per_month"])
        writer.writerows(found)


def next_update(folder: Path) -> None:
    """One piece a month more in every row, so that the next import changes all of them again."""
    path = folder / "capabilities.csv"
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows([name, facility, float(capacity) + 1] for name, facility, capacity in rows)


def alliances_by_demands(most: int) -> list[Alliance]:
    return list(Alliance.objects.filter(demands__published=True).distinct().order_by("pk")[:most])
