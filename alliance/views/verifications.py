"""The bureau's queue of firms to verify, claims and requests to join."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliance.errors import DomainError
from alliance.filters import VerificationFilter
from alliance.forms.joining import DecisionForm
from alliance.http import Column, counted, listing
from alliance.models import JoinRequest, Verification
from alliance.selectors.attachments import attach_documents
from alliance.selectors.joining import attach_deciding, join_queue, verification_list, verification_queue
from alliance.services.registration import decide_join, decide_verification

COLUMNS = [
    Column(gettext_lazy("Firm"), lambda row: row.organisation, "firm", sort="firm"),
    Column(gettext_lazy("City"), lambda row: row.organisation.city, "city", sort="city"),
    Column(gettext_lazy("Credit code"), lambda row: row.organisation.uscc, "code"),
    Column(gettext_lazy("State"), lambda row: row.get_state_display(), "state", sort="waiting"),
    Column(gettext_lazy("Asked on"), lambda row: row.created_at, "asked", sort="newest"),
    Column(gettext_lazy("Asked by"), lambda row: row.asked_by, "asker", shown=False),
    Column(gettext_lazy("Decided on"), lambda row: row.decided_at, "decided", shown=False),
    Column(pgettext_lazy("person", "Decided by"), lambda row: row.decided_by, "decider", shown=False),
    Column(gettext_lazy("Reason"), lambda row: row.reason, "reason"),
]


@require_safe
def verifications(request: HttpRequest) -> HttpResponseBase:
    """Requests to be verified, those that wait first; above them who wants to join or claims an entry."""
    joins = list(join_queue(request.user)[:200])
    attach_documents(request.user, "join request", joins)
    return listing(
        request,
        verification_list(request.user),
        VerificationFilter,
        template="alliance/verification_list.html",
        columns=COLUMNS,
        name="verifications",
        prepare=lambda rows: attach_deciding(request.user, rows),
        extra={"joins": joins} | counted(verification_queue(request.user), "waiting"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def verification(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the firm registered, and the decision."""
    row = get_object_or_404(verification_list(request.user), public_id=public_id)
    form = DecisionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                granted = form.cleaned_data["granted"] == "yes"
                told, seen = form.cleaned_data["reason"], form.cleaned_data["version"]
                decide_verification(row, user=request.user, granted=granted, reason=told, seen=seen)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
                status = error.status
                row = get_object_or_404(verification_list(request.user), public_id=public_id)
            else:
                words = _("%(firm)s is verified.") if granted else _("%(firm)s is told what is missing.")
                messages.success(request, words % {"firm": row.organisation})
                return redirect("verifications")
    may = Verification.objects.editable_by(request.user).filter(pk=row.pk, state="waiting").exists()
    context = {"row": row, "firm": row.organisation, "form": form, "may": may}
    return render(request, "alliance/verification_detail.html", context, status=status)


@require_POST
def join_decision(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = get_object_or_404(JoinRequest.objects.visible_to(request.user), public_id=public_id)
    form = DecisionForm(request.POST)
    if form.is_valid():
        granted = form.cleaned_data["granted"] == "yes"
        decide_join(row, user=request.user, granted=granted, reason=form.cleaned_data["reason"])
        words = (
            _("%(person)s belongs to %(firm)s now.")
            if granted
            else _("%(person)s is told that it was refused.")
        )
        messages.success(request, words % {"person": row.person, "firm": row.organisation})
    return redirect("verifications")
