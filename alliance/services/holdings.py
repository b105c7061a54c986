"""What a firm holds and whom it keeps away from: its certificates and the firms it is not to be matched with."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Certification, Exclusion, Organisation, OrganisationCertificate
from alliance.selectors import may_exclude

MOST = 100


def _must_edit(organisation: Organisation, user: Any) -> None:
    if not Organisation.objects.editable_by(user).filter(pk=organisation.pk, merged_into=None).exists():
        raise NotFoundError(_("There is no such firm."))


def _must_exclude(organisation: Organisation, user: Any) -> None:
    if not may_exclude(user, organisation.pk):
        raise ForbiddenError(_("The firm itself says whom it is not to be matched with."))


def hold_certificate(organisation: Organisation, code: str, expires_on: date | None, *, user: Any) -> None:
    """Add a certificate, or give one that is there another last valid day; known by code, name or synonym."""
    _must_edit(organisation, user)
    text = " ".join(code.split())
    if not text or len(text) > 64 or not text.isprintable():
        raise DomainError(_("Say which certificate this is."), field="code")
    code, known = _known_code(text)
    with transaction.atomic():
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        rows = OrganisationCertificate.objects.filter(organisation=organisation)
        row = rows.filter(code=code).first()
        if row is None and rows.count() >= MOST:
            raise DomainError(_("At most %(count)d certificates.") % {"count": MOST}, field="code")
        if row is not None and row.expires_on == expires_on:
            raise ConflictError(_("This certificate is there with this date already."), field="code")
        values = {"known": known, "expires_on": expires_on}
        OrganisationCertificate.objects.update_or_create(
            organisation=organisation, code=code, defaults=values
        )
        _touch(organisation)
        before = {"certificate": _told(code, row.expires_on)} if row else None
        after = {"certificate": _told(code, expires_on)}
        record("changed", "organisation", str(organisation.public_id), before=before, after=after)


def _known_code(text: str) -> tuple[str, bool]:
    """The list's code for what was typed, and whether the list has it."""
    plain = text.casefold()
    for row in Certification.objects.order_by("id"):
        ways = (row.code, row.name_zh, row.name_en, *row.synonyms)
        if plain in {way.casefold() for way in ways if way}:
            return row.code, True
    return text, False


def _told(code: str, expires_on: date | None) -> str:
    return f"{code} @ {expires_on.isoformat()}" if expires_on else code


def _touch(organisation: Organisation) -> None:
    """Programs read certificates with the firm: its version says that they changed."""
    Organisation.objects.filter(pk=organisation.pk).update(version=F("version") + 1, updated_at=Now())


def drop_certificate(organisation: Organisation, code: str, *, user: Any) -> None:
    _must_edit(organisation, user)
    with transaction.atomic():
        row = OrganisationCertificate.objects.filter(organisation=organisation, code=code).first()
        if row is None:
            raise ConflictError(_("This certificate is not there any more."))
        row.delete()
        _touch(organisation)
        before = {"certificate": _told(code, row.expires_on)}
        record("changed", "organisation", str(organisation.public_id), before=before)


def exclude_firm(organisation: Organisation, other: Organisation, *, user: Any) -> None:
    """Not to be matched with this one from the next run on. Only the firm itself and its bureau know."""
    _must_exclude(organisation, user)
    if not Organisation.objects.visible_to(user).filter(pk=other.pk).exists():
        raise NotFoundError(_("There is no such firm."))
    if other.pk == organisation.pk:
        raise DomainError(_("An organisation cannot exclude itself."), field="firm")
    with transaction.atomic():
        _row, made = Exclusion.objects.get_or_create(organisation=organisation, excluded=other)
        if not made:
            raise ConflictError(_("This firm is excluded already."), field="firm")
        after = {"excluded": other.name_zh or other.name_en}
        record("changed", "organisation", str(organisation.public_id), after=after)


def admit_firm(organisation: Organisation, other: Organisation, *, user: Any) -> None:
    """To be matched again."""
    _must_exclude(organisation, user)
    with transaction.atomic():
        gone, _rows = Exclusion.objects.filter(organisation=organisation, excluded=other).delete()
        if not gone:
            raise ConflictError(_("This firm is not excluded any more."))
        before = {"excluded": other.name_zh or other.name_en}
        record("changed", "organisation", str(organisation.public_id), before=before)
