"""The bureau's own entries in the directory: real firms that nobody has claimed yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import OrganisationKind
from alliance.errors import ConflictError, DomainError, ForbiddenError
from alliance.models import City, Organisation
from alliance.selectors import may_enter
from alliance.selectors.joining import named_alike
from alliance.services.naming import sort_key
from alliance.services.registration import check_code, is_registered


@dataclass(frozen=True)
class NewEntry:
    """What the bureau knows of a firm. `source`: where it knows it from, for the directory's readers."""

    uscc: str
    name_zh: str
    city: City
    name_en: str = ""
    roles: tuple[str, ...] = ()
    source: str = ""


def enter_firm(entry: NewEntry, *, user: Any, although_alike: bool = False) -> Organisation:
    """An unclaimed entry, listed at once. Its credit code waits in the external id until the firm claims the entry:
    who registers with that code is led to it."""
    code = check_code(entry.uscc)
    if not may_enter(user, entry.city.pk):
        raise ForbiddenError(_("Only the bureau of this city enters firms of it."))
    if not (entry.name_zh or entry.name_en):
        raise DomainError(_("Give the name in English or in Chinese."), field="name_zh")
    if is_registered(code):
        raise ConflictError(_("This credit code is registered already."), field="uscc")
    alike = [] if although_alike else named_alike(user, entry.name_zh, entry.name_en)
    if alike:
        words = _("There is %(firm)s already: is it the same?")
        raise ConflictError(words % {"firm": alike[0]}, field="although_alike")
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = Organisation.objects.create(
                    external_id=code,
                    kind=OrganisationKind.FIRM,
                    name_zh=entry.name_zh,
                    name_en=entry.name_en,
                    name_sort=sort_key(entry.name_zh, entry.name_en),
                    city=entry.city,
                    roles=list(entry.roles),
                    claimed=False,
                    source=entry.source,
                )
        except IntegrityError as error:
            raise ConflictError(_("This credit code has an entry already."), field="uscc") from error
        after = {"name": str(row), "city": entry.city.code, "claimed": False}
        record("entered", "organisation", str(row.public_id), after=after)
    return row
