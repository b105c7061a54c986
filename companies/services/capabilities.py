"""Writing capabilities: making, changing, publishing, withdrawing, archiving, cloning. One function each.

A draft is what is not published: its changes are recorded with the verb "drafted", which the matcher passes over.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Organisation
from alliance.selectors import viewer_of
from companies.models import Capability, CapabilityCertificate, CapabilityTerms, Facility
from companies.services.evidence import end_changed
from companies.services.inputs import CapabilityChecker, CapabilityInput, Checked, InputError

DRAFTED = "drafted"


def create_capability(
    organisation: Organisation, given: CapabilityInput, *, user: Any, publish: bool = False
) -> Capability:
    """A new capability of the firm, as a draft or published at once."""
    may_write_for(organisation, user)
    checked = CapabilityChecker(organisation).check(given)
    return store_new(organisation, checked, publish=publish)


def update_capability(
    capability: Capability,
    given: CapabilityInput,
    *,
    user: Any,
    version: int | None,
    publish: bool | None = None,
) -> Capability:
    """Replace what the capability says. `publish`: True publishes, False makes it a draft, None leaves it."""
    may_edit(capability, user)
    checked = CapabilityChecker(capability.organisation).check(given, now_at=capability.facility)
    return store_changed(capability, checked, version=version, publish=publish)


# --- for callers that have checked many at once (spreadsheets, REST) ------------------------------------
def store_new(organisation: Organisation, checked: Checked, *, publish: bool = False) -> Capability:
    """Store what `CapabilityChecker.check` has read; the caller has asked `may_write_for`."""
    _refuse(checked, organisation, publish)
    values = dict(checked.values)
    values["external_id"] = values["external_id"] or _free_id()
    try:
        with transaction.atomic():
            if publish:
                _plant_is_open(values["facility"].pk)
            made = Capability.objects.create(
                organisation=organisation, published=publish, missing=checked.missing, **values
            )
            CapabilityTerms.objects.create(capability=made, **checked.terms)
            _replace_certificates(made, checked.certificates or [])
            record(
                "published" if publish else DRAFTED,
                "capability",
                str(made.public_id),
                after=_state(made, checked.terms, checked.certificates or []),
            )
    except IntegrityError as error:
        raise _same_id(error) from None
    return made


def store_changed(
    capability: Capability, checked: Checked, *, version: int | None, publish: bool | None = None
) -> Capability:
    """Store what has been read over the row; nothing is written where nothing changes."""
    try:
        with transaction.atomic():
            row = _locked(capability, version)
            published = row.published if publish is None else publish
            _refuse(checked, row.organisation, published)
            before = _stored_state(row)
            _overwrite(row, checked, published)
            if published:
                _plant_is_open(row.facility_id)
            after = _stored_state(row)
            changed = [name for name in after if after[name] != before[name]]
            if changed:
                row.version += 1
                row.save()
                end_changed([row.pk])
                record(
                    _verb(before["published"], published),
                    "capability",
                    str(row.public_id),
                    before={name: before[name] for name in changed},
                    after={name: after[name] for name in changed},
                )
            else:
                transaction.set_rollback(True)
    except IntegrityError as error:
        raise _same_id(error) from None
    capability.refresh_from_db()
    return capability


def _verb(was: bool, is_now: bool) -> str:
    if was and is_now:
        return "changed"
    return "published" if is_now else "withdrawn" if was else DRAFTED


def _refuse(checked: Checked, organisation: Organisation, published: bool) -> None:
    errors = dict(checked.errors)
    if published:
        errors |= {name: [_("Needed before publishing.")] for name in checked.missing}
    if errors:
        raise InputError(errors)
    if published:
        _may_publish(organisation)


def _may_publish(organisation: Organisation) -> None:
    if why := why_not_publish(organisation):
        raise ConflictError(why)


def _plant_is_open(facility_id: int) -> None:
    """Nothing is made at a plant that is put away; held until the end of the transaction, so that nobody archives it
    meanwhile."""
    plant = Facility.objects.select_for_update(no_key=True).get(pk=facility_id)
    if plant.archived_at is not None:
        words = _("“%(name)s” is archived: restore it, or say where this is made now.")
        raise ConflictError(words % {"name": plant.name}, field="facility")


def why_not_publish(organisation: Organisation) -> str:
    """The reason for which this firm's rows stay drafts; "" where they need not."""
    if organisation.suspended:
        return _("The firm is suspended.")
    if not organisation.listed:
        return _("The bureau of your city verifies the firm first; until then everything stays a draft.")
    return ""


