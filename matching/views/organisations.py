"""What the bureau of its city does with a firm as a whole, with what that does to everything hanging on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alliance.errors import DomainError
from alliance.forms.care import SuspensionForm
from alliance.models import Organisation, Suspension
from alliance.selectors import firm_list
from alliance.services.suspending import lift_suspension, suspend_firm
from matching.selectors.organisations import what_hangs_on


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
