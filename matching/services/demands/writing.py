"""A robot programme as its lab writes it: made as a draft, changed, cloned, closed, opened again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Organisation
from alliance.selectors import viewer_of
from matching.models import (
    Demand,
    DemandIdentity,
    DemandLine,
    LineCertificate,
    LinePrice,
    LineRequirement,
    OpenPoint,
    SiteNeed,
    SiteRequirement,
)
from matching.services.demands.inputs import MOST_POINTS, DemandInput, check_demand
from matching.services.demands.publishing import may_edit, withdraw_demand

LINE_FIELDS = ("position", "component_type_id", "quantity", "monthly_rate", "need_by")
FIELDS = (
    "alliance",
    "lab_city",
    "start_date",
    "need_by",
    "scope",
    "confidentiality",
    "iterations",
    "deployment_city",
)


def create_demand(owner: Organisation, given: DemandInput, *, user: Any) -> Demand:
    """A draft; only the lab and its bureau see it until it is published."""
    if owner.pk not in viewer_of(user).firms:
        raise NotFoundError(_("There is no such firm among yours."))
    if owner.pk not in viewer_of(user).editing:
        raise ForbiddenError(_("You may not change this firm's rows."))
    check_demand(given)
    with transaction.atomic():
        name = given.external_id or f"d-{uuid4().hex[:10]}"
        row = Demand.objects.create(
            owner=owner, external_id=name, **{field: getattr(given, field) for field in FIELDS}
        )
        DemandIdentity.objects.create(
            demand=row, organisation=owner, external_id=name, title=given.title.strip()
        )
        _set_points(row, given.open_points)
        record("drafted", "demand", str(row.public_id), after=_told(row, given.title))
    return row


def update_demand(demand: Demand, given: DemandInput, *, user: Any, version: int) -> Demand:
    """Change the programme; a published one is matched again."""
    may_edit(demand, user)
    check_demand(given)
    with transaction.atomic():
        row = locked(demand, version)
        before = _told(row, row.identity.title)
        for field in FIELDS:
            setattr(row, field, getattr(given, field))
        DemandIdentity.objects.filter(demand=row).update(title=given.title.strip())
        _set_points(row, given.open_points)
        after = _told(row, given.title.strip())
        changed = [name for name in after if after[name] != before[name]]
        step(row, *FIELDS)
        # Of a published one: who read it openly and does not any more is told by the feed that it is gone.
        open_ = {"published": True} if row.published and "confidentiality" in changed else {}
        record(
            "changed",
            "demand",
            str(row.public_id),
            before={name: before[name] for name in changed} | open_,
            after={name: after[name] for name in changed} | open_,
        )
    return row


def locked(demand: Demand, version: int | None, *, closed: bool = False) -> Demand:
    """The demand's row, held until the transaction ends; `closed`: whether a closed one may be taken too."""
    row = (
        Demand.objects.select_for_update(no_key=True, of=("self",))
        .select_related("identity")
        .get(pk=demand.pk)
    )
    if version is not None and row.version != version:
        raise ConflictError(_("Somebody else has changed this demand meanwhile."))
    if not closed:
        not_closed(row)
    return row


def not_closed(demand: Demand) -> None:
    if demand.archived_at is not None:
        raise ConflictError(_("This demand is closed: open it again first."))


def step(row: Demand, *fields: str) -> None:
    """Save these columns; the version counts on."""
    row.version += 1
    row.save(update_fields=[*fields, "version", "updated_at"])


def _told(row: Demand, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "alliance": row.alliance.slug,
        "lab_city": row.lab_city.code,
        "deployment_city": row.deployment_city.code if row.deployment_city else None,
        "start_date": row.start_date.isoformat(),
        "need_by": row.need_by.isoformat(),
        "scope": row.scope,
        "confidentiality": row.confidentiality,
        "iterations": row.iterations,
    }


def _set_points(row: Demand, texts: list[str]) -> None:
    """The open points of the whole demand; a line's own stay."""
    wanted = [text.strip() for text in texts if text.strip()]
    if len(wanted) > MOST_POINTS or any(len(text) > 1000 for text in wanted):
        raise DomainError(_("At most 30 open points of 1,000 characters."), field="open_points")
    OpenPoint.objects.filter(demand=row, line=None).delete()
    OpenPoint.objects.bulk_create(
        OpenPoint(demand=row, position=place, text=text) for place, text in enumerate(wanted)
    )