def _overwrite(row: Capability, checked: Checked, published: bool) -> None:
    values = dict(checked.values)
    values["external_id"] = values["external_id"] or row.external_id
    for name, value in values.items():
        setattr(row, name, value)
    row.missing, row.published = checked.missing, published
    if published:
        row.archived_at = None
    CapabilityTerms.objects.update_or_create(capability=row, defaults=checked.terms)
    if checked.certificates is not None:
        _replace_certificates(row, checked.certificates)


def _replace_certificates(row: Capability, wanted: list[tuple[str, bool, Any]]) -> None:
    CapabilityCertificate.objects.filter(capability=row).delete()
    CapabilityCertificate.objects.bulk_create(
        CapabilityCertificate(capability=row, code=code, known=known, expires_on=expires)
        for code, known, expires in wanted
    )


# --- steps in its life --------------------------------------------------------------------------------------
def publish_capability(capability: Capability, *, user: Any, version: int | None = None) -> Capability:
    """Show it to the alliance and let it be matched."""
    may_edit(capability, user)
    if capability.missing:
        raise InputError({name: [_("Needed before publishing.")] for name in capability.missing})
    _may_publish(capability.organisation)
    return _step(
        capability, "published", {"published": False}, {"published": True, "archived_at": None}, version
    )


def withdraw_capability(capability: Capability, *, user: Any, version: int | None = None) -> Capability:
    """Back to a draft: out of lists and matching, kept with all that refers to it."""
    may_edit(capability, user)
    return _step(capability, "withdrawn", {"published": True}, {"published": False}, version)


def archive_capability(capability: Capability, *, user: Any, version: int | None = None) -> Capability:
    """Put it away: out of matching and of the firm's own lists, until it is restored."""
    may_edit(capability, user)
    changes = {"published": False, "archived_at": timezone.now()}
    return _step(capability, "archived", {"archived_at": None}, changes, version)


def restore_capability(capability: Capability, *, user: Any, version: int | None = None) -> Capability:
    """Take it out of the archive, as a draft."""
    may_edit(capability, user)
    return _step(capability, "restored", {"archived_at__isnull": False}, {"archived_at": None}, version)


def set_free_capacity(
    capability: Capability, free: float, *, user: Any, version: int | None = None
) -> tuple[float, float]:
    """Say how many a month are free: what is committed follows. (free before, free now), pieces a month."""
    may_edit(capability, user)
    with transaction.atomic():
        row = _locked(capability, version)
        terms = CapabilityTerms.objects.select_for_update().get(capability=row)
        before = terms.free_per_month
        if not 0 <= free <= terms.capacity_per_month:
            words = _("Its whole capacity is %(most)g a month.") % {"most": terms.capacity_per_month}
            raise DomainError(words, field="free")
        if free == before:
            raise ConflictError(_("It is so already."))
        committed = terms.capacity_per_month - free
        told = [{"committed_per_month": value} for value in (terms.committed_per_month, committed)]
        terms.committed_per_month = committed
        terms.save(update_fields=["committed_per_month"])
        step = {"version": F("version") + 1, "updated_at": Now()}
        Capability.objects.filter(pk=row.pk).update(**step)
        verb = "changed" if row.published else DRAFTED
        record(verb, "capability", str(row.public_id), before=told[0], after=told[1])
    return before, free


def clone_capability(capability: Capability, *, user: Any) -> Capability:
    """A draft with the same values; verifications stay with the original."""
    may_edit(capability, user)
    terms = CapabilityTerms.objects.filter(capability=capability).first()
    held = [(row.code, row.known, row.expires_on) for row in capability.certificates.all()]
    names = (
        *("facility", "component_type", "specs", "min_order_quantity", "prototype_lead_days"),
        *("volume_lead_days", "available_from", "valid_until"),
    )
    values = {name: getattr(capability, name) for name in names}
    values["title"] = _("%(title)s (copy)") % {"title": capability.title[:280]}
    values["external_id"] = ""
    checked = Checked(
        values=values,
        terms={name: getattr(terms, name, 0) for name in ("capacity_per_month", "committed_per_month")}
        | {"unit_price": getattr(terms, "unit_price", None)},
        certificates=held,
        missing=list(capability.missing),
    )
    return store_new(capability.organisation, checked)


