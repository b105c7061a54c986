"""Demands with their site need, and their lines."""

from collections.abc import Sequence
from typing import Any

from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from psycopg import sql

from companies.specs import requirements
from matching.models import (
    DemandIdentity,
    DemandLine,
    LineCertificate,
    LinePrice,
    LineRequirement,
    OpenPoint,
    SiteNeed,
    SiteRequirement,
)
from matching.services.bundle.copying import Record, json_value
from matching.services.bundle.layout import COMPONENT_TYPES, SCENARIO_TYPES
from matching.services.bundle.loading import Row
from matching.services.bundle.parameters import ParameterSets
from matching.services.bundle.queries import execute, fetch
from matching.services.bundle.scoped import ScopedImport
from matching.services.bundle.staging import Touched

_REQUIREMENT = ("position", "key", "op", "value", "hard", "weight", "tolerance")


def _requirement_records(parent: int, found: Sequence[Any], sets: ParameterSets) -> list[Record]:
    return [
        (
            parent,
            place,
            sets.key_ids[item["key"]],
            item["op"],
            json_value(item["value"]),
            item["hard"],
            item["weight"],
            item["tolerance"],
        )
        for place, item in enumerate(found)
    ]


class Demands(ScopedImport):
    file = "demands.csv"
    fields = (
        "owner",
        "external_id",
        "alliance",
        "lab_city",
        "deployment_city",
        "scope",
        "confidentiality",
        "start_date",
        "need_by",
        "iterations",
        "published",
    )
    on_insert = {"published_at": "CASE WHEN published THEN now() END"}
    scope = "organisation"
    owned_by = "owner"

    def set_up(self) -> None:
        self.identity_rows = self.child(DemandIdentity, "demand", "organisation", "external_id", "title")
        self.need_rows = self.child(SiteNeed, "demand", "scenario_type", "fleet_size", "trial_days")
        self.requirement_rows = self.child(SiteRequirement, "site_need", *_REQUIREMENT)
        self.point_rows = self.child(OpenPoint, "demand", "position", "text", keep="t.line_id IS NULL")

    def owner(self, scope_id: int) -> int | None:
        return scope_id

    def check(self, row: Row) -> None:
        values = row.values
        if values["start_date"] > values["need_by"]:
            self.bad(row, "need_by", _("The demand is needed before it starts."))
        self._check_site_need(row)

    def tell(self, row: Row) -> tuple[int, int, bool]:
        return row.id, row.number, row.values["published"]

    def hear(self, told: tuple[int, int, bool]) -> None:
        pk, number, published = told
        self.context.listed_demands.add(pk)
        if published:
            self.context.published_demands[pk] = number

    def _check_site_need(self, row: Row) -> None:
        values = row.values
        details = ("fleet_size", "trial_days")
        if values["scenario_type"] is None:
            for name in (*details, "site_requirements"):
                if values[name] and ("scenario_type" not in self.header or name in self.header):
                    self.bad(row, name, _("A site need starts with its scenario type."))
                    return
            values["site_requirements"] = []
            return
        for name in details:
            if values[name] is None:
                self.bad(row, name, _("A demand with a scenario type needs a fleet size and trial days."))
        self.specs(row, "site_requirements", requirements, SCENARIO_TYPES, "scenario_type")

    def record(self, row: Row) -> Record:
        plain = {"owner": row.values["_owner"]}
        return [plain.get(field, row.values.get(field)) for field in self.fields]

    def collect(self, row: Row) -> None:
        values = row.values
        self.identity_rows.append((row.id, values["_owner"], values["external_id"], values["title"]))
        self.point_rows.extend((row.id, place, text) for place, text in enumerate(values["open_points"]))
        if values["scenario_type"] is not None:
            self.need_rows.append(
                (row.id, values["scenario_type"], values["fleet_size"], values["trial_days"])
            )
            sets = self.context.parameters[SCENARIO_TYPES]
            self.requirement_rows.extend(_requirement_records(row.id, values["site_requirements"], sets))

    def after_merge(self) -> None:
        execute(
            sql.SQL(
                "UPDATE matching_demand SET published_at = now() "
                "WHERE published AND published_at IS NULL AND id IN (SELECT id FROM {listed})"
            ).format(listed=self.listed.table)
        )


