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
from alliance.models import ApiToken, Organisation, User
from alliance.selectors import viewer_of

SCOPES = ("read", "write", "webhooks")
MAX_KEPT_HOURS = 7 * 24
MAX_DAYS = 366
MAX_TOKENS = 50
_KEY_LENGTH = 15
_NOTE_EVERY = timedelta(minutes=1)


def issue_token(
    user: User,
    *,
    name: str,
    scopes: list[str],
    days: int,
    organisation: Organisation | None = None,
    service: bool = False,
) -> tuple[ApiToken, str]:
    """A new token and its clear text, which nobody can read again.

    `organisation` limits it to that one of the person's organisations; `service`: it is the organisation's own.
    """
    _may_issue(user, organisation, service)
    name = _clean_name(name)
    if not scopes or any(scope not in SCOPES for scope in scopes):
        raise DomainError(_("Choose from: %(scopes)s.") % {"scopes": ", ".join(SCOPES)}, field="scopes")
    if not 1 <= days <= MAX_DAYS:
        raise DomainError(_("From 1 to %(most)d days.") % {"most": MAX_DAYS}, field="days")
    kept = [scope for scope in SCOPES if scope in scopes]
    lasts = timedelta(days=days)
    return _store(
        ApiToken(user=user, name=name, scopes=kept, organisation=organisation, service=service), lasts
    )


def _may_issue(user: User, organisation: Organisation | None, service: bool) -> None:
    viewer = viewer_of(user)
    if not viewer.known:
        raise ForbiddenError(_("Your account belongs to no active organisation."))
    if organisation is None:
        if service:
            raise DomainError(_("Say for which organisation."), field="organisation")
    elif organisation.pk not in viewer.firms | viewer.bureaus:
        raise DomainError(_("There is no such organisation among yours."), field="organisation")
    elif service and organisation.pk not in viewer.owning | viewer.bureaus:
        raise ForbiddenError(_("The owners of a firm and the officials of a bureau make its tokens."))


def _store(token: ApiToken, lasts: timedelta) -> tuple[ApiToken, str]:
    with transaction.atomic():
        User.objects.select_for_update().get(pk=token.user_id)
        same = (
            Q(organisation=token.organisation, service=True)
            if token.service
            else Q(user=token.user, service=False)
        )
        if ApiToken.objects.filter(same).count() >= MAX_TOKENS:
            raise DomainError(
                _("There are %(most)d tokens already: revoke one first.") % {"most": MAX_TOKENS}
            )
        token.digest, text = get_digest_token()
        token.token_key = text[:_KEY_LENGTH]
        token.expiry = timezone.now() + lasts
        token.save(force_insert=True)
        record("issue", "token", str(token.public_id), after=_told(token))
    return token, text


def _told(token: ApiToken) -> dict[str, Any]:
    told = {"name": token.name, "scopes": token.scopes}
    if token.expiry is not None:
        told["expires"] = token.expiry.isoformat(timespec="seconds")
    if token.organisation is not None:
        told |= {"organisation": str(token.organisation.public_id), "service": token.service}
    return told


def rotate_token(user: User, public_id: Any, *, keep_hours: int = 0) -> tuple[ApiToken, str]:
    """A new secret with the same rights and as long a life; the old one ends now, or after `keep_hours`.

    An organisation's token is in the name of who rotated it last.
    """
    if not 0 <= keep_hours <= MAX_KEPT_HOURS:
        raise DomainError(_("From 0 to %(most)d hours.") % {"most": MAX_KEPT_HOURS}, field="keep_hours")
    with transaction.atomic():
        old = _own(user, public_id, held=True)
        _may_issue(user, old.organisation, old.service)
        life = (old.expiry - old.created) if old.expiry is not None else timedelta(days=MAX_DAYS)
        end = timezone.now() + timedelta(hours=keep_hours)
        if keep_hours and (old.expiry is None or old.expiry > end):
            ApiToken.objects.filter(pk=old.pk).update(expiry=end)
        elif not keep_hours:
            _end(old)
        fresh = ApiToken(
            user=user, name=old.name, scopes=old.scopes, organisation=old.organisation, service=old.service
        )
        return _store(fresh, min(life, timedelta(days=MAX_DAYS)))


def _own(user: User, public_id: Any, *, held: bool = False) -> ApiToken:
    """A token that this person keeps; `held`: nobody else revokes or rotates it until the transaction ends."""
    rows = ApiToken.objects.editable_by(user).filter(public_id=public_id)
    if held:
        list(ApiToken.objects.select_for_update().filter(public_id=public_id).values("pk"))
    token = rows.select_related("organisation").first()
    if token is None:
        raise NotFoundError(_("There is no such token."))
    return token


def _end(token: ApiToken) -> None:
    ended, _rows = ApiToken.objects.filter(pk=token.pk).delete()
    if ended:
        record("revoke", "token", str(token.public_id), before=_told(token))


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 100:
        raise DomainError(_("A name of 1 to 100 characters."), field="name")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise DomainError(_("The name contains control characters."), field="name")
    return name


def revoke_token(user: User, public_id: Any) -> None:
    """End a token that this person keeps; whoever holds it is refused from the next request on."""
    with transaction.atomic():
        _end(_own(user, public_id))


def note_use(token: ApiToken) -> None:
    """Remember the last use, to the minute. Not a change: nobody decided anything."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _NOTE_EVERY)
    if token.last_used_at is None or token.last_used_at < now - _NOTE_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