def _step(
    capability: Capability, verb: str, only: dict[str, Any], changes: dict[str, Any], version: int | None
) -> Capability:
    """Exactly one of several people who press the button wins."""
    with transaction.atomic():
        if changes.get("published"):
            _plant_is_open(capability.facility_id)
        rows = Capability.objects.filter(pk=capability.pk, **only)
        if version is not None:
            rows = rows.filter(version=version)
        was = {"published": capability.published, "archived": capability.archived_at is not None}
        if not rows.update(version=F("version") + 1, updated_at=Now(), **changes):
            raise ConflictError(_("Somebody else has changed this capability meanwhile."))
        capability.refresh_from_db()
        now = {"published": capability.published, "archived": capability.archived_at is not None}
        changed = [name for name in now if now[name] != was[name]]
        record(
            verb,
            "capability",
            str(capability.public_id),
            before={name: was[name] for name in changed},
            after={name: now[name] for name in changed},
        )
    return capability


# --- rights and parts ------------------------------------------------------------------------------------
def may_write_for(organisation: Organisation, user: Any) -> None:
    """Its owners and editors; for anybody else the firm is not among their own."""
    viewer = viewer_of(user)
    if organisation.pk not in viewer.firms:
        raise NotFoundError(_("There is no such firm among yours."))
    if organisation.pk not in viewer.editing:
        raise ForbiddenError(_("You may not change this firm's rows."))
    if not organisation.claimed or organisation.kind != "firm":
        raise DomainError(_("The organisation has not been claimed: it cannot offer capabilities."))


def may_edit(capability: Capability, user: Any) -> None:
    mine = Capability.objects.filter(pk=capability.pk)
    if not mine.visible_to(user).exists():
        raise NotFoundError(_("There is no such capability."))
    if not mine.editable_by(user).exists():
        raise ForbiddenError(_("You may not change this capability."))


def _locked(capability: Capability, version: int | None) -> Capability:
    row = (
        Capability.objects.select_for_update(no_key=True, of=("self",))
        .select_related("organisation", "facility", "component_type")
        .get(pk=capability.pk)
    )
    if version is not None and row.version != version:
        raise ConflictError(_("Somebody else has changed this capability meanwhile."))
    return row


def _free_id() -> str:
    return f"c-{uuid4().hex[:10]}"


def _same_id(error: IntegrityError) -> Exception:
    if "capability_external_id" in str(error):
        return InputError({"external_id": [_("The firm has another capability with this id.")]})
    return error


def _stored_state(row: Capability) -> dict[str, Any]:
    terms = CapabilityTerms.objects.filter(capability=row).values(
        "capacity_per_month", "committed_per_month", "unit_price"
    )
    held = CapabilityCertificate.objects.filter(capability=row).values_list("code", "known", "expires_on")
    return _state(row, dict(terms.first() or {}), list(held))


def _state(row: Capability, terms: dict[str, Any], held: list[tuple[str, bool, Any]]) -> dict[str, Any]:
    """What a change remembers of a row, as JSON."""
    facility: Facility = row.facility
    return {
        "title": row.title,
        "external_id": row.external_id,
        "component_type": row.component_type.code,
        "facility": str(facility.public_id),
        "specs": row.specs,
        "min_order_quantity": float(row.min_order_quantity),
        "prototype_lead_days": row.prototype_lead_days,
        "volume_lead_days": row.volume_lead_days,
        "available_from": row.available_from.isoformat() if row.available_from else None,
        "valid_until": row.valid_until.isoformat() if row.valid_until else None,
        **{name: None if value is None else float(value) for name, value in terms.items()},
        "certificates": sorted(
            [code, expires.isoformat() if expires else None] for code, _k, expires in held
        ),
        "missing": sorted(row.missing),
        "published": row.published,
    }
