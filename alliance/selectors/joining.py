"""Who waits to come in, and who is in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, SmallIntegerField, When

from alliance.choices import DecisionState, MemberRole, OrganisationKind
from alliance.models import (
    City,
    Invitation,
    JoinRequest,
    Mail,
    Membership,
    Organisation,
    SecondFactor,
    Suspension,
    User,
    Verification,
)
from alliance.models.base import GuardedQuerySet
from alliance.selectors.rights import may_appoint, viewer_of

_ENDINGS = re.compile(
    r"(股份有限公司|有限责任公司|有限公司|公司|[,.]? *(co\.?,? *ltd\.?|ltd\.?|inc\.?|corporation))$",
    re.IGNORECASE,
)


MOST_MERGES = 20


def verification_list(user: Any) -> GuardedQuerySet:
    """`waits`: 0 for what nobody has decided, else 1, for the order of the list."""
    waits = Case(When(state=DecisionState.WAITING, then=0), default=1, output_field=SmallIntegerField())
    rows = Verification.objects.visible_to(user).annotate(waits=waits)
    return rows.select_related("organisation__city", "organisation__contact", "asked_by", "decided_by")


def attach_deciding(user: Any, rows: Iterable[Any]) -> None:
    """`may_decide` of each request: it waits, and for the viewer's bureau."""
    several = list(rows)
    mine = Verification.objects.editable_by(user).filter(pk__in=[row.pk for row in several])
    deciding = set(mine.filter(state=DecisionState.WAITING).values_list("pk", flat=True))
    for row in several:
        row.may_decide = row.pk in deciding


def verification_queue(user: Any) -> GuardedQuerySet:
    """What waits for a decision of the viewer's bureau, oldest first."""
    mine = Verification.objects.editable_by(user).filter(state=DecisionState.WAITING).values("pk")
    return verification_list(user).filter(pk__in=mine).order_by("id")


def waiting_of(user: Any, organisation: Any) -> Verification | None:
    """What a firm of the viewer's own waits for."""
    if organisation.pk not in viewer_of(user).editing:
        return None
    rows = Verification.objects.visible_to(user).filter(organisation=organisation)
    return rows.filter(state=DecisionState.WAITING).first()


def join_queue(user: Any) -> GuardedQuerySet:
    """Requests to join and claims that the viewer decides."""
    mine = JoinRequest.objects.editable_by(user).filter(state=DecisionState.WAITING).values("pk")
    rows = JoinRequest.objects.visible_to(user).filter(pk__in=mine)
    return rows.select_related("organisation__city", "person").order_by("id")


def own_requests(user: Any) -> QuerySet[JoinRequest]:
    """What a person without a place has asked for: always the person's own rows."""
    return (
        JoinRequest.objects.filter(person=user).select_related("organisation", "decided_by").order_by("-id")
    )


def people_of(user: Any, organisation: Any) -> list[Any]:
    """`two_steps` of each: whether that person signs in with a second factor; `of_mine`: the viewer may change it,
    where the viewer looks after people here at all."""
    factors = SecondFactor.objects.filter(person=OuterRef("user")).exclude(confirmed_at=None)
    rows = Membership.objects.visible_to(user).filter(organisation=organisation)
    rows = rows.annotate(two_steps=Exists(factors))
    found: list[Any] = list(rows.select_related("user").order_by("user__display_name", "user__username"))
    appoints = may_appoint(user, organisation.pk)
    for row in found:
        row.of_mine = appoints or row.role != MemberRole.ALLIANCE_ADMIN
    return found


def invitations_of(user: Any, organisation: Any) -> list[Any]:
    rows = Invitation.objects.editable_by(user).filter(organisation=organisation)
    return list(rows.select_related("made_by", "used_by")[:50])


def unclaimed_like(name: str) -> list[Organisation]:
    """Directory entries that nobody has claimed, by a part of the name. Public: they are published real firms."""
    words = name.strip()
    if len(words) < 2:
        return []
    rows = Organisation.objects.filter(claimed=False, listed=True, suspended=False)
    return list(
        (rows.filter(name_zh__icontains=words) | rows.filter(name_en__icontains=words)).order_by("id")[:10]
    )


