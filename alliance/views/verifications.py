"""The bureau's queue of firms to verify, claims and requests to join."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alliance.choices import DecisionState
from alliance.errors import DomainError
from alliance.forms.joining import DecisionForm
from alliance.models import JoinRequest, Verification
from alliance.selectors.attachments import attach_documents
from alliance.selectors.joining import join_queue, verification_list, verification_queue
from alliance.services.registration import decide_join, decide_verification


@require_safe
def verifications(request: HttpRequest) -> HttpResponse:
    waiting = list(verification_queue(request.user)[:200])
    decided = (
        verification_list(request.user).exclude(state=DecisionState.WAITING).order_by("-decided_at", "-id")
    )
    joins = list(join_queue(request.user)[:200])
    attach_documents(request.user, "join request", joins)
    context = {"waiting": waiting, "joins": joins, "decided": decided[:20]}
    return render(request, "alliance/verification_list.html", context)


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
                decide_verification(
                    row, user=request.user, granted=granted, reason=form.cleaned_data["reason"]
                )
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
                status = error.status
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
