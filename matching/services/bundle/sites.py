"""Application sites, what parts must meet there, and when they are open."""

from collections.abc import Hashable, Sequence

from django.utils.translation import gettext as _

from companies.specs import offered_values, part_conditions
from companies.specs.requirements import DEFAULT_TOLERANCE, DEFAULT_WEIGHT
from matching.services.bundle.context import Count
from matching.services.bundle.copying import Record, copy_text, json_value
from matching.services.bundle.layout import COMPONENT_TYPES, SCENARIO_TYPES
from matching.services.bundle.loading import Row, TableImport
from matching.services.bundle.scoped import ScopedImport
from matching.services.bundle.staging import Staged, StagedSets, Touched
from scenarios.models import PartCondition, SiteWindow


class Sites(ScopedImport):
    file = "sites.csv"
    fields = (
        "organisation",
        "external_id",
        "name",
        "city",
        "latitude",
        "longitude",
        "scenario_type",
        "params",
        "fleet_capacity",
        "published",
    )
    scope = "organisation"

    def set_up(self) -> None:
        self.condition_rows = self.child(
            PartCondition, "site", "position", "key", "op", "value", "hard", "weight", "tolerance"
        )

    def owner(self, scope_id: int) -> int | None:
        return scope_id

    def check(self, row: Row) -> None:
        self.point(row)
        self.specs(row, "params", offered_values, SCENARIO_TYPES, "scenario_type")
        self.specs(row, "part_conditions", part_conditions, COMPONENT_TYPES, None)

    def tell(self, row: Row) -> int:
        return row.id

    def hear(self, told: int) -> None:
        self.context.listed_sites.add(told)

    def record(self, row: Row) -> Record:
        plain = {"params": json_value(row.values["params"])}
        return [plain.get(field, row.values[field]) for field in self.fields]

    def collect(self, row: Row) -> None:
        keys = self.context.parameters[COMPONENT_TYPES].key_ids
        for place, item in enumerate(row.values["part_conditions"]):
            rest = (item["op"], json_value(item["value"]), True, DEFAULT_WEIGHT, DEFAULT_TOLERANCE)
            self.condition_rows.append((row.id, place, keys[item["key"]], *rest))


class SiteWindows(TableImport):
    """The windows of every site listed here or in sites.csv are replaced as a set."""

    file = "site_windows.csv"
    fields = ("site", "starts", "ends")

    def key(self, row: Row) -> Hashable | None:
        """Windows have no name; the row stands for itself."""
        return row.number if row.values.get("site") is not None else None

    def set_up(self) -> None:
        self.windows = StagedSets(SiteWindow, "site", ("starts", "ends"))

    def check(self, row: Row) -> None:
        if row.values["starts"] > row.values["ends"]:
            self.bad(row, "ends", _("The window ends before it begins."))

    def tell(self, row: Row) -> int:
        return int(row.values["site"])

    def hear(self, told: int) -> None:
        self.context.listed_sites.add(told)

    def _naming(self) -> list[tuple[str, int]]:
        return [("site", self.header.index("site"))]

    def _find_ids(self, rows: Sequence[Row]) -> None:
        """A set has no ids; the row's number stands for one."""
        for row in rows:
            row.id, row.is_new = row.number, True

    def _give_ids(self, rows: Sequence[Row]) -> None: ...

    def _texts(self, rows: Sequence[Row]) -> list[bytes]:
        values = (row.values for row in rows)
        return [copy_text((v["site"], v["starts"], v["ends"]) for v in values)]

    def _tables(self) -> list[Staged]:
        return [self.windows]

    def _merge(self) -> None:
        sites, changed = Touched("window_sites"), Touched("windows")
        sites.add(self.context.listed_sites)
        self.windows.merge(sites, changed)
        self.context.touch("sites.csv").add(changed.ids())
        self.context.counts[self.file] = Count(updated=changed.count())
        for table in (self.windows, sites, changed):
            table.drop()
