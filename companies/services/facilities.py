"""Writing facilities: making, changing, archiving, restoring."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, ForbiddenError, NotFoundError
from alliance.models import Organisation
from alliance.templatetags._numbers import list_text
from companies.models import Capability, Facility, FacilityCertificate
from companies.services.capabilities import may_write_for
from companies.services.inputs import Checked, FacilityInput, InputError, check_facility

#: Names in one sentence; of the others only the number.
MOST_NAMED = 5


def create_facility(organisation: Organisation, given: FacilityInput, *, user: Any) -> Facility:
    """A new plant or workshop of the firm."""
    may_write_for(organisation, user)
    checked = check_facility(given)
    checked.refuse()
    values = dict(checked.values)
    values["external_id"] = values["external_id"] or f"f-{uuid4().hex[:10]}"
    try:
        with transaction.atomic():
            made = Facility.objects.create(organisation=organisation, **values)
            _replace_certificates(made, checked)
            record("created", "facility", str(made.public_id), after=_state(made))
    except IntegrityError as error:
        raise _same_id(error) from None
    return made


def update_facility(facility: Facility, given: FacilityInput, *, user: Any, version: int | None) -> Facility:
    """Replace what the facility says; nothing is written where nothing changes."""
    may_edit_facility(facility, user)
    checked = check_facility(given)
    checked.refuse()
    try:
        with transaction.atomic():
            row = Facility.objects.select_for_update(no_key=True).get(pk=facility.pk)
            if version is not None and row.version != version:
                raise ConflictError(_("Somebody else has changed this facility meanwhile."))
            before = _state(row)
            values = dict(checked.values)
            values["external_id"] = values["external_id"] or row.external_id
            for name, value in values.items():
                setattr(row, name, value)
            _replace_certificates(row, checked)
            _save(row, before)
    except IntegrityError as error:
        raise _same_id(error) from None
    facility.refresh_from_db()
    return facility


def _save(row: Facility, before: dict[str, Any]) -> None:
    after = _state(row)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        transaction.set_rollback(True)
        return
    row.version += 1
    row.save()
    record(
        "changed",
        "facility",
        str(row.public_id),
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def archive_facility(facility: Facility, *, user: Any, version: int | None = None) -> Facility:
    """Put it away; what is made there has to be withdrawn or moved first. Who publishes at it meanwhile waits for the
    row, and is refused."""
    may_edit_facility(facility, user)
    with transaction.atomic():
        Facility.objects.select_for_update(no_key=True).get(pk=facility.pk)
        live = Capability.objects.filter(facility=facility, published=True).order_by("title", "pk")
        titles = list(live.values_list("title", flat=True)[: MOST_NAMED + 1])
        if titles:
            raise ConflictError(_still_made(titles, live.count()))
        return _step(facility, "archived", {"archived_at": None}, timezone.now(), version)


def _still_made(titles: list[str], count: int) -> str:
    named = list_text(titles[:MOST_NAMED])
    if count > len(titles[:MOST_NAMED]):
        named = _("%(names)s and %(count)d more") % {"names": named, "count": count - MOST_NAMED}
    return _("It still makes %(names)s: withdraw or move what is published first.") % {"names": named}


def restore_facility(facility: Facility, *, user: Any, version: int | None = None) -> Facility:
    may_edit_facility(facility, user)
    with transaction.atomic():
        return _step(facility, "restored", {"archived_at__isnull": False}, None, version)


def _step(facility: Facility, verb: str, only: dict[str, Any], stamp: Any, version: int | None) -> Facility:
    rows = Facility.objects.filter(pk=facility.pk, **only)
    if version is not None:
        rows = rows.filter(version=version)
    if not rows.update(archived_at=stamp, version=F("version") + 1, updated_at=Now()):
        raise ConflictError(_("Somebody else has changed this facility meanwhile."))
    record(
        verb,
        "facility",
        str(facility.public_id),
        before={"archived": stamp is None},
        after={"archived": stamp is not None},
    )
    facility.refresh_from_db()
    return facility


def may_edit_facility(facility: Facility, user: Any) -> None:
    mine = Facility.objects.filter(pk=facility.pk)
    if not mine.visible_to(user).exists():
        raise NotFoundError(_("There is no such facility."))
    if not mine.editable_by(user).exists():
        raise ForbiddenError(_("You may not change this facility."))


def _replace_certificates(row: Facility, checked: Checked) -> None:
    if checked.certificates is None:
        return
    FacilityCertificate.objects.filter(facility=row).delete()
    FacilityCertificate.objects.bulk_create(
        FacilityCertificate(facility=row, code=code, known=known, expires_on=expires)
        for code, known, expires in checked.certificates
    )


def _same_id(error: IntegrityError) -> Exception:
    if "facility_external_id" in str(error):
        return InputError({"external_id": [_("The firm has another facility with this id.")]})
    return error


def _state(row: Facility) -> dict[str, Any]:
    held = FacilityCertificate.objects.filter(facility=row).values_list("code", "expires_on")
    return {
        "name": row.name,
        "external_id": row.external_id,
        "city": row.city.code,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "certificates": sorted([code, day.isoformat() if day else None] for code, day in held),
    }
