"""What happened to a row: who, when, and each field before and after."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from alliance.kinds import KINDS
from alliance.models import Change
from alliance.selectors.history import history_of, history_row

MOST = 200
#: other verbs are shown as they were recorded
VERBS = {
    "changed": _("changed"),
    "checked": _("checked"),
    "closed": _("closed"),
    "created": _("created"),
    "drafted": _("drafted"),
    "imported": _("imported"),
    "reopened": _("reopened"),
    "published": _("published"),
    "withdrawn": _("withdrawn"),
    "archived": _("archived"),
    "restored": _("restored"),
    "verified": _("verified"),
}
#: what a change was about when it was not the row itself
ABOUT = {"evidence": _("evidence of values")}
#: what people call a field; others are shown as they were recorded
FIELDS = {
    "archived": _("Archived"),
    "available_from": _("Available from"),
    "basis": _("Basis"),
    "booked": _("Booked"),
    "capacity_per_month": _("Capacity a month"),
    "certificates": _("Certificates"),
    "city": _("City"),
    "committed_per_month": _("Committed a month"),
    "component_type": _("Component type"),
    "conditions": _("Part conditions"),
    "confidentiality": _("Visible to"),
    "facility": _("Plant"),
    "fleet_capacity": _("Fleet capacity"),
    "iterations": _("Prototypes until it fits"),
    "lab_city": _("Lab city"),
    "line": _("Lines"),
    "min_order_quantity": _("Minimum order"),
    "monthly_rate": _("A month"),
    "name": _("Name"),
    "need_by": _("Need by"),
    "outcome": _("How it ended"),
    "params": _("The place"),
    "prototype_lead_days": _("Prototype lead time (days)"),
    "published": _("Published"),
    "quantity": _("Quantity"),
    "reason": _("Reason"),
    "scenario_type": _("Scenario"),
    "scope": _("Scope"),
    "site_need": _("Site"),
    "specs": _("Parameter"),
    "start_date": _("Start"),
    "title": _("Title"),
    "unit_price": _("Unit price (CNY)"),
    "valid_until": _("Valid until"),
    "values": _("Value"),
    "volume_lead_days": _("Volume lead time (days)"),
    "windows": _("Windows"),
    "window": _("Windows"),
}


@require_safe
def history(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    found = history_row(request.user, kind, public_id)
    if found is None:
        raise Http404
    steps = [
        (change, VERBS.get(change.verb, change.verb), ABOUT.get(change.kind, ""), _differences(change))
        for change in history_of(kind, public_id)[:MOST]
    ]
    context = {"row": found, "steps": steps, "url_name": KINDS[kind].url_name, "most": MOST}
    return render(request, "alliance/history.html", context)


def _differences(change: Change) -> list[tuple[str, str | None, str]]:
    """(field, before, after) of what is not the same; before is None where it was not recorded."""
    before, after = change.before or {}, change.after or {}
    names = sorted({*before, *after} - {"version"})
    return [
        (
            str(FIELDS.get(name, name)),
            _words(before[name]) if name in before else None,
            _words(after.get(name)),
        )
        for name in names
        if before.get(name) != after.get(name)
    ]


def _words(value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
