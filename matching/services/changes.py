"""The matcher reads the changes of all apps and queues the runs that they call for."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from alliance.models import Alliance, AllianceReach, Change, ConsumerPosition, Organisation
from companies.models import Capability, Facility
from matching.models import Demand
from matching.services.runs.ending import drop_pointers
from matching.services.runs.queueing import CHANGE, create_run, has_matching
from scenarios.models import Site

CONSUMER = "matcher"
BATCH = 2000
# More demands than this in one go, and their whole alliance is matched instead.
SINGLE_RUNS = 3

# Nothing of these is read by the matcher.
IRRELEVANT = {
    "webhook",
    "sheet",
    "run",
    "token",
    "person",
    "viewing",
    "attachment",
    "message",
    "introduction",
    "answer",
    "project",
    "meeting",
    "action item",
    "evidence",
    # one by one what another change tells as a whole
    "capability row",
    "demand line",
    "saved filter",
    "mail",
    "notice preferences",
    "verification",
    "join request",
    "invitation",
}
# Steps of kinds that are read, but which cannot touch a result: a draft is in no match, a new plant has nothing yet.
IRRELEVANT_STEPS = {("capability", "drafted"), ("facility", "created")}

# The feed stops at the oldest running transaction: a slower one's rows are read later, never skipped.
READ = """
    SELECT id, transaction, kind, object_id, verb, before, after FROM alliance_change
    WHERE (transaction, id) > (%s, %s) AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY transaction, id LIMIT %s
"""


@dataclass
class Affected:
    """What to match again."""

    everything: bool = False
    alliances: set[int] = field(default_factory=set)
    demands: set[int] = field(default_factory=set)


def follow_changes() -> int:
    """Read what is new in the feed and queue runs for it; returns the number of changes read.

    Runs and position are one transaction: a crash repeats it, and runs that already wait absorb others.
    Somebody else who reads at this moment does the work.
    """
    total = 0
    while read := _follow_batch():
        total += read
        if read < BATCH:
            break
    return total


def _follow_batch() -> int:
    with transaction.atomic():
        ConsumerPosition.objects.bulk_create([ConsumerPosition(name=CONSUMER)], ignore_conflicts=True)
        position = ConsumerPosition.objects.select_for_update(skip_locked=True).filter(name=CONSUMER).first()
        if position is None:
            return 0
        if _is_from_another_cluster(position):
            return _start_again(position)
        changes = list(Change.objects.raw(READ, [position.transaction, position.change, BATCH]))
        if not changes:
            return 0
        _queue(affected_by(changes))
        position.transaction, position.change = changes[-1].transaction, changes[-1].pk
        position.save()
        return len(changes)


def _is_from_another_cluster(position: ConsumerPosition) -> bool:
    """After a restore from a dump transaction ids begin again; the old position would hide every change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return bool(position.transaction >= cursor.fetchone()[0])


