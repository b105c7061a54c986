"""API tokens: shown once when issued, kept as a digest, revoked at once."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import get_digest_token

from alliance.changes import record
from alliance.errors import DomainError, ForbiddenError, NotFoundError
from alliance.models import ApiToken, User
from alliance.selectors import viewer_of

SCOPES = ("read", "write")
MAX_DAYS = 366
MAX_TOKENS = 50
_KEY_LENGTH = 15
_NOTE_EVERY = timedelta(minutes=1)


def issue_token(user: User, *, name: str, scopes: list[str], days: int) -> tuple[ApiToken, str]:
    """A new token of this person and its clear text, which nobody can read again."""
    if not viewer_of(user).known:
        raise ForbiddenError(_("Your account belongs to no active organisation."))
    name = _clean_name(name)
    if not scopes or any(scope not in SCOPES for scope in scopes):
        raise DomainError(_("Choose from: %(scopes)s.") % {"scopes": ", ".join(SCOPES)}, field="scopes")
    if not 1 <= days <= MAX_DAYS:
        raise DomainError(_("From 1 to %(most)d days.") % {"most": MAX_DAYS}, field="days")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if ApiToken.objects.filter(user=user).count() >= MAX_TOKENS:
            raise DomainError(_("You have %(most)d tokens already: revoke one first.") % {"most": MAX_TOKENS})
        digest, text = get_digest_token()
        token = ApiToken(
            digest=digest,
            token_key=text[:_KEY_LENGTH],
            user=user,
            name=name,
            scopes=[scope for scope in SCOPES if scope in scopes],
            expiry=timezone.now() + timedelta(days=days),
        )
        token.save(force_insert=True)
        after = {"name": token.name, "scopes": token.scopes, "days": days}
        record("issue", "token", str(token.public_id), after=after)
    return token, text


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 100:
        raise DomainError(_("A name of 1 to 100 characters."), field="name")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise DomainError(_("The name contains control characters."), field="name")
    return name


def revoke_token(user: User, public_id: Any) -> None:
    """End a token of this person; whoever holds it is refused from the next request on."""
    with transaction.atomic():
        token = ApiToken.objects.editable_by(user).filter(public_id=public_id).first()
        if token is None:
            raise NotFoundError(_("There is no such token."))
        ended, _rows = ApiToken.objects.filter(pk=token.pk).delete()
        if ended:
            record(
                "revoke", "token", str(token.public_id), before={"name": token.name, "scopes": token.scopes}
            )


def note_use(token: ApiToken) -> None:
    """Remember the last use, to the minute. Not a change: nobody decided anything."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _NOTE_EVERY)
    if token.last_used_at is None or token.last_used_at < now - _NOTE_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
