"""Doing a request once, however often it is sent: the answer is kept in the transaction of the effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from alliance.errors import ChangedRightsError, ConflictError, DomainError
from alliance.models import IdempotencyKey
from alliance.selectors import viewer_of

KEPT = timedelta(hours=24)
SWEPT_AT_ONCE = 1000


class ReusedKeyError(DomainError):
    """The key was sent before with another request."""

    status = 422
    code = "idempotency_key_reused"


class InFlightError(ConflictError):
    """The same key is being worked on at this moment."""

    code = "in_flight"


@dataclass(frozen=True)
class Answer:
    """What a request was answered, as JSON."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


def locked(*names: str, wait: bool) -> bool:
    """Hold what these words name until the transaction ends; without `wait` False where somebody else does."""
    number = int.from_bytes(blake2b("\x1f".join(names).encode(), digest_size=8).digest(), signed=True)
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def rights_of(user: Any) -> list[str]:
    """What the asker is, one word for each place: an answer is kept for who still is all of it."""
    told = vars(viewer_of(user)).items()
    places = [f"{name} {pk}" for name, held in told if isinstance(held, frozenset) for pk in held]
    return sorted([*places, *(name for name, held in told if held is True)])


def remembered(principal: str, key: str, digest: str, rights: list[str]) -> Answer | None:
    """The answer given before, or None: then the caller does the work and calls `remember` in this transaction.

    Whoever has left a firm since is not told again what was done there.
    """
    if not locked("idempotency", principal, key, wait=False):
        raise InFlightError(
            _("A request with this Idempotency-Key is being worked on. Ask again in a moment.")
        )
    row = IdempotencyKey.objects.filter(principal=principal, key=key).first()
    if row is None:
        return None
    if row.digest != digest:
        raise ReusedKeyError(_("This Idempotency-Key was sent before with another request."))
    if not {*row.rights} <= {*rights}:
        raise ChangedRightsError(
            _("What you may see has changed since this was answered: read the row again.")
        )
    return Answer(row.status, row.body, row.headers)


def remember(principal: str, key: str, digest: str, answer: Answer, rights: list[str]) -> None:
    IdempotencyKey.objects.create(
        principal=principal,
        key=key,
        digest=digest,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        rights=rights,
    )


def sweep_keys() -> int:
    """Forget answers older than a day, some at a time."""
    old = IdempotencyKey.objects.filter(made_at__lt=Now() - KEPT).values("pk")[:SWEPT_AT_ONCE]
    return IdempotencyKey.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]
