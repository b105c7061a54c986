"""A region as it is after a night: imported, matched, with people, introductions and statistics."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from alliance.models import Alliance, User
from alliance.services.demo import make_demo_people
from companies.models import Capability
from matching.models import Demand, DemandLine, Match
from matching.services.benchmark.region import AS_OF
from matching.services.benchmark.workers import Workers
from matching.services.bundle import import_region
from matching.services.introductions import introduce
from matching.services.runs import create_run

INTRODUCED = 300


def fill(bundle: Path, workers: int, say: Callable[[str], object]) -> None:
    """Import, match, introduce, and the statistics that a database has after a night."""
    say("importing the bundle")
    import_region(bundle)
    alliances = list(Alliance.objects.filter(demands__published=True).distinct().order_by("pk"))
    say(f"matching {len(alliances)} alliances")
    for alliance in alliances:
        create_run(alliance, cause="asked", as_of=AS_OF, pinned=True)
    Workers(workers).work()
    with tempfile.TemporaryDirectory() as folder:
        make_demo_people(Path(folder) / "people.txt")
    say("introducing")
    official = people()["lead"]
    for match in _best(official):
        introduce(user=official, line=match.line_row, capability=match.capability_row)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _best(official: User) -> Iterator[Any]:
    rows = list(Match.objects.visible_to(official).current().filter(rank=1).order_by("pk")[:INTRODUCED])
    lines = DemandLine.objects.select_related("demand__owner").in_bulk([row.line_id for row in rows])
    offers = Capability.objects.select_related("organisation", "facility").in_bulk(
        [row.capability_id for row in rows]
    )
    for row in rows:
        row.line_row, row.capability_row = lines[row.line_id], offers[row.capability_id]
        lab = row.line_row.demand.owner
        if lab.pk != row.capability_row.organisation_id and not lab.suspended:
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
