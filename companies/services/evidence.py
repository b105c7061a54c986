"""A bureau verifies values of the firms it looks after, and takes its word back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import CityCare
from alliance.selectors import viewer_of
from companies.models import Capability, SpecEvidence
from companies.services.inputs import Checked, InputError, read_date, read_text

# A value that is another one than was verified is only declared, whoever wrote it and how.
END_CHANGED = """
    UPDATE companies_specevidence e SET ended_at = now(), ended_because = 'changed', updated_at = now(),
        version = e.version + 1
    FROM companies_capability c
    WHERE c.id = e.capability_id AND e.ended_at IS NULL AND c.specs -> e.key IS DISTINCT FROM e.value
"""


def end_changed(capabilities: Iterable[int] | None = None) -> int:
    """In the writer's transaction: verifications of values that are no longer there end. None: of all capabilities."""
    with connection.cursor() as cursor:
        if capabilities is None:
            cursor.execute(END_CHANGED)
        else:
            cursor.execute(END_CHANGED + " AND c.id = ANY(%s)", [list(capabilities)])
        return int(cursor.rowcount)


def verify_values(
    capability: Capability,
    keys: Iterable[str],
    *,
    user: Any,
    basis: str,
    valid_until: Any = None,
    version: int | None = None,
) -> list[SpecEvidence]:
    """The bureau has seen proof of these values. `version`: of the capability as it was looked at."""
    bureau = _bureau(capability, user)
    chosen, until, words = _read(keys, basis, valid_until)
    with transaction.atomic():
        row = Capability.objects.select_for_update(no_key=True).get(pk=capability.pk)
        if version is not None and row.version != version:
            raise ConflictError(_("The values have changed since you opened the page. Look at them again."))
        unstated = [key for key in chosen if row.specs.get(key) in (None, [])]
        if unstated:
            raise InputError({"keys": [_("Not stated: %(keys)s.") % {"keys": ", ".join(unstated)[:200]}]})
        standing = SpecEvidence.objects.filter(capability=row, key__in=chosen, ended_at=None)
        standing.update(ended_at=Now(), ended_because="renewed", updated_at=Now())
        made = SpecEvidence.objects.bulk_create(
            SpecEvidence(
                capability=row,
                key=key,
                value=row.specs[key],
                bureau_id=bureau,
                verified_by=user,
                verified_at=timezone.now(),
                valid_until=until,
                basis=words,
            )
            for key in chosen
        )
        record(
            "verified",
            "evidence",
            str(row.public_id),
            after={
                "values": {key: row.specs[key] for key in chosen},
                "basis": words,
                "valid_until": until.isoformat() if until else None,
            },
        )
    return made


def withdraw_evidence(capability: Capability, keys: Iterable[str], *, user: Any, reason: str = "") -> int:
    """The bureau takes its word back: the values are only declared again."""
    _bureau(capability, user)
    chosen = sorted(set(keys))
    with transaction.atomic():
        rows = SpecEvidence.objects.filter(capability=capability, key__in=chosen, ended_at=None)
        gone = list(rows.values_list("key", flat=True))
        if not gone:
            raise ConflictError(_("None of these values is verified any more."))
        rows.update(ended_at=Now(), ended_because="withdrawn", updated_at=Now())
        record(
            "withdrawn",
            "evidence",
            str(capability.public_id),
            before={"values": gone},
            after={"reason": reason[:500]},
        )
    return len(gone)


def _read(keys: Iterable[str], basis: str, valid_until: Any) -> tuple[list[str], date | None, str]:
    checked, chosen = Checked(), sorted(set(keys))
    if not chosen:
        checked.bad("keys", _("Tick at least one value."))
    words = read_text(checked, "basis", basis, 500)
    if not words:
        checked.bad("basis", _("Say on what evidence, for example the number of a test report."))
    until = read_date(checked, "valid_until", valid_until)
    if until is not None and until < timezone.localdate():
        checked.bad("valid_until", _("This day is past."))
    checked.refuse()
    return chosen, until, words


def may_verify(capability: Capability, user: Any) -> bool:
    """The bureau that looks after the firm's city, and nobody of the firm itself."""
    viewer = viewer_of(user)
    return capability.organisation.city_id in viewer.care and capability.organisation_id not in viewer.firms


def _bureau(capability: Capability, user: Any) -> int:
    if not Capability.objects.filter(pk=capability.pk).visible_to(user).exists():
        raise NotFoundError(_("There is no such capability."))
    if not may_verify(capability, user):
        raise ForbiddenError(_("Values are verified by the bureau of the firm's city."))
    viewer = viewer_of(user)
    bureaus = CityCare.objects.filter(
        city_id=capability.organisation.city_id, bureau__in=viewer.bureaus
    ).values_list("bureau_id", flat=True)
    found = bureaus.first()
    if found is None:
        raise DomainError(_("Values are verified by the bureau of the firm's city."))
    return int(found)
