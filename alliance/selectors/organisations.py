"""Firms, bureaus and the people in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch

from alliance.choices import DisclosureStage, OrganisationKind
from alliance.models import (
    DeliveryRecord,
    Disclosure,
    Exclusion,
    Membership,
    Organisation,
    OrganisationCertificate,
    OrganisationContact,
    Suspension,
)
from alliance.models.base import GuardedQuerySet
from alliance.selectors.long_lists import EITHER, REASONS, Rows, long_list
from alliance.viewer import viewer_of


def organisation_list(user: Any) -> GuardedQuerySet:
    return _told(Organisation.objects.visible_to(user))


def _told(rows: GuardedQuerySet) -> GuardedQuerySet:
    return rows.select_related("city", "city__parent")


def organisation_rows(user: Any) -> Rows:
    """The same as a long list: of a large region everybody but the platform's admin sees the firms of few cities. A
    bureau knows one in ten by its alliances' demands as well: of the first thousand it sees a page."""
    viewer = viewer_of(user)
    by = "" if viewer.platform_admin else EITHER if viewer.official else REASONS
    return long_list(Organisation, organisation_list, user, by, _told)


def firm_list(user: Any) -> GuardedQuerySet:
    return organisation_list(user).filter(kind=OrganisationKind.FIRM)


def organisation_detail(user: Any) -> GuardedQuerySet:
    """Firms and bureaus with what hangs on them; contacts only where the viewer may read them."""
    return _told(Organisation.objects.visible_few(user)).prefetch_related(
        Prefetch("certificates", OrganisationCertificate.objects.visible_few(user), to_attr="held"),
        Prefetch("deliveries", DeliveryRecord.objects.visible_few(user), to_attr="record"),
        Prefetch("contact", OrganisationContact.objects.visible_to(user), to_attr="reach_at"),
    )


def firm_detail(user: Any) -> GuardedQuerySet:
    return organisation_detail(user).filter(kind=OrganisationKind.FIRM)


def survivor_of(user: Any, public_id: Any) -> Any:
    """The entry that took over a merged one, where the viewer may open it."""
    gone = Organisation.objects.filter(public_id=public_id).exclude(merged_into=None).first()
    for _hop in range(20):
        if gone is None or gone.merged_into is None:
            break
        gone = gone.merged_into
    return organisation_list(user).filter(pk=gone.pk).first() if gone else None


def exclusions_of(user: Any, organisation: Any) -> list[Any]:
    """Whom it is not to be matched with: read by itself and its bureau."""
    rows = Exclusion.objects.visible_to(user).filter(organisation=organisation)
    return list(rows.select_related("excluded__city").order_by("excluded__name_sort", "id"))


def contact_readers(user: Any, organisation: Any) -> list[Any]:
    """To whom an introduction has opened how the organisation is reached, and since when: for those who edit it."""
    if not Organisation.objects.editable_by(user).filter(pk=organisation.pk).exists():
        return []
    seen = Organisation.objects.visible_to(user).values("pk")
    rows = Disclosure.objects.filter(
        kind="organisation", object_id=organisation.public_id, stage__gte=DisclosureStage.ACCEPTED
    )
    return list(rows.filter(organisation__in=seen).select_related("organisation").order_by("opened_at"))


def suspension_of(user: Any, organisation: Any) -> Suspension | None:
    """Why it is shut out, for its bureau."""
    rows = Suspension.objects.visible_to(user).filter(organisation=organisation, lifted_at=None)
    return rows.first() if organisation.suspended else None


def attach_seen(user: Any, organisations: Iterable[Any]) -> None:
    """`seen` of each: whether its directory entry is for the viewer. A capability from elsewhere may be offered
    by a firm whose page the viewer cannot open."""
    rows = list(organisations)
    few = Organisation.objects.visible_few(user)
    seen = set(few.filter(pk__in={row.pk for row in rows}).values_list("pk", flat=True))
    for row in rows:
        row.seen = row.pk in seen


def attach_records(user: Any, organisations: Iterable[Any]) -> None:
    """`record` of each: its deliveries, None where the viewer may not know them. Asked once for all of a page: whom
    the bureaus know by a team takes the database ten milliseconds to find out."""
    rows = list(organisations)
    few = DeliveryRecord.objects.visible_few(user)
    found = {row.organisation_id: row for row in few.filter(organisation__in={row.pk for row in rows})}
    for row in rows:
        row.record = found.get(row.pk)


def seats_of(user: Any) -> list[Membership]:
    """The organisations a person belongs to; always the person's own rows."""
    return list(Membership.objects.filter(user=user).select_related("organisation"))


CONTACT = ("person", "phone", "email", "address")


def organisation_body(row: Any) -> dict[str, Any]:
    """The body that would write an organisation as it is; for who may write it."""
    now = Organisation.objects.select_related("city").get(pk=row.pk)
    contact = OrganisationContact.objects.filter(organisation=row).values(*CONTACT).first()
    return {name: getattr(now, name) for name in ("name_zh", "name_en", "roles")} | {
        "city": now.city.code,
        "contact": contact or dict.fromkeys(CONTACT, ""),
    }
