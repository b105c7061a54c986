"""People and their places in organisations."""

from __future__ import annotations

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import BUREAU_ROLES, FIRM_ROLES, OrganisationKind
from alliance.errors import ConflictError, DomainError, NotFoundError
from alliance.models import ApiToken, Membership, Organisation, User
from alliance.selectors import alliances_of

_BOOTSTRAP_LOCK = 7_001


def random_password() -> str:
    return secrets.token_urlsafe(15)


def create_person(
    username: str, *, password: str, display_name: str = "", email: str = "", platform_admin: bool = False
) -> User:
    """A person who can sign in; a platform admin also into /admin/."""
    person = User(
        username=username,
        display_name=display_name,
        email=email,
        is_staff=platform_admin,
        is_superuser=platform_admin,
    )
    _check(person, password)
    person.set_password(password)
    with transaction.atomic():
        if User.objects.filter(username=username).exists():
            raise ConflictError(_("The name %(name)s is taken.") % {"name": username})
        person.save(force_insert=True)
        record("create", "person", person.pseudonym, after={"platform_admin": platform_admin})
    return person


def _check(person: User, password: str) -> None:
    try:
        User.username_validator(person.username)
        if person.email:
            validate_email(person.email)
        validate_password(password, person)
    except ValidationError as error:
        raise DomainError(" ".join(error.messages)) from error


def set_password(person: User, password: str) -> None:
    """A new password; who has signed in with the old one is signed out."""
    _check(person, password)
    with transaction.atomic():
        person.set_password(password)
        person.save(update_fields=["password"])
        record("set password", "person", person.pseudonym)


def join_organisation(person: User, organisation: Organisation, role: str) -> Membership:
    """Give a person a role in an organisation, or another one; firms and bureaus have roles of their own."""
    allowed = BUREAU_ROLES if organisation.kind == OrganisationKind.BUREAU else FIRM_ROLES
    if role not in allowed:
        raise DomainError(_("This role does not exist in this kind of organisation."), field="role")
    with transaction.atomic():
        place = {"user": person, "organisation": organisation}
        member, made = Membership.objects.select_for_update().get_or_create(**place, defaults={"role": role})
        if not made and member.role == role:
            return member
        before = None if made else {"role": member.role}
        Membership.objects.filter(pk=member.pk).update(role=role)
        after = {"organisation": str(organisation.public_id), "role": role}
        record("join" if made else "change role", "person", person.pseudonym, before=before, after=after)
    member.role = role
    return member


def choose_alliance(person: User, slug: str) -> None:
    """Which of one's alliances one looks at from now on, on every device."""
    chosen = next((row for row in alliances_of(person) if row.slug == slug), None)
    if chosen is None:
        raise NotFoundError(_("There is no such alliance among yours."))
    User.objects.filter(pk=person.pk).update(chosen_alliance=chosen)


def suspend_person(person: User, *, suspended: bool = True) -> None:
    """Shut a person out, tokens included, or let them in again (tokens have to be made anew)."""
    with transaction.atomic():
        if (
            not User.objects.filter(pk=person.pk)
            .exclude(is_active=not suspended)
            .update(is_active=not suspended)
        ):
            return
        if suspended:
            ApiToken.objects.filter(user=person).delete()
        record("suspend" if suspended else "restore", "person", person.pseudonym)
    person.is_active = not suspended


def bootstrap(username: str, *, email: str = "", password: str = "") -> tuple[User, str]:
    """The first platform admin and the password; refused when there is one already."""
    password = password or random_password()
    with transaction.atomic():
        _one_at_a_time()
        if User.objects.filter(is_superuser=True).exists():
            raise ConflictError(_("There is a platform admin already. Others come by invitation."))
        person = create_person(username, password=password, email=email, platform_admin=True)
    return person, password


def _one_at_a_time() -> None:
    """Two bootstraps at once make one admin: the second waits for the first to end."""
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_BOOTSTRAP_LOCK])
