"""Lines of a demand and its site need: each saved as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Max, ProtectedError
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.models import Certification
from companies.models import ComponentKey
from matching.models import (
    Demand,
    DemandLine,
    LineCertificate,
    LinePrice,
    LineRequirement,
    OpenPoint,
    SiteNeed,
    SiteRequirement,
)
from matching.services.demands.inputs import (
    MOST_POINTS,
    Errors,
    LineInput,
    NeedInput,
    amount,
    component_parameters,
    read_requirements,
    site_parameters,
)
from matching.services.demands.publishing import may_edit
from matching.services.demands.told import differing, line_state, need_state
from matching.services.demands.writing import locked, step
from scenarios.models import ScenarioKey

MOST_LINES = 200


@dataclass
class ReadLine:
    """What a `LineInput` means: quantities, prices, canonical requirements."""

    values: dict[str, Any]
    prices: dict[str, Any]
    asked: list[Any]


def read_line(given: LineInput, parameters: dict[str, Any]) -> tuple[ReadLine, Errors]:
    """All of it with every error; nothing is written. `parameters` are those of the line's type."""
    errors = Errors()
    values = {
        name: amount(errors, name, getattr(given, name), needed=True) for name in ("quantity", "monthly_rate")
    }
    prices = {
        name: amount(errors, name, getattr(given, name), needed=False)
        for name in ("target_unit_price", "ceiling_unit_price")
    }
    target, ceiling = prices["target_unit_price"], prices["ceiling_unit_price"]
    if target and ceiling and target > ceiling:
        errors.add("ceiling_unit_price", _("The ceiling is below the target."))
    asked = read_requirements(errors, given.requirements, parameters)
    if len(given.open_points) > MOST_POINTS or any(len(text) > 1000 for text in given.open_points):
        errors.add("open_points", _("At most 30 open points of 1,000 characters."))
    return ReadLine(values, prices, asked), errors


def save_line(
    demand: Demand, given: LineInput, *, user: Any, version: int | None = None, line: DemandLine | None = None
) -> DemandLine:
    """A new line, or one replaced; a published demand is matched again."""
    may_edit(demand, user)
    read, errors = read_line(given, component_parameters(given.component_type))
    errors.refuse()
    with transaction.atomic():
        owner = locked(demand, version)
        was = line_state(line) if line is not None and line.demand_id == owner.pk else None
        row = write_line(owner, given, read, line)
        step(owner)
        before, after = differing(was, line_state(row))
        record("changed", "demand", str(owner.public_id), before=before, after=after)
    return row


def write_line(demand: Demand, given: LineInput, read: ReadLine, line: DemandLine | None) -> DemandLine:
    """In the caller's transaction, which holds the demand's row and records the change."""
    row = _row(demand, given, read.values, line)
    _parts(row, given, read.prices, read.asked)
    return row


def _row(demand: Demand, given: LineInput, values: dict[str, Any], line: DemandLine | None) -> DemandLine:
    told = {"component_type": given.component_type, "need_by": given.need_by, **values}
    if line is not None:
        if line.demand_id != demand.pk:
            raise NotFoundError(_("There is no such line."))
        if line.component_type_id != given.component_type.pk and line.introductions.exists():
            raise ConflictError(
                _("Firms have been introduced for this line: its type stays. Add another line.")
            )
        for name, value in told.items():
            setattr(line, name, value)
        line.save()
        return line
    if demand.lines.count() >= MOST_LINES:
        raise DomainError(_("A demand has at most %(count)d lines.") % {"count": MOST_LINES})
    last = demand.lines.aggregate(last=Max("position"))["last"]
    name = given.external_id or f"{demand.external_id[:100]}-{uuid4().hex[:6]}"
    position = 0 if last is None else last + 1
    return DemandLine.objects.create(
        demand=demand, owner_id=demand.owner_id, external_id=name, position=position, **told
    )


def _parts(row: DemandLine, given: LineInput, prices: dict[str, Any], asked: list[Any]) -> None:
    LinePrice.objects.update_or_create(line=row, defaults=prices)
    LineRequirement.objects.filter(line=row).delete()
    keys = ComponentKey.objects.in_bulk([item["key"] for item in asked], field_name="key")
    LineRequirement.objects.bulk_create(
        LineRequirement(line=row, position=place, **{**item, "key": keys[item["key"]]})
        for place, item in enumerate(asked)
    )
    codes = list(dict.fromkeys(code.strip()[:64] for code in given.certificates if code.strip()))
    known = set(Certification.objects.filter(code__in=codes).values_list("code", flat=True))
    LineCertificate.objects.filter(line=row).delete()
    LineCertificate.objects.bulk_create(
        LineCertificate(line=row, code=code, known=code in known) for code in codes
    )
    OpenPoint.objects.filter(line=row).delete()
    points = [text.strip() for text in given.open_points if text.strip()]
    OpenPoint.objects.bulk_create(
        OpenPoint(demand_id=row.demand_id, line=row, position=1000 * (row.position + 1) + place, text=text)
        for place, text in enumerate(points)
    )


def remove_line(demand: Demand, line: DemandLine, *, user: Any, version: int | None = None) -> None:
    """Take a line away; one that firms were introduced for stays."""
    may_edit(demand, user)
    with transaction.atomic():
        owner = locked(demand, version)
        before = line_state(line)
        drop_line(owner, line)
        step(owner)
        record("changed", "demand", str(owner.public_id), before=before)


def drop_line(demand: Demand, line: DemandLine) -> None:
    """In the caller's transaction, which holds the demand's row."""
    if demand.published and demand.lines.count() == 1:
        raise ConflictError(_("A published demand keeps at least one line: withdraw it first."))
    try:
        with transaction.atomic():
            DemandLine.objects.filter(pk=line.pk, demand=demand).delete()
    except ProtectedError as error:
        raise ConflictError(_("Firms have been introduced for this line: it stays.")) from error


def save_need(demand: Demand, given: NeedInput, *, user: Any, version: int | None = None) -> SiteNeed:
    """What the site must offer; replaced as a whole."""
    may_edit(demand, user)
    errors = Errors()
    fleet = amount(errors, "fleet_size", given.fleet_size, needed=True)
    if not 1 <= given.trial_days <= 3650:
        errors.add("trial_days", _("From 1 to 3,650 days."))
    asked = read_requirements(errors, given.requirements, site_parameters(given.scenario_type))
    errors.refuse()
    with transaction.atomic():
        owner = locked(demand, version)
        was = need_state(owner)
        values = {"scenario_type": given.scenario_type, "fleet_size": fleet, "trial_days": given.trial_days}
        need, _made = SiteNeed.objects.update_or_create(demand=owner, defaults=values)
        SiteRequirement.objects.filter(site_need=need).delete()
        keys = ScenarioKey.objects.in_bulk([item["key"] for item in asked], field_name="key")
        SiteRequirement.objects.bulk_create(
            SiteRequirement(site_need=need, position=place, **{**item, "key": keys[item["key"]]})
            for place, item in enumerate(asked)
        )
        step(owner)
        before, after = differing(was, need_state(owner))
        record("changed", "demand", str(owner.public_id), before=before, after=after)
    return need


def remove_need(demand: Demand, *, user: Any, version: int | None = None) -> None:
    may_edit(demand, user)
    with transaction.atomic():
        owner = locked(demand, version)
        before = need_state(owner)
        SiteNeed.objects.filter(demand=owner).delete()
        step(owner)
        record("changed", "demand", str(owner.public_id), before=before or {})
