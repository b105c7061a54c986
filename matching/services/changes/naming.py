"""Demands of which the results that count name something: others cannot show what only moved it down."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import connection
from django.db.models import Q

from alliance.choices import RunState
from matching.models import Demand, MatchRun

# Those left out have results, which say whom they name (a list without anybody is one from before there were lists)
# and do not name this one.
NAMING = """
    SELECT DISTINCT asked.demand FROM unnest(%(demands)s::bigint[], %(named)s::bigint[]) AS asked(demand, named)
    WHERE NOT EXISTS (
        SELECT FROM matching_currentresult c
        JOIN matching_demandresult r ON r.demand_id = c.demand_id AND r.run_id = c.run_id
        WHERE c.demand_id = asked.demand AND {lists}
    )
"""
CAPABILITIES = "cardinality(r.capabilities) > 0 AND asked.named <> ALL (r.capabilities || r.team)"
SITES = "cardinality(r.sites) > 0 AND asked.named <> ALL (r.sites)"


def naming_capabilities(wanted: Mapping[int, Collection[int]]) -> set[int]:
    """Of the demands asked about by capability those that name it in a match, a near miss or a team, or may soon.

    Ask after its states were read: a run that begins later has seen them.
    """
    return _naming(CAPABILITIES, wanted)


def naming_sites(wanted: Mapping[int, Collection[int]]) -> set[int]:
    """The same for sites: in a site match or a pipeline."""
    return _naming(SITES, wanted)


def _naming(lists: str, wanted: Mapping[int, Collection[int]]) -> set[int]:
    pairs = [(demand, named) for named, demands in wanted.items() for demand in demands]
    if not pairs:
        return set()
    # The runs before the results: one that ends in between has moved its pointers by then.
    running = of_running_runs({demand for demand, _named in pairs})
    demands, named = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(NAMING.format(lists=lists), {"demands": list(demands), "named": list(named)})
        return running | {row[0] for row in cursor.fetchall()}


def of_running_runs(demands: Collection[int]) -> set[int]:
    """What a run that has begun will say of them nobody knows yet."""
    running = MatchRun.objects.filter(state=RunState.RUNNING)
    own: set[int] = set()
    whole: list[int] = []
    for alliance, demand, several in running.values_list("alliance_id", "demand_id", "demands"):
        if demand is None and not several:
            whole.append(alliance)
        own.update(several if demand is None else [demand])
    found = own & set(demands)
    if whole:
        covered = Demand.objects.filter(Q(alliance__in=whole), pk__in=set(demands))
        found |= set(covered.values_list("pk", flat=True))
    return found
