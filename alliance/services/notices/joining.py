"""Tellers of this app: verification, requests to join, invitations."""

from __future__ import annotations

from typing import Any

from alliance.choices import NoticeGroup
from alliance.models import Change, CityCare, Invitation, JoinRequest, Membership, Verification
from alliance.services.notices.telling import News, everybody, members_of, those_who_see, told_to

JOINING = NoticeGroup.JOINING.value


def _caring(city_id: int) -> set[int]:
    return set(CityCare.objects.filter(city=city_id).values_list("bureau_id", flat=True))


def verification(change: Change) -> list[News]:
    """Asked: the bureau that decides. Decided: the firm."""
    row = Verification.objects.select_related("organisation").get(public_id=change.object_id)
    rows: Any = Verification.objects.filter(pk=row.pk)
    if change.verb == "asked":
        people = everybody(members_of(_caring(row.organisation.city_id), but=change.actor_id))
    elif change.verb == "decided":
        people = everybody(members_of([row.organisation_id], but=change.actor_id))
    else:
        return []
    granted = {"granted": bool((change.after or {}).get("granted"))} if change.verb == "decided" else {}
    key = f"verification {change.verb}"
    return told_to(those_who_see(people, rows), JOINING, key, change, granted)


def join_request(change: Change) -> list[News]:
    """Asked: whoever decides it. Decided: the others of the firm hear of a new colleague, and the one who asked."""
    row = JoinRequest.objects.select_related("organisation").get(public_id=change.object_id)
    rows: Any = JoinRequest.objects.filter(pk=row.pk)
    concerned = {row.organisation_id}
    if change.verb == "asked":
        concerned |= _caring(row.organisation.city_id)
        people = everybody(members_of(concerned, but=change.actor_id))
        deciders = [person for person in people if rows.editable_by(person).exists()]
        return told_to(deciders, JOINING, "join asked", change)
    if change.verb != "decided" or not (change.after or {}).get("granted"):
        return []  # who was refused belongs nowhere and reads it on the page that waits
    people = everybody(members_of(concerned, but=change.actor_id))
    return told_to(those_who_see(people, rows), JOINING, "join granted", change)


def invitation(change: Change) -> list[News]:
    """Accepted: who made it, and the owners."""
    if change.verb != "accepted":
        return []
    row = Invitation.objects.get(public_id=change.object_id)
    rows: Any = Invitation.objects.filter(pk=row.pk)
    owners = set(
        Membership.objects.filter(organisation=row.organisation_id, role="owner").values_list(
            "user_id", flat=True
        )
    )
    concerned = (owners | {row.made_by_id}) - {row.used_by_id}
    people = everybody(members_of([row.organisation_id], but=change.actor_id))
    people = [person for person in people if person.pk in concerned]
    return told_to(those_who_see(people, rows), JOINING, "invitation accepted", change)