def _start_again(position: ConsumerPosition) -> int:
    """Match everything once, and read on from here."""
    _queue(Affected(everything=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
        position.transaction, position.change = cursor.fetchone()[0], 0
    position.save()
    return 0


def _queue(affected: Affected) -> None:
    """One run for each alliance or demand concerned; a run that waits already is enough."""
    drop_pointers(Q(demand__published=False))
    demands = defaultdict(list)
    if not affected.everything:
        for demand in Demand.objects.filter(pk__in=affected.demands, published=True).order_by("pk"):
            demands[demand.alliance_id].append(demand)
    whole = affected.alliances | {key for key, several in demands.items() if len(several) > SINGLE_RUNS}
    concerned = Alliance.objects.order_by("pk")
    if not affected.everything:
        concerned = concerned.filter(pk__in=whole | demands.keys())
    for alliance in concerned:
        if affected.everything or alliance.pk in whole:
            if has_matching(alliance):
                create_run(alliance, cause=CHANGE)
        else:
            for demand in demands[alliance.pk]:
                create_run(alliance, demand=demand, cause=CHANGE)


def affected_by(changes: Iterable[Change]) -> Affected:
    """Which alliances and demands these changes touch; in doubt all of them."""
    by_kind: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if (change.kind, change.verb) not in IRRELEVANT_STEPS:
            by_kind[change.kind].append(change)
    found = Affected()
    for kind, several in by_kind.items():
        if found.everything:
            break
        if kind in IRRELEVANT:
            continue
        reader = READERS.get(kind)
        if reader is None:
            found.everything = True  # geography, type trees, imports, and what nobody foresaw
        else:
            reader(found, several)
    return found


def _public_ids(changes: Iterable[Change]) -> tuple[set[UUID], bool]:
    """The public ids named, and whether every change names one."""
    ids, clear = set(), True
    for change in changes:
        try:
            ids.add(UUID(change.object_id))
        except ValueError:
            clear = False
    return ids, clear


def _moved(changes: Iterable[Change]) -> bool:
    """Something may have left a city: the alliance it left is not to be seen in the row any more."""
    places = {"city", "facility", "lab_city", "alliance"}
    return any(places & set(change.before or {}) for change in changes)


def _reaching(found: Affected, cities: Iterable[int]) -> None:
    """Alliances that reach these cities, and those with demands that look everywhere."""
    found.alliances |= set(
        AllianceReach.objects.filter(city__in=set(cities)).values_list("alliance_id", flat=True)
    )
    everywhere = Demand.objects.filter(published=True, scope="open")
    found.alliances |= set(everywhere.values_list("alliance_id", flat=True).distinct())


def _by_city(
    rows: Callable[[set[UUID]], Iterable[tuple[UUID, int]]],
) -> Callable[[Affected, list[Change]], None]:
    """A reader for kinds that lie in a city; `rows` gives (public id, city) of those that still exist."""

    def read(found: Affected, changes: list[Change]) -> None:
        ids, clear = _public_ids(changes)
        places = list(rows(ids))
        if not clear or _moved(changes) or {identity for identity, _ in places} != ids:
            found.everything = True
        else:
            _reaching(found, (city for _, city in places))

    return read


def _capabilities(ids: set[UUID]) -> Iterable[tuple[UUID, int]]:
    return Capability.objects.filter(public_id__in=ids).values_list("public_id", "facility__city_id")


def _facilities(ids: set[UUID]) -> Iterable[tuple[UUID, int]]:
    return Facility.objects.filter(public_id__in=ids).values_list("public_id", "city_id")


def _sites(ids: set[UUID]) -> Iterable[tuple[UUID, int]]:
    return Site.objects.filter(public_id__in=ids).values_list("public_id", "city_id")


def _organisations(found: Affected, changes: list[Change]) -> None:
    """Verification, suspension, certificates, deliveries, exclusions: wherever its plants, sites and demands are."""
    ids, clear = _public_ids(changes)
    rows = list(Organisation.objects.filter(public_id__in=ids).values_list("pk", flat=True))
    if not clear or len(rows) != len(ids):
        found.everything = True
        return
    cities: set[int] = set()
    lies_in: list[QuerySet[Facility, int] | QuerySet[Site, int]] = [
        Facility.objects.filter(organisation__in=rows).values_list("city_id", flat=True),
        Site.objects.filter(organisation__in=rows).values_list("city_id", flat=True),
    ]
    for places in lies_in:
        cities |= set(places)
    if cities:
        _reaching(found, cities)
    own = Demand.objects.filter(owner__in=rows, published=True)
    found.demands |= set(own.values_list("pk", flat=True))


def _demands(found: Affected, changes: list[Change]) -> None:
    ids, clear = _public_ids(changes)
    if not clear:
        found.everything = True
    found.demands |= set(Demand.objects.filter(public_id__in=ids).values_list("pk", flat=True))


def _alliances(found: Affected, changes: list[Change]) -> None:
    """Named by slug or public id; a membership or version of weights may add something behind a slash."""
    known = {str(public): pk for pk, public in Alliance.objects.values_list("pk", "public_id")}
    known |= dict(Alliance.objects.values_list("slug", "pk"))
    for change in changes:
        alliance = known.get(change.object_id.split("/")[0])
        if alliance is None:
            found.everything = True
        else:
            found.alliances.add(alliance)


READERS: dict[str, Callable[[Affected, list[Change]], None]] = {
    "capability": _by_city(_capabilities),
    "facility": _by_city(_facilities),
    "site": _by_city(_sites),
    "organisation": _organisations,
    "demand": _demands,
    "alliance": _alliances,
    "membership": _alliances,
    "weights": _alliances,
}
