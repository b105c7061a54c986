"""Cities, travel times, certificates, alliances and their cities."""

import math
from typing import Any

from django.utils.translation import gettext as _
from psycopg import sql

from alliance.models import AllianceWeights
from companies.specs import plain_number
from matching.services.bundle.copying import Record
from matching.services.bundle.loading import Row, TableImport
from matching.services.bundle.parameters import in_cycles
from matching.services.bundle.queries import execute, fetch

LINE_TERMS = ("fit", "price", "lead_time", "capacity", "proximity", "role", "trust")
SITE_TERMS = ("fit", "wait", "capacity", "role", "trust")


class Cities(TableImport):
    file = "cities.csv"
    fields = ("code", "parent", "name_en", "name_zh", "province_en", "province_zh", "latitude", "longitude")
    ahead = True

    def set_up(self) -> None:
        self.parents: dict[int, int | None] = {}
        self.rows: dict[int, Row] = {}

    def check(self, row: Row) -> None:
        if not (row.values["name_en"] or row.values["name_zh"]):
            self.bad(row, "name_en", _("Give the name in English or in Chinese."))

    def tell(self, row: Row) -> tuple[int, int, int | None]:
        return row.id, row.number, row.values["parent"]

    def hear(self, told: tuple[int, int, int | None]) -> None:
        pk, number, self.parents[pk] = told
        self.rows[pk] = Row(number, {})

    def record(self, row: Row) -> Record:
        return [row.values[field] for field in self.fields]

    def finish(self) -> None:
        stored = dict(fetch(sql.SQL("SELECT id, parent_id FROM alliance_city")))
        parents = stored | self.parents
        text = {str(pk): str(parent) if parent is not None else None for pk, parent in parents.items()}
        for pk in in_cycles(text):
            self.bad(
                self.rows.get(int(pk), Row(0, {})),
                "parent",
                _("The city lies in itself, directly or in a circle."),
            )


class TravelTimes(TableImport):
    file = "travel_times.csv"
    fields = ("origin", "destination", "minutes", "km", "source")

    def check(self, row: Row) -> None:
        if row.values["origin"] == row.values["destination"]:
            self.bad(row, "destination", _("Origin and destination are the same city."))

    def record(self, row: Row) -> Record:
        return [row.values[field] for field in self.fields]


class Certifications(TableImport):
    file = "certifications.csv"
    fields = ("code", "name_en", "name_zh", "synonyms")

    def record(self, row: Row) -> Record:
        return [row.values[field] for field in self.fields]

    def after_merge(self) -> None:
        """What holders wrote becomes known when the list learns it. A flag of the list, not a change of the holder."""
        for table in _HOLDERS:
            execute(
                sql.SQL(
                    "UPDATE {table} SET known = TRUE "
                    "WHERE NOT known AND code IN (SELECT code FROM alliance_certification)"
                ).format(table=sql.Identifier(table))
            )


_HOLDERS = (
    "alliance_organisationcertificate",
    "companies_facilitycertificate",
    "companies_capabilitycertificate",
    "matching_linecertificate",
)


class Alliances(TableImport):
    file = "alliances.csv"
    fields = ("slug", "name_en", "name_zh", "lead_city", "publishes_directory")
    on_insert = {"as_of_pinned": "FALSE"}

    def set_up(self) -> None:
        self.weights: dict[int, dict[str, dict[str, Any]]] = {}

    def check(self, row: Row) -> None:
        if not (row.values["name_en"] or row.values["name_zh"]):
            self.bad(row, "name_en", _("Give the name in English or in Chinese."))
        problem = _weights_problem(row.values["weights"])
        if problem:
            self.bad(row, "weights", problem)

    def tell(self, row: Row) -> tuple[int, Any] | None:
        return (row.id, row.values["weights"] or {}) if row.good else None

    def hear(self, told: tuple[int, Any]) -> None:
        pk, given = told
        self.weights[pk] = {
            side: {term: plain_number(weight) for term, weight in (given.get(side) or {}).items()}
            for side in ("line", "site")
        }

    def record(self, row: Row) -> Record:
        return [row.values[field] for field in self.fields]

    def after_merge(self) -> None:
        """A new version of the weights where they differ from the newest."""
        changed = []
        for alliance, weights in self.weights.items():
            newest = AllianceWeights.objects.filter(alliance_id=alliance).order_by("-number").first()
            current = {"line": newest.line, "site": newest.site} if newest else {"line": {}, "site": {}}
            if current != weights:
                number = newest.number + 1 if newest else 1
                AllianceWeights.objects.create(alliance_id=alliance, number=number, **weights)
                changed.append(alliance)
        self.context.touch(self.file).add(changed)


def _weights_problem(given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, dict) or set(given) - {"line", "site"}:
        return _('Weights are an object like {"line": {"fit": 30}, "site": {"wait": 25}}.')
    for side, terms in (("line", LINE_TERMS), ("site", SITE_TERMS)):
        weights = given.get(side)
        if weights is None:
            continue
        if not isinstance(weights, dict):
            return _("The weights of “%(side)s” must be an object.") % {"side": side}
        for term, weight in weights.items():
            if term not in terms:
                return _("“%(term)s” is not one of: %(terms)s.") % {
                    "term": term[:60],
                    "terms": ", ".join(terms),
                }
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1e6:
                return _("The weight of “%(term)s” must be a number from 0 up.") % {"term": term}
        if len(weights) == len(terms) and not math.fsum(weights.values()) > 0:
            return _("At least one weight of “%(side)s” must be above 0.") % {"side": side}
    return ""


class Memberships(TableImport):
    file = "memberships.csv"
    fields = ("alliance", "city", "roles", "basis")

    def record(self, row: Row) -> Record:
        return [row.values[field] for field in self.fields]
