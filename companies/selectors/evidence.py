"""What is verified, declared or expired among the values of a capability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.models.base import GuardedQuerySet
from companies.models import SpecEvidence

DECLARED, VERIFIED, EXPIRED, UNSTATED = "declared", "verified", "expired", "unstated"


@dataclass(frozen=True)
class Standing:
    """How a value stands; `by`, `at`, `until`, `basis` where a bureau has verified it."""

    state: str
    by: Any = None
    at: Any = None
    until: date | None = None
    basis: str = ""
    public_id: Any = None

    @property
    def words(self) -> str:
        names = {
            DECLARED: _("declared"),
            VERIFIED: _("verified"),
            EXPIRED: _("verification expired"),
            UNSTATED: _("not stated"),
        }
        return names[self.state]

    @property
    def tone(self) -> str:
        return {VERIFIED: "ok", EXPIRED: "warn"}.get(self.state, "mute")

    @property
    def symbol(self) -> str:
        symbols = {VERIFIED: "patch-check-fill", EXPIRED: "clock", DECLARED: "pencil"}
        return symbols.get(self.state, "dash-circle")


NOT_VERIFIED = Standing(DECLARED)
NOT_STATED = Standing(UNSTATED)


def evidence_of(capability_ids: Iterable[int], user: Any) -> dict[int, dict[str, Standing]]:
    """Capability -> parameter key -> how its value stands; a key that is not there is only declared.

    Two queries at most, however many capabilities.
    """
    return _standings(SpecEvidence.objects.visible_to(user), capability_ids)


def evidence_beside(seen: Iterable[int]) -> dict[int, dict[str, Standing]]:
    """The same of capabilities that the viewer sees: their evidence is seen with them."""
    return _standings(SpecEvidence.objects.hanging_on("capability"), seen)


def _standings(every: GuardedQuerySet, capability_ids: Iterable[int]) -> dict[int, dict[str, Standing]]:
    rows = every.filter(capability__in=list(capability_ids), ended_at=None).select_related("bureau")
    today = timezone.localdate()
    found: dict[int, dict[str, Standing]] = {}
    for row in rows:
        found.setdefault(row.capability_id, {})[row.key] = _standing(row, today)
    return found


def _standing(row: SpecEvidence, today: date) -> Standing:
    expired = row.valid_until is not None and row.valid_until < today
    return Standing(
        EXPIRED if expired else VERIFIED,
        row.bureau,
        row.verified_at,
        row.valid_until,
        row.basis,
        row.public_id,
    )


def standing_of(found: Mapping[str, Standing], key: str, value: Any) -> Standing:
    """One value's standing among what `evidence_of` found for its capability."""
    if value is None or value == []:
        return NOT_STATED
    return found.get(key, NOT_VERIFIED)
