"""Facilities and what they can make."""

from typing import ClassVar

from django.utils.translation import gettext as _
from psycopg import sql

from companies.models import CapabilityCertificate, CapabilityTerms, FacilityCertificate
from companies.services import end_changed
from companies.specs import offered_values
from matching.services.bundle.copying import Record, json_value
from matching.services.bundle.layout import COMPONENT_TYPES
from matching.services.bundle.loading import Row
from matching.services.bundle.queries import execute
from matching.services.bundle.scoped import ScopedImport


class Facilities(ScopedImport):
    file = "facilities.csv"
    fields = ("organisation", "external_id", "name", "city", "latitude", "longitude")
    scope = "organisation"

    def set_up(self) -> None:
        self.certificate_rows = self.child(FacilityCertificate, "facility", "code", "known", "expires_on")

    def owner(self, scope_id: int) -> int | None:
        return scope_id

    def check(self, row: Row) -> None:
        self.point(row)
        self.flag_unknown(row, (code for code, _expires in row.values["certifications"]))

    def record(self, row: Row) -> Record:
        return [row.values[field] for field in self.fields]

    def collect(self, row: Row) -> None:
        self.certificate_rows.extend(self.certificates(row))


class Capabilities(ScopedImport):
    file = "capabilities.csv"
    fields = (
        "organisation",
        "facility",
        "external_id",
        "component_type",
        "title",
        "specs",
        "min_order_quantity",
        "prototype_lead_days",
        "volume_lead_days",
        "available_from",
        "valid_until",
        "published",
    )
    on_insert: ClassVar[dict[str, str]] = {"missing": "'{}'"}
    scope = "facility"
    leaf = True

    def set_up(self) -> None:
        self.context.unclaimed_organisations()  # read here, for those who judge
        self.terms_rows = self.child(
            CapabilityTerms, "capability", "capacity_per_month", "committed_per_month", "unit_price"
        )
        self.certificate_rows = self.child(CapabilityCertificate, "capability", "code", "known", "expires_on")

    def owner(self, scope_id: int) -> int | None:
        return self.organisation_of("facilities.csv", scope_id)

    def check(self, row: Row) -> None:
        values = row.values
        self.specs(row, "specs", offered_values, COMPONENT_TYPES, "component_type")
        self.flag_unknown(row, (code for code, _expires in values["certifications"]))
        if values["_owner"] in self.context.unclaimed_organisations():
            self.bad(
                row, "facility", _("The organisation has not been claimed: it cannot offer capabilities.")
            )

    def record(self, row: Row) -> Record:
        values = row.values
        plain = {"organisation": values["_owner"], "specs": json_value(values["specs"])}
        return [plain.get(field, values.get(field)) for field in self.fields]

    def collect(self, row: Row) -> None:
        values = row.values
        self.terms_rows.append(
            (row.id, values["capacity_per_month"], values["committed_per_month"], values["unit_price"])
        )
        self.certificate_rows.extend(self.certificates(row))

    def after_merge(self) -> None:
        """What a file lists is complete and back from the archive; a value it changed is only declared again."""
        execute(
            sql.SQL(
                "UPDATE companies_capability SET missing = '{{}}', archived_at = NULL "
                "WHERE (missing <> '{{}}' OR archived_at IS NOT NULL) AND id IN (SELECT id FROM {listed})"
            ).format(listed=self.listed.table)
        )
        end_changed()