# --- its life ------------------------------------------------------------------------------------------------
def close_demand(demand: Demand, *, user: Any, outcome: str, version: int | None = None) -> Demand:
    """It is over: out of matching and of the lists, kept with everything that hangs on it."""
    may_edit(demand, user)
    if not outcome.strip():
        raise DomainError(_("Say how it ended."), field="outcome")
    with transaction.atomic():
        locked(demand, version)
        withdraw_if_open(demand, user=user)
        row = Demand.objects.filter(pk=demand.pk, archived_at=None)
        values = {"archived_at": timezone.now(), "outcome": outcome.strip()[:300]}
        if not row.update(**values, version=F("version") + 1, updated_at=Now()):
            raise ConflictError(_("Somebody else has changed this demand meanwhile."))
        record("closed", "demand", str(demand.public_id), after={"outcome": values["outcome"]})
    demand.refresh_from_db()
    return demand


def withdraw_if_open(demand: Demand, *, user: Any) -> None:
    """Asked of the database: the row in hand may be from before somebody published it."""
    if Demand.objects.filter(pk=demand.pk, published=True).exists():
        withdraw_demand(demand, user=user)


def reopen_demand(demand: Demand, *, user: Any, version: int | None = None) -> Demand:
    """Back as a draft."""
    may_edit(demand, user)
    with transaction.atomic():
        locked(demand, version, closed=True)
        row = Demand.objects.filter(pk=demand.pk, archived_at__isnull=False)
        if not row.update(archived_at=None, outcome="", version=F("version") + 1, updated_at=Now()):
            raise ConflictError(_("Somebody else has changed this demand meanwhile."))
        record("reopened", "demand", str(demand.public_id))
    demand.refresh_from_db()
    return demand


def archive_demand(demand: Demand, *, user: Any, version: int | None = None) -> Demand:
    """A draft that is not wanted any more: out of the lists; `reopen_demand` restores it."""
    may_edit(demand, user)
    with transaction.atomic():
        row = locked(demand, version)
        if row.published:
            raise ConflictError(_("Withdraw it first, or close it and say how it ended."))
        row.archived_at = timezone.now()
        step(row, "archived_at")
        record("archived", "demand", str(row.public_id))
    demand.refresh_from_db()
    return demand


def clone_demand(demand: Demand, *, user: Any) -> Demand:
    """A draft with the same lines and site need."""
    may_edit(demand, user)
    with transaction.atomic():
        source = Demand.objects.select_related("identity").get(pk=demand.pk)
        copy = copy_rows(source, _("%(title)s (copy)") % {"title": source.identity.title[:280]})
        record("drafted", "demand", str(copy.public_id), after={"copy_of": str(source.public_id)})
    return copy


def copy_rows(source: Demand, title: str, *, published: bool = False) -> Demand:
    """The demand's rows once more, in the caller's transaction; no row of the source is locked."""
    name = f"d-{uuid4().hex[:10]}"
    fields = {field: getattr(source, field) for field in FIELDS}
    copy = Demand.objects.create(owner=source.owner, external_id=name, published=published, **fields)
    DemandIdentity.objects.create(demand=copy, organisation=source.owner, external_id=name, title=title)
    lines = _copy_lines(source, copy)
    OpenPoint.objects.bulk_create(
        OpenPoint(
            demand=copy,
            line=lines[point.line_id] if point.line_id else None,
            position=point.position,
            text=point.text,
        )
        for point in OpenPoint.objects.filter(demand=source)
    )
    _copy_need(source, copy)
    return copy


def _copy_lines(source: Demand, copy: Demand) -> dict[int, DemandLine]:
    """Old line -> its copy; the same order by id, which decides between equals."""
    old = list(DemandLine.objects.filter(demand=source).order_by("id"))
    made = DemandLine.objects.bulk_create(
        DemandLine(
            demand=copy,
            owner_id=copy.owner_id,
            external_id=f"{copy.external_id}-{place}",
            **{name: getattr(line, name) for name in LINE_FIELDS},
        )
        for place, line in enumerate(old, start=1)
    )
    lines = {line.pk: new for line, new in zip(old, made, strict=True)}
    for model in (LineRequirement, LineCertificate, LinePrice):
        _copy_parts(model, lines)
    return lines


def _copy_parts(model: Any, lines: dict[int, DemandLine]) -> None:
    names = [field.attname for field in model._meta.concrete_fields if field.name not in ("id", "line")]
    rows = model.objects.filter(line__in=lines).order_by("pk")
    model.objects.bulk_create(
        model(line=lines[row.line_id], **{name: getattr(row, name) for name in names}) for row in rows
    )


def _copy_need(source: Demand, copy: Demand) -> None:
    need = SiteNeed.objects.filter(demand=source).first()
    if need is None:
        return
    made = SiteNeed.objects.create(
        demand=copy, scenario_type=need.scenario_type, fleet_size=need.fleet_size, trial_days=need.trial_days
    )
    for row in SiteRequirement.objects.filter(site_need=need):
        row.pk, row.site_need = None, made
        row.save(force_insert=True)
