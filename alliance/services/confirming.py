"""Confirming an e-mail address by a signed link that expires."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, DomainError
from alliance.models import User
from alliance.services.mail import post

DAYS = 3
_SIGNER = signing.TimestampSigner(salt="confirm-email")


def ask_to_confirm(user: User) -> None:
    """Send the link; where there is no mail server it waits in the outbox."""
    token = _SIGNER.sign_object([user.username, user.email])
    address = settings.SITE_URL + reverse("confirm-email", args=[token])
    words = _(
        "Confirm your address within %(days)d days:\n\n%(address)s\n\nIf you did not register, ignore this mail."
    )
    post(user.email, _("Confirm your e-mail address"), words % {"days": DAYS, "address": address})


def ask_again(user: User) -> None:
    """The link once more; ConflictError where there is nothing to confirm."""
    if not user.email or user.email_confirmed_at is not None:
        raise ConflictError(_("There is no address that waits to be confirmed."))
    with transaction.atomic():
        ask_to_confirm(user)
        record("asked to confirm e-mail", "person", user.pseudonym)


def confirm(token: str) -> User:
    """The person whose address is now confirmed; DomainError for a link that is broken, old or of a former address."""
    try:
        username, email = _SIGNER.unsign_object(token, max_age=DAYS * 86_400)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise DomainError(_("This link is broken or too old. Ask for a new one.")) from error
    user = User.objects.filter(username=username, email=email, is_active=True).first()
    if user is None:
        raise DomainError(_("This link is broken or too old. Ask for a new one."))
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, email_confirmed_at=None).update(email_confirmed_at=Now()):
            record("confirmed e-mail", "person", user.pseudonym)
    return user
