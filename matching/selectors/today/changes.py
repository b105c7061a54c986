"""What others changed since the viewer's last visit, of what the viewer may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.models import Change, Organisation
from companies.models import Capability
from matching.selectors.demands import demand_list, heading
from scenarios.models import Site

LOOKED_AT, SHOWN = 300, 8
VERBS = {
    "created": gettext_lazy("added"),
    "published": gettext_lazy("published"),
    "withdrawn": gettext_lazy("withdrawn"),
    "archived": gettext_lazy("archived"),
    "restored": gettext_lazy("restored"),
    "verified": gettext_lazy("verified"),
    "cloned": gettext_lazy("copied"),
    "registered": gettext_lazy("registered"),
}
ROUTES = {"capability": "capability", "demand": "demand", "site": "site", "organisation": "firm"}


@dataclass(frozen=True)
class Seen:
    """One line: when, what, and what happened to it."""

    at: datetime
    name: str
    address: str
    words: str


def changes_since(user: Any, since: datetime | None) -> list[Seen]:
    """The newest change of each row, newest first; a bounded number of changes is looked at."""
    rows = Change.objects.filter(kind__in=ROUTES).exclude(actor=user)
    if since is not None:
        rows = rows.filter(at__gt=since)
    latest: dict[tuple[str, str], Change] = {}
    for row in rows.order_by("-id")[:LOOKED_AT]:
        latest.setdefault((row.kind, row.object_id), row)
    names = _names(user, list(latest))
    told = [_seen(row, names[key]) for key, row in latest.items() if key in names]
    return told[:SHOWN]


def _seen(row: Change, name: str) -> Seen:
    words = str(VERBS.get(row.verb, _("changed")))
    return Seen(row.at, name, reverse(ROUTES[row.kind], args=[row.object_id]), words)


def _names(user: Any, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What the viewer may call each row; rows that are not for the viewer are missing."""
    asked: dict[str, list[UUID]] = defaultdict(list)
    for kind, object_id in keys:
        try:
            asked[kind].append(UUID(object_id))
        except ValueError:
            continue
    found: dict[tuple[str, str], str] = {}
    models: dict[str, Any] = {"capability": Capability, "site": Site, "organisation": Organisation}
    for kind, ids in asked.items():
        if kind == "demand":
            rows = [(d.public_id, heading(d)) for d in demand_list(user).filter(public_id__in=ids)]
        else:
            visible = models[kind].objects.visible_to(user).filter(public_id__in=ids)
            rows = [(row.public_id, str(row)) for row in visible]
        found |= {(kind, str(key)): name for key, name in rows}
    return found
