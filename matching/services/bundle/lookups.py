"""Who is called what: the ids behind the codes and external ids that a bundle writes, in file and database."""

from collections import defaultdict
from collections.abc import Hashable, Iterable

from django.utils.translation import gettext as _

from alliance.models import Alliance, AllianceCity, Certification, City, Organisation, TravelTime
from companies.models import Capability, ComponentType, Facility
from matching.models import Demand, DemandLine
from matching.services.bundle.layout import COMPONENT_TYPES, SCENARIO_TYPES
from matching.services.bundle.problems import CellError
from scenarios.models import ScenarioType, Site


class Names:
    """One table's keys. An `incomplete` one lost rows to errors: what it does not know is not complained about."""

    def __init__(self, rows: Iterable[tuple[int, Hashable]]) -> None:
        self.ids: dict[Hashable, int] = {key: pk for pk, key in rows}
        self.incomplete = False

    def add(self, key: Hashable, pk: int) -> None:
        self.ids[key] = pk

    def find(self, text: str) -> int | None:
        """The id that a cell means; None where nobody can know."""
        pk = self.ids.get(text)
        if pk is None and not self.incomplete:
            raise CellError(_("There is no “%(text)s” in the bundle or the database.") % {"text": text[:120]})
        return pk


class Scoped(Names):
    """Keys that are unique within an organisation: written `id`, or `organisation/id` where that is ambiguous.

    A bundle means its own rows first: one that is clear in itself stays so whatever the database holds.
    """

    def __init__(self, rows: Iterable[tuple[int, int, str]], organisations: Names) -> None:
        super().__init__([])
        self.organisations = organisations
        self.owners: dict[int, int] = {}
        self.named: dict[str, list[int]] = defaultdict(list)
        self.here: set[int] = set()
        for pk, owner, external_id in rows:
            self.add((owner, external_id), pk)

    def add(self, key: Hashable, pk: int) -> None:
        owner: int
        external_id: str
        owner, external_id = key  # type: ignore[misc]
        self.ids[key] = pk
        self.owners[pk] = owner
        self.named[external_id].append(pk)

    def find(self, text: str) -> int | None:
        found = set(self.named.get(text, ()))
        for place, character in enumerate(text) if "/" in text else ():
            if character == "/" and (owner := self.organisations.ids.get(text[:place])) is not None:
                pk = self.ids.get((owner, text[place + 1 :]))
                found |= {pk} if pk is not None else set()
        if len(found) > 1:
            found = found & self.here or found
        if len(found) > 1:
            raise CellError(
                _("“%(text)s” is the name of several rows. Write organisation/id.") % {"text": text[:120]}
            )
        if found:
            return found.pop()
        if self.incomplete or self.organisations.incomplete:
            return None
        raise CellError(_("There is no “%(text)s” in the bundle or the database.") % {"text": text[:120]})

    def ambiguous(self, external_id: str) -> bool:
        return len(self.named.get(external_id, ())) > 1


class Lookups:
    """All tables; each is read from the database when a file first needs it."""

    def __init__(self) -> None:
        self._tables: dict[str, Names] = {}

    def __getitem__(self, file: str) -> Names:
        if file not in self._tables:
            self._tables[file] = self._load(file)
        return self._tables[file]

    def leave_out(self, file: str) -> None:
        """Nobody will ask for its names: they are not read."""
        if file not in self._tables:
            self._tables[file] = Scoped([], self["organisations.csv"])

    def scoped(self, file: str) -> Scoped:
        table = self[file]
        if not isinstance(table, Scoped):
            raise TypeError(file)
        return table

    def _load(self, file: str) -> Names:
        if file == "site_windows.csv":
            return Names([])  # windows have no names
        if file == "organisations.csv":
            rows = Organisation.objects.values_list("id", "external_id", "merged_into")
            merged = {pk: into for pk, _name, into in rows if into}
            return Names((_survivor(pk, merged), name) for pk, name, _into in rows)
        if file in _PLAIN:
            model, field = _PLAIN[file]
            return Names(model.objects.values_list("id", field))  # type: ignore[attr-defined]
        if file in _PAIRS:
            pair, one, other = _PAIRS[file]
            rows = pair.objects.values_list("id", one, other)  # type: ignore[attr-defined]
            return Names((pk, (a, b)) for pk, a, b in rows)
        scoped, owner = _SCOPED[file]
        found = scoped.objects.values_list("id", owner, "external_id")  # type: ignore[attr-defined]
        return Scoped(found.order_by("id").iterator(chunk_size=10_000), self["organisations.csv"])


def _survivor(pk: int, merged: dict[int, int]) -> int:
    """What refers to an entry that was merged means the one that took over."""
    while pk in merged:
        pk = merged[pk]
    return pk


_PLAIN = {
    "cities.csv": (City, "code"),
    "certifications.csv": (Certification, "code"),
    "alliances.csv": (Alliance, "slug"),
    COMPONENT_TYPES: (ComponentType, "code"),
    SCENARIO_TYPES: (ScenarioType, "code"),
}
_PAIRS = {
    "travel_times.csv": (TravelTime, "origin_id", "destination_id"),
    "memberships.csv": (AllianceCity, "alliance_id", "city_id"),
}
_SCOPED = {
    "facilities.csv": (Facility, "organisation_id"),
    "capabilities.csv": (Capability, "organisation_id"),
    "sites.csv": (Site, "organisation_id"),
    "demands.csv": (Demand, "owner_id"),
    "demand_lines.csv": (DemandLine, "owner_id"),
}
