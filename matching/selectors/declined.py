"""Why a declined pair is, or is not, proposed again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from alliance.choices import IntroductionState as State
from alliance.models import Change


@dataclass(frozen=True)
class SinceDeclined:
    """What has changed since a pair was declined: (whose words, when). Empty: it is not proposed again."""

    changed: list[tuple[str, datetime | None]]


def since_declined(row: Any, demand: Any, offer: Any) -> SinceDeclined | None:
    """None unless the pair's newest introduction was declined. The rows are the viewer's already."""
    if row is None or row.state != State.DECLINED:
        return None
    changed = []
    if row.demand_version != demand.version:
        changed.append((_("the demand"), _last("demand", demand)))
    if offer is not None and row.capability_version != offer.version:
        kind = "capability" if row.capability_id else "site"
        words = _("the capability") if row.capability_id else _("the site")
        changed.append((words, _last(kind, offer)))
    return SinceDeclined(changed)


def _last(kind: str, row: Any) -> datetime | None:
    """When it was last written to; an import of many rows leaves no change of each."""
    found = Change.objects.filter(kind=kind, object_id=str(row.public_id)).aggregate(at=Max("at"))["at"]
    return found or row.updated_at
