"""What the bureau of its city does with a firm as a whole, with what that does to everything hanging on it."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from alliance.errors import ConflictError, DomainError
from alliance.forms.care import MergeForm, SuspensionForm, UndoForm
from alliance.models import Merge, Organisation, Suspension, User
from alliance.selectors import firm_list
from alliance.selectors.joining import named_alike
from alliance.services.suspending import lift_suspension, suspend_firm
from matching.selectors.organisations import what_hangs_on
from matching.services.merging import DAYS, may_undo, merge_firms, preview_merge, undo_merge


def _in_care(request: HttpRequest, public_id: UUID) -> Any:
    rows = Organisation.objects.cared_by(request.user).values("pk")
    return get_object_or_404(firm_list(request.user), public_id=public_id, pk__in=rows)


@require_http_methods(["GET", "HEAD", "POST"])
def firm_suspend(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Suspend a firm, or let it in again; `do` of the form says which, so that a second click does not undo."""
    found = _in_care(request, public_id)
    form = SuspensionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            lift = request.POST.get("do") == "lift"
            try:
                change = lift_suspension if lift else suspend_firm
                change(found, user=request.user, reason=form.cleaned_data["reason"])
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
                status = error.status
            else:
                words = _("%(firm)s is let in again.") if lift else _("%(firm)s is suspended.")
                messages.success(request, words % {"firm": found})
                return redirect("firm", public_id)
        found.refresh_from_db()
    context = {
        "firm": found,
        "form": form,
        "hangs": what_hangs_on(found, request.user),
        "past": Suspension.objects.visible_to(request.user)
        .filter(organisation=found)
        .select_related("by", "lifted_by"),
    }
    return render(request, "matching/firm_suspend.html", context, status=status)


MOVED = {
    "companies.Facility.organisation": gettext_lazy("Plants"),
    "companies.Capability.organisation": gettext_lazy("Capabilities"),
    "scenarios.Site.organisation": gettext_lazy("Sites"),
    "matching.Demand.owner": gettext_lazy("Demands"),
    "matching.DemandLine.owner": gettext_lazy("Demand lines"),
    "matching.Introduction.lab": gettext_lazy("Introductions as lab"),
    "matching.Introduction.supplier": gettext_lazy("Introductions as supplier"),
    "alliance.Membership.organisation": gettext_lazy("People"),
    "alliance.OrganisationCertificate.organisation": gettext_lazy("Certificates"),
    "alliance.OrganisationContact.organisation": gettext_lazy("Contact"),
    "alliance.Disclosure.organisation": gettext_lazy("What introductions have opened"),
    "alliance.Exclusion.organisation": gettext_lazy("Exclusions"),
    "alliance.Exclusion.excluded": gettext_lazy("Exclusions"),
    "alliance.ApiToken.organisation": gettext_lazy("API tokens"),
    "alliance.Invitation.organisation": gettext_lazy("Invitations"),
    "alliance.Verification.organisation": gettext_lazy("Verifications"),
    "companies.SheetImport.organisation": gettext_lazy("Uploaded sheets"),
}
NAMED = {
    "facility": gettext_lazy("plant"),
    "capability": gettext_lazy("capability"),
    "site": gettext_lazy("site"),
    "demand": gettext_lazy("demand"),
    "demandline": gettext_lazy("line"),
}


def _mergeable(request: HttpRequest) -> Any:
    rows = Organisation.objects.mergeable_by(request.user).values("pk")
    return firm_list(request.user).filter(pk__in=rows)


@require_http_methods(["GET", "HEAD", "POST"])
def firm_merge(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Choose the entry that takes over, look at what would move, merge; undo a merge of the last days."""
    firms = _mergeable(request)
    found = get_object_or_404(firms, public_id=public_id)
    if request.method == "POST" and request.POST.get("undo"):
        return _undo(request, found)
    asked = MergeForm(request.POST if request.method == "POST" else request.GET)
    into = asked.chosen()
    other = firms.filter(public_id=into).exclude(pk=found.pk).first() if into else None
    error, status = "", 200
    if request.method == "POST":
        if other is None or not asked.is_valid():
            raise Http404
        try:
            merge_firms(found, other, user=request.user, versions=asked.versions())
        except ConflictError as conflict:
            error, status = conflict.message, conflict.status
        else:
            words = _("%(gone)s and %(firm)s are one entry now.")
            messages.success(request, words % {"gone": found, "firm": other})
            return redirect("firm", other.public_id)
    page = _preview(request, found, other, error) if other else _candidates(request, found)
    return render(request, "matching/firm_merge.html", page, status=status)


def _candidates(request: HttpRequest, found: Any) -> dict[str, Any]:
    """Entries of like name, and what became part of this one."""
    q = request.GET.get("q", "")[:100].strip()
    names = (q,) if q else (found.name_zh, found.name_en)
    alike = [row for row in named_alike(request.user, *names, most=20) if row.pk != found.pk]
    may = _mergeable(request).filter(pk__in=[row.pk for row in alike]).values_list("pk", flat=True)
    keys = set(may)
    merges = Merge.objects.mergeable_by(request.user).filter(survivor=found)
    return {
        "firm": found,
        "q": q,
        "alike": [row for row in alike if row.pk in keys],
        "merges": [(row, may_undo(row)) for row in merges.select_related("gone", "by", "undone_by")],
    }


def _preview(request: HttpRequest, found: Any, other: Any, error: str) -> dict[str, Any]:
    context: dict[str, Any] = {"firm": found, "other": other, "error": error, "days": DAYS}
    try:
        told = preview_merge(found, other, user=request.user)
    except ConflictError as conflict:
        return context | {"error": error or conflict.message}
    renamed = [(NAMED.get(kind, kind), old, new) for kind, old, new in told.renamed]
    return context | {
        "told": told,
        "moves": _in_words(told.moves),
        "stays": _in_words(told.stays),
        "renamed": renamed,
    }


def _in_words(numbers: dict[str, int]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for label, number in numbers.items():
        words = str(MOVED.get(label, _("Other rows: notes, steps, settings")))
        found[words] = found.get(words, 0) + number
    return list(found.items())


def _undo(request: HttpRequest, found: Any) -> HttpResponse:
    rows = Merge.objects.mergeable_by(request.user).select_related("gone")
    row = get_object_or_404(rows, public_id=UndoForm(request.POST).key(), survivor=found)
    undo_merge(row, user=cast(User, request.user))
    words = _("%(gone)s and %(firm)s are two entries again.")
    messages.success(request, words % {"gone": row.gone, "firm": found})
    return redirect("firm-merge", found.public_id)
