"""What organisations and people say of themselves."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import OrganisationKind
from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.models import City, Organisation, OrganisationContact, User
from alliance.selectors import viewer_of
from alliance.services.confirming import ask_to_confirm
from alliance.services.naming import sort_key
from alliance.services.registration import ask_for_verification

#: facts that a bureau has verified: when the firm changes one, it is verified again
VERIFIED_FACTS = ("name_zh", "name_en", "city")


def update_organisation(
    organisation: Organisation,
    *,
    user: Any,
    version: int,
    name_zh: str,
    name_en: str,
    city: City,
    roles: list[str],
    contact: dict[str, str],
) -> None:
    """Names, city, roles and contact in one step; the same again leaves no trace.

    A firm that changes a verified fact waits for its bureau again.
    """
    if not Organisation.objects.editable_by(user).filter(pk=organisation.pk).exists():
        raise NotFoundError(_("There is no such firm."))
    if not (name_zh or name_en):
        raise DomainError(_("Give the name in English or in Chinese."), field="name_zh")
    values = {"name_zh": name_zh, "name_en": name_en, "city": city, "roles": roles}
    with transaction.atomic():
        row = (
            Organisation.objects.select_for_update(no_key=True).select_related("city").get(pk=organisation.pk)
        )
        if row.version != version:
            raise ConflictError(_("Somebody else has changed this meanwhile: look at it again."))
        changed = {name: value for name, value in values.items() if not _same(getattr(row, name), value)}
        reached = _reached_otherwise(row, contact)
        if not (changed or reached):
            return
        again = row.verified and _by_the_firm(row, user) and bool(changed.keys() & set(VERIFIED_FACTS))
        extra: dict[str, Any] = {"verified": False} if again else {}
        Organisation.objects.filter(pk=row.pk).update(
            **changed,
            **extra,
            name_sort=sort_key(name_zh, name_en),
            version=F("version") + 1,
            updated_at=Now(),
        )
        OrganisationContact.objects.update_or_create(organisation=row, defaults=contact)
        before = {name: _plain(getattr(row, name)) for name in changed}
        after = {name: _plain(value) for name, value in changed.items()} | extra
        if reached:  # that it changed and no more: what is recorded stays when a person is erased
            after["contact"] = True
        record("changed", "organisation", str(row.public_id), before=before, after=after)
        if again:
            ask_for_verification(row, user, note=_("The firm has changed its name or city."))


def _same(stored: Any, given: Any) -> bool:
    """What a firm does has no order."""
    return set(stored) == set(given) if isinstance(given, list) else bool(stored == given)


def _reached_otherwise(row: Organisation, contact: dict[str, str]) -> bool:
    stored = OrganisationContact.objects.filter(organisation=row).values(*contact).first()
    return (stored or dict.fromkeys(contact, "")) != contact


def _by_the_firm(row: Organisation, user: Any) -> bool:
    return row.kind == OrganisationKind.FIRM and row.pk in viewer_of(user).firms


def _plain(value: Any) -> Any:
    return value.code if isinstance(value, City) else value


def update_account(person: User, *, display_name: str, email: str) -> None:
    """A new address has to be confirmed."""
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=person.pk)
        moved = row.email != email
        fresh: dict[str, Any] = {"email_confirmed_at": None} if moved else {}
        User.objects.filter(pk=row.pk).update(display_name=display_name, email=email, **fresh)
        changed = {"display_name": row.display_name != display_name, "email": moved}
        after = {name: True for name, yes in changed.items() if yes}
        if after:
            record("changed", "person", row.pseudonym, after=after)
        row.email = email
        if moved and email:
            ask_to_confirm(row)
