"""An alliance as its admin keeps it: what counts how much, which cities belong to it and what they do.

Each write takes the version of the alliance that was looked at: of two people at once one wins, the other is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import CityRole
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Alliance, AllianceCity, AllianceWeights, City
from alliance.selectors import may_steer
from alliance.services.geography import rebuild_geography

MOST = 1000.0
Weights = Mapping[str, float]


def set_weights(
    alliance: Alliance, *, user: Any, version: int, line: Weights, site: Weights
) -> AllianceWeights:
    """A new version of the weights; terms that are not given keep their default. Points count by their share."""
    for weights in (line, site):
        for term, weight in weights.items():
            if not 0 <= weight <= MOST:  # refuses NaN too
                words = _("A weight is a number from 0 to %(most)d.") % {"most": MOST}
                raise DomainError(words, field=term)
    with transaction.atomic():
        _claim(alliance, user, version)
        newest = AllianceWeights.objects.filter(alliance=alliance).order_by("-number").first()
        before = {"line": newest.line, "site": newest.site} if newest else {"line": {}, "site": {}}
        after = {"line": dict(line), "site": dict(site)}
        if before == after:
            raise DomainError(_("These weights hold already."))
        number = newest.number + 1 if newest else 1
        row = AllianceWeights.objects.create(alliance=alliance, number=number, set_by=user, **after)
        record("changed", "weights", f"{alliance.slug}/{number}", before=before, after=after)
    return row


def set_city(
    alliance: Alliance, city: City, roles: list[str], *, user: Any, version: int, basis: str = ""
) -> None:
    """Let a city in, or give it other roles; districts without a row of their own follow it."""
    if not roles or set(roles) - set(CityRole.values):
        raise DomainError(_("Choose at least one role."), field="roles")
    roles = [role for role in CityRole.values if role in roles]
    with transaction.atomic():
        _claim(alliance, user, version)
        row = AllianceCity.objects.select_for_update().filter(alliance=alliance, city=city).first()
        before = {"roles": list(row.roles), "basis": row.basis} if row else None
        after = {"roles": roles, "basis": basis[:300] or (row.basis if row else "")}
        if before == after:
            raise DomainError(_("The city has these roles already."))
        AllianceCity.objects.update_or_create(alliance=alliance, city=city, defaults=after)
        rebuild_geography()
        verb = "changed" if row else "created"
        record(verb, "membership", f"{alliance.slug}/{city.code}", before=before, after=after)


def remove_city(alliance: Alliance, city: City, *, user: Any, version: int) -> None:
    """Its firms leave the alliance's matching with the next run; what was introduced goes on."""
    with transaction.atomic():
        _claim(alliance, user, version)
        if alliance.lead_city_id == city.pk:
            raise ConflictError(_("The lead city stays."))
        row = AllianceCity.objects.filter(alliance=alliance, city=city).first()
        if row is None:
            raise ConflictError(_("The city does not belong to the alliance."))
        before = {"roles": list(row.roles), "basis": row.basis}
        row.delete()
        rebuild_geography()
        record("deleted", "membership", f"{alliance.slug}/{city.code}", before=before)


def _claim(alliance: Alliance, user: Any, version: int) -> None:
    """The right, and the version: in the transaction of the write."""
    if not Alliance.objects.visible_to(user).filter(pk=alliance.pk).exists():
        raise NotFoundError(_("There is no such alliance among yours."))
    if not may_steer(user, alliance.pk):
        raise ForbiddenError(_("The admin of the alliance decides this."))
    rows = Alliance.objects.filter(pk=alliance.pk, version=version)
    if not rows.update(version=F("version") + 1, updated_at=Now()):
        raise ConflictError(_("Somebody else has changed this meanwhile: look at it again."))
