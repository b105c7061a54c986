"""Letting people in: a link, once, for a while; and letting them go."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import BUREAU_ROLES, FIRM_ROLES, MemberRole, OrganisationKind
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import (
    ApiToken,
    Invitation,
    JoinRequest,
    Mail,
    Membership,
    Organisation,
    SecondFactor,
    User,
)
from alliance.selectors.rights import may_appoint
from alliance.services.mail import post
from alliance.services.notices.preferences import forget_notices
from alliance.services.people import join_organisation
from alliance.services.registration import NewPerson, new_person
from alliance.services.second_factor import in_my_care

DAYS = 7


def looks_after(organisation: Organisation, user: Any) -> bool:
    """Whether this person may invite, change roles and remove people here."""
    members = Membership.objects.editable_by(user).filter(organisation=organisation)
    return members.exists()


def _must_look_after(organisation: Organisation, user: Any) -> None:
    if not looks_after(organisation, user):
        raise ForbiddenError(
            _("Owners look after the people of a firm, officials after those of their bureau.")
        )


def _must_appoint(organisation: Organisation, user: Any, *roles: str) -> None:
    """Where one of the roles is that of an alliance admin."""
    if MemberRole.ALLIANCE_ADMIN in roles and not may_appoint(user, organisation.pk):
        raise ForbiddenError(_("Only an alliance admin, or the platform's admin, gives and takes this role."))


def invite(organisation: Organisation, role: str, *, user: Any, email: str = "") -> tuple[Invitation, str]:
    """An invitation and its link; the link is shown once, and mailed where an address was given."""
    if not user.is_superuser or organisation.kind != OrganisationKind.BUREAU:
        _must_look_after(organisation, user)
    allowed = BUREAU_ROLES if organisation.kind == OrganisationKind.BUREAU else FIRM_ROLES
    if role not in allowed:
        raise DomainError(_("This role does not exist in this kind of organisation."), field="role")
    _must_appoint(organisation, user, role)
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        row = Invitation.objects.create(
            organisation=organisation,
            role=role,
            email=email,
            digest=_digest(secret),
            made_by=user,
            expires_at=timezone.now() + timedelta(days=DAYS),
        )
        # Not the address: what is recorded stays when a person is erased.
        record("invited", "invitation", str(row.public_id), after={"role": role, "mailed": bool(email)})
        address = settings.SITE_URL + reverse("invitation", args=[secret])
        if email:
            words = _(
                "%(who)s invites you to %(organisation)s. The link is good for %(days)d days:\n\n%(address)s"
            )
            told = {"who": user, "organisation": organisation, "days": DAYS, "address": address}
            post(email, _("Invitation to %(organisation)s") % {"organisation": organisation}, words % told)
    return row, address


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def open_invitation(secret: str) -> Invitation:
    """The invitation behind a link; NotFoundError when it is used, revoked, too old, or none of ours."""
    rows = Invitation.objects.select_related("organisation").filter(digest=_digest(secret))
    row = rows.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now()).first()
    if row is None:
        raise NotFoundError(_("This invitation has been used, taken back, or is too old. Ask for a new one."))
    return row


def accept_invitation(secret: str, person: User) -> Membership:
    """Exactly one person gets in by a link."""
    with transaction.atomic():
        row = open_invitation(secret)
        if not Invitation.objects.filter(pk=row.pk, used_at=None, revoked_at=None).update(
            used_at=Now(), used_by=person
        ):
            raise ConflictError(_("This invitation has been used meanwhile."))
        if Membership.objects.filter(user=person, organisation=row.organisation).exists():
            raise ConflictError(_("You belong to this organisation already."))
        record("accepted", "invitation", str(row.public_id), after={"person": person.pseudonym})
        return join_organisation(person, row.organisation, row.role)


def accept_as_new(secret: str, person: NewPerson) -> Membership:
    """The same for who has no account yet; where the link has been used meanwhile no account is left behind."""
    with transaction.atomic():
        open_invitation(secret)
        return accept_invitation(secret, new_person(person))


def revoke_invitation(public_id: UUID, *, user: Any) -> None:
    row = (
        Invitation.objects.visible_to(user).select_related("organisation").filter(public_id=public_id).first()
    )
    if row is None:
        raise NotFoundError(_("There is no such invitation."))
    if not Invitation.objects.editable_by(user).filter(pk=row.pk).exists():
        raise ForbiddenError(
            _("Owners look after the people of a firm, officials after those of their bureau.")
        )
    _must_appoint(row.organisation, user, row.role)
    with transaction.atomic():
        if not Invitation.objects.filter(pk=row.pk, used_at=None, revoked_at=None).update(revoked_at=Now()):
            raise ConflictError(_("This invitation has been used or taken back meanwhile."))
        record("revoked", "invitation", str(row.public_id))


# --- those who are in --------------------------------------------------------------------------------------
def change_role(member: Membership, role: str, *, user: Any) -> None:
    _must_look_after(member.organisation, user)
    with transaction.atomic():
        _must_appoint(member.organisation, user, role, _role_now(member))
        _keep_somebody(
            member, leaving=role not in (MemberRole.OWNER, MemberRole.ALLIANCE_ADMIN, MemberRole.OFFICIAL)
        )
        join_organisation(member.user, member.organisation, role)


def remove_member(member: Membership, *, user: Any) -> None:
    """Oneself (leaving) or somebody one looks after; the last owner of a firm stays."""
    if member.user_id != user.pk:
        _must_look_after(member.organisation, user)
    with transaction.atomic():
        if member.user_id != user.pk:
            _must_appoint(member.organisation, user, _role_now(member))
        _keep_somebody(member, leaving=True)
        Membership.objects.filter(pk=member.pk).delete()
        before = {"organisation": str(member.organisation.public_id), "role": member.role}
        record("left", "person", member.user.pseudonym, before=before)


def _role_now(member: Membership) -> str:
    """As the database has it, held until the transaction ends."""
    found = Membership.objects.select_for_update(of=("self",)).filter(pk=member.pk)
    return found.values_list("role", flat=True).first() or member.role


def _keep_somebody(member: Membership, *, leaving: bool) -> None:
    """A firm keeps an owner, a bureau somebody: who would be the last has to name another first."""
    chiefs = Q(role=MemberRole.OWNER) if member.organisation.kind == OrganisationKind.FIRM else Q()
    rows = Membership.objects.select_for_update(of=("self",)).filter(chiefs, organisation=member.organisation)
    left = [row.pk for row in rows.filter(user__is_active=True) if row.pk != member.pk]
    if leaving and not left and (member.role == MemberRole.OWNER or member.organisation.kind == "bureau"):
        raise ConflictError(_("The last owner cannot go: make somebody else an owner first."))


def password_link(person: User, *, user: Any) -> str:
    """A one-time link to a new password, for where there is no mail: shown once to who looks after the person.

    After all the places of that person: an owner who invites somebody from elsewhere cannot take over that other place.
    """
    if not in_my_care(person, user):
        raise ForbiddenError(_("Only who looks after all the organisations of a person may make this link."))
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    with transaction.atomic():
        record("made password link", "person", person.pseudonym)
    token = default_token_generator.make_token(person)
    return settings.SITE_URL + reverse("password_reset_confirm", args=[uid, token])


def _forget_address(person: User) -> None:
    """Mails to it, and where it stands in invitations; not where somebody else is reached by the same address."""
    Invitation.objects.filter(used_by=person).update(email="")
    others = User.objects.filter(email__iexact=person.email).exclude(pk=person.pk)
    if person.email and not others.exists():
        Mail.objects.filter(to__iexact=person.email).delete()
        Invitation.objects.filter(email__iexact=person.email).update(email="")


def erase_person(person: User) -> None:
    """Name, address and contacts go; what they did stays under a pseudonym. The last owner of a firm stays."""
    with transaction.atomic():
        for member in Membership.objects.filter(user=person).select_related("organisation", "user"):
            remove_member(member, user=person)
        ApiToken.objects.filter(user=person).delete()
        SecondFactor.objects.filter(person=person).delete()
        forget_notices(person)
        _forget_address(person)
        JoinRequest.objects.filter(person=person).update(note="", updated_at=Now())
        person.username, person.display_name, person.email = f"erased-{secrets.token_hex(6)}", "", ""
        person.is_active = False
        person.set_unusable_password()
        person.save(update_fields=["username", "display_name", "email", "is_active", "password"])
        record("erased", "person", person.pseudonym)