class DemandLines(ScopedImport):
    """The lines of every demand listed here or in demands.csv are replaced as a set."""

    file = "demand_lines.csv"
    fields = (
        "owner",
        "external_id",
        "demand",
        "component_type",
        "quantity",
        "monthly_rate",
        "need_by",
    )
    on_insert = {"position": "row_number() OVER (PARTITION BY demand_id ORDER BY id) - 1"}
    scope = "demand"
    owned_by = "owner"
    leaf = True

    def set_up(self) -> None:
        self.price_rows = self.child(LinePrice, "line", "target_unit_price", "ceiling_unit_price")
        self.certificate_rows = self.child(LineCertificate, "line", "code", "known")
        self.requirement_rows = self.child(LineRequirement, "line", *_REQUIREMENT)
        self.point_rows = self.child(
            OpenPoint, "line", "demand", "position", "text", keep="t.line_id IS NOT NULL"
        )

    def owner(self, scope_id: int) -> int | None:
        return self.organisation_of("demands.csv", scope_id)

    def check(self, row: Row) -> None:
        self.specs(row, "requirements", requirements, COMPONENT_TYPES, "component_type")
        self.flag_unknown(row, row.values["certifications"])

    def tell(self, row: Row) -> int:
        return int(row.values["demand"])

    def hear(self, told: int) -> None:
        counts = self.context.line_counts
        counts[told] = counts.get(told, 0) + 1

    def record(self, row: Row) -> Record:
        plain = {"owner": row.values["_owner"]}
        return [plain.get(field, row.values.get(field)) for field in self.fields]

    def collect(self, row: Row) -> None:
        values = row.values
        self.price_rows.append((row.id, values["target_unit_price"], values["ceiling_unit_price"]))
        known = self.context.lookups["certifications.csv"].ids
        self.certificate_rows.extend((row.id, code, code in known) for code in values["certifications"])
        sets = self.context.parameters[COMPONENT_TYPES]
        self.requirement_rows.extend(_requirement_records(row.id, values["requirements"], sets))
        points = enumerate(values["open_points"])
        self.point_rows.extend((row.id, values["demand"], place, text) for place, text in points)

    def before_merge(self) -> None:
        """A line that moves changes the demand it leaves, too."""
        self.context.touch("demands.csv").add_from(
            sql.SQL(
                "SELECT DISTINCT t.demand_id FROM matching_demandline AS t JOIN {stage} AS s ON s.id = t.id "
                "WHERE t.demand_id <> s.demand_id"
            ).format(stage=self.staged.stage)
        )

    def after_merge(self) -> None:
        demands = Touched("with_lines")
        demands.add(self.context.listed_demands | self.context.line_counts.keys())
        lost = fetch(
            sql.SQL(
                "SELECT t.id, t.demand_id, t.external_id "
                "FROM matching_demandline t JOIN {demands} d ON d.id = t.demand_id "
                "WHERE NOT EXISTS (SELECT FROM {listed} l WHERE l.id = t.id) ORDER BY t.id"
            ).format(demands=demands.table, listed=self.listed.table)
        )
        try:
            DemandLine.objects.filter(id__in=[pk for pk, _demand, _name in lost]).delete()
        except ProtectedError:
            names = ", ".join(external_id for _pk, _demand, external_id in lost)
            self.context.problems.add(
                self.file,
                0,
                "",
                _("These lines cannot be removed, others refer to them: %(names)s.") % {"names": names},
            )
            return
        self.context.counts[self.file].removed = len(lost)
        self._touch_demands([demand for _pk, demand, _name in lost])
        self._number_lines(demands)
        demands.drop()

    def _touch_demands(self, lost_from: list[int]) -> None:
        touched = self.context.touch("demands.csv")
        touched.add(lost_from)
        for table in (self.context.touch(self.file), self.context.create(self.file)):
            touched.add_from(
                sql.SQL("SELECT demand_id FROM matching_demandline WHERE id IN (SELECT id FROM {})").format(
                    table.table
                )
            )

    def _number_lines(self, demands: Touched) -> None:
        """Lines stand in the order in which they were created, which is the matcher's order on ties."""
        execute(
            sql.SQL(
                "UPDATE matching_demandline AS t SET position = s.place FROM ("
                " SELECT id, row_number() OVER (PARTITION BY demand_id ORDER BY id) - 1 AS place"
                " FROM matching_demandline WHERE demand_id IN (SELECT id FROM {demands})"
                ") AS s WHERE s.id = t.id AND t.position <> s.place"
            ).format(demands=demands.table)
        )


def check_published(context: Any) -> None:
    """A demand that is published has lines: in the file where that lists lines, else in the database."""
    lines_listed = "demand_lines.csv" in context.files
    if lines_listed and context.lookups["demand_lines.csv"].incomplete:
        return
    candidates = {
        pk for pk in context.published_demands if not (lines_listed and context.line_counts.get(pk))
    }
    if not lines_listed:
        candidates -= set(
            DemandLine.objects.filter(demand__in=candidates).values_list("demand_id", flat=True).distinct()
        )
    for pk in sorted(candidates, key=lambda pk: context.published_demands[pk]):
        context.problems.add(
            "demands.csv",
            context.published_demands[pk],
            "published",
            _("A published demand needs at least one line."),
        )
    if context.sound:
        emptied = fetch(
            sql.SQL(
                "SELECT d.external_id FROM matching_demand d JOIN {touched} t ON t.id = d.id WHERE d.published "
                "AND NOT EXISTS (SELECT FROM matching_demandline l WHERE l.demand_id = d.id) ORDER BY d.id"
            ).format(touched=context.touch("demands.csv").table)
        )
        for (external_id,) in emptied:
            message = _("The published demand “%(name)s” would be left without lines.") % {
                "name": external_id
            }
            context.problems.add("demand_lines.csv", 0, "demand", message)
