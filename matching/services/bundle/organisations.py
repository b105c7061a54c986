"""Bureaus and firms, what they hold, what they delivered, whom they exclude."""

from django.utils.translation import gettext as _
from psycopg import sql

from alliance.models import DeliveryRecord, Exclusion, Organisation, OrganisationCertificate
from alliance.services.credit_codes import credit_code_problem, known_prefix
from alliance.services.naming import sort_key
from companies.models import Capability
from matching.services.bundle.copying import Record
from matching.services.bundle.loading import Row, TableImport
from matching.services.bundle.queries import execute, fetch


class Organisations(TableImport):
    file = "organisations.csv"
    fields = (
        "external_id",
        "kind",
        "uscc",
        "name_en",
        "name_zh",
        "name_sort",
        "city",
        "roles",
        "verified",
        "claimed",
        "suspended",
        "fictitious",
        "source",
        "listed",
    )
    ahead = True

    def set_up(self) -> None:
        self.codes: dict[int, tuple[str | None, int]] = {}
        self.unclaimed: dict[int, int] = {}
        merged = Organisation.objects.exclude(merged_into=None)
        self.merged = dict(merged.values_list("external_id", "merged_into__external_id"))
        self.certificate_rows = self.child(
            OrganisationCertificate, "organisation", "code", "known", "expires_on"
        )
        self.delivery_rows = self.child(DeliveryRecord, "organisation", "completed", "on_time")
        self.exclusion_rows = self.child(Exclusion, "organisation", "excluded")

    def check(self, row: Row) -> None:
        values = row.values
        if not (values["name_en"] or values["name_zh"]):
            self.bad(row, "name_en", _("Give the name in English or in Chinese."))
        survivor = self.merged.get(str(values["external_id"]))
        if survivor:
            told = _("This entry was merged into “%(name)s”: write that.") % {"name": survivor}
            self.bad(row, "external_id", told)
        self._check_code(row)
        if values["deliveries_on_time"] > values["deliveries_completed"]:
            self.bad(row, "deliveries_on_time", _("More deliveries were on time than completed."))
        self._check_excluded(row)
        self.flag_unknown(row, (code for code, _expires in values["certifications"]))

    def tell(self, row: Row) -> tuple[int, int, str | None, bool]:
        return row.id, row.number, row.values["uscc"], row.values["claimed"]

    def hear(self, told: tuple[int, int, str | None, bool]) -> None:
        pk, number, code, claimed = told
        self.codes[pk] = (code, number)
        if not claimed:
            self.unclaimed[pk] = number

    def _check_code(self, row: Row) -> None:
        code = row.values["uscc"]
        if not code:
            return
        if not row.values["claimed"]:
            self.bad(row, "uscc", _("An entry that nobody has claimed has no credit code yet."))
        problem = credit_code_problem(code)
        if problem:
            self.bad(row, "uscc", problem)
        elif not known_prefix(code[2:6]):
            self.note(
                row,
                "uscc",
                _("The credit code begins with an unknown region, %(region)s.") % {"region": code[2:6]},
            )

    def _check_excluded(self, row: Row) -> None:
        ids = []
        for name in row.values["excluded"]:
            pk = self.names.ids.get(name)
            if pk is None:
                if not self.names.incomplete:
                    self.bad(
                        row, "excluded", _("There is no organisation “%(name)s”.") % {"name": name[:120]}
                    )
            elif pk == row.id:
                self.bad(row, "excluded", _("An organisation cannot exclude itself."))
            else:
                ids.append(pk)
        row.values["_excluded"] = sorted(set(ids))

    def record(self, row: Row) -> Record:
        row.values["name_sort"] = sort_key(row.values["name_zh"], row.values["name_en"])
        row.values["uscc"] = row.values["uscc"] or None
        return [row.values[field] for field in self.fields]

    def collect(self, row: Row) -> None:
        values = row.values
        self.certificate_rows.extend(self.certificates(row))
        self.delivery_rows.append((row.id, values["deliveries_completed"], values["deliveries_on_time"]))
        self.exclusion_rows.extend((row.id, pk) for pk in values["_excluded"])

    # --- across rows -------------------------------------------------------------------------------
    def finish(self) -> None:
        self._check_codes_once()
        if self.unclaimed:
            having = Capability.objects.filter(organisation__in=self.unclaimed).values_list(
                "organisation_id", flat=True
            )
            for pk in set(having):
                message = _("The organisation has capabilities: it has been claimed.")
                self.bad(Row(self.unclaimed[pk], {}), "claimed", message)
        self.context.unclaimed = self._all_unclaimed()

    def _check_codes_once(self) -> None:
        holders: dict[str, int] = {}
        for pk, (code, number) in self.codes.items():
            if code and holders.setdefault(code, pk) != pk:
                first = self.codes[holders[code]][1]
                self.bad(
                    Row(number, {}), "uscc", _("This is there already, in row %(row)d.") % {"row": first}
                )
        query = "SELECT id, uscc, external_id FROM alliance_organisation WHERE uscc = ANY(%s)"
        for pk, code, external_id in fetch(sql.SQL(query), [list(holders)]) if holders else ():
            if pk != holders[code] and (pk not in self.codes or self.codes[pk][0] == code):
                number = self.codes[holders[code]][1]
                self.bad(
                    Row(number, {}), "uscc", _("The code belongs to “%(name)s”.") % {"name": external_id}
                )

    def _all_unclaimed(self) -> set[int]:
        stored = set(Organisation.objects.filter(claimed=False).values_list("id", flat=True))
        return (stored - self.codes.keys()) | self.unclaimed.keys()

    def before_merge(self) -> None:
        """Codes that change hands are set free first: the unique index looks at every row as it is written."""
        execute(
            sql.SQL(
                "UPDATE alliance_organisation t SET uscc = NULL FROM {stage} s "
                "WHERE t.id = s.id AND t.uscc IS NOT NULL AND t.uscc IS DISTINCT FROM s.uscc"
            ).format(stage=self.staged.stage)
        )
