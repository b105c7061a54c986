"""What a run changed for a lab's demand and for a supplier's capability: one notice for each, never one per match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from alliance.choices import NoticeGroup
from alliance.models import Change, User
from alliance.services.notices.telling import News, everybody, members_of
from companies.models import Capability
from matching.models import Demand, DemandLine, MatchRun

GROUP = NoticeGroup.MATCHES.value
#: A run keeps this many matches of a line: beyond it a capability that is gone was only overtaken.
KEPT = 20
MOST_LINES = 50  # of one notice
MOST_OFFERS = 5  # told one by one: beyond it they are told together
Lines = dict[int, set[int]]

# The lines of demands whose newest results are this run's, with what people were told of them last. A later run
# has taken the pointer of the others along, and its own change speaks of them.
NEWS = """
    SELECT now.line_id, now.demand_id, now.capabilities, told.capabilities
    FROM ({current}) now LEFT JOIN matching_toldmatches told ON told.line_id = now.line_id
    WHERE told.capabilities IS DISTINCT FROM now.capabilities
    ORDER BY now.demand_id, now.line_id
"""
CURRENT = """
    SELECT l.line_id, l.demand_id, ARRAY(SELECT unnest(m.capabilities) ORDER BY 1) AS capabilities
    FROM matching_currentresult c
    JOIN matching_lineresult l ON l.demand_id = c.demand_id AND l.run_id = c.run_id
    LEFT JOIN matching_linematches m
        ON m.demand_id = l.demand_id AND m.run_id = l.run_id AND m.line_id = l.line_id
    {where}
"""
REMEMBER = """
    INSERT INTO matching_toldmatches (line_id, demand_id, capabilities)
    SELECT line_id, demand_id, capabilities FROM ({current}) now
    ON CONFLICT (line_id) DO UPDATE SET demand_id = excluded.demand_id, capabilities = excluded.capabilities
    WHERE matching_toldmatches.capabilities IS DISTINCT FROM excluded.capabilities
"""


@dataclass
class Difference:
    """Capabilities that a line gained and lost; `first`: nobody was told of the line before."""

    line: int
    demand: int
    gained: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    first: bool = False


def remember_matches(run_id: int | None = None) -> None:
    """What is current counts as told: of one run, or of all where reading begins."""
    where = "" if run_id is None else "WHERE c.run_id = %s"
    with connection.cursor() as cursor:
        cursor.execute(
            REMEMBER.format(current=CURRENT.format(where=where)), None if run_id is None else [run_id]
        )


def differences(run_id: int) -> list[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(NEWS.format(current=CURRENT.format(where="WHERE c.run_id = %s")), [run_id])
        rows = cursor.fetchall()
    found = []
    for line, demand, now, told in rows:
        before, after = set(told or ()), set(now)
        lost = before - after if len(after) < KEPT else set()
        found.append(Difference(line, demand, after - before, lost, told is None))
    return [one for one in found if one.gained or one.lost]


def run(change: Change) -> list[News]:
    """The labs of its demands, and the suppliers that gained or lost a line."""
    if change.verb != "finished":
        return []
    row = MatchRun.objects.filter(public_id=change.object_id).first()
    if row is None:
        return []
    found = differences(row.pk)
    news = [*_to_labs(found), *_to_suppliers(found)]
    remember_matches(row.pk)
    return news


def _to_labs(found: Iterable[Difference]) -> list[News]:
    by_demand: dict[int, list[Difference]] = defaultdict(list)
    for one in found:
        by_demand[one.demand].append(one)
    demands = Demand.objects.in_bulk(by_demand)
    people = members_of({demand.owner_id for demand in demands.values()})
    names = _names(one.line for one in found)
    return [
        News(person, GROUP, "demand matches", "demand matches", str(demand.public_id), told, f"demand {key}")
        for key, lines in by_demand.items()
        if (demand := demands.get(key)) is not None
        for told in [_told(lines, names)]
        for person in people.get(demand.owner_id, [])
    ]


def _told(lines: list[Difference], names: dict[int, str]) -> dict[str, object]:
    """How many each line gained and lost."""
    counts = [[names[one.line], len(one.gained), len(one.lost)] for one in lines if one.line in names]
    return {"lines": counts[:MOST_LINES], "first": all(one.first for one in lines)}


def _names(lines: Iterable[int]) -> dict[int, str]:
    return {
        key: str(public)
        for key, public in DemandLine.objects.filter(pk__in=set(lines)).values_list("pk", "public_id")
    }


def _to_suppliers(found: Iterable[Difference]) -> list[News]:
    gained: Lines = defaultdict(set)
    lost: Lines = defaultdict(set)
    for one in found:
        for capability in one.gained:
            gained[capability].add(one.line)
        for capability in one.lost:
            lost[capability].add(one.line)
    offers = Capability.objects.filter(pk__in={*gained, *lost}, published=True, archived_at=None)
    owned: dict[int, list[Capability]] = defaultdict(list)
    for offer in offers.order_by("pk"):
        owned[offer.organisation_id].append(offer)
    people = members_of(owned)
    places: dict[int, list[Capability]] = defaultdict(list)
    for organisation, several in people.items():
        for person in several:
            places[person.pk] += owned[organisation]
    names = _names(line for lines in (*gained.values(), *lost.values()) for line in lines)
    return [
        news
        for person in everybody(people)
        for news in _to_supplier(person, places[person.pk], (gained, lost), names)
    ]


def _to_supplier(
    person: User, offers: list[Capability], moved: tuple[Lines, Lines], names: dict[int, str]
) -> list[News]:
    """Only of lines that the person may see: a foreign demand of open scope matches without being told."""
    lines = {line for offer in offers for rows in moved for line in rows.get(offer.pk, ())}
    seen = set(DemandLine.objects.visible_to(person).filter(pk__in=lines).values_list("pk", flat=True))
    told = {offer: tuple(rows.get(offer.pk, set()) & seen for rows in moved) for offer in offers}
    told = {offer: sets for offer, sets in told.items() if any(sets)}
    if len(told) > MOST_OFFERS:
        together = tuple(set().union(*(sets[at] for sets in told.values())) for at in (0, 1))
        identity = str(next(iter(told)).public_id)
        params = _lines_told(together, names) | {"count": len(told)}
        return [News(person, GROUP, "offers matches", "offers matches", identity, params, "offers")]
    key = "capability matches"
    return [
        News(person, GROUP, key, key, str(offer.public_id), _lines_told(sets, names), f"offer {offer.pk}")
        for offer, sets in told.items()
    ]


def _lines_told(sets: tuple[set[int], ...], names: dict[int, str]) -> dict[str, Any]:
    return {
        word: [names[line] for line in sorted(lines) if line in names][:MOST_LINES]
        for word, lines in zip(("gained", "lost"), sets, strict=True)
    }