def unclaimed_entry(public_id: UUID) -> Organisation | None:
    rows = Organisation.objects.filter(claimed=False, listed=True, suspended=False)
    return rows.filter(public_id=public_id).first()


def registered_firm(code: str) -> Organisation | None:
    """The firm of a credit code, to ask it to be let in: its code is all that the asker is told."""
    found = Organisation.objects.filter(uscc=code).first() if code else None
    for _hop in range(MOST_MERGES):  # the code of an entry that was merged leads to the one that is left
        if found is None or found.merged_into is None:
            break
        found = found.merged_into
    return found if found and not found.suspended else None


def entry_of_code(code: str) -> Organisation | None:
    """The unclaimed entry that a bureau made with this code: who registers with it claims the entry."""
    rows = Organisation.objects.filter(claimed=False, listed=True, suspended=False)
    return rows.filter(external_id=code).first() if code else None


def named_alike(user: Any, *names: str, most: int = 5) -> list[Any]:
    """Firms in the directory that have one of these names, or nearly: without the ending that all firms have."""
    found = Q()
    for name in names:
        core = _ENDINGS.sub("", name.strip())
        if len(core) > 1:
            found |= Q(name_zh__icontains=core) | Q(name_en__icontains=core)
    rows = Organisation.objects.visible_to(user).filter(kind=OrganisationKind.FIRM)
    return list(rows.filter(found).select_related("city").order_by("id")[:most]) if found else []


def own_verifications(user: Any) -> list[Any]:
    """One's own firms that wait to be verified, and `bureaus`: who decides. Always the person's own rows."""
    rows = Verification.objects.filter(organisation__memberships__user=user, state=DecisionState.WAITING)
    found: list[Any] = list(rows.select_related("organisation__city").order_by("id"))
    for row in found:
        bureaus = Organisation.objects.filter(cares_for__city=row.organisation.city, suspended=False)
        row.bureaus = list(bureaus.select_related("contact"))
    return found


def own_suspensions(user: Any) -> list[Any]:
    """Why one's own firms are shut out, and which bureaus to ask: always the person's own rows."""
    firms = Organisation.objects.filter(memberships__user=user, suspended=True).select_related("city")
    rows: list[Any] = []
    for firm in firms:
        row = Suspension.objects.filter(organisation=firm, lifted_at=None).first()
        row = row or Suspension(organisation=firm, at=None)  # type: ignore[misc]
        bureaus = Organisation.objects.filter(cares_for__city=firm.city, suspended=False)
        row.bureaus = list(bureaus.select_related("contact"))  # type: ignore[attr-defined]
        rows.append(row)
    return rows


def cities_in_care(user: Any) -> list[City]:
    """The cities whose firms the viewer's bureau looks after, for the suggestions of a form."""
    bureaus = Membership.objects.filter(user=user, organisation__kind=OrganisationKind.BUREAU)
    rows = City.objects.filter(caretakers__bureau__in=bureaus.values("organisation"))
    return list(rows.distinct().order_by("code"))


def own_seat(user: Any, public_id: UUID) -> Membership | None:
    """One's own place in an organisation."""
    rows = Membership.objects.filter(user=user, organisation__public_id=public_id)
    return rows.select_related("organisation", "user").first()


def city_of_code(uscc: str) -> str:
    """The district, or else the city, where a credit code was issued, as the form writes it; "" where it is not among
    ours. A suggestion: firms move."""
    place = uscc[2:8]
    found = {row.code: row for row in City.objects.filter(code__in=[place, f"{place[:4]}00"])}
    row = found.get(place) or found.get(f"{place[:4]}00")
    return f"{row} ({row.code})" if row else ""


def city_names() -> list[City]:
    """For the suggestions of a form."""
    return list(City.objects.order_by("code"))


def person_at_the_door(pk: int) -> User | None:
    """Who has given the password and owes the code: nobody is signed in yet."""
    return User.objects.filter(pk=pk, is_active=True).first()


def mail_list(user: Any) -> QuerySet[Mail]:
    """The outbox, for the platform's admin."""
    return Mail.objects.all() if user.is_superuser else Mail.objects.none()
