"""Everything that people can change, one random step at a time, through the services that pages and the API call."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from alliance.errors import DomainError
from alliance.models import (
    Alliance,
    AllianceCity,
    City,
    DeliveryRecord,
    Exclusion,
    Membership,
    Organisation,
    OrganisationCertificate,
    TravelTime,
    User,
    Verification,
)
from alliance.services.alliances import remove_city, set_city, set_weights
from alliance.services.holdings import admit_firm, drop_certificate, exclude_firm, hold_certificate
from alliance.services.reference import delete_reference, save_reference
from alliance.services.registration import decide_verification
from alliance.services.suspending import lift_suspension, suspend_firm
from companies.models import Capability, CapabilityTerms, Facility
from companies.services import (
    CapabilityInput,
    CertificateInput,
    FacilityInput,
    clone_capability,
    publish_capability,
    set_free_capacity,
    update_capability,
    update_facility,
    withdraw_capability,
)
from matching.models import Demand, DemandLine, Introduction, LineCertificate, LinePrice
from matching.services.demands import LineInput, publish_demand, remove_line, save_line, withdraw_demand
from matching.services.introductions.delivering import count_delivery
from matching.services.runs import create_run
from scenarios.models import Site, SiteWindow
from scenarios.services import (
    SiteInput,
    add_window,
    book_days,
    publish_site,
    remove_window,
    update_site,
    withdraw_site,
)

FIRST_DAY = date(2026, 11, 1)


class Hand:
    """Somebody who may do everything, and what a seed makes them do. Each step returns what it did, for the record."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.user = all_rights()
        self.steps: list[Callable[[], str]] = [
            *[self.capability] * 6,
            *[self.capacity] * 3,
            *[self.publishing] * 2,
            self.clone,
            self.plant,
            self.certificate,
            self.exclusion,
            self.suspension,
            self.verification,
            self.delivery,
            *[self.site] * 2,
            *[self.window] * 2,
            self.site_publishing,
            *[self.line] * 3,
            self.line_gone,
            *[self.demand] * 2,
            self.road,
            self.day,
            self.weights,
            self.membership,
        ]

    def step(self, only: str = "") -> str:
        """One step; what the rules refuse (a window that overlaps, …) is no step."""
        while True:
            chosen = getattr(self, only) if only else self.dice.choice(self.steps)
            try:
                return f"{chosen.__name__}: {chosen()}"
            except DomainError:
                only = ""

    def any(self, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        if not found:
            raise DomainError("there is none")
        return self.dice.choice(found)

    # --- supply -----------------------------------------------------------------------------------
    def capability(self) -> str:
        row = self.any(Capability.objects.select_related("facility", "component_type"))
        given = as_input(row)
        share = self.dice.choice([0.5, 0.8, 1.25, 2.0])
        change = self.dice.choice(
            ["price", "moq", "lead", "specs", "valid", "from", "certificates", "plant", "type"]
        )
        if change == "price":
            given = replace(
                given, unit_price=self.dice.choice([None, round((given.unit_price or 100) * share, 2)])
            )
        elif change == "moq":
            given = replace(given, min_order_quantity=max(1, round(given.min_order_quantity * share)))
        elif change == "lead":
            given = replace(given, volume_lead_days=max(1, round(given.volume_lead_days * share)))
        elif change == "specs":
            specs = {key: self._moved(value, share) for key, value in row.specs.items()}
            given = replace(given, specs=specs)
        elif change == "valid":
            days = self.dice.choice([5, 20, 400])
            given = replace(given, valid_until=(FIRST_DAY + timedelta(days)).isoformat())
        elif change == "from":
            given = replace(
                given, available_from=(FIRST_DAY + timedelta(self.dice.randrange(400))).isoformat()
            )
        elif change == "certificates":
            held = [CertificateInput(self._code(), self.dice.choice([None, "2026-11-25", "2028-01-01"]))]
            given = replace(given, certificates=self.dice.choice([[], held]))
        elif change == "plant":
            plants = Facility.objects.filter(organisation=row.organisation)
            given = replace(given, facility=str(self.any(plants).public_id))
        else:
            other = self.any(Capability.objects.exclude(specs={}))
            given = replace(given, component_type=other.component_type.code, specs=other.specs)
        update_capability(row, given, user=self.user, version=None)
        return f"{row.pk} {change}"

    def _moved(self, value: Any, share: float) -> Any:
        if isinstance(value, bool):
            return not value
        if isinstance(value, list) and value and not isinstance(value[0], str):
            return [value[0], value[1] + abs(value[1]) * (share - 0.5)]
        return value * share if isinstance(value, int | float) else value

    def _code(self) -> str:
        return str(self.any(LineCertificate.objects.all()).code)

    def capacity(self) -> str:
        row = self.any(Capability.objects.all())
        free = round(row.terms.capacity_per_month * self.dice.random(), 1)
        set_free_capacity(row, free, user=self.user)
        return f"{row.pk} {free}"

    def publishing(self) -> str:
        row = self.any(Capability.objects.all())
        (withdraw_capability if row.published else publish_capability)(row, user=self.user)
        return str(row.pk)

    def clone(self) -> str:
        made = clone_capability(self.any(Capability.objects.all()), user=self.user)
        publish_capability(made, user=self.user)
        return str(made.pk)

    def plant(self) -> str:
        row = self.any(Facility.objects.all())
        given = FacilityInput(
            name=row.name, city=self.any(City.objects.all()).code, external_id=row.external_id
        )
        if self.dice.random() < 0.5:
            given = replace(given, city=row.city.code, certificates=[CertificateInput(self._code())])
        update_facility(row, given, user=self.user, version=None)
        return str(row.pk)

    # --- firms ------------------------------------------------------------------------------------
    def certificate(self) -> str:
        firm = self.any(Organisation.objects.filter(kind="firm"))
        held = OrganisationCertificate.objects.filter(organisation=firm)
        if held.exists() and self.dice.random() < 0.5:
            drop_certificate(firm, self.any(held).code, user=self.user)
        else:
            day = self.dice.choice([None, date(2026, 11, 30), date(2028, 1, 1)])
            hold_certificate(firm, self._code(), day, user=self.user)
        return str(firm.pk)

    def exclusion(self) -> str:
        lab = self.any(Organisation.objects.filter(pk__in=Demand.objects.values("owner")))
        held = Exclusion.objects.filter(organisation=lab)
        if held.exists() and self.dice.random() < 0.5:
            admit_firm(lab, self.any(held).excluded, user=self.user)
        else:
            supplier = self.any(Organisation.objects.filter(pk__in=Capability.objects.values("organisation")))
            exclude_firm(lab, supplier, user=self.user)
        return str(lab.pk)

    def suspension(self) -> str:
        firm = self.any(Organisation.objects.filter(kind="firm"))
        (lift_suspension if firm.suspended else suspend_firm)(
            firm, user=self.user, reason="a test of suspending"
        )
        return str(firm.pk)

    def verification(self) -> str:
        firm = self.any(Organisation.objects.filter(kind="firm", verified=False))
        with transaction.atomic():  # one that is refused does not wait for ever
            row = Verification.objects.create(organisation=firm, asked_by=self.user)
            decide_verification(row, user=self.user, granted=True)
        return str(firm.pk)

    def delivery(self) -> str:
        """As a delivery of an introduction is counted."""
        capability = self.any(Capability.objects.all())
        row = Introduction(supplier=capability.organisation)
        with transaction.atomic():
            count_delivery(row, on_time=self.dice.random() < 0.5)
        return (
            f"{capability.organisation_id} {DeliveryRecord.objects.get(organisation=row.supplier).completed}"
        )

    # --- sites ------------------------------------------------------------------------------------
    def site(self) -> str:
        row = self.any(Site.objects.all())
        given = SiteInput(
            name=row.name,
            city=row.city,
            scenario_type=row.scenario_type,
            fleet_capacity=row.fleet_capacity,
            params=row.params,
            conditions=[{"key": c.key.key, "op": c.op, "value": c.value} for c in row.part_conditions.all()],
            external_id=row.external_id,
        )
        change = self.dice.choice(["fleet", "city", "conditions", "params"])
        if change == "fleet":
            given.fleet_capacity = max(1, round(row.fleet_capacity * self.dice.choice([0.3, 0.7, 2])))
        elif change == "city":
            given.city = self.any(City.objects.all())
        elif change == "conditions":
            given.conditions = given.conditions[1:]
        else:
            given.params = {key: self._moved(value, 0.5) for key, value in row.params.items()}
        update_site(row, given, user=self.user, version=row.version)
        return f"{row.pk} {change}"

    def window(self) -> str:
        site = self.any(Site.objects.all())
        open_days = SiteWindow.objects.filter(site=site)
        what = self.dice.choice(["add", "remove", "book"])
        if what == "add":
            start = FIRST_DAY + timedelta(self.dice.randrange(700))
            add_window(site, start, start + timedelta(self.dice.randrange(1, 120)), user=self.user)
        else:
            window = self.any(open_days)
            if what == "remove":
                remove_window(site, window.starts, window.ends, user=self.user)
            else:
                middle = window.starts + (window.ends - window.starts) / 2
                book_days(site, window.starts, middle, user=self.user)
        return f"{site.pk} {what}"

    def site_publishing(self) -> str:
        row = self.any(Site.objects.all())
        (withdraw_site if row.published else publish_site)(row, user=self.user)
        return str(row.pk)

    # --- demands ----------------------------------------------------------------------------------
    def line(self) -> str:
        row = self.any(DemandLine.objects.all())
        price = LinePrice.objects.filter(line=row).first()
        share = self.dice.choice([0.5, 0.8, 1.25, 2.0])
        given = LineInput(
            component_type=row.component_type,
            quantity=row.quantity,
            monthly_rate=row.monthly_rate * share,
            need_by=row.need_by,
            ceiling_unit_price=price.ceiling_unit_price if price else None,
            certificates=self.dice.choice([[], list(row.certificates.values_list("code", flat=True))]),
            requirements=[
                {name: getattr(r, name) for name in ("op", "value", "hard", "weight", "tolerance")}
                | {"key": r.key.key}
                for r in row.requirements.select_related("key")
            ],
        )
        again = row if self.dice.random() < 0.7 else None
        save_line(row.demand, given, user=self.user, line=again)
        return f"{row.pk} {'changed' if again else 'copied'}"

    def line_gone(self) -> str:
        row = self.any(DemandLine.objects.all())
        if row.demand.lines.count() < 2:
            raise DomainError("the last one")
        remove_line(row.demand, row, user=self.user)
        return str(row.demand_id)

    def demand(self) -> str:
        row = self.any(Demand.objects.all())
        (withdraw_demand if row.published else publish_demand)(row, user=self.user)
        return f"{row.pk} {'withdrawn' if row.published else 'published'}"

    # --- what everything stands in --------------------------------------------------------------------
    def road(self) -> str:
        here, there = self.any(City.objects.all()), self.any(City.objects.all())
        row = TravelTime.objects.filter(origin=here, destination=there).first()
        name = f"{here.code}/{there.code}"
        if row and self.dice.random() < 0.3:
            delete_reference(row, kind="travel time", object_id=name)
        elif here != there:
            row = row or TravelTime(origin=here, destination=there)
            row.minutes = float(self.dice.randrange(30, 900))
            save_reference(row, kind="travel time", object_id=name)
        return name

    def day(self) -> str:
        """Time passes: windows lapse, certificates expire, lead times are too long."""
        alliance = self.any(Alliance.objects.all())
        day = (alliance.as_of or FIRST_DAY) + timedelta(self.dice.randrange(1, 15))
        create_run(alliance, as_of=day, cause="nightly")
        return f"{alliance.slug} {day}"

    def weights(self) -> str:
        alliance = self.any(Alliance.objects.all())
        line = {"price": self.dice.randrange(1, 60), "fit": self.dice.randrange(1, 60)}
        set_weights(alliance, user=self.user, version=alliance.version, line=line, site={})
        return alliance.slug

    def membership(self) -> str:
        alliance, city = self.any(Alliance.objects.all()), self.any(City.objects.all())
        if AllianceCity.objects.filter(alliance=alliance, city=city).exists() and self.dice.random() < 0.5:
            remove_city(alliance, city, user=self.user, version=alliance.version)
        else:
            roles = self.dice.sample(["rnd", "components", "production", "sites", "support"], 2)
            set_city(alliance, city, roles, user=self.user, version=alliance.version)
        return f"{alliance.slug} {city.code}"


def as_input(row: Capability) -> CapabilityInput:
    terms = CapabilityTerms.objects.get(capability=row)
    return CapabilityInput(
        component_type=row.component_type.code,
        facility=str(row.facility.public_id),
        external_id=row.external_id,
        title=row.title,
        specs=row.specs,
        capacity_per_month=terms.capacity_per_month,
        committed_per_month=terms.committed_per_month,
        unit_price=terms.unit_price,
        min_order_quantity=row.min_order_quantity,
        prototype_lead_days=row.prototype_lead_days,
        volume_lead_days=row.volume_lead_days,
        available_from=row.available_from,
        valid_until=row.valid_until,
    )


def all_rights() -> User:
    """Owner of every firm, official of every bureau, admin of the platform."""
    person, made = User.objects.get_or_create(
        username="everywhere", defaults={"display_name": "Everywhere", "is_superuser": True, "is_staff": True}
    )
    if made:
        firms = Organisation.objects.values_list("pk", "kind")
        Membership.objects.bulk_create(
            Membership(user=person, organisation_id=pk, role="owner" if kind == "firm" else "admin")
            for pk, kind in firms
        )
    return person
