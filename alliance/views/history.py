"""What happened to a row: who, when, and each field before and after."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from alliance.kinds import KINDS
from alliance.selectors.history import Teller, history_of, history_row

PAGE = 50
#: other verbs are shown as they were recorded
VERBS = {
    "changed": _("changed"),
    "checked": _("checked"),
    "closed": _("closed"),
    "claimed": _("claimed"),
    "created": _("created"),
    "decided": _("decided"),
    "delivered": _("delivered"),
    "drafted": _("drafted"),
    "entered": _("entered by the bureau"),
    "imported": _("imported"),
    "merged": _("merged"),
    "merged into": _("merged into another entry"),
    "merge undone": _("merge undone"),
    "milestone": _("milestone changed"),
    "moved": _("step done"),
    "proposed": _("proposed"),
    "registered": _("registered"),
    "reopened": _("reopened"),
    "published": _("published"),
    "suspended": _("suspended"),
    "suspension lifted": _("suspension lifted"),
    "undone": _("sheet taken back"),
    "withdrawn": _("withdrawn"),
    "archived": _("archived"),
    "restored": _("restored"),
    "verified": _("verified"),
}
#: what a change was about when it was not the row itself
ABOUT = {
    "evidence": _("evidence of values"),
    "capability row": _("by a sheet"),
    "demand line": _("by a sheet"),
}
#: what people call a field; others are shown as they were recorded
FIELDS = {
    "archived": _("Archived"),
    "available_from": _("Available from"),
    "basis": _("Basis"),
    "booked": _("Booked"),
    "capacity_per_month": _("Capacity a month"),
    "certificate": _("Certificate"),
    "certificates": _("Certificates"),
    "ceiling_unit_price": _("Ceiling price (CNY)"),
    "changed": _("Changed"),
    "city": _("City"),
    "claimed": _("Claimed"),
    "committed_per_month": _("Committed a month"),
    "component_type": _("Component type"),
    "deliveries_completed": _("Deliveries"),
    "deliveries_on_time": _("Deliveries on time"),
    "deployment_city": _("Deployment city"),
    "deployed_actual_on": _("Deployed: reached"),
    "deployed_planned_on": _("Deployed: planned"),
    "due_on": _("Next step by"),
    "entry": _("Entry"),
    "excluded": _("Not to be matched with"),
    "external_id": _("Own number"),
    "contact": _("Contact changed"),
    "conditions": _("Part conditions"),
    "confidentiality": _("Visible to"),
    "facility": _("Plant"),
    "fleet_capacity": _("Fleet capacity"),
    "fleet_size": _("Fleet"),
    "iterations": _("Prototypes until it fits"),
    "lab_city": _("Lab city"),
    "lab_accepted": _("The lab has accepted"),
    "line": _("Line"),
    "missing": _("Not stated yet"),
    "listed": _("Listed"),
    "min_order_quantity": _("Minimum order"),
    "monthly_rate": _("A month"),
    "name": _("Name"),
    "name_en": _("English name"),
    "name_zh": _("Chinese name"),
    "need_by": _("Need by"),
    "new": _("New"),
    "open_points": _("Open points"),
    "outcome": _("How it ended"),
    "params": _("The place"),
    "prototype_lead_days": _("Prototype lead time (days)"),
    "prototype_actual_on": _("Prototype: reached"),
    "prototype_planned_on": _("Prototype: planned"),
    "published": _("Published"),
    "quantity": _("Quantity"),
    "reason": _("Reason"),
    "removed": _("Removed"),
    "requirements": _("Requirements"),
    "roles": _("Roles"),
    "rows": _("Rows"),
    "scenario_type": _("Scenario"),
    "scope": _("Scope"),
    "sheet": _("Sheet"),
    "sheet taken back": _("Sheet taken back"),
    "site_need": _("Site"),
    "site_requirements": _("Asked of the site"),
    "specs": _("Parameter"),
    "start_date": _("Start"),
    "state": _("State"),
    "suspended": _("Suspended"),
    "supplier_accepted": _("The supplier has accepted"),
    "target_unit_price": _("Target price (CNY)"),
    "title": _("Title"),
    "trial_actual_on": _("Trial: reached"),
    "trial_days": _("Days of trial"),
    "trial_planned_on": _("Trial: planned"),
    "turn": _("Whose turn"),
    "uscc": _("Credit code"),
    "unit_price": _("Unit price (CNY)"),
    "valid_until": _("Valid until"),
    "values": _("Value"),
    "verified": _("Verified"),
    "volume_actual_on": _("Volume: reached"),
    "volume_lead_days": _("Volume lead time (days)"),
    "volume_planned_on": _("Volume: planned"),
    "window": _("Window"),
    "windows": _("Windows"),
}


@require_safe
def history(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    """Newest first, fifty on a page."""
    found = history_row(request.user, kind, public_id)
    if found is None:
        raise Http404
    number = _number(request.GET.get("page", "1"))
    start = (number - 1) * PAGE
    changes = list(history_of(kind, found).order_by("-id")[start : start + PAGE + 1])
    if not changes and number > 1:
        raise Http404
    teller = Teller(kind, changes[:PAGE])
    steps = [
        (
            change,
            VERBS.get(change.verb, change.verb),
            ABOUT.get(change.kind, ""),
            teller.differences(change, FIELDS),
        )
        for change in changes[:PAGE]
    ]
    context = {
        "row": found,
        "kind": KINDS[kind],
        "title": KINDS[kind].title(found),
        "steps": steps,
        "newer": number - 1,
        "older": number + 1 if len(changes) > PAGE else 0,
    }
    return render(request, "alliance/history.html", context)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) > 0):
        raise Http404
    return int(text)
