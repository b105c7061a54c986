"""What a change is about, and with that the demands that have to be matched again."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from alliance.models import Alliance, Change, Organisation
from companies.models import Capability, Facility
from matching.encoding import EncodingError
from matching.models import Demand, FormerRow
from matching.services.changes.figures import says_figures_only
from matching.services.changes.places import demands_of_roads, demands_of_sites, says_fleet_only
from matching.services.changes.supply import demands_of_capabilities
from scenarios.models import Site

logger = logging.getLogger(__name__)

# Nothing of these is read by the matcher.
IRRELEVANT = {
    "certification",
    "webhook",
    "sheet",
    "export",
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

# What reference data is called, and where it is written down: no rule reads it.
NAMES = {
    *("name_en", "name_zh", "synonyms_en", "synonyms_zh", "description_en", "description_zh", "symbol"),
    *("quantity_unit", "classification", "attributes", "publishes_directory", "km", "source"),
}
REFERENCE = {
    "city",
    "component type",
    "component key",
    "scenario type",
    "scenario key",
    "alliance",
    "travel time",
}


@dataclass
class Affected:
    """What to match again."""

    everything: bool = False
    alliances: set[int] = field(default_factory=set)
    demands: set[int] = field(default_factory=set)


@dataclass
class _Named:
    """The rows that changes name, by key."""

    everything: bool = False
    capabilities: set[int] = field(default_factory=set)
    figures: set[int] = field(default_factory=set)  # capabilities of which a change speaks of nothing else
    sites: set[int] = field(default_factory=set)
    fleets: set[int] = field(default_factory=set)  # sites of which a change speaks of nothing else
    alliances: set[int] = field(default_factory=set)
    demands: set[int] = field(default_factory=set)
    roads: set[tuple[str, str]] = field(default_factory=set)


def affected_by(changes: Iterable[Change]) -> Affected:
    """Which alliances and demands these changes touch; in doubt all of them.

    The changes are read in one go with the rows as they stand and as they stood, so ask before they are followed.
    """
    by_kind: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if not _says_nothing(change):
            by_kind[change.kind].append(change)
    named = _Named()
    for kind, several in by_kind.items():
        reader = READERS.get(kind)
        if reader is None:
            named.everything = True  # geography, type trees, imports, and what nobody foresaw
        else:
            reader(named, several)
        if named.everything:
            return Affected(everything=True)
    try:
        return Affected(alliances=named.alliances, demands=_demands_of(named))
    except (EncodingError, LookupError, TypeError, ValueError):
        # A state from before a change of the tree that comes later in the feed. Its run will say what is wrong, if
        # anything is; who stopped here would follow no change any more.
        logger.exception("what a change touches cannot be told: everything is matched")
        return Affected(everything=True)


def _demands_of(named: _Named) -> set[int]:
    figures = named.figures - named.capabilities
    demands = named.demands | demands_of_capabilities(named.capabilities | figures, figures)
    fleets = named.fleets - named.sites
    demands |= demands_of_sites(named.sites | fleets, fleets)
    return demands | demands_of_roads(named.roads) if named.roads else demands


def _says_nothing(change: Change) -> bool:
    if change.kind in IRRELEVANT or (change.kind, change.verb) in IRRELEVANT_STEPS:
        return True
    changed = {*(change.before or ()), *(change.after or ())}
    if change.kind == "organisation" and changed == {"contact"}:
        return True
    return change.kind in REFERENCE and change.verb == "update" and changed <= NAMES


def _keys(named: _Named, model: Any, changes: Iterable[Change]) -> set[int]:
    """Keys of the rows named by their public ids; everything is in doubt where one is not there."""
    ids = set()
    for change in changes:
        try:
            ids.add(UUID(change.object_id))
        except ValueError:
            named.everything = True
    found = dict(model.objects.filter(public_id__in=ids).values_list("pk", "public_id"))
    named.everything |= set(found.values()) != ids
    return set(found)


def _that_had(source: str, column: str, keys: Collection[int]) -> set[int]:
    """Rows of which an earlier state named one of these keys in a column."""
    rows = FormerRow.objects.filter(source=source, **{f"data__{column}__in": list(keys)})
    return set(rows.values_list("row_id", flat=True))


def _capabilities(named: _Named, changes: list[Change]) -> None:
    figures, others = _split(changes, says_figures_only)
    named.figures |= _keys(named, Capability, figures)
    named.capabilities |= _keys(named, Capability, others)


def _split(changes: list[Change], question: Callable[[Change], bool]) -> tuple[list[Change], list[Change]]:
    several: dict[bool, list[Change]] = {True: [], False: []}
    for change in changes:
        several[question(change)].append(change)
    return several[True], several[False]


def _facilities(named: _Named, changes: list[Change]) -> None:
    keys = _keys(named, Facility, changes)
    named.capabilities |= set(Capability.objects.filter(facility__in=keys).values_list("pk", flat=True))
    named.capabilities |= _that_had("companies_capability", "facility_id", keys)


def _supply(named: _Named, changes: list[Change]) -> None:
    """All capabilities of firms: an import, or what follows from the firm itself."""
    _offers(named, _keys(named, Organisation, changes))


def _offers(named: _Named, firms: set[int]) -> None:
    named.capabilities |= set(Capability.objects.filter(organisation__in=firms).values_list("pk", flat=True))
    named.capabilities |= _that_had("companies_capability", "organisation_id", firms)


def _organisations(named: _Named, changes: list[Change]) -> None:
    """Verification, suspension, certificates, deliveries, exclusions: its offers, its sites, and its own demands."""
    keys = _keys(named, Organisation, changes)
    _offers(named, keys)
    named.sites |= set(Site.objects.filter(organisation__in=keys).values_list("pk", flat=True))
    named.sites |= _that_had("scenarios_site", "organisation_id", keys)
    own = Demand.objects.filter(owner__in=keys, published=True)
    named.demands |= set(own.values_list("pk", flat=True))


def _sites(named: _Named, changes: list[Change]) -> None:
    fleets, others = _split(changes, says_fleet_only)
    named.fleets |= _keys(named, Site, fleets)
    named.sites |= _keys(named, Site, others)


def _demands(named: _Named, changes: list[Change]) -> None:
    named.demands |= _keys(named, Demand, changes)


def _roads(named: _Named, changes: list[Change]) -> None:
    """Named by the codes of both ends; the one who records may change which, and has then named both roads."""
    for change in changes:
        start, _, end = change.object_id.partition("/")
        named.roads.add((start, end))
        if {"origin", "destination"} & {*(change.before or ())} and change.verb == "update":
            named.everything = True  # the road led elsewhere before


def _alliances(named: _Named, changes: list[Change]) -> None:
    """Named by slug or public id; a membership or version of weights may add something behind a slash."""
    known = {str(public): pk for pk, public in Alliance.objects.values_list("pk", "public_id")}
    known |= dict(Alliance.objects.values_list("slug", "pk"))
    for change in changes:
        alliance = known.get(change.object_id.split("/")[0])
        if alliance is None:
            named.everything = True
        else:
            named.alliances.add(alliance)


READERS: dict[str, Callable[[_Named, list[Change]], None]] = {
    "capability": _capabilities,
    "capabilities": _supply,
    "facility": _facilities,
    "site": _sites,
    "organisation": _organisations,
    "demand": _demands,
    "travel time": _roads,
    "alliance": _alliances,
    "membership": _alliances,
    "weights": _alliances,
}
